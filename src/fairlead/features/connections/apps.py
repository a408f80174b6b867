from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    name = "fairlead.features.connections"
    label = "connections"

    def ready(self) -> None:
        from fairlead.features.connections.room import ROOM
        from fairlead.ui import rooms

        rooms.register(ROOM)
