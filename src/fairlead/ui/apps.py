from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "fairlead.ui"
    label = "ui"
