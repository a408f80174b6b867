from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "fairlead.features.members"
    label = "members"

    def ready(self) -> None:
        from fairlead.features.members.room import ROOM
        from fairlead.ui import rooms

        rooms.register(ROOM)
