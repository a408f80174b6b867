from django.apps import AppConfig


class OrgChangesConfig(AppConfig):
    name = "fairlead.features.org_changes"
    label = "org_changes"

    def ready(self) -> None:
        from fairlead.features.org_changes.room import ROOM, furnish
        from fairlead.ui import rooms

        rooms.register(ROOM)
        furnish()
