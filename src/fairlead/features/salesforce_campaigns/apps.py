from django.apps import AppConfig


class SalesforceCampaignsConfig(AppConfig):
    name = "fairlead.features.salesforce_campaigns"
    label = "salesforce_campaigns"

    def ready(self) -> None:
        from fairlead.features.salesforce_campaigns.room import ROOM
        from fairlead.ui import rooms

        rooms.register(ROOM)
