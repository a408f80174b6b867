"""A small org made of handler functions: each door gives its answers in turn, the last one for ever."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web
from aiohttp.test_utils import TestServer

DATA = "/services/data/v67.0"


@dataclass
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


Handler = Callable[[Seen], Any]


@dataclass
class Says:
    """An answer: JSON, text or bytes, with status and headers."""

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Cut:
    """The connection dies without an answer, after the request was taken in."""


@dataclass
class Half:
    """An answer that dies in the middle."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def refusal(code: str, message: str = "no", status: int = 400) -> Says:
    return Says([{"errorCode": code, "message": message}], status)


class FakeOrg:
    """`org.on(method, path, answers…)`; an answer is a value, or a function of what was `Seen`."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self._answers: dict[tuple[str, str], list[Any]] = {}
        app = web.Application(client_max_size=10**9)
        app.router.add_route("*", "/{tail:.*}", self._serve)
        self._server = TestServer(app)
        self.on("GET", "/services/data", Says([{"version": f"{n}.0", "label": "", "url": ""} for n in range(50, 70)]))

    async def __aenter__(self) -> Self:
        await self._server.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.close()

    @property
    def url(self) -> str:
        return str(self._server.make_url("")).rstrip("/")

    def on(self, method: str, path: str, *answers: Any) -> None:
        self._answers[method, path] = list(answers)

    def asked(self, method: str, path: str) -> list[Seen]:
        return [seen for seen in self.seen if (seen.method, seen.path) == (method, path)]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        seen = Seen(request.method, request.raw_path.partition("?")[0], dict(request.query), dict(request.headers), b"")
        try:
            seen.body = await request.read()
        finally:
            self.seen.append(seen)
        queue = self._answers.get((seen.method, seen.path))
        if queue is None:
            return web.json_response([{"errorCode": "NOT_FOUND", "message": f"no {seen.path}"}], status=404)
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        if callable(answer) and not isinstance(answer, type):
            answer = answer(seen)
            if asyncio.iscoroutine(answer):
                answer = await answer
        return await self._send(request, answer)

    async def _send(self, request: web.Request, answer: Any) -> web.StreamResponse:
        if answer is Cut:
            request.transport.abort()
            return web.Response()
        if isinstance(answer, Half):
            response = web.StreamResponse(headers=answer.headers)
            response.enable_chunked_encoding()
            await response.prepare(request)
            await response.write(answer.body)
            await asyncio.sleep(0.05)
            request.transport.abort()
            return response
        if isinstance(answer.body, bytes | str):
            body = answer.body.encode() if isinstance(answer.body, str) else answer.body
            return web.Response(body=body, status=answer.status, headers=answer.headers)
        return web.json_response(answer.body, status=answer.status, headers=answer.headers)
