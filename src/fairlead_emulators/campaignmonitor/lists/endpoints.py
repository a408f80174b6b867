"""Endpoints of lists: making them, details, statistics, and the members by state."""

from functools import partial
from typing import Any, Final

import msgspec

from fairlead_emulators.campaignmonitor.api import Answer, Call, Endpoint, Service, created
from fairlead_emulators.campaignmonitor.auth import derived
from fairlead_emulators.campaignmonitor.dates import buckets
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.lists.changing import CHANGING, check_setting, check_title
from fairlead_emulators.campaignmonitor.lists.fields import FIELDS
from fairlead_emulators.campaignmonitor.paging import asked, envelope
from fairlead_emulators.campaignmonitor.store import STATES, Client, Store, SubscriberList
from fairlead_emulators.campaignmonitor.ties import next_number

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
    return statistics(call.service, of, call.client_of(of))


def statistics(service: Service, of: SubscriberList, client: Client) -> dict[str, int]:
    """The 24 counters of a list: totals by state, and by calendar periods of the client's clock."""
    periods = buckets(service.clock.now(), client.zone)
    shown: dict[str, int] = {}
    for state, (total, prefix) in _STATISTICS.items():
        shown[total] = service.pages.total(of, state, None)
        for period, (start, end) in periods.items():
            count = service.pages.total(of, state, start)
            shown[prefix + period] = count - (service.pages.total(of, state, end) if end else 0)
    return shown


class _NewList(msgspec.Struct):
    title: str | None = ""
    unsubscribepage: str | None = ""
    unsubscribesetting: str | None = "AllClientLists"
    confirmedoptin: bool | None = False
    confirmationsuccesspage: str | None = ""


def _create(call: Call, client: str) -> Answer:
    owner = call.client(client)
    new = call.read(_NewList, "list")
    title = check_title(call, owner.id, new.title or "")
    setting = check_setting(new.unsubscribesetting or "AllClientLists")
    identity = add_list(
        call.service.store,
        owner.id,
        title,
        setting,
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
        least = store.db.execute("SELECT coalesce(max(n), 0) + 1 FROM lists").fetchone()[0]
        number = next_number(store, "lists", least)
        identity = derived("list", client, number, title)
        store.db.execute(
            "INSERT INTO lists VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (number, identity, client, title, pages[0], setting, int(confirmed), pages[1]),
        )
    return identity


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
    *[Endpoint("GET", f"lists/{{id}}/{state.lower()}", partial(_members, state), "ManageLists") for state in STATES],
    *CHANGING,
    *FIELDS,
]
