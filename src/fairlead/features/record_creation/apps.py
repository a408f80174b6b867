from django.apps import AppConfig


class RecordCreationConfig(AppConfig):
    name = "fairlead.features.record_creation"
    label = "record_creation"

    def ready(self) -> None:
        from fairlead.features.record_creation.room import ROOM
        from fairlead.ui import rooms

        rooms.register(ROOM)
