"""Addresses of requests: the API, and its description for External Services."""

from django.urls import path

from fairlead.features.flow_requests import endpoints

urlpatterns = [
    path("api/v1/requests", endpoints.requests, name="api_requests"),
    path("api/v1/requests/openapi.json", endpoints.description, name="api_requests_openapi"),
    path("api/v1/requests/<str:request_id>", endpoints.request_of, name="api_request"),
]
