from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "fairlead.features.people"
    label = "people"

    def ready(self) -> None:
        from fairlead.features.people.room import ROOM
        from fairlead.ui import rooms

        rooms.register(ROOM)
