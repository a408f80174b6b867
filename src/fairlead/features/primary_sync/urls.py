"""Addresses of the primary sync."""

from django.urls import path

from fairlead.features.primary_sync import endpoints, views

urlpatterns = [
    path("sync/", views.settings_page, name="sync_settings"),
    path("sync/frequency/", views.set_frequency, name="sync_frequency"),
    path("sync/now/", views.sync_now, name="sync_now"),
    path("sync/off/", views.turn_off, name="sync_off"),
    path("sync/full/", views.full_sync, name="sync_full"),
    path("sync/run/", views.last_run, name="sync_run"),
    path("sync/full/existing/", views.existing, name="sync_existing"),
    path("api/v1/sync", endpoints.sync, name="api_sync"),
    path("sync/cancel/", views.cancel, name="sync_cancel"),
]
