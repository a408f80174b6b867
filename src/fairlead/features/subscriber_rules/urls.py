"""Addresses of the pages of subscriber rules."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
