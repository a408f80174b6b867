"""Addresses of the campaigns."""

from django.urls import path

from fairlead.features.campaigns import views

urlpatterns = [
    path("campaigns/", views.campaigns, name="campaigns"),
    path("campaigns.csv", views.campaigns_csv, name="campaigns_csv"),
    path("campaigns/suspicious/", views.suspicious, name="suspicious"),
    path("campaigns/<str:campaign_id>/", views.campaign, name="campaign"),
    path("campaigns/<str:campaign_id>/recipients/", views.recipients, name="campaign_recipients"),
]
