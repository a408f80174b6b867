from django.apps import AppConfig


class ImportWizardConfig(AppConfig):
    name = "fairlead.features.import_wizard"
    label = "import_wizard"

    def ready(self) -> None:
        from fairlead.features.import_wizard.room import ROOM
        from fairlead.ui import rooms

        rooms.register(ROOM)
