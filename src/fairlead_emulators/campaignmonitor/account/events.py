"""Endpoints to which other systems tell what a person did elsewhere."""

import json
from typing import Any, Final

import msgspec

from fairlead_emulators.campaignmonitor.api import Call, Endpoint
from fairlead_emulators.campaignmonitor.audience.life import check_address
from fairlead_emulators.campaignmonitor.auth import derived
from fairlead_emulators.campaignmonitor.codes import Refusal, unreadable
from fairlead_emulators.campaignmonitor.dates import minute_of, wire
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.store import Store
from fairlead_emulators.campaignmonitor.ties import next_number

TABLES: Final = """
CREATE TABLE IF NOT EXISTS told_events (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL, client TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
    contact TEXT NOT NULL, data TEXT NOT NULL, date TEXT NOT NULL);
"""
KINDS: Final = ("custom", "identify", "shopify")
LONGEST_NAME: Final = 1000
_SHOWN: Final = 1000


class _Contact(msgspec.Struct):
    email: str | None = None
    anonymousid: str | int | None = None
    userid: str | int | None = None


class _Event(msgspec.Struct):
    contactid: _Contact | None = None
    eventname: str | None = None

    @fact("event-checks")
    def checked(self, kind: str) -> tuple[str, dict[str, str]]:
        """Name and contact. Raises Refusal 1, 400."""
        said = self.contactid or _Contact()
        named = {"Email": said.email, "AnonymousID": said.anonymousid, "UserID": said.userid}
        contact = {name: str(each) for name, each in named.items() if each not in (None, "")}
        if not contact:
            raise unreadable("contactid")
        if "Email" in contact:
            contact["Email"] = check_address(contact["Email"])
        name = (self.eventname or "").strip()
        if len(name) > LONGEST_NAME or (not name and kind in ("publish", "custom")):
            raise unreadable("eventname")
        return name, contact


def _track(call: Call, kind: str, identity: str) -> Any:
    if kind.lower() not in KINDS:
        raise Refusal(404)
    return _told(call, kind.lower(), identity)


@fact("event-publish")
def _publish(call: Call, identity: str) -> Any:
    return _told(call, "publish", identity)


def _told(call: Call, kind: str, identity: str) -> Any:
    client, store = call.client(identity), call.service.store
    posted = call.read(_Event, "event")
    name, contact = posted.checked(kind)
    with store.transaction():
        number = next_number(store, "events")
        digits = derived("event", client.id, number)
        made = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))
        date = wire(minute_of(call.service.clock.now().timestamp()), client.zone)
        store.db.execute(
            "INSERT INTO told_events VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (number, made, client.id, kind, name, json.dumps(contact), json.dumps(_data(call)), date),
        )
    return {"EventID": made}


def _data(call: Call) -> Any:
    """The event's data with names as they were sent; elsewhere their case does not matter."""
    read = json.loads(call.raw_body.decode("utf-8-sig", "replace"))
    return next((value for name, value in read.items() if name.lower() == "data"), None)


def told(store: Store) -> list[dict[str, Any]]:
    """The newest events, for whoever looks at the account from outside: `{id, client, kind, name, contact, …}`."""
    found = store.db.execute(
        "SELECT id, client, kind, name, contact, data, date FROM told_events ORDER BY n DESC LIMIT ?", (_SHOWN,)
    )
    return [
        {
            "id": identity,
            "client": client,
            "kind": kind,
            "name": name,
            "contact": json.loads(contact),
            "data": json.loads(data, parse_constant=lambda _: None),
            "date": date,
        }
        for identity, client, kind, name, contact, data, date in found
    ]


EVENTS: Final = [
    Endpoint("POST", "events/publish/{client}", _publish, "ImportSubscribers"),
    Endpoint("POST", "events/{kind}/{client}/track", _track, "ImportSubscribers"),
]
