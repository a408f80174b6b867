from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "fairlead.jobs"
    label = "jobs"

    def ready(self) -> None:
        from fairlead.jobs import api
        from fairlead.store import leaving

        leaving.object_to(api.unfinished)
