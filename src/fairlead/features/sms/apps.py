from django.apps import AppConfig


class SmsConfig(AppConfig):
    name = "fairlead.features.sms"
    label = "sms"

    def ready(self) -> None:
        from fairlead.features.sms.room import ROOM
        from fairlead.ui import rooms

        rooms.register(ROOM)
