from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "fairlead.features.campaigns"
    label = "campaigns"

    def ready(self) -> None:
        from fairlead.features.campaigns.room import ROOM
        from fairlead.ui import rooms

        rooms.register(ROOM)
