"""The one layer around an emulator's app: works transport faults, writes the request log, and waits for seeds."""

import asyncio
import json
from collections.abc import Callable
from html import escape
from time import perf_counter
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fairlead_emulators.door import Door, is_control
from fairlead_emulators.faults import Faults, Rule
from fairlead_emulators.filling import Filling
from fairlead_emulators.requests_log import LoggedRequest, RequestLog

HANG_UP: Final = "fairlead.hang_up"  # scope extension set by `server.Protocol`: closes the connection

_LOOK_S: Final = 0.02
_PAGE: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="2">'
    "<title>Being filled</title><h1>Being filled by the seed “{seed}”</h1>"
    "<p>For {seconds} s so far; laid: {laid}. This page looks again every two seconds.</p></html>"
)


class _Entry:
    """The log entry of one request: written once, before the end of the answer is sent.

    So whoever has an answer finds its request in the log.
    """

    def __init__(self, log: RequestLog, scope: Scope, rule: Rule | None) -> None:
        self._log, self._scope, self._rule = log, scope, rule
        self._started = perf_counter()
        self._written = False

    def write(self, status: int) -> None:
        if self._written:
            return
        self._written = True
        ms = round((perf_counter() - self._started) * 1000, 3)
        query = self._scope["query_string"].decode("latin-1")
        fault = self._rule.fault if self._rule else None
        self._log.add(LoggedRequest(self._scope["method"], self._scope["path"], query, status, ms, fault))


class Gate:
    """ASGI middleware. While a seed is laid, requests wait; only `/` and `/_control/state` tell how far it is."""

    def __init__(self, app: ASGIApp, faults: Faults, log: RequestLog, filling: Filling | None = None) -> None:
        self._app = app
        self._door = Door(app)
        self._faults = faults
        self._log = log
        self._filling = filling or Filling()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._filling.under_way and scope["type"] == "http":
            if scope["method"] == "GET" and scope["path"] in ("/", "/_control/state"):
                await _progress(send, self._filling, page=scope["path"] == "/")
                return
            while self._filling.under_way:  # noqa: ASYNC110 — a thread lays it, and apps are served by several loops
                await asyncio.sleep(_LOOK_S)
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if is_control(scope["path"]):
            await self._door(scope, receive, send)
            return
        rule = None
        if self._faults.any_in_force():
            rule = self._faults.take_transport(
                method=scope["method"], path=scope["path"], query=scope["query_string"].decode("latin-1")
            )
        entry = _Entry(self._log, scope, rule)
        try:
            if rule is None:
                await self._pass(entry, scope, receive, send)
            else:
                await self._work(rule, entry, scope, receive, send)
        finally:
            entry.write(0)

    async def _pass(self, entry: _Entry, scope: Scope, receive: Receive, send: Send) -> None:
        status = 0

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif not message.get("more_body", False):
                entry.write(status)
            await send(message)

        await self._app(scope, receive, watch)

    async def _work(self, rule: Rule, entry: _Entry, scope: Scope, receive: Receive, send: Send) -> None:
        if rule.seconds:
            await asyncio.sleep(rule.seconds)
        if rule.fault == "delay":
            await self._pass(entry, scope, receive, send)
            return
        if rule.fault == "status":
            entry.write(rule.status)
            await _answer(send, rule.status, rule.headers, _body_of(rule))
            return
        status, headers, body = await self._carry_out(scope, receive)
        if rule.fault == "malformed":
            body = body[: max(1, len(body) // 2)] if body else b'{"'
            kept = [pair for pair in headers if pair[0].lower() != b"content-length"]
            entry.write(status)
            await send({"type": "http.response.start", "status": status, "headers": kept})
            await send({"type": "http.response.body", "body": body})
            return
        entry.write(0)
        if rule.fault == "cut":
            await send({"type": "http.response.start", "status": status, "headers": _with_length(headers, body)})
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        await _hang_up(scope, receive)

    async def _carry_out(self, scope: Scope, receive: Receive) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """Runs the request to its end and keeps the answer. Unzipped, so that half of it is half a text."""
        plain = dict(scope)
        plain["headers"] = [pair for pair in scope["headers"] if pair[0].lower() != b"accept-encoding"]
        status = 500
        headers: list[tuple[bytes, bytes]] = []
        chunks: list[bytes] = []

        async def keep(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], list(message.get("headers", []))
            elif message["type"] == "http.response.body":
                chunks.append(message.get("body", b""))

        await self._app(plain, receive, keep)
        return status, headers, b"".join(chunks)


def _with_length(headers: list[tuple[bytes, bytes]], body: bytes) -> list[tuple[bytes, bytes]]:
    kept = [pair for pair in headers if pair[0].lower() != b"content-length"]
    # A body that promises more than it sends: the client can tell that it was cut.
    return [*kept, (b"content-length", str(max(2, len(body))).encode())]


def _body_of(rule: Rule) -> bytes:
    if isinstance(rule.body, str):
        return rule.body.encode()
    return b"" if rule.body is None else json.dumps(rule.body).encode()


async def _progress(send: Send, filling: Filling, *, page: bool) -> None:
    told = filling.as_json()
    if not page:
        await _answer(send, 200, {}, json.dumps({"filling": told}).encode())
        return
    laid = ", ".join(f"{count:,} {escape(what)}" for what, count in told["laid"].items()) or "nothing yet"
    body = _PAGE.format(seed=escape(str(told["seed"])), seconds=told["seconds"], laid=laid)
    await _answer(send, 200, {"content-type": "text/html; charset=utf-8"}, body.encode())


async def _answer(send: Send, status: int, headers: dict[str, str], body: bytes) -> None:
    pairs = {"content-type": "application/json; charset=utf-8", **{k.lower(): v for k, v in headers.items()}}
    pairs["content-length"] = str(len(body))
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(name.encode(), value.encode()) for name, value in pairs.items()],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def _hang_up(scope: Scope, receive: Receive) -> None:
    """Closes the connection and waits until that is known, so that the server adds no answer of its own."""
    close: Callable[[], Any] | None = scope.get("extensions", {}).get(HANG_UP)
    if close is None:
        raise RuntimeError("this server cannot hang up: serve the app by fairlead_emulators.server")
    close()
    while (await receive())["type"] != "http.disconnect":
        pass
