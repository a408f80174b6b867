"""Addresses of the help."""

from django.urls import path

from fairlead.features.help import model_views, views

urlpatterns = [
    path("help/", views.index, name="help"),
    path("help/search/", views.search, name="help_search"),
    path("help/ask/", views.ask, name="help_ask"),
    path("help/model/", model_views.model, name="help_model"),
    path("help/options/", views.options, name="help_options"),
    path("help/options/<str:name>/", views.option, name="help_option"),
    path("help/<slug:folder>/<slug:name>/", views.page, name="help_page"),
]
