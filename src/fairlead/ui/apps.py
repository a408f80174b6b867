from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "fairlead.ui"
    label = "ui"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in, user_logged_out

        from fairlead.store import leaving
        from fairlead.ui import standing, visits

        leaving.also(visits.move_from)
        leaving.also(standing.forget)
        user_logged_in.connect(visits.begun, dispatch_uid="fairlead.ui.visits.begun")
        user_logged_out.connect(visits.left, dispatch_uid="fairlead.ui.visits.left")
