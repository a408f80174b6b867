from django.apps import AppConfig


class StoreConfig(AppConfig):
    name = "fairlead.store"
    label = "store"
