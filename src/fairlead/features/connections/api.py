"""The acts on connections as JSON below `/api/v1/`: one address each, the same failures as on the pages."""

import json
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET, require_POST

from fairlead.domain.failure import Failure, FixTheSettings, RefusedByGuard, WaitAndRetry
from fairlead.features.connections import acts, live, rules, shown
from fairlead.features.connections.credentials import AccountKey, OrgApp
from fairlead.features.connections.records import UnknownClient
from fairlead.features.connections.sync_user import SyncUser
from fairlead.jobs.models import Job
from fairlead.store.orgs import default_org

View = Callable[..., HttpResponse]
_STATUS = (
    (UnknownClient, HTTPStatus.NOT_FOUND),
    (RefusedByGuard, HTTPStatus.CONFLICT),
    (WaitAndRetry, HTTPStatus.SERVICE_UNAVAILABLE),
)


class BadBody(FixTheSettings):
    """What was posted is not the JSON that was expected."""

    code = "FL-377"

    def __init__(self, wanted: str) -> None:
        super().__init__("The body of the request is not as expected.", next_step=f"Post a JSON object with {wanted}.")


def answered(view: Callable[..., dict[str, Any]]) -> View:
    """A view that gives a document, or raises a Failure, as an HTTP answer."""

    @wraps(view)
    def work(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return JsonResponse({"ok": True, **view(request, *args, **kwargs)})
        except Failure as failure:
            status = next((code for kind, code in _STATUS if isinstance(failure, kind)), HTTPStatus.BAD_REQUEST)
            told = {"code": failure.code, "text": failure.text, "next_step": failure.step}
            return JsonResponse({"ok": False, "error": told}, status=status)

    return work


@require_GET
@answered
def connections(request: HttpRequest) -> dict[str, Any]:
    """Both sides and the clients."""
    return shown.connections(default_org())


@require_GET
@answered
def clients(request: HttpRequest) -> dict[str, Any]:
    """The clients."""
    return {"clients": shown.clients(default_org())}


@require_POST
@answered
def select(request: HttpRequest) -> dict[str, Any]:
    """Sync exactly these clients: `{"clients": [ids]}`."""
    wanted = body(request, "clients (a list of ids)").get("clients")
    if not isinstance(wanted, list):
        raise BadBody("clients (a list of ids)")
    acts.select(default_org(), [str(each) for each in wanted], who(request))
    return {"clients": shown.clients(default_org())}


@require_POST
@answered
def resume(request: HttpRequest, client_id: str) -> dict[str, Any]:
    """Sync this client, too."""
    acts.resume(default_org(), client_id, who(request))
    return {"clients": shown.clients(default_org())}


@require_POST
@answered
def pause(request: HttpRequest, client_id: str) -> dict[str, Any]:
    """Sync this client no more."""
    acts.pause(default_org(), client_id, who(request))
    return {"clients": shown.clients(default_org())}


@require_POST
@answered
def disconnect_client(request: HttpRequest, client_id: str) -> dict[str, Any]:
    """Disconnect one client at once."""
    acts.disconnect_client(default_org(), client_id, who(request))
    return {"clients": shown.clients(default_org())}


@answered
def _plan(request: HttpRequest, client_id: str) -> dict[str, Any]:
    return live.removal(default_org(), client_id).as_json


@answered
def _remove(request: HttpRequest, client_id: str) -> dict[str, Any]:
    name = str(body(request, "name (the client's)").get("name", ""))
    return told(acts.remove(default_org(), client_id, name, who(request)))


def removal(request: HttpRequest, client_id: str) -> HttpResponse:
    """GET: what a removal would delete. POST `{"name": the client's}`: ask for it."""
    return (
        require_POST(_remove)(request, client_id)
        if request.method == "POST"
        else require_GET(_plan)(request, client_id)
    )


@require_POST
@answered
def owner(request: HttpRequest, client_id: str) -> dict[str, Any]:
    """Choose the owner of what is created: `{"user": id or blank}`."""
    user = str(body(request, "user (an id, or blank)").get("user", ""))
    return {"client": client_id, "owner": live.choose_owner(default_org(), client_id, user, who(request))}


@require_POST
@answered
def hand_over(request: HttpRequest, client_id: str) -> dict[str, Any]:
    """Give existing records to the chosen owner."""
    return told(acts.hand_over(default_org(), client_id, who(request)))


@require_GET
@answered
def users(request: HttpRequest) -> dict[str, Any]:
    """Active users by part of a name: `?search=`."""
    found = live.users(default_org(), request.GET.get("search", ""))
    return {"users": [{"id": user.id, "name": user.name, "username": user.username} for user in found]}


@require_GET
@answered
def sync_user(request: HttpRequest) -> dict[str, Any]:
    """Who Fairlead is in the org, and the rights that are missing."""
    return _user(live.who_and_rights(default_org()))


@require_POST
@answered
def campaign_monitor(request: HttpRequest) -> dict[str, Any]:
    """Connect the account, or replace its credentials: `{"api_key"}`."""
    key = str(body(request, "api_key").get("api_key", ""))
    live.connect_account(default_org(), AccountKey(key), who(request))
    return shown.connections(default_org())


@require_POST
@answered
def salesforce(request: HttpRequest) -> dict[str, Any]:
    """Connect the org, or move the sync user to the app's own: `{"login_url", "client_id", "client_secret"}`."""
    wanted = "login_url, client_id, client_secret"
    given = body(request, wanted)
    login_url, key, secret = (str(given.get(name, "")) for name in ("login_url", "client_id", "client_secret"))
    if not (login_url and key and secret):
        raise BadBody(wanted)
    live.connect_org(default_org(), login_url.rstrip("/"), OrgApp(key, secret), who(request))
    return shown.connections(default_org())


@require_POST
@answered
def disconnect(request: HttpRequest) -> dict[str, Any]:
    """Disconnect sides: `{"sides": ["campaign_monitor", "salesforce"]}`."""
    wanted = f"sides (a list of {', '.join(rules.SIDES)})"
    sides = body(request, wanted).get("sides")
    if not isinstance(sides, list) or not sides:
        raise BadBody(wanted)
    return {**acts.disconnect(default_org(), [str(side) for side in sides], who(request))}


@require_POST
@answered
def reset(request: HttpRequest) -> dict[str, Any]:
    """Disconnect both sides whatever hangs."""
    return {**acts.reset(default_org(), who(request))}


def body(request: HttpRequest, wanted: str) -> dict[str, Any]:
    """The posted object; nothing posted is an empty one. Raises BadBody."""
    try:
        found = json.loads(request.body or b"{}")
    except ValueError:
        raise BadBody(wanted) from None
    if not isinstance(found, dict):
        raise BadBody(wanted)
    return found


def told(job: Job) -> dict[str, Any]:
    """A job that was asked for."""
    return {"job": {"number": job.number, "kind": job.kind, "state": job.state}}


def who(request: HttpRequest) -> str:
    """Who does it, as the audit tells it."""
    return request.user.get_username()


def _user(found: SyncUser) -> dict[str, Any]:
    missing = [{"right": need.what, "for": need.why, "fix": need.fix, "vital": need.vital} for need in found.missing]
    return {"user": {"id": found.id, "name": found.name, "username": found.username}, "missing": missing}
