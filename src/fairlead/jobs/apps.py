from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "fairlead.jobs"
    label = "jobs"
