from django.apps import AppConfig


class JobListConfig(AppConfig):
    name = "fairlead.features.job_list"
    label = "job_list"

    def ready(self) -> None:
        from fairlead.features.job_list.room import ROOM
        from fairlead.ui import rooms

        rooms.register(ROOM)
