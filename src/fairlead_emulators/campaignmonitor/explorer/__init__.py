"""A page to look inside the account and to act in it, and the data it asks for."""

from importlib import resources
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.campaignmonitor.dates import wire
from fairlead_emulators.campaignmonitor.explorer.latest import Latest
from fairlead_emulators.campaignmonitor.store import STATES
from fairlead_emulators.control import explained

if TYPE_CHECKING:
    from fairlead_emulators.campaignmonitor.app import CampaignMonitorEmulator

_PAGE: Final = 50
_FILES: Final = {
    "page.html": "text/html",
    "style.css": "text/css",
    "page.js": "text/javascript",
    "people.js": "text/javascript",
    "acting.js": "text/javascript",
    "rooms.js": "text/javascript",
    "tools.js": "text/javascript",
}


def _like(text: str) -> str:
    escaped = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _file(name: str) -> Response:
    text = (resources.files(__package__) / name).read_text(encoding="utf-8")
    return Response(text, media_type=_FILES[name])


def routes(of: "CampaignMonitorEmulator") -> list[Route]:
    """`/` and below `/_explorer`: the page's files, `members`, `latest`, and `api/…`, as the API answers the account's key.

    These reads of the API are not in the log of requests.
    """
    latest = of.service.own(Latest)

    async def page(request: Request) -> Response:
        return _file("page.html")

    async def file(request: Request) -> Response:
        name = request.path_params["name"]
        return _file(name) if name in _FILES else Response(status_code=404)

    async def members(request: Request) -> Response:
        return JSONResponse(_members(of, request))

    async def newest(request: Request) -> Response:
        return JSONResponse(latest.told(request.query_params.get("list", ""), request.query_params.get("email", "")))

    async def api(request: Request) -> Response:
        done = of.look(f"/api/v3.3/{request.path_params['path']}", request.url.query)
        # 200 either way: what a room does not offer is no error of the page.
        return Response(done.body or b"null", 200, {"x-status": str(done.status)}, "application/json")

    return [
        Route("/", page, methods=["GET"]),
        Route("/_explorer/members", explained(members), methods=["GET"]),
        Route("/_explorer/latest", newest, methods=["GET"]),
        Route("/_explorer/files/{name}", file, methods=["GET"]),
        Route("/_explorer/api/{path:path}", api, methods=["GET"]),
    ]


def _members(of: "CampaignMonitorEmulator", request: Request) -> dict[str, object]:
    query = request.query_params
    on = of.changes.list(query.get("list", ""))
    client = of.store.client(on.client)
    assert client is not None, "a list always has its client"
    where = "list = ?"
    values: list[str | int] = [on.n]
    if query.get("search"):  # without one, an index counts
        where += " AND (key LIKE ? ESCAPE '\\' OR lower(name) LIKE ? ESCAPE '\\')"
        values += [_like(query["search"])] * 2
    if query.get("state") in STATES:
        where += " AND state = ?"
        values.append(STATES.index(query["state"]))
    total = of.store.db.execute(f"SELECT count(*) FROM subscribers WHERE {where}", values).fetchone()[0]
    number = min(max(1, int(query.get("page", "1"))), 10**9)
    found = of.store.db.execute(
        f"SELECT address, name, state, minute FROM subscribers WHERE {where} ORDER BY key LIMIT ? OFFSET ?",
        [*values, _PAGE, (number - 1) * _PAGE],
    )
    rows = [
        {"email": address, "name": name, "state": STATES[state], "date": wire(minute, client.zone)}
        for address, name, state, minute in found
    ]
    return {
        "title": on.title,
        "client": {"id": client.id, "name": client.name},
        "total": total,
        "page": number,
        "pages": -(-total // _PAGE),
        "rows": rows,
    }
