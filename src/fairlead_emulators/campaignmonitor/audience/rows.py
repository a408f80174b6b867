"""A subscriber as the API shows it, prepared once when it is written, so that a page is only a join."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from fairlead_emulators.campaignmonitor.audience.fields import Pairs
from fairlead_emulators.campaignmonitor.dates import minute_of, wire
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.store import INSERT_SUBSCRIBER, STATES, Store, Subscriber, as_subscriber

_BATCH: Final = 5_000
_encode = msgspec.json.Encoder().encode


@fact("subscriber-row")
def shown(subscriber: Subscriber, where: ZoneInfo) -> dict[str, Any]:
    """The row without its optional ends (consents)."""
    row = {
        "EmailAddress": subscriber.address,
        "Name": subscriber.name,
        "Date": wire(minute_of(subscriber.state_at), where),
        "ListJoinedDate": wire(minute_of(subscriber.joined_at), where),
        "State": subscriber.state,
        "CustomFields": [{"Key": key, "Value": value} for key, value in subscriber.fields],
        "ReadsEmailWith": subscriber.reads,
    }
    if subscriber.mobile:
        row["MobileNumber"] = subscriber.mobile
    return row


def columns(subscriber: Subscriber, where: ZoneInfo) -> tuple[Any, ...]:
    """The values of `INSERT_SUBSCRIBER`; the last is the row's JSON, still open at its end."""
    return (
        subscriber.list,
        subscriber.key,
        subscriber.address,
        subscriber.name,
        STATES.index(subscriber.state),
        minute_of(subscriber.state_at),
        subscriber.state_at,
        subscriber.joined_at,
        _encode(subscriber.fields).decode(),
        subscriber.mobile,
        int(subscriber.sms),
        subscriber.reads,
        _encode(shown(subscriber, where))[:-1],
    )


def write(store: Store, subscriber: Subscriber, where: ZoneInfo, *, instead_of: str | None = None) -> None:
    """Keeps a subscriber, in place of the one with its address or with the address `instead_of`."""
    store.db.execute(
        "DELETE FROM subscribers WHERE list = ? AND key = ?",
        (subscriber.list, (instead_of or subscriber.address).lower()),
    )
    store.db.execute(INSERT_SUBSCRIBER, columns(subscriber, where))
    store.touch(subscriber.list)


def rewrite(
    store: Store, list_n: int, where: ZoneInfo, change: Callable[[Pairs], Pairs] | None = None, holding: str = ""
) -> None:
    """Writes a list's subscribers anew: with changed values, or after the client's time zone has changed.

    `holding`: only those whose values name this field.
    """
    last = 0
    while True:
        rows = store.db.execute(
            "SELECT n, list, address, name, state, state_at, joined_at, fields, mobile, sms, reads FROM subscribers"
            " WHERE list = ? AND n > ? AND instr(fields, ?) ORDER BY n LIMIT ?",
            (list_n, last, _encode(holding).decode() if holding else "[", _BATCH),
        ).fetchall()
        if not rows:
            break
        last = rows[-1][0]
        changed = [(n, as_subscriber(tuple(rest))) for n, *rest in rows]
        if change:
            changed = [(n, replace(each, fields=change(each.fields))) for n, each in changed]
        store.db.executemany(
            "UPDATE subscribers SET fields = ?, row = ? WHERE n = ?",
            [(_encode(each.fields).decode(), _encode(shown(each, where))[:-1], n) for n, each in changed],
        )
    store.touch(list_n)
