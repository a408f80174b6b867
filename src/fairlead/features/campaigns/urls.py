"""Addresses of the campaigns."""

from django.urls import path

from fairlead.features.campaigns import views

urlpatterns = [
    path("campaigns/", views.campaigns, name="campaigns"),
    path("campaigns/suspicious/", views.suspicious, name="suspicious"),
    path("campaigns/<str:campaign_id>/", views.campaign, name="campaign"),
]
