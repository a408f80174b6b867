from django.apps import AppConfig


class AccountConfig(AppConfig):
    name = "fairlead.features.account"
    label = "account"

    def ready(self) -> None:
        from fairlead.features.account.room import ROOM
        from fairlead.ui import rooms

        rooms.register(ROOM)
