"""Addresses of moving in."""

from django.urls import path

from fairlead.features.moving_in import views

urlpatterns = [
    path("moving-in/", views.page, name="moving_in"),
    path("moving-in/found/", views.found, name="moving_in_found"),
    path("moving-in/run/", views.run, name="moving_in_run"),
    path("moving-in/report.csv", views.report, name="moving_in_report"),
    path("moving-in/apply/", views.apply, name="moving_in_apply"),
    path("moving-in/decide/", views.decide, name="moving_in_decide"),
]
