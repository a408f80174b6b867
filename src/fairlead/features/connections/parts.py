"""Parts of pages on which a side is connected or clients are chosen: shown by this room's pages, and lent to set-up.

There is one way of connecting, so that its refusals hold wherever it is offered. A person who signs in at the other side
goes there by a link and comes back to a callback; meanwhile the session holds, sealed, what belongs to it, and where the
person goes on to. An app thus has one callback address for each side, whichever page the sign-in began on.
"""

from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from fairlead.campaignmonitor import web_login as account_login
from fairlead.domain.failure import Failure, FixTheSettings
from fairlead.features.connections import acts, live, records, shown
from fairlead.features.connections.credentials import AccountKey, OrgApp
from fairlead.features.connections.forms import BROWSER, AccountForm, OrgForm
from fairlead.salesforce import web_login
from fairlead.store import secrets
from fairlead.store.orgs import default_org
from fairlead.store.setting_rows import ChangedMeanwhile
from fairlead.ui import stale

T = TypeVar("T", bound=msgspec.Struct)
ORG_PENDING, ACCOUNT_PENDING = "salesforce_sign_in", "campaign_monitor_sign_in"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class NotBegun(FixTheSettings):
    """Somebody came back from a sign-in that this browser did not begin, or that it has ended already."""

    code = "FL-379"
    next_step = "Begin the sign-in again, in one browser window."

    def __init__(self, side: str) -> None:
        super().__init__(f"No sign-in to {side} is under way in this browser.")


class OrgBegun(msgspec.Struct):
    """A sign-in to Salesforce that a person is on the way to end. `back`, `done`: our addresses after it."""

    login_url: str
    client_id: str
    client_secret: str
    state: str
    verifier: str
    back: str
    done: str

    def app(self) -> web_login.App:
        return web_login.App(self.login_url, self.client_id, self.client_secret or None, org_callback())

    def pending(self) -> web_login.Pending:
        return web_login.Pending(self.state, self.verifier)


class AccountBegun(msgspec.Struct):
    """A sign-in to Campaign Monitor that a person is on the way to end."""

    state: str
    back: str
    done: str


def who(request: HttpRequest) -> str:
    """Who does it, as the audit tells it."""
    return request.user.get_username()


def org_callback() -> str:
    """Where Salesforce sends people back to; it must be registered with the app."""
    return str(settings.FAIRLEAD_PUBLIC_URL).rstrip("/") + reverse("connections_callback")


def account_app() -> account_login.App | None:
    """The OAuth application of Campaign Monitor that the deployment names; None without one."""
    if not settings.FAIRLEAD_CAMPAIGN_MONITOR_CLIENT_ID:
        return None
    callback = str(settings.FAIRLEAD_PUBLIC_URL).rstrip("/") + reverse("connections_account_callback")
    return account_login.App(
        settings.FAIRLEAD_CAMPAIGN_MONITOR_CLIENT_ID, settings.FAIRLEAD_CAMPAIGN_MONITOR_CLIENT_SECRET, callback
    )


def salesforce(request: HttpRequest, done: str) -> SafeString | HttpResponse:
    """Connect the org, sign in to it anew, or move the sync user to whoever signs in."""
    org = default_org()
    known = records.salesforce_org(org)
    login_url = known.login_url if known else settings.FAIRLEAD_SALESFORCE_LOGIN_URL
    form = OrgForm(request.POST or None, org=org, login_url=login_url)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            if given["how"] == BROWSER:
                return _to_salesforce(request, given, done)
            kept = OrgApp(given["client_id"], given["client_secret"])
            live.connect_org(org, given["login_url"].rstrip("/"), kept, who(request))
        except Failure as failure:
            form.add_error(None, str(failure))
        else:
            return org_connected(request, done)
    context = {"form": form, "callback": org_callback(), "unfit": _unfit_callback()}
    return _drawn("salesforce", context, request)


def _unfit_callback() -> bool:
    """Salesforce sends people back by https only, but for the machine they sit at."""
    parts = urlsplit(str(settings.FAIRLEAD_PUBLIC_URL))
    return parts.scheme != "https" and parts.hostname not in _LOOPBACK


