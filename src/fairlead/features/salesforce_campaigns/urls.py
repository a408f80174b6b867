"""Addresses of Salesforce campaigns."""

from django.urls import path

from fairlead.features.salesforce_campaigns import views

urlpatterns = [
    path("salesforce-campaigns/", views.campaigns, name="salesforce_campaigns"),
    path("salesforce-campaigns/link/", views.link, name="salesforce_campaigns_link"),
    path("salesforce-campaigns/unlink/", views.unlink, name="salesforce_campaigns_unlink"),
    path("salesforce-campaigns/refresh/", views.refresh, name="salesforce_campaigns_refresh"),
    path("salesforce-campaigns/preview/", views.preview, name="salesforce_campaigns_preview"),
    path("salesforce-campaigns/statuses/", views.statuses, name="salesforce_campaigns_statuses"),
    path("salesforce-campaigns/averages/", views.averages, name="salesforce_campaigns_averages"),
    path("salesforce-campaigns/<slug:campaign_id>/", views.compare, name="salesforce_campaigns_compare"),
]
