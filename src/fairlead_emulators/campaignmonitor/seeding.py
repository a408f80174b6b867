"""Fills the account from a spec of `seeds.py`: the same spec, seed and day give the same account."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from fairlead_emulators.campaignmonitor.account.clients import add_client
from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.audience.fields import Field, add_field, fields_of
from fairlead_emulators.campaignmonitor.audience.rows import columns
from fairlead_emulators.campaignmonitor.lists.endpoints import add_list
from fairlead_emulators.campaignmonitor.rooms import Laying
from fairlead_emulators.campaignmonitor.store import STATES, Client, Store, Subscriber, SubscriberList
from fairlead_emulators.filling import Tell, to_nobody
from fairlead_emulators.people import Person, person

Lay = Callable[[Laying], Mapping[str, int]]

_SHARES: Final = {"Active": 0.72, "Unsubscribed": 0.15, "Bounced": 0.06, "Deleted": 0.07}
_SHARES_CONFIRMED: Final = {**_SHARES, "Active": 0.62, "Unconfirmed": 0.10}
_DAY_S: Final = 86_400
_TOLD_EVERY: Final = 10_000
_OLDEST_DAYS: Final = 1_095
_RECENT_DAYS: Final = 5
_RECENT_SHARE: Final = 0.004
_READERS: Final = ("", "", "Gmail", "Apple Mail", "Outlook 2021", "iPhone")
_TEXTS: Final = (
    "Plain & simple",
    'Smith "Sons", Ltd.',
    "Größe: süß, naïve – 東京",
    "two\nlines, and a comma",
    "O'Brien; tab\there",
    "<b>not markup</b> & 100 %",
    "emoji 🚀 at the end 🚀",
    "back\\slash and 'quotes'",
)


def fill(
    service: Service, spec: Mapping[str, Any], rooms: Sequence[Lay] = (), tell: Tell = to_nobody
) -> dict[str, int]:
    """Empties the store, lays the spec and returns counts. Raises LookupError when the spec lacks a part.

    `rooms` then lay their parts of each client. `tell` hears how far it is.
    """
    store, seed = service.store, int(spec.get("seed", 1))
    today = service.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    store.clear()
    with store.transaction():
        service.keys.lay(seed)
        store.remember("seed", str(spec.get("name", "spec")))
        store.remember("time_zone", str(spec.get("time_zone") or spec["clients"][0]["time_zone"]))
    made: list[tuple[Client, SubscriberList, Mapping[str, Any]]] = []
    for each in spec["clients"]:
        identity = add_client(store, each["name"], each["country"], each["time_zone"], now=0)
        client = store.client(identity)
        assert client is not None, "it was just added"
        made += [(client, _lay_list(store, client, listed), listed) for listed in each.get("lists", ())]
    start = today.timestamp()
    store.load(
        _told(tell, (row for client, on, listed in made for row in _rows(store, client, on, listed, seed, start)))
    )
    _suppress_seeded(store)
    for _, on, _ in made:
        store.touch(on.n)
    total = store.db.execute("SELECT count(*) FROM subscribers").fetchone()[0]
    counts = Counter({"clients": len(spec["clients"]), "lists": len(made), "subscribers": total})
    for client, laid in zip(store.clients(), spec["clients"], strict=True):
        for lay in rooms:
            counts.update(lay(Laying(service, client, laid, seed, start, tell)))
    return dict(counts)


def _told(tell: Tell, rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    for number, row in enumerate(rows, 1):
        if number % _TOLD_EVERY == 0:
            tell("subscribers", _TOLD_EVERY)
        yield row


def _lay_list(store: Store, client: Client, listed: Mapping[str, Any]) -> SubscriberList:
    identity = add_list(
        store,
        client.id,
        listed["title"],
        listed.get("unsubscribe_setting", "AllClientLists"),
        confirmed=bool(listed.get("confirmed_opt_in", False)),
    )
    on = store.list(identity)
    assert on is not None, "it was just added"
    for field in listed.get("custom_fields", ()):
        add_field(store, on.n, field["name"], field["type"], field.get("options", ()))
    return on


def _rows(
    store: Store, client: Client, on: SubscriberList, listed: Mapping[str, Any], seed: int, start: float
) -> Iterator[tuple[Any, ...]]:
    shares = listed.get("shares") or (_SHARES_CONFIRMED if on.confirmed_opt_in else _SHARES)
    states, weights = list(shares), list(shares.values())
    for state in states:
        if state not in STATES:
            raise LookupError(f"shares name the state {state!r}: use one of {STATES}")
    fields = fields_of(store, on.n)
    draw = random.Random(f"{seed}:{on.id}")
    for first, count in listed.get("people", ()):
        drawn = draw.choices(states, weights, k=count)
        for offset in range(count):
            yield columns(_subscriber(person(first + offset), on, drawn[offset], fields, draw, start), client.zone)


def _subscriber(
    who: Person, on: SubscriberList, state: str, fields: list[Field], draw: random.Random, start: float
) -> Subscriber:
    days = _RECENT_DAYS + draw.random() * (_OLDEST_DAYS - _RECENT_DAYS)
    if draw.random() < _RECENT_SHARE:
        days = draw.random() * _RECENT_DAYS
    # At least a minute before the day begins: rounded up, no seeded date lies in the day itself.
    state_at = float(int(start - 60 - days * _DAY_S))
    joined_at = state_at if draw.random() < 0.6 else float(int(state_at - draw.random() * 200 * _DAY_S))
    mobile = who.phone if draw.random() < 0.2 else ""
    return Subscriber(
        on.n,
        who.email,
        "" if who.n % 19 == 4 else who.name,
        state,
        state_at,
        joined_at,
        _values(fields, draw),
        mobile,
        bool(mobile) and draw.random() < 0.5,
        draw.choice(_READERS),
    )


def _values(fields: list[Field], draw: random.Random) -> tuple[tuple[str, str], ...]:
    values: list[tuple[str, str]] = []
    for field in fields:
        roll = draw.random()
        if roll < 0.45:
            continue
        if field.type == "Text":
            values.append((field.name, _TEXTS[int(roll * 1e6) % len(_TEXTS)]))
        elif field.type == "Number":
            values.append((field.name, str(18 + int(roll * 1e6) % 70)))
        elif field.type == "Date":
            number = int(roll * 1e6)
            values.append((field.name, f"20{10 + number % 15}-{1 + number % 12:02d}-{1 + number % 28:02d}"))
        elif field.options:
            at = int(roll * 1e6) % len(field.options)
            chosen = {at, (at + 1) % len(field.options)} if field.type == "MultiSelectMany" else {at}
            values += [(field.name, field.options[each]) for each in sorted(chosen)]
    return tuple(values)


def _suppress_seeded(store: Store) -> None:
    """Who unsubscribed on a client-wide list or bounced is on the client's suppression list."""
    reasons = (("Unsubscribed", " AND lists.unsubscribe_setting = 'AllClientLists'"), ("Bounced", ""))
    with store.transaction():
        for reason, condition in reasons:
            store.db.execute(
                "INSERT OR IGNORE INTO suppressions SELECT client, key, address, state_at, ?"
                f" FROM subscribers JOIN lists ON lists.n = subscribers.list WHERE state = ?{condition}",
                (reason, STATES.index(reason)),
            )
