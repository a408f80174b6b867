"""Change events and platform events, newest first."""

import json
from datetime import UTC, datetime
from typing import Any, Final

from starlette.responses import Response

from fairlead_emulators.salesforce.events import log
from fairlead_emulators.salesforce.explorer import layout
from fairlead_emulators.salesforce.explorer import markup as m
from fairlead_emulators.salesforce.explorer.house import Ask, House, Routes
from fairlead_emulators.salesforce.explorer.usage.calls import frame
from fairlead_emulators.salesforce.explorer.values import to_record

_PAGE: Final = 50
_IDS: Final = 3


def events(house: House, ask: Ask) -> Response:
    """The kept events, all or of one object."""
    log.bounds(house.org)
    wanted, number = ask.query.get("topic", ""), ask.page()
    with house.org.storage.lock:
        connection = house.org.storage.connection
        topics = connection.execute(
            "SELECT object, COUNT(*) FROM emulator_events GROUP BY object ORDER BY object"
        ).fetchall()
        found = connection.execute(
            "SELECT serial, object, moment, info FROM emulator_events WHERE ? IN ('', object) "
            "ORDER BY serial DESC LIMIT ? OFFSET ?",
            (wanted, _PAGE + 1, (number - 1) * _PAGE),
        ).fetchall()
    options = [("", "All topics"), *((name, f"{topic(name)} ({count:,})") for name, count in topics)]
    search = m.tag(
        "form",
        m.tag("label", "Topic", for_="topic"),
        m.tag(
            "select", [m.tag("option", b, value=a, selected=a == wanted) for a, b in options], id="topic", name="topic"
        ),
        m.button("Show"),
        class_="filter",
    )
    rows = [_row(house, *event) for event in found[:_PAGE]]
    heads = ("Event", "When (UTC)", "Topic", "Kind", "Records", "Values")
    table = m.table("Events", heads, rows) if rows else _nothing()
    pages = layout.pager(["usage", "events"], {"topic": wanted}, number, more=len(found) > _PAGE)
    total = sum(count for _, count in topics)
    note = m.tag("p", "Events are kept for 72 hours of the org's clock.", class_="muted")
    card = m.card("Events", note, search if topics else None, table, pages, name="events", count=f"{total:,}")
    return frame(house, ask, "Events", card, here="events")


def topic(name: str) -> str:
    """The topic of an object's events."""
    if name.endswith("__e"):
        return f"/event/{name}"
    return f"/data/{name.removesuffix('__c') + '__' if name.endswith('__c') else name}ChangeEvent"


def _row(house: House, serial: int, name: str, at: int, info: str) -> tuple[m.Child, ...]:
    kind, ids, values, *_ = json.loads(info)
    when = datetime.fromtimestamp(at / 1000, UTC)
    records = [part for each in ids[:_IDS] for part in (", ", to_record(house, each))][1:]
    more = f" and {len(ids) - _IDS:,} more" if len(ids) > _IDS else ""
    return (
        serial,
        f"{when:%Y-%m-%d %H:%M:%S}",
        m.tag("code", topic(name)),
        m.badge(kind),
        [records, more],
        _values(values),
    )


def _values(values: dict[str, Any]) -> m.Child:
    if not values:
        return None
    return m.tag(
        "details",
        m.tag("summary", f"{len(values)} fields"),
        m.tag("pre", m.tag("code", json.dumps(values, indent=1, ensure_ascii=False))),
    )


def _nothing() -> m.Markup:
    words = "No event is kept. Change a contact or a lead, or have a program publish a platform event."
    return m.empty(
        words, tools=m.link(m.path("setup", "settings") + "#s-change_events", "Choose which objects tell their changes")
    )


ROUTES: Routes = [("GET", "/_explorer/usage/events", events)]
