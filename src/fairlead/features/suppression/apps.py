from django.apps import AppConfig


class SuppressionConfig(AppConfig):
    name = "fairlead.features.suppression"
    label = "suppression"

    def ready(self) -> None:
        from fairlead.features.suppression.room import ROOM
        from fairlead.ui import rooms

        rooms.register(ROOM)
