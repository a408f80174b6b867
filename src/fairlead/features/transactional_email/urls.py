"""Addresses of the pages of transactional e-mail."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
