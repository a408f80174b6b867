from django.apps import AppConfig


class HelpConfig(AppConfig):
    name = "fairlead.features.help"
    label = "help"

    def ready(self) -> None:
        from fairlead.features.help.room import ROOM
        from fairlead.ui import rooms

        rooms.register(ROOM)
