from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    name = "fairlead.features.connections"
    label = "connections"
