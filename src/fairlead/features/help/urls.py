"""Addresses of the help."""

from django.urls import path

from fairlead.features.help import views

urlpatterns = [
    path("help/", views.index, name="help"),
    path("help/<slug:folder>/<slug:name>/", views.page, name="help_page"),
]
