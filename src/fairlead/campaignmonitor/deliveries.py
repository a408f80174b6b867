"""What a webhook is posted, as events. They come without a signature and in no order: each says only where to look."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from fairlead.campaignmonitor.errors import BOM, RecordRefused

Pairs = tuple[tuple[str, str], ...]


class DeliveryUnreadable(RecordRefused):
    """What was posted is not what Campaign Monitor posts."""

    next_step = "Check that the webhook's payload format is JSON, and that nobody else knows its address."


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a subscriber of a list; of an unknown kind, if it is none of the classes below.

    `kind` is the wire's word for it. `date` is a naive text `YYYY-MM-DD HH:MM:SS` in the client's time zone.
    """

    kind: str
    date: str = ""
    email: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    custom_fields: Pairs = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Subscribed(Event):
    """Somebody became active. `signup_ip` is where from, or a word such as `TypeManual`."""

    signup_ip: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Updated(Event):
    """A subscriber was changed. `old_email` differs from `email` where the address was."""

    old_email: str = field(default="", repr=False)
    state: str = ""


@dataclass(frozen=True, slots=True)
class Deactivated(Event):
    """Somebody is no longer mailed. `state` says why: `Unsubscribed`, `Bounced`, `Deleted`."""

    state: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One post: up to a thousand events of one list. `unread` counts what stood among them and is no event."""

    list_id: str
    events: tuple[Event, ...]
    unread: int = 0


def read_delivery(body: bytes) -> Delivery:
    """The events of a post. Names in any case, missing parts and new kinds are understood.

    Raises DeliveryUnreadable where the whole is not JSON, or names no list.
    """
    try:
        posted = msgspec.json.decode(body.removeprefix(BOM))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DeliveryUnreadable(f"A post of {len(body)} bytes is not JSON ({type(error).__name__}).") from None
    whole = _lowered(posted) if isinstance(posted, dict) else {}
    list_id = _text(whole.get("listid"))
    if not list_id.isalnum():
        raise DeliveryUnreadable(f"A post of {len(body)} bytes names no list.")
    found = whole.get("events")
    rows = found if isinstance(found, list) else [found] if found else []
    events = tuple(_event(_lowered(row)) for row in rows if isinstance(row, dict))
    return Delivery(list_id, events, len(rows) - len(events))


def _event(row: Mapping[str, Any]) -> Event:
    common: dict[str, Any] = {
        "kind": _text(row.get("type")),
        "date": _text(row.get("date")),
        "email": _text(row.get("emailaddress")),
        "name": _text(row.get("name")),
        "custom_fields": tuple(_pairs(row.get("customfields"))),
    }
    match common["kind"].lower():
        case "subscribe":
            return Subscribed(**common, signup_ip=_text(row.get("signupipaddress")))
        case "update":
            return Updated(**common, old_email=_text(row.get("oldemailaddress")), state=_text(row.get("state")))
        case "deactivate":
            return Deactivated(**common, state=_text(row.get("state")))
        case _:
            return Event(**common)


def _pairs(fields: Any) -> Iterator[tuple[str, str]]:
    for pair in fields if isinstance(fields, list) else ():
        if isinstance(pair, dict):
            lowered = _lowered(pair)
            yield _text(lowered.get("key")), _text(lowered.get("value"))


def _lowered(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name.lower(): value for name, value in row.items()}


def _text(value: Any) -> str:
    """A scalar as text; blank for anything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else ""
