from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "fairlead.features.webhooks"
    label = "webhooks"

    def ready(self) -> None:
        from fairlead.features.webhooks.room import ROOM
        from fairlead.ui import rooms

        rooms.register(ROOM)
