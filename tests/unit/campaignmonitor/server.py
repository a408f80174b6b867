"""A small server that answers as a test says, and remembers what it was asked."""

import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from fairlead.campaignmonitor import ApiKey, CampaignMonitor, connect
from fairlead.campaignmonitor.login import Login
from fairlead.campaignmonitor.transport import Patience

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
IMPATIENT = Patience(attempts=4, first=0.001, longest=0.002)

CLIENT = "4a397ccaaa55eb4e6aa1221e1e2d7122"
LIST = "a58ee1d3039b8bec838e6d1482a8a965"


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """JSON, gzipped as the real service does."""
    packed = gzip.compress(json.dumps(body).encode())
    return web.Response(
        body=packed,
        status=status,
        content_type="application/json",
        headers={"Content-Encoding": "gzip"} | (headers or {}),
    )


def refusal(status: int, code: int, message: str = "words of the server", **headers: str) -> web.Response:
    return answer({"Code": code, "Message": message}, status, {k.replace("_", "-"): v for k, v in headers.items()})


@dataclass
class Fake:
    """What was asked (in order), and the calls that the client reported."""

    url: str
    asked: list[web.Request] = field(default_factory=list)
    calls: list[tuple[str, str, int]] = field(default_factory=list)

    @asynccontextmanager
    async def connect(self, login: Login | None = None, **how: Any) -> AsyncIterator[CampaignMonitor]:
        how = {"patience": IMPATIENT, "on_call": lambda *call: self.calls.append(call)} | how
        async with connect(self.url, login or ApiKey("k3y"), **how) as account:
            yield account


@asynccontextmanager
async def serve(*handlers: Handler) -> AsyncIterator[Fake]:
    """Serve the handlers: one call each, the last for all calls that follow."""
    rest = list(handlers)

    async def handle(request: web.Request) -> web.StreamResponse:
        fake.asked.append(request)
        return await (rest.pop(0) if len(rest) > 1 else rest[0])(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    fake = Fake(f"http://127.0.0.1:{port}")
    try:
        yield fake
    finally:
        await runner.cleanup()


def always(body: Any, status: int = 200, **headers: str) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        return answer(body, status, headers)

    return handle


def refuses(status: int, code: int, **headers: str) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        return refusal(status, code, **headers)

    return handle


def raw(body: bytes, status: int = 200) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=status)

    return handle


async def cut(request: web.Request) -> web.StreamResponse:
    """Half an answer, then the connection dies."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"SystemDate": "2026-0')
    assert request.transport is not None
    request.transport.close()
    return response


SYSTEM_DATE = always({"SystemDate": "2026-03-01 09:27:00"})
