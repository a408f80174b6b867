from django.apps import AppConfig


class DeparturesConfig(AppConfig):
    name = "fairlead.features.departures"
    label = "departures"

    def ready(self) -> None:
        from fairlead.features.departures.room import ROOM
        from fairlead.ui import rooms

        rooms.register(ROOM)
