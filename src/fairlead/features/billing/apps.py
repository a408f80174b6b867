from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "fairlead.features.billing"
    label = "billing"

    def ready(self) -> None:
        from fairlead.features.billing import keeping
        from fairlead.features.billing.room import ROOM
        from fairlead.store import leaving
        from fairlead.ui import banners, rooms

        rooms.register(ROOM)
        banners.offer("billing", keeping.banners)
        leaving.object_to(keeping.still_paid)
