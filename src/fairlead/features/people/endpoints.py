"""People for programs, such as the components on record pages of the org: a person is named by a record's id alone.

Who asks on behalf of a user of the org names that user; which users may is for the org to decide before it asks.
"""

import re
from typing import Any, Final

from asgiref.sync import async_to_sync
from django.http import HttpRequest
from django.utils import timezone

from fairlead.domain.failure import FixTheSettings
from fairlead.domain.role import MANAGE_MEMBERSHIPS, Role
from fairlead.features.people import activity, listing, managing
from fairlead.features.people.asking import RECORD_ID, NotAPerson
from fairlead.features.people.rules.memberships import Act
from fairlead.store.orgs import default_org
from fairlead.ui.access import Access
from fairlead.ui.api import api, body

API_NAME: Final = re.compile(r"\w{0,80}", re.ASCII)
MOST: Final = 200
"""Lists that one request may name."""
FIELDS: Final = frozenset({"action", "list_ids", "field", "on_behalf_of", "dry_run"})


class BadAsking(FixTheSettings):
    """A request about a person's lists that nobody can carry out as it is."""

    code = "FL-630"
    next_step = "Correct the program that asks: see the reference of the API."


def _activity(request: HttpRequest, record: str, by: str) -> dict[str, Any]:
    """What the person got and did, read now."""
    found = async_to_sync(activity.read)(
        default_org(),
        _record(record),
        by=_for(by, request.GET.get("on_behalf_of", "")),
        email_field=_field(request.GET.get("field", "")),
    )
    today = timezone.now().date()
    return {"people": [_without_address(one.as_dict(today)) for one in found]}


def _memberships(request: HttpRequest, record: str, by: str) -> dict[str, Any]:
    """The lists that know the person, read now."""
    found = async_to_sync(listing.memberships)(
        default_org(),
        _record(record),
        by=_for(by, request.GET.get("on_behalf_of", "")),
        email_field=_field(request.GET.get("field", "")),
    )
    return {"people": [one.as_dict() for one in found]}


def _manage(request: HttpRequest, record: str, by: str) -> dict[str, Any]:
    """Add, remove or unsubscribe; `dry_run` only says what would be done. What is refused is told list by list."""
    sent = body(request)
    if unknown := set(sent) - FIELDS:
        raise BadAsking(f"The body has {', '.join(sorted(unknown))}, which mean nothing here.")
    try:
        act = Act(str(sent.get("action")))
    except ValueError:
        raise BadAsking(f"The action is none of {', '.join(Act)}.") from None
    lists = sent.get("list_ids", [])
    if not isinstance(lists, list) or len(lists) > MOST or not all(isinstance(one, str) and one for one in lists):
        raise BadAsking(f"list_ids is no list of at most {MOST} ids.")
    dry = sent.get("dry_run", False)
    if not isinstance(dry, bool):
        raise BadAsking("dry_run is neither true nor false.")
    named = _field(sent.get("field", ""))
    told = _for(by, sent.get("on_behalf_of", ""))
    who, asked = default_org(), _record(record)
    if dry:
        plan = async_to_sync(managing.preview)(who, asked, act, lists, email_field=named)
        planned = [managing.Done(step, step.refused).as_dict() | {"done": False} for step in plan.steps]
        return {"dry_run": True, "lists": planned, "left_alone": list(plan.elsewhere)}
    done = async_to_sync(managing.carry_out)(who, asked, act, lists, by=told, email_field=named)
    return {"lists": [one.as_dict() for one in done]}


def _without_address(told: dict[str, Any]) -> dict[str, Any]:
    """Who asks by a record's id has the address: it does not travel."""
    return {name: value for name, value in told.items() if name != "address"}


def _record(record: str) -> str:
    if not RECORD_ID.fullmatch(record):
        raise NotAPerson
    return record


def _field(given: Any) -> str:
    if not isinstance(given, str) or not API_NAME.fullmatch(given):
        raise BadAsking("field is no API name of a field.")
    return given


def _for(by: str, user: Any) -> str:
    """Who asks, as the audit tells it: with the user of the org for whom a program asks."""
    if not user:
        return by
    if not isinstance(user, str) or not RECORD_ID.fullmatch(user) or not user.startswith("005"):
        raise BadAsking("on_behalf_of is no id of a user.")
    return f"{by} for {user}"


person_activity = api(get=_activity, role=Role.LIMITED, named=True)
person_memberships = api(
    get=_memberships,
    post=_manage,
    role=Role.LIMITED,
    changes=Access(Role.STANDARD, MANAGE_MEMBERSHIPS),
    named=True,
)
