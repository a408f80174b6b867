"""The explorer: a person's view into the org, and its buttons. No session is needed, no call is counted."""

from collections.abc import Mapping
from importlib import resources
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fairlead_emulators.salesforce.explorer import home
from fairlead_emulators.salesforce.explorer.door import endpoint
from fairlead_emulators.salesforce.explorer.house import House
from fairlead_emulators.salesforce.explorer.records import converting, editing, lists, merging, one
from fairlead_emulators.salesforce.explorer.setup import (
    apps,
    clock,
    deployed,
    faults,
    objects,
    permissions,
    settings,
    users,
)
from fairlead_emulators.salesforce.explorer.usage import calls, events, jobs, notifications, requests

_ROOMS: Final = (
    home,
    lists,
    merging,
    editing,
    converting,
    one,
    deployed,
    objects,
    permissions,
    users,
    settings,
    faults,
    clock,
    apps,
    calls,
    jobs,
    events,
    notifications,
    requests,
)
_FILES: Final[Mapping[str, str]] = {
    "style.css": "text/css",
    "parts.css": "text/css",
    "page.js": "text/javascript",
    "icons.svg": "image/svg+xml",
    "icon.svg": "image/svg+xml",
}
_SAFE: Final = {"x-content-type-options": "nosniff", "content-security-policy": "default-src 'none'"}


async def _file(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _FILES:
        return Response(status_code=404)
    text = (resources.files(__package__) / "files" / name).read_text(encoding="utf-8")
    return Response(text, media_type=_FILES[name], headers=dict(_SAFE))


def routes(house: House) -> list[Route]:
    """`/` and everything below `/_explorer`."""
    pages = [
        Route(path, endpoint(house, page), methods=[method]) for room in _ROOMS for method, path, page in room.ROUTES
    ]
    return [*pages, Route("/_explorer/files/{name}", _file, methods=["GET"])]
