"""Every address that the admin answers."""

from django.urls import path

from fairlead.web import health

urlpatterns = [path("healthz", health.healthz, name="healthz")]
