"""`/sobjects/X/listviews`: the views of an object, how each is made, what each shows."""

from datetime import datetime
from typing import Any, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.listviews import shown
from fairlead_emulators.salesforce.listviews.views import View, views
from fairlead_emulators.salesforce.model.ids import to18
from fairlead_emulators.salesforce.rest.single import DATA
from fairlead_emulators.salesforce.rest.wire import Api, Call
from fairlead_emulators.salesforce.soql import door as soql_door

fact("list_view_list")
fact("list_view_results")
fact("list_view_values")

MAX_ROWS: Final = 2_000
DEFAULT_ROWS: Final = 25


def routes(api: Api) -> list[Route]:
    """The routes of this file."""
    path = DATA + "/sobjects/{sobject}/listviews"
    return [
        Route(path, api(listed), methods=["GET"]),
        Route(path + "/{id}", api(brief), methods=["GET"]),
        Route(path + "/{id}/describe", api(described), methods=["GET"]),
        Route(path + "/{id}/results", api(results), methods=["GET"]),
    ]


def _known(call: Call) -> dict[str, View]:
    """The object's views by id, by name."""
    sobject = call.sobject()
    made = views(call.org)
    with call.org.storage.lock:
        rows = call.org.storage.connection.execute(
            "SELECT Id, DeveloperName FROM ListView WHERE SobjectType = ? AND IsDeleted = 0 ORDER BY Name",
            (sobject.name,),
        ).fetchall()
    return {
        row[0]: made[sobject.name.lower(), row[1].lower()]
        for row in rows
        if (sobject.name.lower(), row[1].lower()) in made
    }


def _one(call: Call) -> tuple[str, View]:
    record_id = to18(call.path["id"])
    known = _known(call)
    if record_id not in known:
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    return record_id, known[record_id]


def _brief(call: Call, record_id: str, view: View) -> dict[str, Any]:
    url = f"{call.root}/sobjects/{view.sobject}/listviews/{record_id}"
    return {
        "describeUrl": f"{url}/describe",
        "developerName": view.name,
        "id": record_id,
        "label": view.label,
        "resultsUrl": f"{url}/results",
        "soqlCompatible": True,
        "url": url,
    }


def listed(call: Call) -> Response:
    """`GET …/listviews?limit&offset`."""
    known = [_brief(call, record_id, view) for record_id, view in _known(call).items()]
    limit, offset = _number(call, "limit", MAX_ROWS, 1, MAX_ROWS), _number(call, "offset", 0, 0, MAX_ROWS)
    page = known[offset : offset + limit]
    done = offset + limit >= len(known)
    name = call.sobject().name
    more = None if done else f"{call.root}/sobjects/{name}/listviews?limit={limit}&offset={offset + limit}"
    return JSONResponse(
        {"done": done, "listviews": page, "nextRecordsUrl": more, "size": len(page), "sobjectType": name}
    )


def brief(call: Call) -> Response:
    """`GET …/listviews/{id}`."""
    return JSONResponse(_brief(call, *_one(call)))


def described(call: Call) -> Response:
    """`GET …/listviews/{id}/describe`."""
    record_id, view = _one(call)
    return JSONResponse(shown.describe(shown.shown(call.org, view), record_id))


def results(call: Call) -> Response:
    """`GET …/listviews/{id}/results?limit=1..2000&offset=`: 25 rows unless more are asked for."""
    record_id, view = _one(call)
    limit = _number(call, "limit", DEFAULT_ROWS, 1, MAX_ROWS)
    offset = _number(call, "offset", 0, 0, MAX_ROWS)
    seen = shown.shown(call.org, view)
    query, _, most = seen.query.partition(" LIMIT ")
    wanted = min(offset + limit + 1, int(most or offset + limit + 1))
    found = soql_door.ask(call.org, f"{query} LIMIT {wanted}", call.version, deleted=False).records[offset:]
    columns = shown.columns(seen)
    records = [
        {"columns": [_cell(record, c["fieldNameOrPath"], c["type"]) for c in columns]} for record in found[:limit]
    ]
    return JSONResponse(
        {
            "columns": columns,
            "developerName": view.name,
            "done": len(found) <= limit,
            "id": record_id,
            "label": view.label,
            "records": records,
            "size": len(records),
        }
    )


def _number(call: Call, name: str, default: int, least: int, most: int) -> int:
    text = call.query.get(name, str(default))
    if not text.isdecimal() or len(text) > 9 or not least <= int(text) <= most:
        raise ApiError(400, "INVALID_INPUT", f"{name} must be a number from {least} to {most}: {text}")
    return int(text)


def _cell(record: dict[str, Any], path: str, kind: str) -> dict[str, Any]:
    value: Any = record
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return {"fieldNameOrPath": path, "value": _text(value, kind)}


def _text(value: Any, kind: str) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind in ("date", "datetime"):
        return datetime.fromisoformat(str(value)).strftime("%a %b %d %H:%M:%S GMT %Y")
    return str(value)
