"""Addresses of access and sessions."""

from django.urls import path

from fairlead.features.permissions import endpoints, views

urlpatterns = [
    path("user-security/", views.users, name="user_security"),
    path("user-security/preview/", views.preview, name="user_security_preview"),
    path("user-security/save/", views.save, name="user_security_save"),
    path("account/sessions/", views.sessions, name="sessions"),
    path("account/sessions/<int:number>/end/", views.end_session, name="session_end"),
    path("account/role/", views.again, name="access_again"),
    path("api/v1/access", endpoints.access, name="api_access"),
]
