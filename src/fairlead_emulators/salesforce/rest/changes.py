"""What changed lately: `/recent`, `/sobjects/X/updated`, `/sobjects/X/deleted`."""

from datetime import datetime, timedelta
from typing import Any, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model import describe
from fairlead_emulators.salesforce.model.acting import seen
from fairlead_emulators.salesforce.model.schema import SObject
from fairlead_emulators.salesforce.model.values import parse_datetime
from fairlead_emulators.salesforce.records.reading import attributes
from fairlead_emulators.salesforce.rest.single import DATA
from fairlead_emulators.salesforce.rest.wire import Api, Call
from fairlead_emulators.salesforce.state.storage import quoted

fact("recent_items")
fact("replication")

WINDOW: Final = timedelta(days=30)
MAX_IDS: Final = 600_000
_MOST_RECENT: Final = 200


def routes(api: Api) -> list[Route]:
    """The routes of this file."""
    return [
        Route(DATA + "/recent", api(recent), methods=["GET"]),
        Route(DATA + "/sobjects/{sobject}/updated", api(updated), methods=["GET"]),
        Route(DATA + "/sobjects/{sobject}/deleted", api(deleted), methods=["GET"]),
        Route(DATA + "/sobjects/{sobject}", api(basic), methods=["GET"]),
    ]


def _seen(sobject: SObject, *, deleted: int) -> str:
    """The table, and WHERE to the records that the user may see."""
    return f"{quoted(sobject.name)} AS t WHERE {' AND '.join([f't.IsDeleted = {deleted}', *seen(sobject, 't')])}"


def _latest(call: Call, sobject: SObject, most: int) -> list[tuple[str, dict[str, Any]]]:
    """The records changed last, each with the moment of its change."""
    name = sobject.name_field if sobject.field(sobject.name_field) else "Id"
    asked = (
        f"SELECT LastModifiedDate, Id, {quoted(name)} FROM {_seen(sobject, deleted=0)} "
        "ORDER BY LastModifiedDate DESC, Id DESC LIMIT ?"
    )
    with call.org.storage.lock:
        rows = call.org.storage.connection.execute(asked, (most,)).fetchall()
    return [
        (row[0], {"attributes": attributes(sobject, call.root, row[1]), "Id": row[1], "Name": row[2]}) for row in rows
    ]


def recent(call: Call) -> Response:
    """`GET …/recent?limit=1..200`."""
    text = call.query.get("limit", str(_MOST_RECENT))
    if not text.isdecimal() or len(text) > 6 or not 1 <= int(text) <= _MOST_RECENT:
        raise ApiError(400, "INVALID_INPUT", f"limit must be a number from 1 to {_MOST_RECENT}: {text}")
    found: list[tuple[str, dict[str, Any]]] = []
    for sobject in call.org.storage.schema.objects.values():
        if sobject.storage_kb and call.org.storage.count(sobject):
            found += _latest(call, sobject, int(text))
    found.sort(key=lambda pair: pair[0], reverse=True)
    return JSONResponse([item for _, item in found[: int(text)]])


def basic(call: Call) -> Response:
    """`GET …/sobjects/X`: what it is, and its records changed last."""
    sobject = call.sobject()
    items = [item for _, item in _latest(call, sobject, _MOST_RECENT)]
    return JSONResponse({"objectDescribe": describe.summary(sobject, call.root), "recentItems": items})


def _window(call: Call) -> tuple[str, str]:
    """From `start` to `end`, to the second. Raises ApiError 400."""
    ends = []
    for name in ("start", "end"):
        text = call.query.get(name, "").replace(" ", "+")  # a plus sign that was not escaped
        kept = parse_datetime(text)
        if kept is None:
            raise ApiError(400, "INVALID_REPLICATION_DATE", f"{name} must be a date and time with its zone: {text}")
        ends.append(kept)
    start, end = ends
    if end <= start:
        raise ApiError(400, "INVALID_REPLICATION_DATE", "end must be later than start")
    if datetime.fromisoformat(start) < call.org.clock.now() - WINDOW:
        raise ApiError(400, "INVALID_REPLICATION_DATE", "start must lie within the last 30 days")
    return start, end


def _told(kept: str) -> str:
    return kept.removesuffix("Z") + "+0000"


def updated(call: Call) -> Response:
    """`GET …/sobjects/X/updated?start&end`: ids of records made or changed."""
    sobject = call.sobject()
    start, end = _window(call)
    asked = f"SELECT Id FROM {_seen(sobject, deleted=0)} AND SystemModstamp >= ? AND SystemModstamp < ?"
    with call.org.storage.lock:
        ids = [row[0] for row in call.org.storage.connection.execute(asked, (start, end)).fetchmany(MAX_IDS + 1)]
    if len(ids) > MAX_IDS:
        raise ApiError(400, "EXCEEDED_ID_LIMIT", f"More than {MAX_IDS} records changed: ask for a shorter time")
    return JSONResponse({"ids": ids, "latestDateCovered": _told(min(end, call.org.now()))})


def deleted(call: Call) -> Response:
    """`GET …/sobjects/X/deleted?start&end`: ids of deleted records, and when each went."""
    sobject = call.sobject()
    start, end = _window(call)
    asked = (
        f"SELECT Id, SystemModstamp FROM {_seen(sobject, deleted=1)} "
        "AND SystemModstamp >= ? AND SystemModstamp < ? ORDER BY SystemModstamp"
    )
    with call.org.storage.lock:
        rows = call.org.storage.connection.execute(asked, (start, end)).fetchmany(MAX_IDS)
    return JSONResponse(
        {
            "deletedRecords": [{"deletedDate": _told(row[1]), "id": row[0]} for row in rows],
            "earliestDateAvailable": _told((call.org.clock.now() - WINDOW).strftime("%Y-%m-%dT%H:%M:%S.000Z")),
            "latestDateCovered": _told(min(end, call.org.now())),
        }
    )
