"""Addresses of the room of changes in Salesforce."""

from django.urls import path

from fairlead.features.org_changes import endpoints, views

urlpatterns = [
    path("changes/", views.page, name="org_changes"),
    path("changes/run/", views.run, name="org_changes_run"),
    path("changes/last/", views.last_run, name="org_changes_last"),
    path("changes/cancel/", views.cancel, name="org_changes_cancel"),
    path("changes/confirm-sandbox/", views.confirm_sandbox, name="org_changes_confirm_sandbox"),
    path("api/v1/changes", endpoints.changes, name="api_changes"),
]
