"""Addresses of the first page, and of its parts that are read live."""

from django.urls import path

from fairlead.features.home import views

urlpatterns = [
    path("", views.home, name="home"),
    path("home/org/", views.org, name="home_org"),
    path("home/charts/", views.charts, name="home_charts"),
]
