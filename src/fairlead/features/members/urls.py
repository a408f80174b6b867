"""Addresses of the pages of lists."""

from django.urls import path

from fairlead.features.members import list_table, list_views, views

_LIST = "lists/<str:list_id>/"

urlpatterns = [
    path("lists/", list_table.lists, name="lists"),
    path("lists.csv", list_table.lists_csv, name="lists_csv"),
    path("lists/new/", list_views.new, name="list_new"),
    path("lists/ambiguous/", views.ambiguous, name="ambiguous_addresses"),
    path("lists/ambiguous.csv", views.ambiguous_csv, name="ambiguous_addresses_csv"),
    path(_LIST, list_views.details, name="list"),
    path(f"{_LIST}edit/", list_views.edit, name="list_edit"),
    path(f"{_LIST}statistics/", list_views.statistics, name="list_statistics"),
    path(f"{_LIST}people/", list_views.members, name="list_members"),
    path(f"{_LIST}people.csv", list_views.members_csv, name="list_members_csv"),
    path(f"{_LIST}segments/", list_views.segments, name="list_segments"),
    path(f"{_LIST}segments/<str:segment_id>/", list_views.segment, name="list_segment"),
    path(f"{_LIST}options/", list_views.options, name="list_options"),
    path(f"{_LIST}members/", views.prevent, name="prevent_member_sync"),
]
