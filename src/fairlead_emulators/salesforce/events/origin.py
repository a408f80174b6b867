"""Remembers for each request which client it names: change events tell it, so that clients know their own echo."""

import re
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from fairlead_emulators.salesforce.events.log import origin
from fairlead_emulators.salesforce.facts import fact

fact("change_origin")

_VERSION: Final = re.compile(r"/services/data/v(\d+\.\d)")
_CLIENT: Final = re.compile(r"client\s*=\s*([^,;\s]+)")


class Origin:
    """Sets `origin` from the path's version and `Sforce-Call-Options: client=ID`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        version = _VERSION.match(scope.get("path", ""))
        if version:
            options = dict(scope["headers"]).get(b"sforce-call-options", b"").decode("latin-1")
            client = _CLIENT.search(options)
            name = client.group(1) if client else ""
            origin.set(f"com/salesforce/api/rest/{version.group(1)};client={name}")
        await self._app(scope, receive, send)
