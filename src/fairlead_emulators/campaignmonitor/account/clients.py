"""Endpoints of the account and of its clients."""

import json
from typing import Any, Final

import msgspec

from fairlead_emulators.campaignmonitor.api import Answer, Call, Endpoint, created
from fairlead_emulators.campaignmonitor.audience.life import check_address
from fairlead_emulators.campaignmonitor.auth import derived
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.countries import countries
from fairlead_emulators.campaignmonitor.dates import labels, minute_of, wire, wire_seconds, zone
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.paging import asked, envelope
from fairlead_emulators.campaignmonitor.store import Store

_NEW_CLIENTS, _WITHIN_S = 5, 1800


def _clients(call: Call) -> Any:
    shown = call.service.store.clients()
    return [{"ClientID": each.id, "Name": each.name} for each in shown if call.caller.client in (None, each.id)]


def _system_date(call: Call) -> Any:
    where = zone(call.service.store.meta("time_zone") or "(GMT) Coordinated Universal Time")
    return {"SystemDate": wire(minute_of(call.service.clock.now().timestamp()), where)}


@fact("client-details")
def _client(call: Call, identity: str) -> Any:
    client = call.client(identity)
    return {
        "ApiKey": client.api_key,
        "BasicDetails": {
            "ClientID": client.id,
            "CompanyName": client.name,
            "ContactName": f"{client.name} (contact)",
            "EmailAddress": f"contact-{client.id[:6]}@example.com",
            "Country": client.country,
            "TimeZone": client.time_zone,
        },
        "AccessDetails": {"Username": f"user-{client.id[:6]}", "AccessLevel": 23},
        "BillingDetails": {
            "CanPurchaseCredits": True,
            "Credits": 500,
            "ClientPays": True,
            "BaseRatePerRecipient": 1.0,
            "MarkupPerRecipient": 0.0,
            "MarkupOnDelivery": 0.0,
            "BaseDeliveryRate": 5.0,
            "Currency": "USD",
            "BaseDesignSpamTestRate": 5.0,
        },
    }


class _NewClient(msgspec.Struct):
    companyname: str = ""
    country: str = ""
    timezone: str = ""

    def check(self) -> None:
        """Raises Refusal 152, 154, 157."""
        if not self.companyname.strip():
            raise Refusal(154)
        if self.country not in countries():
            raise Refusal(157)
        zone(self.timezone)


def _create_client(call: Call) -> Answer:
    call.need_account()
    new = call.read(_NewClient, "client")
    new.check()
    store, now = call.service.store, call.service.clock.now().timestamp()
    # Clients that a seed laid carry the time 0: they do not count as made just now.
    recent = store.db.execute("SELECT count(*) FROM clients WHERE created > ?", (now - _WITHIN_S,)).fetchone()
    if recent[0] >= _NEW_CLIENTS:
        raise Refusal(172)
    return created(add_client(call.service.store, new.companyname, new.country, new.timezone, now))


def add_client(store: Store, name: str, country: str, time_zone: str, now: float) -> str:
    """Adds a client and returns its id: the same one for the same account, order and name."""
    position = store.db.execute("SELECT coalesce(max(position), 0) + 1 FROM clients").fetchone()[0]
    account = store.meta("api_key")
    identity = derived("client", account, position, name)
    with store.transaction():
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


@fact("suppression-list")
def _suppression_list(call: Call, identity: str) -> Answer:
    client = call.client(identity)
    ask = asked(call.query, ("email", "date"), "email")
    db = call.service.store.db
    column = {"email": "key", "date": "at"}[ask.order]
    total = db.execute("SELECT count(*) FROM suppressions WHERE client = ?", (client.id,)).fetchone()[0]
    found = db.execute(
        "SELECT address, at, reason FROM suppressions WHERE client = ?"
        f" ORDER BY {column} {ask.direction}, key {ask.direction} LIMIT ? OFFSET ?",
        (client.id, ask.size, (ask.page - 1) * ask.size),
    )
    rows = [
        {
            "SuppressionReason": reason,
            "EmailAddress": address,
            "Date": wire_seconds(at, client.zone),
            "State": "Suppressed",
        }
        for address, at, reason in found
    ]
    return Answer(200, envelope(ask, b",".join(msgspec.json.encode(each) for each in rows), len(rows), total))


class _Addresses(msgspec.Struct):
    emailaddresses: list[str] = []


def _suppress(call: Call, identity: str) -> None:
    client = call.client(identity)
    addresses = [check_address(each) for each in call.read(_Addresses, "request").emailaddresses]
    with call.service.store.transaction():
        for each in addresses:
            call.service.life.suppress(client.id, each)


def _unsuppress(call: Call, identity: str) -> None:
    call.service.life.unsuppress(call.client(identity).id, call.query.get("email", ""))


def _time_zones(call: Call) -> Any:
    return list(labels())


def _countries(call: Call) -> Any:
    return countries()


@fact("billing-details")
def _billing(call: Call) -> Any:
    call.need_account()
    return {"Credits": 3021}


def _primary_contact(call: Call) -> Answer:
    return Answer(200, json.dumps({"EmailAddress": "admin@example.com"}).encode())


ENDPOINTS: Final = [
    Endpoint("GET", "clients", _clients),
    Endpoint("POST", "clients", _create_client, "AdministerAccount"),
    Endpoint("GET", "systemdate", _system_date),
    Endpoint("GET", "timezones", _time_zones),
    Endpoint("GET", "countries", _countries),
    Endpoint("GET", "billingdetails", _billing, "AdministerAccount"),
    Endpoint("GET", "primarycontact", _primary_contact, "AdministerAccount"),
    Endpoint("GET", "clients/{id}", _client, "AdministerAccount"),
    Endpoint("GET", "clients/{id}/lists", _client_lists, "ManageLists"),
    Endpoint("GET", "clients/{id}/listsforemail", _lists_for_email, "ManageLists"),
    Endpoint("GET", "clients/{id}/suppressionlist", _suppression_list, "ManageLists"),
    Endpoint("POST", "clients/{id}/suppress", _suppress, "ManageLists"),
    Endpoint("PUT", "clients/{id}/unsuppress", _unsuppress, "ManageLists"),
]
