"""Who may use the explorer and the control routes: this machine's own pages and programs, no pages of other sites.

These routes ask for no key, so that a page anywhere on the web could press their buttons through the browser of whoever
runs the emulator. A browser tells where a request comes from; a program that is none sends no such header.
"""

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_READS: Final = frozenset({"GET", "HEAD"})
_OWN: Final = frozenset({"same-origin", "none"})
_LOCAL: Final = "localhost"
_SHIELDS: Final = {"x-frame-options": "DENY", "cross-origin-resource-policy": "same-origin"}
FROM_ELSEWHERE: Final = (
    "This was sent by a page of another site, so nothing was done. Open the emulator's own page and try there."
)
OTHER_NAME: Final = (
    "The explorer and the control routes answer to localhost and to IP addresses only, so nothing was done. "
    "Another name may be a page's that means to get in here."
)


def is_control(path: str) -> bool:
    """Whether a path belongs to the explorer or the control routes, which are never logged or faulted."""
    path = "/" + path.lstrip("/")  # some apps take `//` for `/`
    return path == "/" or path.startswith(("/_control", "/_explorer")) or path == "/favicon.ico"


def from_elsewhere(headers: Headers) -> bool:
    """Whether a page of another origin caused the request: the browser says so itself."""
    if pressed_elsewhere(headers):
        return True
    origin = headers.get("origin")
    return origin is not None and _netloc(origin).lower() != headers.get("host", "").lower()


def pressed_elsewhere(headers: Headers) -> bool:
    """Whether a page of another site sent this form. By its one header that a page cannot keep back."""
    site = headers.get("sec-fetch-site")
    return site is not None and site.strip().lower() not in _OWN


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def is_ours(host: str, served: str) -> bool:
    """Whether a Host header names this machine: an IP address, localhost, or what the server was started for."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    if name in (served.lower(), _LOCAL) or name.endswith(f".{_LOCAL}"):
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


class Door:
    """ASGI layer before the explorer and the control routes. What it refuses is status 403 and changes nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, or answers it."""

        async def shielded(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = [(name.encode(), value.encode()) for name, value in _SHIELDS.items()]
                message = {**message, "headers": [*message.get("headers", []), *told]}
            await send(message)

        refused = _refusal(scope)
        await (refused or self._app)(scope, receive, shielded)


def _refusal(scope: Scope) -> Response | None:
    headers = Headers(scope=scope)
    served = str((scope.get("server") or ("",))[0])
    # Every Host that is sent counts: which of two is meant is anybody's guess. HTTP/1.0 sends none.
    if not all(is_ours(host, served) for host in headers.getlist("host")):
        return _said(scope, OTHER_NAME)
    if scope["method"] not in _READS and from_elsewhere(headers):
        return _said(scope, FROM_ELSEWHERE)
    return None


def _said(scope: Scope, words: str) -> Response:
    if scope["path"].lstrip("/").startswith("_control"):
        return JSONResponse({"error": words}, 403)
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Refused</title></head>'
        f'<body><main><h1>Refused</h1><p>{words}</p><a href="/">To the first page</a></main></body></html>'
    )
    return HTMLResponse(page, 403, {"content-security-policy": "default-src 'none'; frame-ancestors 'none'"})
