"""Addresses of imports."""

from django.urls import path

from fairlead.features.import_wizard import views, wizard

urlpatterns = [
    path("imports/", views.imports, name="imports"),
    path("imports/new/", wizard.new, name="import_new"),
    path("imports/<int:number>/", views.one, name="import"),
    path("imports/<int:number>/source/", wizard.source, name="import_source"),
    path("imports/<int:number>/columns/", wizard.choose_columns, name="import_columns"),
    path("imports/<int:number>/refresh/", wizard.refresh, name="import_refresh"),
    path("imports/<int:number>/preview/", wizard.preview, name="import_preview"),
    path("imports/<int:number>/start/", views.start, name="import_start"),
    path("imports/<int:number>/cancel/", views.cancel, name="import_cancel"),
    path("imports/<int:number>/delete/", views.delete, name="import_delete"),
    path("imports/<int:number>/status/", views.status_part, name="import_status"),
    path("imports/<int:number>/runs/<int:job>/", views.rows, name="import_rows"),
]
