"""Pages on which a side is connected, reconnected, or the sync user moved (F6, F12, F13), and where people come back to."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from fairlead.domain.failure import Failure
from fairlead.features.connections import live, parts, records
from fairlead.features.connections.parts import AccountBegun, OrgBegun
from fairlead.features.connections.views import page
from fairlead.store.orgs import default_org


@require_http_methods(["GET", "POST"])
def campaign_monitor(request: HttpRequest) -> HttpResponse:
    """Connect the account, or replace the credentials of the connected one."""
    part = parts.campaign_monitor(request, reverse("connections"))
    if isinstance(part, HttpResponse):
        return part
    return page(request, "campaign_monitor", {"part": part, "account": records.account(default_org())})


@require_http_methods(["GET", "POST"])
def salesforce(request: HttpRequest) -> HttpResponse:
    """Connect the org, sign in to it anew, or move the sync user to whoever signs in; then who it is, and what is missing."""
    part = parts.salesforce(request, reverse("connections_sync_user"))
    if isinstance(part, HttpResponse):
        return part
    return page(request, "salesforce", {"part": part, "crm": records.salesforce_org(default_org())})


@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """The person is back from Salesforce."""
    back = "connections_salesforce"
    try:
        begun = parts.begun(request, parts.ORG_PENDING, OrgBegun, "Salesforce")
        back = begun.back
        kept = live.redeem(begun.app(), begun.pending(), request.GET.dict())
        live.connect_org(default_org(), begun.login_url, kept, parts.who(request))
    except Failure as failure:
        messages.error(request, str(failure))
        return redirect(back)
    return parts.org_connected(request, begun.done)


@require_GET
def account_callback(request: HttpRequest) -> HttpResponse:
    """The person is back from Campaign Monitor."""
    back, app = "connections_campaign_monitor", parts.account_app()
    try:
        begun = parts.begun(request, parts.ACCOUNT_PENDING, AccountBegun, "Campaign Monitor")
        back = begun.back
        if app is None:
            raise parts.NotBegun("Campaign Monitor")
        kept = live.redeem_account(app, begun.state, request.GET.dict())
        live.connect_account(default_org(), kept, parts.who(request))
    except Failure as failure:
        messages.error(request, str(failure))
        return redirect(back)
    return parts.account_connected(request, begun.done)
