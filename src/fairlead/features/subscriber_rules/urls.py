"""Addresses of the pages of subscriber rules."""

from django.urls import path

from fairlead.features.subscriber_rules import views

_RULE = "rules/<int:rule>/"

urlpatterns = [
    path("rules/", views.overview, name="rules"),
    path("rules/new/", views.new, name="rule_new"),
    path(_RULE, views.edit, name="rule"),
    path(f"{_RULE}preview/", views.look, name="rule_preview"),
    path(f"{_RULE}preview.csv", views.look_csv, name="rule_preview_csv"),
    path(f"{_RULE}run/", views.run, name="rule_run"),
    path(f"{_RULE}switch/", views.switch, name="rule_switch"),
    path(f"{_RULE}delete/", views.delete, name="rule_delete"),
]
