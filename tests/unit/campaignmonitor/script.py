"""A server that plays calls: what it was sent, method by method, and answers by method and path."""

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.unit.campaignmonitor.server import Handler, refusal


@dataclass(frozen=True)
class Sent:
    """A call as it came: method, raw path with its query, and the body as JSON (None where it was empty)."""

    method: str
    path: str
    body: Any


@dataclass
class Script:
    """Answers by `METHOD path` (below /api/v3.3, without the suffix); several for one are given in turn, the last stays."""

    answers: dict[str, list[Handler]]
    sent: list[Sent] = field(default_factory=list)

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        path = request.raw_path.removeprefix("/api/v3.3").replace(".json", "", 1)
        self.sent.append(Sent(request.method, path, json.loads(body) if body else None))
        rest = self.answers.get(f"{request.method} {path.partition('?')[0]}")
        if not rest:
            return refusal(404, 404)
        return await (rest.pop(0) if len(rest) > 1 else rest[0])(request)

    def of(self, method: str) -> list[Sent]:
        """The calls of one method."""
        return [each for each in self.sent if each.method == method]


def script(**answers: Any) -> Script:
    """See `Script`; an answer alone needs no list."""
    return Script({name: answer if isinstance(answer, list) else [answer] for name, answer in answers.items()})
