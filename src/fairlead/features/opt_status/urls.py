"""Addresses of the opt status pages."""

from django.urls import path

from fairlead.features.opt_status import views

urlpatterns = [
    path("opt-status/", views.overview, name="opt_status"),
    path("opt-status/run/", views.run, name="opt_status_run"),
    path("opt-status/review/", views.reviews, name="opt_status_reviews"),
    path("opt-status/review/<int:number>/", views.review, name="opt_status_review"),
    path("opt-status/consent/", views.consent, name="opt_status_consent"),
    path("opt-status/history/", views.history, name="opt_status_history"),
    path("opt-status/report/", views.report, name="opt_status_report"),
    path("opt-status/report.csv", views.report_csv, name="opt_status_report_csv"),
]
