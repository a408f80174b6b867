"""Addresses of text messages."""

from django.urls import path

from fairlead.features.sms import views

urlpatterns = [path("sms/", views.sms, name="sms")]
