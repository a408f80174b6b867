"""Endpoints of the account and of its clients."""

from typing import Any, Final

from fairlead_emulators.campaignmonitor.api import Call, Endpoint
from fairlead_emulators.campaignmonitor.audience.life import check_address
from fairlead_emulators.campaignmonitor.auth import derived
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.countries import countries
from fairlead_emulators.campaignmonitor.dates import labels, minute_of, wire, zone
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.store import Store
from fairlead_emulators.campaignmonitor.ties import next_number


def _clients(call: Call) -> Any:
    shown = call.service.store.clients()
    return [{"ClientID": each.id, "Name": each.name} for each in shown if call.caller.client in (None, each.id)]


def _system_date(call: Call) -> Any:
    where = zone(call.service.store.meta("time_zone") or "(GMT) Coordinated Universal Time")
    return {"SystemDate": wire(minute_of(call.service.clock.now().timestamp()), where)}


def add_client(store: Store, name: str, country: str, time_zone: str, now: float) -> str:
    """Adds a client and returns its id: the same one for the same account, order and name."""
    with store.transaction():
        least = store.db.execute("SELECT coalesce(max(position), 0) + 1 FROM clients").fetchone()[0]
        position = next_number(store, "clients", least)
        identity = derived("client", store.meta("api_key"), position, name)
        store.db.execute(
            "INSERT INTO clients VALUES (?, ?, ?, ?, ?, ?, ?)",
            (identity, name, country, time_zone, derived("client key", identity, length=48), now, position),
        )
    return identity


def _client_lists(call: Call, identity: str) -> Any:
    lists = call.service.store.lists(call.client(identity).id)
    return [{"ListID": each.id, "Name": each.title} for each in lists]


@fact("lists-for-email")
def _lists_for_email(call: Call, identity: str) -> Any:
    client = call.client(identity)
    address = check_address(call.query.get("email", ""))
    store = call.service.store
    found = [(each, store.subscriber(each.n, address)) for each in store.lists(client.id)]
    if call.service.switches.word("lists_for_unknown_email") == "refused" and not any(each for _, each in found):
        raise Refusal(203)
    return [
        {
            "ListID": on.id,
            "ListName": on.title,
            "SubscriberState": each.state,
            "DateSubscriberAdded": wire(minute_of(each.joined_at), client.zone),
        }
        for on, each in found
        if each is not None
    ]


def _time_zones(call: Call) -> Any:
    return list(labels())


def _countries(call: Call) -> Any:
    return countries()


ENDPOINTS: Final = [
    Endpoint("GET", "clients", _clients),
    Endpoint("GET", "systemdate", _system_date),
    Endpoint("GET", "timezones", _time_zones),
    Endpoint("GET", "countries", _countries),
    Endpoint("GET", "clients/{id}/lists", _client_lists, "ManageLists"),
    Endpoint("GET", "clients/{id}/listsforemail", _lists_for_email, "ManageLists"),
]
