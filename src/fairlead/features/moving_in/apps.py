from django.apps import AppConfig


class MovingInConfig(AppConfig):
    name = "fairlead.features.moving_in"
    label = "moving_in"

    def ready(self) -> None:
        from fairlead.features.moving_in.room import ROOM, furnish
        from fairlead.ui import rooms

        rooms.register(ROOM)
        furnish()
