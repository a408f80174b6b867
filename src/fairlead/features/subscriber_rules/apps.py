from django.apps import AppConfig


class SubscriberRulesConfig(AppConfig):
    name = "fairlead.features.subscriber_rules"
    label = "subscriber_rules"

    def ready(self) -> None:
        from fairlead.features.subscriber_rules.room import ROOM
        from fairlead.ui import rooms

        rooms.register(ROOM)
