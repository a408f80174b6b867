"""A small page to look inside the account, and the data it asks for."""

from importlib import resources
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.campaignmonitor.dates import wire
from fairlead_emulators.campaignmonitor.store import STATES
from fairlead_emulators.control import explained

if TYPE_CHECKING:
    from fairlead_emulators.campaignmonitor.app import CampaignMonitorEmulator

_PAGE = 50


def _like(text: str) -> str:
    escaped = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def routes(of: "CampaignMonitorEmulator") -> list[Route]:
    """`/` and `/_explorer/members`."""

    async def page(request: Request) -> Response:
        return HTMLResponse((resources.files(__package__) / "explorer.html").read_text(encoding="utf-8"))

    async def members(request: Request) -> Response:
        query = request.query_params
        on = of.changes.list(query.get("list", ""))
        client = of.store.client(on.client)
        assert client is not None, "a list always has its client"
        values: list[str | int] = [on.n]
        where = "list = ? AND (key LIKE ? ESCAPE '\\' OR lower(name) LIKE ? ESCAPE '\\')"
        values += [_like(query.get("search", ""))] * 2
        if query.get("state") in STATES:
            where += " AND state = ?"
            values.append(STATES.index(query["state"]))
        total = of.store.db.execute(f"SELECT count(*) FROM subscribers WHERE {where}", values).fetchone()[0]
        number = max(1, int(query.get("page", "1")))
        found = of.store.db.execute(
            f"SELECT address, name, state, minute FROM subscribers WHERE {where} ORDER BY key LIMIT ? OFFSET ?",
            [*values, _PAGE, (number - 1) * _PAGE],
        )
        rows = [
            {"email": address, "name": name, "state": STATES[state], "date": wire(minute, client.zone)}
            for address, name, state, minute in found
        ]
        return JSONResponse({"total": total, "page": number, "pages": -(-total // _PAGE), "rows": rows})

    return [
        Route("/", page, methods=["GET"]),
        Route("/_explorer/members", explained(members), methods=["GET"]),
    ]
