"""Addresses of field mappings."""

from django.urls import path

from fairlead.features.field_mappings import more_views, views

urlpatterns = [
    path("mappings/", views.mappings, name="mappings"),
    path("mappings/in-step/", views.bring_in_step, name="mappings_in_step"),
    path("mappings/changes/", more_views.changes, name="mapping_changes"),
    path("mappings/changes/<int:run>/undo/", more_views.undo_run, name="mapping_undo"),
    path("mappings/addresses/", more_views.waiting, name="mapping_addresses"),
    path("mappings/addresses/<int:change>/", more_views.settle, name="mapping_address"),
    path("mappings/<slug:list_id>/", views.of_list, name="mapping"),
    path("mappings/<slug:list_id>/copy/", views.copy, name="mapping_copy"),
]
