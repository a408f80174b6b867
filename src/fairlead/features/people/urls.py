"""Addresses of the room of people. An e-mail address never stands in one: it is posted."""

from django.urls import path

from fairlead.features.people import endpoints, views

urlpatterns = [
    path("people/", views.find, name="people"),
    path("people/activity/", views.live, name="person_activity"),
    path("people/lists/", views.manage, name="person_lists"),
    path("people/<str:record>/", views.person, name="person"),
    path("api/v1/people/<str:record>/activity", endpoints.person_activity, name="api_person_activity"),
    path("api/v1/people/<str:record>/memberships", endpoints.person_memberships, name="api_person_memberships"),
    path("go/<str:record>", views.go, name="go"),
]
