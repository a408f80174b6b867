"""Addresses of the pages of lists."""

from django.urls import path

from fairlead.features.members import views

urlpatterns = [
    path("lists/", views.lists, name="lists"),
    path("lists/ambiguous/", views.ambiguous, name="ambiguous_addresses"),
    path("lists/ambiguous.csv", views.ambiguous_csv, name="ambiguous_addresses_csv"),
    path("lists/<str:list_id>/members/", views.prevent, name="prevent_member_sync"),
]
