"""Addresses of new contacts and leads."""

from django.urls import path

from fairlead.features.record_creation import views

urlpatterns = [
    path("records/", views.page, name="records"),
    path("records/retry/", views.retry, name="records_retry"),
]
