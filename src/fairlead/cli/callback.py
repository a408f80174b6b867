"""Waits for a person who signs in through the browser: where the browser comes back to, with what query."""

import asyncio
import html
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from urllib.parse import SplitResult, parse_qsl, urlsplit

from fairlead.domain.failure import FixTheSettings

WITHIN_S = 600
"""How long a person may take."""


class BadCallback(FixTheSettings):
    """The callback address cannot be listened at."""

    code = "FL-318"
    next_step = "Use one like http://127.0.0.1:8805/callback, as registered with the app, or --paste."


class NobodyCame(FixTheSettings):
    """The sign-in was begun in the browser, and not ended."""

    code = "FL-319"
    next_step = "Run the command again, and end the sign-in in the browser within ten minutes."


def pasted() -> dict[str, str]:
    """The query of the address that the person pastes. Raises NobodyCame when there is none in it."""
    line = input("Paste the address that the browser ends at: ") if sys.stdin.isatty() else sys.stdin.readline()
    query = dict(parse_qsl(urlsplit(line.strip()).query))
    if not query:
        raise NobodyCame("The pasted text is not an address with an answer.")
    return query


@asynccontextmanager
async def listening(
    address: str, within: float = WITHIN_S
) -> AsyncIterator[Callable[[], Awaitable[Mapping[str, str]]]]:
    """Listens at the callback address on this machine; what it gives waits for the query of the first visit there.

    Raises BadCallback when it cannot listen there; the waiting raises NobodyCame after `within` seconds.
    """
    from aiohttp import web

    parts = _of_this_machine(address)
    came: asyncio.Future[Mapping[str, str]] = asyncio.get_running_loop().create_future()

    async def visit(request: web.Request) -> web.Response:
        if not came.done():
            came.set_result(dict(request.query))
        refused = request.query.get("error_description") or request.query.get("error")
        told = f"The sign-in was refused: {refused}" if refused else "You are signed in."
        return web.Response(text=_page(told), content_type="text/html")

    async def first() -> Mapping[str, str]:
        try:
            return await asyncio.wait_for(came, within)
        except TimeoutError:
            raise NobodyCame("Nobody came back from the browser.") from None

    app = web.Application()
    app.router.add_get(parts.path or "/", visit)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, parts.hostname, parts.port or 80).start()
        except OSError as error:
            raise BadCallback(f"Nothing can listen at {address} ({error.strerror}).") from None
        yield first
    finally:
        await runner.cleanup()


def _of_this_machine(address: str) -> SplitResult:
    parts = urlsplit(address)
    if parts.scheme != "http" or parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise BadCallback(f"The callback address {address!r} is not an http address of this machine.")
    return parts


def _page(told: str) -> str:
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Fairlead</title><link rel=icon href='data:,'><main><h1>{html.escape(told)}</h1>"
        "<p>You may close this window and go back to the terminal.</p></main></html>"
    )
