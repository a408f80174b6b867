from django.apps import AppConfig


class SetUpConfig(AppConfig):
    name = "fairlead.features.setup"
    label = "setup"

    def ready(self) -> None:
        from fairlead.features.setup.room import ROOM
        from fairlead.ui import rooms

        rooms.register(ROOM)
