from django.apps import AppConfig


class TrackingHistoryConfig(AppConfig):
    name = "fairlead.features.tracking_history"
    label = "tracking_history"

    def ready(self) -> None:
        from fairlead.features.tracking_history.room import ROOM
        from fairlead.ui import rooms

        rooms.register(ROOM)
