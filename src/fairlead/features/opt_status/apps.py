from django.apps import AppConfig


class OptStatusConfig(AppConfig):
    name = "fairlead.features.opt_status"
    label = "opt_status"

    def ready(self) -> None:
        from fairlead.features.opt_status.room import ROOM
        from fairlead.ui import rooms

        rooms.register(ROOM)
