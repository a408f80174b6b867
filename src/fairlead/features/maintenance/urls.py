"""Addresses of maintenance."""

from django.urls import path

from fairlead.features.maintenance import endpoints, more_views, views

urlpatterns = [
    path("maintenance/", views.overview, name="maintenance"),
    path("maintenance/messages.csv", views.messages_csv, name="messages_csv"),
    path("maintenance/messages/<int:number>/", views.message, name="message"),
    path("maintenance/messages/<int:number>/resolve/", views.resolve, name="message_resolve"),
    path("maintenance/messages/<int:number>/retry/", views.retry, name="message_retry"),
    path("maintenance/audit/", more_views.audit, name="audit"),
    path("maintenance/audit.csv", more_views.audit_csv, name="audit_csv"),
    path("maintenance/layouts/", more_views.all_layouts, name="layouts"),
    path("maintenance/layouts/now/", more_views.layouts_now, name="layouts_now"),
    path("maintenance/layouts/preview/", more_views.layouts_preview, name="layouts_preview"),
    path("maintenance/layouts/change/", more_views.layouts_change, name="layouts_change"),
    path("maintenance/limits/", more_views.limits, name="limits"),
    path("maintenance/notifications/", more_views.notifications, name="notifications"),
    path("maintenance/notifications/test/", more_views.notifications_test, name="notifications_test"),
    path("maintenance/workers/", more_views.workers, name="workers"),
    path("api/v1/messages", endpoints.messages, name="api_messages"),
    path("api/v1/messages/<int:number>", endpoints.message, name="api_message"),
    path("api/v1/messages/<int:number>/resolve", endpoints.resolve, name="api_message_resolve"),
    path("api/v1/messages/<int:number>/retry", endpoints.retry, name="api_message_retry"),
    path("api/v1/audit", endpoints.audit, name="api_audit"),
]
