"""Addresses of the list of jobs."""

from django.urls import path

from fairlead.features.job_list import views

urlpatterns = [
    path("jobs/", views.jobs, name="jobs"),
    path("jobs/<int:number>/", views.job, name="job"),
    path("jobs/<int:number>/run/", views.job_run, name="job_run"),
    path("jobs/<int:number>/cancel/", views.cancel, name="job_cancel"),
    path("jobs/<int:number>/retry/", views.retry, name="job_retry"),
]
