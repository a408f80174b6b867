"""Addresses of webhooks: where Campaign Monitor posts, and the acts of the panel."""

from django.urls import path

from fairlead.features.webhooks import views

urlpatterns = [
    path("hooks/<str:token>", views.receive, name="webhook"),
    path("webhooks/repair/", views.repair, name="webhooks_repair"),
]
