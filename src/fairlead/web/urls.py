"""Every address that the admin answers: its own, and those of the rooms."""

from django.urls import include, path

from fairlead.ui import help_codes, org_pages, rooms, settings_api, settings_pages
from fairlead.web import health, metrics, sign_in

urlpatterns = [
    path("sign-in/", sign_in.sign_in, name="sign_in"),
    path("sign-in/salesforce/", sign_in.salesforce, name="sign_in_salesforce"),
    path("sign-in/salesforce/callback/", sign_in.salesforce_callback, name="sign_in_salesforce_callback"),
    path("sign-in/<str:number>/<str:token>/", sign_in.link, name="sign_in_link"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    path("account/", sign_in.account, name="account"),
    path("orgs/", org_pages.every, name="orgs"),
    path("orgs/<int:number>/", org_pages.one, name="org"),
    path("orgs/<int:number>/remove/", org_pages.remove, name="org_remove"),
    path("orgs/<int:number>/switch/", org_pages.switch, name="org_switch"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("settings/", settings_pages.overview, name="settings"),
    path("settings/<str:room>/", settings_pages.room, name="room_settings"),
    path("settings/<str:room>/<str:subject>/", settings_pages.room, name="subject_settings"),
    path("help/codes/", help_codes.all_codes, name="help_codes"),
    path("help/codes/<str:code>/", help_codes.one_code, name="help_code"),
    path("api/v1/settings", settings_api.all_settings, name="api_settings"),
    path("api/v1/settings/<str:name>", settings_api.one_setting, name="api_setting"),
    *[path("", include(room.urls)) for room in rooms.rooms() if room.urls],
]
