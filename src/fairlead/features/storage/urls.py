"""Addresses of the storage page."""

from django.urls import path

from fairlead.features.storage import views

urlpatterns = [
    path("storage/", views.page, name="storage"),
    path("storage/estimate/", views.estimate, name="storage_estimate"),
]
