from django.apps import AppConfig


class HomeConfig(AppConfig):
    name = "fairlead.features.home"
    label = "home"

    def ready(self) -> None:
        from fairlead.features.home.room import ROOM
        from fairlead.ui import rooms

        rooms.register(ROOM)
