from django.apps import AppConfig


class PrimarySyncConfig(AppConfig):
    name = "fairlead.features.primary_sync"
    label = "primary_sync"

    def ready(self) -> None:
        from fairlead.features.primary_sync.room import ROOM
        from fairlead.ui import rooms

        rooms.register(ROOM)
