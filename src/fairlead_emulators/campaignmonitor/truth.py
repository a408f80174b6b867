"""The account's state read directly, past the imitated API: for oracles and for the explorer."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from fairlead_emulators.campaignmonitor.dates import ambiguous, wire
from fairlead_emulators.campaignmonitor.store import STATES, Client, Store, SubscriberList

_BATCH = 2_000


def state(store: Store) -> dict[str, Any]:
    """Counts: `{kept, seed, totals, clients: [{id, name, time_zone, lists: [{id, title, states}]}]}`."""
    counts = store.counts()
    lists = store.lists()
    totals = {each: sum(counts[on.n][each] for on in lists) for each in STATES}
    clients = store.clients()
    return {
        # Whether there is anything: what a data folder brought along is not seeded over.
        "kept": bool(clients),
        "seed": store.meta("seed"),
        "totals": {
            "clients": len(clients),
            "lists": len(lists),
            "subscribers": sum(totals.values()),
            **totals,
            "suppressed": store.db.execute("SELECT count(*) FROM suppressions").fetchone()[0],
        },
        "clients": [
            {
                "id": client.id,
                "name": client.name,
                "time_zone": client.time_zone,
                "lists": [
                    {"id": on.id, "title": on.title, "states": counts[on.n]} for on in lists if on.client == client.id
                ],
            }
            for client in clients
        ],
    }


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


@lru_cache(maxsize=1 << 20)
def _minute(minute: int) -> str:
    return _utc(minute * 60)


def _brief(client: Client, on: SubscriberList, row: tuple[Any, ...]) -> dict[str, Any]:
    address, name, at, minute, _, joined_at, fields, mobile, sms, reads, consent = row
    return {
        "client": client.id,
        "list": on.id,
        "email": address,
        "name": name,
        "state": STATES[at],
        "state_date": _minute(minute),
        "joined_date": _minute(int((joined_at + 30) // 60)),
        "custom_fields": msgspec.Raw(fields.encode()),
        "mobile": mobile,
        "sms": bool(sms),
        "reads": reads,
        "consent": consent or "Yes",
    }


def _line(client: Client, on: SubscriberList, row: tuple[Any, ...]) -> dict[str, Any]:
    minute, state_at, joined_at = row[3:6]
    joined_minute = int((joined_at + 30) // 60)
    return _brief(client, on, row) | {
        "state_at": _utc(state_at),
        "state_date_local": wire(minute, client.zone),
        "state_date_ambiguous": ambiguous(minute, client.zone),
        "joined_at": _utc(joined_at),
        "joined_date_local": wire(joined_minute, client.zone),
        "joined_date_ambiguous": ambiguous(joined_minute, client.zone),
    }


def subscribers(store: Store, lists: list[SubscriberList], *, brief: bool = False) -> Iterator[bytes]:
    """Every subscriber of the lists as one line of JSON, by list and address, in chunks.

    `state_at` and `joined_at` are the true moments; `…_date` the same rounded to the minute as the API shows
    them, in UTC; `…_date_local` on the client's wall clock; `…_date_ambiguous`: that wall clock shows it twice.
    `brief` leaves all but `…_date` of these out: it takes a third of the time.
    """
    told = _brief if brief else _line
    encode = msgspec.json.Encoder().encode
    for on in lists:
        client = store.client(on.client)
        assert client is not None, "a list always has its client"
        last = ""
        while True:
            # In steps: the loop may serve other requests between two chunks.
            found = store.db.execute(
                "SELECT address, name, state, minute, state_at, joined_at, fields, mobile, sms, reads,"
                " (SELECT consent FROM consents WHERE client = ? AND consents.key = subscribers.key), key"
                " FROM subscribers WHERE list = ? AND key > ? ORDER BY key LIMIT ?",
                (client.id, on.n, last, _BATCH),
            ).fetchall()
            if not found:
                break
            last = found[-1][-1]
            yield b"".join(encode(told(client, on, row[:-1])) + b"\n" for row in found)
