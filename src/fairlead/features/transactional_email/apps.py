from django.apps import AppConfig


class TransactionalEmailConfig(AppConfig):
    name = "fairlead.features.transactional_email"
    label = "transactional_email"

    def ready(self) -> None:
        from fairlead.features.transactional_email.room import ROOM
        from fairlead.ui import rooms

        rooms.register(ROOM)
