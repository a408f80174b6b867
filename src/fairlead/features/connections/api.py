"""The acts on connections as JSON below `/api/v1/`: one address each, the same failures as on the pages."""

import json
from typing import Any

from django.http import HttpRequest

from fairlead.domain.failure import FixTheSettings
from fairlead.features.connections import acts, live, rules, shown
from fairlead.features.connections.credentials import AccountKey, OrgApp
from fairlead.features.connections.sync_user import SyncUser
from fairlead.jobs.models import Job
from fairlead.store.orgs import default_org
from fairlead.ui.api import api


class BadBody(FixTheSettings):
    """What was posted is not the JSON that was expected."""

    code = "FL-377"

    def __init__(self, wanted: str) -> None:
        super().__init__("The body of the request is not as expected.", next_step=f"Post a JSON object with {wanted}.")


def _connections(request: HttpRequest) -> dict[str, Any]:
    """Both sides and the clients."""
    return shown.connections(default_org())


def _clients(request: HttpRequest) -> dict[str, Any]:
    """The clients."""
    return {"clients": shown.clients(default_org())}


def _select(request: HttpRequest, by: str) -> dict[str, Any]:
    """Sync exactly these clients: `{"clients": [ids]}`."""
    wanted = body(request, "clients (a list of ids)").get("clients")
    if not isinstance(wanted, list):
        raise BadBody("clients (a list of ids)")
    acts.select(default_org(), [str(each) for each in wanted], by)
    return {"clients": shown.clients(default_org())}


def _resume(request: HttpRequest, by: str, client_id: str) -> dict[str, Any]:
    """Sync this client, too."""
    acts.resume(default_org(), client_id, by)
    return {"clients": shown.clients(default_org())}


def _pause(request: HttpRequest, by: str, client_id: str) -> dict[str, Any]:
    """Sync this client no more."""
    acts.pause(default_org(), client_id, by)
    return {"clients": shown.clients(default_org())}


def _disconnect_client(request: HttpRequest, by: str, client_id: str) -> dict[str, Any]:
    """Disconnect one client at once."""
    acts.disconnect_client(default_org(), client_id, by)
    return {"clients": shown.clients(default_org())}


def _plan(request: HttpRequest, client_id: str) -> dict[str, Any]:
    """What a removal would delete."""
    return live.removal(default_org(), client_id).as_json


def _remove(request: HttpRequest, by: str, client_id: str) -> dict[str, Any]:
    """Ask for a removal: `{"name": the client's}`."""
    name = str(body(request, "name (the client's)").get("name", ""))
    return told(acts.remove(default_org(), client_id, name, by))


def _owner(request: HttpRequest, by: str, client_id: str) -> dict[str, Any]:
    """Choose the owner of what is created: `{"user": id or blank}`."""
    user = str(body(request, "user (an id, or blank)").get("user", ""))
    return {"client": client_id, "owner": live.choose_owner(default_org(), client_id, user, by)}


def _hand_over(request: HttpRequest, by: str, client_id: str) -> dict[str, Any]:
    """Give existing records to the chosen owner."""
    return told(acts.hand_over(default_org(), client_id, by))


def _users(request: HttpRequest) -> dict[str, Any]:
    """Active users by part of a name: `?search=`."""
    found = live.users(default_org(), request.GET.get("search", ""))
    return {"users": [{"id": user.id, "name": user.name, "username": user.username} for user in found]}


def _sync_user(request: HttpRequest) -> dict[str, Any]:
    """Who Fairlead is in the org, and the rights that are missing."""
    return _user(live.who_and_rights(default_org()))


def _campaign_monitor(request: HttpRequest, by: str) -> dict[str, Any]:
    """Connect the account, or replace its credentials: `{"api_key"}`."""
    key = str(body(request, "api_key").get("api_key", ""))
    live.connect_account(default_org(), AccountKey(key), by)
    return shown.connections(default_org())


def _salesforce(request: HttpRequest, by: str) -> dict[str, Any]:
    """Connect the org, or move the sync user to the app's own: `{"login_url", "client_id", "client_secret"}`."""
    wanted = "login_url, client_id, client_secret"
    given = body(request, wanted)
    login_url, key, secret = (str(given.get(name, "")) for name in ("login_url", "client_id", "client_secret"))
    if not (login_url and key and secret):
        raise BadBody(wanted)
    live.connect_org(default_org(), login_url.rstrip("/"), OrgApp(key, secret), by)
    return shown.connections(default_org())


def _disconnect(request: HttpRequest, by: str) -> dict[str, Any]:
    """Disconnect sides: `{"sides": ["campaign_monitor", "salesforce"]}`."""
    wanted = f"sides (a list of {', '.join(rules.SIDES)})"
    sides = body(request, wanted).get("sides")
    if not isinstance(sides, list) or not sides:
        raise BadBody(wanted)
    return {**acts.disconnect(default_org(), [str(side) for side in sides], by)}


def _reset(request: HttpRequest, by: str) -> dict[str, Any]:
    """Disconnect both sides whatever hangs."""
    return {**acts.reset(default_org(), by)}


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


def _user(found: SyncUser) -> dict[str, Any]:
    missing = [{"right": need.what, "for": need.why, "fix": need.fix, "vital": need.vital} for need in found.missing]
    return {"user": {"id": found.id, "name": found.name, "username": found.username}, "missing": missing}


connections = api(get=_connections)
clients = api(get=_clients)
select = api(post=_select)
resume = api(post=_resume)
pause = api(post=_pause)
disconnect_client = api(post=_disconnect_client)
owner = api(post=_owner)
hand_over = api(post=_hand_over)
users = api(get=_users)
sync_user = api(get=_sync_user)
campaign_monitor = api(post=_campaign_monitor)
salesforce = api(post=_salesforce)
disconnect = api(post=_disconnect)
reset = api(post=_reset)
removal = api(get=_plan, post=_remove)
