"""Addresses of the pages of transactional e-mail."""

from django.urls import path

from fairlead.features.transactional_email import views

_MAPPING = "transactional/<str:mapping>/"

urlpatterns = [
    path("transactional/", views.overview, name="transactional"),
    path("transactional/refresh/", views.refresh, name="transactional_refresh"),
    path("transactional/new/", views.new, name="transactional_new"),
    path("transactional/queue/<int:send>/again/", views.again, name="transactional_again"),
    path(_MAPPING, views.edit, name="transactional_mapping"),
    path(f"{_MAPPING}clone/", views.clone, name="transactional_clone"),
    path(f"{_MAPPING}delete/", views.delete, name="transactional_delete"),
    path(f"{_MAPPING}test/", views.test, name="transactional_test"),
    path(f"{_MAPPING}send/", views.send, name="transactional_send"),
]
