from django.apps import AppConfig


class GeneralOptionsConfig(AppConfig):
    name = "fairlead.features.general_options"
    label = "general_options"

    def ready(self) -> None:
        from fairlead.features.general_options.room import ROOM
        from fairlead.ui import rooms

        rooms.register(ROOM)
