from django.apps import AppConfig


class FlowRequestsConfig(AppConfig):
    name = "fairlead.features.flow_requests"
    label = "flow_requests"

    def ready(self) -> None:
        from fairlead.features.flow_requests.room import ROOM
        from fairlead.ui import rooms

        rooms.register(ROOM)
