"""Pages on which a side is connected, reconnected, or the sync user moved (F6, F12, F13).

A person who signs in to Salesforce goes there by a link and comes back to `callback`. Meanwhile the session holds what
belongs to it, sealed.
"""

from typing import Any

import msgspec
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from fairlead.domain.failure import Failure, FixTheSettings
from fairlead.features.connections import live, records
from fairlead.features.connections.credentials import OrgApp
from fairlead.features.connections.forms import BROWSER, AccountForm, OrgForm
from fairlead.features.connections.views import page, who
from fairlead.salesforce import web_login
from fairlead.store import secrets
from fairlead.store.models import Org
from fairlead.store.orgs import default_org

PENDING = "salesforce_sign_in"


class NotBegun(FixTheSettings):
    """Somebody came back from a sign-in that this browser did not begin, or that it has ended already."""

    code = "FL-379"
    next_step = "Begin the sign-in again on the page Connections, in one browser window."

    def __init__(self) -> None:
        super().__init__("No sign-in to Salesforce is under way in this browser.")


class _Begun(msgspec.Struct):
    """A sign-in that a person is on the way to end."""

    login_url: str
    client_id: str
    client_secret: str
    state: str
    verifier: str

    def app(self) -> web_login.App:
        return web_login.App(self.login_url, self.client_id, self.client_secret, callback_url())

    def pending(self) -> web_login.Pending:
        return web_login.Pending(self.state, self.verifier)


def callback_url() -> str:
    """Where Salesforce sends people back to; it must be registered with the app."""
    return settings.FAIRLEAD_PUBLIC_URL.rstrip("/") + reverse("connections_callback")


@require_http_methods(["GET", "POST"])
def campaign_monitor(request: HttpRequest) -> HttpResponse:
    """Connect the account by its key, or replace the key of the connected one."""
    org, form = default_org(), AccountForm(request.POST or None)
    known = records.account(org)
    if request.method == "POST" and form.is_valid():
        try:
            live.connect_account(org, form.cleaned_data["api_key"], who(request))
        except Failure as failure:
            form.add_error("api_key", str(failure))
        else:
            messages.success(request, _("Campaign Monitor is connected. Clients that are new wait to be selected."))
            return redirect("connections")
    return page(request, "campaign_monitor", {"form": form, "account": known})


@require_http_methods(["GET", "POST"])
def salesforce(request: HttpRequest) -> HttpResponse:
    """Connect the org, sign in to it anew, or move the sync user to whoever signs in."""
    org = default_org()
    known = records.salesforce_org(org)
    begin = {"login_url": known.login_url if known else settings.FAIRLEAD_SALESFORCE_LOGIN_URL}
    form = OrgForm(request.POST or None, org=org, initial=begin)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            if given["how"] == BROWSER:
                return _to_salesforce(request, given)
            kept = OrgApp(given["client_id"], given["client_secret"])
            live.connect_org(org, given["login_url"].rstrip("/"), kept, who(request))
        except Failure as failure:
            form.add_error(None, str(failure))
        else:
            return _connected(request, org)
    return page(request, "salesforce", {"form": form, "crm": known, "callback": callback_url()})


def _to_salesforce(request: HttpRequest, given: dict[str, Any]) -> HttpResponse:
    """A page with the link: a form must not lead to another site."""
    pending = web_login.Pending()
    begun = _Begun(
        given["login_url"].rstrip("/"), given["client_id"], given["client_secret"], pending.state, pending.verifier
    )
    address = live.sign_in_address(begun.app(), pending)
    request.session[PENDING] = secrets.seal(msgspec.json.encode(begun).decode()).decode()
    return page(request, "to_salesforce", {"address": address})


@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """The person is back from Salesforce."""
    org = default_org()
    try:
        begun = _begun(request)
        kept = live.redeem(begun.app(), begun.pending(), request.GET.dict())
        live.connect_org(org, begun.login_url, kept, who(request))
    except Failure as failure:
        messages.error(request, str(failure))
        return redirect("connections_salesforce")
    return _connected(request, org)


def _begun(request: HttpRequest) -> _Begun:
    sealed = request.session.pop(PENDING, "")
    try:
        return msgspec.json.decode(secrets.unseal(str(sealed).encode()), type=_Begun)
    except (InvalidToken, msgspec.DecodeError):
        raise NotBegun from None


def _connected(request: HttpRequest, org: Org) -> HttpResponse:
    """On to who it is now, and what rights are missing."""
    messages.success(request, _("Salesforce is connected. Fairlead signs in as the user below from now on."))
    return redirect("connections_sync_user")
