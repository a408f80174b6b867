from django.apps import AppConfig


class StorageConfig(AppConfig):
    name = "fairlead.features.storage"
    label = "storage"

    def ready(self) -> None:
        from fairlead.features.storage.room import ROOM
        from fairlead.ui import rooms

        rooms.register(ROOM)
