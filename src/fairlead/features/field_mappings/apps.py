from django.apps import AppConfig


class FieldMappingsConfig(AppConfig):
    name = "fairlead.features.field_mappings"
    label = "field_mappings"

    def ready(self) -> None:
        from fairlead.features.field_mappings import agreed
        from fairlead.features.field_mappings.room import ROOM
        from fairlead.store import moves
        from fairlead.ui import rooms

        rooms.register(ROOM)
        moves.also(agreed.follow)
