"""Addresses of what a person chooses."""

from django.urls import path

from fairlead.features.account import views

urlpatterns = [path("account/zone/", views.choose, name="account_zone")]
