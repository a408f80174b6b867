"""Addresses of the connections: pages, and the same acts as JSON."""

from django.urls import path

from fairlead.features.connections import api, sign_in_views, views

_CLIENT = "connections/clients/<str:client_id>/"
_API = "api/v1/clients/<str:client_id>/"

urlpatterns = [
    path("connections/", views.connections, name="connections"),
    path("connections/clients/", views.select, name="connections_select"),
    path("connections/sync-user/", views.sync_user, name="connections_sync_user"),
    path("connections/sync-user/name/", views.sync_user_name, name="connections_sync_user_name"),
    path("connections/campaign-monitor/", sign_in_views.campaign_monitor, name="connections_campaign_monitor"),
    path("connections/salesforce/", sign_in_views.salesforce, name="connections_salesforce"),
    path("connections/salesforce/callback/", sign_in_views.callback, name="connections_callback"),
    path("connections/campaign-monitor/callback/", sign_in_views.account_callback, name="connections_account_callback"),
    path(f"{_CLIENT}counts/", views.client_counts, name="connections_client_counts"),
    path("connections/disconnect/<str:side>/", views.disconnect, name="connections_disconnect"),
    path(f"{_CLIENT}owner/", views.owner, name="connections_owner"),
    path(f"{_CLIENT}remove/", views.remove, name="connections_remove"),
    *(
        path(f"{_CLIENT}{act}/", views.act_on_client, {"act": act}, name=f"connections_{act}")
        for act in ("resume", "pause", "hand-over")
    ),
    path(f"{_CLIENT}disconnect/", views.act_on_client, {"act": "disconnect"}, name="connections_disconnect_client"),
    path("api/v1/connections", api.connections, name="api_connections"),
    path("api/v1/connections/campaign-monitor", api.campaign_monitor, name="api_campaign_monitor"),
    path("api/v1/connections/salesforce", api.salesforce, name="api_salesforce"),
    path("api/v1/connections/disconnect", api.disconnect, name="api_disconnect"),
    path("api/v1/connections/reset", api.reset, name="api_reset"),
    path("api/v1/sync-user", api.sync_user, name="api_sync_user"),
    path("api/v1/users", api.users, name="api_users"),
    path("api/v1/clients", api.clients, name="api_clients"),
    path("api/v1/clients/select", api.select, name="api_select"),
    path(f"{_API}resume", api.resume, name="api_resume"),
    path(f"{_API}pause", api.pause, name="api_pause"),
    path(f"{_API}disconnect", api.disconnect_client, name="api_disconnect_client"),
    path(f"{_API}removal", api.removal, name="api_removal"),
    path(f"{_API}owner", api.owner, name="api_owner"),
    path(f"{_API}hand-over", api.hand_over, name="api_hand_over"),
]
