from django.apps import AppConfig


class MaintenanceConfig(AppConfig):
    name = "fairlead.features.maintenance"
    label = "maintenance"

    def ready(self) -> None:
        from fairlead.features.maintenance.room import ROOM
        from fairlead.ui import rooms

        rooms.register(ROOM)
