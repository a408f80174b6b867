"""Addresses of set-up: one page a step, the fragments that look or follow, and the acts."""

from django.urls import path

from fairlead.features.setup import acts, views

urlpatterns = [
    path("setup/", views.overview, name="set_up"),
    path("setup/salesforce/", views.salesforce, name="set_up_salesforce"),
    path("setup/check/", views.check, name="set_up_check"),
    path("setup/check/findings/", views.findings, name="set_up_findings"),
    path("setup/install/", views.install, name="set_up_install"),
    path("setup/install/run/", views.install_run, name="set_up_install_run"),
    path("setup/install/start/", acts.start_install, name="set_up_install_start"),
    path("setup/install/package.zip", views.package, name="set_up_package"),
    path("setup/campaign-monitor/", views.campaign_monitor, name="set_up_campaign_monitor"),
    path("setup/clients/", views.clients, name="set_up_clients"),
    path("setup/what/", views.what, name="set_up_what"),
    path("setup/what/estimate/", views.estimate, name="set_up_estimate"),
    path("setup/sync/", views.sync, name="set_up_sync"),
    path("setup/sync/run/", views.sync_run, name="set_up_sync_run"),
    path("setup/sync/start/", acts.start_sync, name="set_up_sync_start"),
    path("setup/cancel/", acts.cancel, name="set_up_cancel"),
    path("setup/ready/", views.ready, name="set_up_ready"),
    path("setup/ready/counts/", views.counts, name="set_up_counts"),
]
