from django.apps import AppConfig


class PrimarySyncConfig(AppConfig):
    name = "fairlead.features.primary_sync"
    label = "primary_sync"