def _to_salesforce(request: HttpRequest, given: dict[str, Any], done: str) -> SafeString:
    """The link: a form must not lead to another site."""
    pending = web_login.Pending()
    begun = OrgBegun(
        given["login_url"].rstrip("/"), given["client_id"], given["client_secret"], pending.state, pending.verifier,
        request.path, done,
    )  # fmt: skip
    address = live.sign_in_address(begun.app(), pending)
    _keep(request, ORG_PENDING, begun)
    return _drawn("to_side", {"address": address, "back": request.path, "side": "Salesforce"}, request)


def org_connected(request: HttpRequest, done: str) -> HttpResponse:
    """On to what comes next."""
    messages.success(request, _("Salesforce is connected. Fairlead acts there as the user who signed in."))
    return redirect(done)


def campaign_monitor(request: HttpRequest, done: str) -> SafeString | HttpResponse:
    """Connect the account by its key or by signing in there, or replace the credentials of the connected one."""
    app = account_app()
    if request.method == "POST" and "sign_in" in request.POST and app is not None:
        return _to_campaign_monitor(request, app, done)
    form = AccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            live.connect_account(default_org(), AccountKey(form.cleaned_data["api_key"]), who(request))
        except Failure as failure:
            form.add_error("api_key", str(failure))
        else:
            return account_connected(request, done)
    return _drawn("campaign_monitor", {"form": form, "app": app}, request)


def _to_campaign_monitor(request: HttpRequest, app: account_login.App, done: str) -> SafeString:
    begun = AccountBegun(account_login.new_state(), request.path, done)
    address = live.account_sign_in_address(app, begun.state)
    _keep(request, ACCOUNT_PENDING, begun)
    return _drawn("to_side", {"address": address, "back": request.path, "side": "Campaign Monitor"}, request)


def account_connected(request: HttpRequest, done: str) -> HttpResponse:
    """On to what comes next."""
    messages.success(request, _("Campaign Monitor is connected. Clients that are new wait to be selected."))
    return redirect(done)


def clients(request: HttpRequest, done: str, *, least: int = 1) -> SafeString | HttpResponse:
    """Choose which clients of an agency's account are synced, at least so many; the others are paused."""
    org, problem = default_org(), ""
    found, asked = shown.clients(org), request.POST.getlist("client")
    now = stale.mark(sorted((client["id"], client["selected"]) for client in found))
    if request.method == "POST":
        try:
            if len(asked) < least:
                problem = _("No client is chosen. Choose at least one: without a client nothing is synced.")
            else:
                stale.check(request.POST, now, _("Selected clients"))
                acts.select(org, asked, who(request))
                messages.success(request, _("Saved. The next sync reads the selected clients; the others are paused."))
                return redirect(done)
        except ChangedMeanwhile as failure:
            # what the other has chosen is shown: a list of ticks cannot show both
            asked, problem = [client["id"] for client in found if client["selected"]], str(failure)
        except Failure as failure:
            problem = str(failure)
        for client in found:
            client["selected"] = client["id"] in asked
    context = {"clients": found, "problem": problem, "seen": now, "count": "count" in request.GET}
    if context["count"]:
        for client in found:
            client["counted"] = counted(client["id"])
    return _drawn("clients", context, request)


def counted(client_id: str) -> dict[str, Any]:
    """Lists and subscribers of a client now, or why they cannot be told."""
    try:
        return {"told": live.count_client(default_org(), client_id)}
    except Failure as failure:
        return {"problem": failure}


def begun(request: HttpRequest, name: str, kind: type[T], side: str) -> T:
    """The sign-in that this browser began; it can be ended once. Raises NotBegun."""
    sealed = request.session.pop(name, "")
    try:
        return msgspec.json.decode(secrets.unseal(str(sealed).encode()), type=kind)
    except (InvalidToken, msgspec.DecodeError):
        raise NotBegun(side) from None


def _keep(request: HttpRequest, name: str, pending: msgspec.Struct) -> None:
    request.session[name] = secrets.seal(msgspec.json.encode(pending).decode()).decode()


def _drawn(name: str, context: dict[str, Any], request: HttpRequest) -> SafeString:
    return SafeString(render_to_string(f"connections/_{name}.html", context, request))
