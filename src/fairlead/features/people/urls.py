"""Addresses of the room of people. An e-mail address never stands in one: it is posted."""

from django.urls import path

from fairlead.features.people import views

urlpatterns = [
    path("people/", views.find, name="people"),
    path("people/<str:record>/", views.person, name="person"),
]
