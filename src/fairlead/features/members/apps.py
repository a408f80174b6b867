from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "fairlead.features.members"
    label = "members"
