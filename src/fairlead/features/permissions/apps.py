from django.apps import AppConfig


class PermissionsConfig(AppConfig):
    name = "fairlead.features.permissions"
    label = "permissions"

    def ready(self) -> None:
        from fairlead.features.permissions import live
        from fairlead.features.permissions.room import ROOM
        from fairlead.ui import rooms, standing

        rooms.register(ROOM)
        standing.provide(live.reading)
