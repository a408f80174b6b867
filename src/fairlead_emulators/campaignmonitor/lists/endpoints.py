"""Endpoints of lists: details, statistics, custom fields, and the members by state."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import msgspec

from fairlead_emulators.campaignmonitor.api import Answer, Call, Endpoint, created
from fairlead_emulators.campaignmonitor.audience.fields import Field, add_field, fields_of
from fairlead_emulators.campaignmonitor.auth import derived
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.dates import buckets
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.paging import asked, envelope
from fairlead_emulators.campaignmonitor.store import STATES, Store, SubscriberList

SETTINGS: Final = ("AllClientLists", "OnlyThisList")
# State → (name of its total, prefix of its calendar buckets).
_STATISTICS: Final = {
    "Active": ("TotalActiveSubscribers", "NewActiveSubscribers"),
    "Unsubscribed": ("TotalUnsubscribes", "Unsubscribes"),
    "Deleted": ("TotalDeleted", "Deleted"),
    "Bounced": ("TotalBounces", "Bounces"),
}


def _details(call: Call, identity: str) -> Any:
    of = call.list(identity)
    return {
        "ConfirmedOptIn": of.confirmed_opt_in,
        "Title": of.title,
        "UnsubscribePage": of.unsubscribe_page,
        "ListID": of.id,
        "ConfirmationSuccessPage": of.success_page,
        "UnsubscribeSetting": of.unsubscribe_setting,
    }


def _statistics(call: Call, identity: str) -> Any:
    of = call.list(identity)
    client = call.client_of(of)
    periods = buckets(call.service.clock.now(), client.zone)
    shown: dict[str, int] = {}
    for state, (total, prefix) in _STATISTICS.items():
        shown[total] = call.service.pages.total(of, state, None)
        for period, (start, end) in periods.items():
            count = call.service.pages.total(of, state, start)
            shown[prefix + period] = count - (call.service.pages.total(of, state, end) if end else 0)
    return shown


class _NewList(msgspec.Struct):
    title: str = ""
    unsubscribepage: str | None = ""
    unsubscribesetting: str | None = "AllClientLists"
    confirmedoptin: bool | None = False
    confirmationsuccesspage: str | None = ""


def _create(call: Call, client: str) -> Answer:
    owner = call.client(client)
    new = call.read(_NewList, "list")
    title, setting = new.title.strip(), new.unsubscribesetting or "AllClientLists"
    if not title:
        raise Refusal(251)
    if any(each.title.lower() == title.lower() for each in call.service.store.lists(owner.id)):
        raise Refusal(250)
    known = {each.lower(): each for each in SETTINGS}
    if setting.lower() not in known:
        raise Refusal(261)
    identity = add_list(
        call.service.store,
        owner.id,
        title,
        known[setting.lower()],
        confirmed=bool(new.confirmedoptin),
        pages=(new.unsubscribepage or "", new.confirmationsuccesspage or ""),
    )
    return created(identity)


def add_list(
    store: Store,
    client: str,
    title: str,
    setting: str,
    *,
    confirmed: bool = False,
    pages: tuple[str, str] = ("", ""),
) -> str:
    """Adds a list and returns its id: the same one for the same client, order and title."""
    with store.transaction():
        count = store.db.execute("SELECT coalesce(max(n), 0) + 1 FROM lists").fetchone()[0]
        identity = derived("list", client, count, title)
        store.db.execute(
            "INSERT INTO lists (id, client, title, unsubscribe_page, unsubscribe_setting, confirmed_opt_in,"
            " success_page) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (identity, client, title, pages[0], setting, int(confirmed), pages[1]),
        )
    return identity


def _shown_field(field: Field) -> dict[str, Any]:
    return {
        "FieldName": field.name,
        "Key": field.key,
        "DataType": field.type,
        "FieldOptions": list(field.options),
        "VisibleInPreferenceCenter": field.visible,
    }


def _custom_fields(call: Call, identity: str) -> Any:
    return [_shown_field(each) for each in fields_of(call.service.store, call.list(identity).n)]


class _NewField(msgspec.Struct):
    fieldname: str | None = ""
    datatype: str | None = ""
    options: Sequence[str] | None = ()
    visibleinpreferencecenter: bool | None = True


@fact("most-custom-fields")
def _need_room(call: Call, of: SubscriberList) -> None:
    most = int(call.service.switches.number("most_custom_fields"))
    if most and len(fields_of(call.service.store, of.n)) >= most:
        raise Refusal(260)


def _create_field(call: Call, identity: str) -> Answer:
    of = call.list(identity)
    new = call.read(_NewField, "customfield")
    _need_room(call, of)
    visible = new.visibleinpreferencecenter is not False
    key = add_field(call.service.store, of.n, new.fieldname or "", new.datatype or "", new.options or (), visible)
    return created(key)


@fact("state-lists")
def _members(state: str, call: Call, identity: str) -> Answer:
    of = call.list(identity)
    ask = asked(call.query, ("email", "name", "date"), "date")
    start = call.since(call.client_of(of).zone)
    pages = call.service.pages
    results, count = pages.results(
        of,
        state,
        start,
        ask,
        consents=call.flag("includetrackingpreference"),
        sms=call.flag("includesmspreference"),
    )
    return Answer(200, envelope(ask, results, count, pages.total(of, state, start)))


ENDPOINTS: Final = [
    Endpoint("POST", "lists/{client}", _create, "ManageLists"),
    Endpoint("GET", "lists/{id}", _details, "ManageLists"),
    Endpoint("GET", "lists/{id}/stats", _statistics, "ManageLists"),
    Endpoint("GET", "lists/{id}/customfields", _custom_fields, "ManageLists"),
    Endpoint("POST", "lists/{id}/customfields", _create_field, "ManageLists"),
    *[Endpoint("GET", f"lists/{{id}}/{state.lower()}", partial(_members, state), "ManageLists") for state in STATES],
]
