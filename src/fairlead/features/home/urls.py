"""Addresses of the first page, and of its parts that are read live."""

from django.urls import path

from fairlead.features.home import views

urlpatterns = [
    path("", views.home, name="home"),
    path("glance/org/", views.org, name="home_org"),
    path("glance/charts/", views.charts, name="home_charts"),
]
