"""The account's own pace: what comes due by the clock happens without a call, too."""

import asyncio
from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

_EVERY_S: Final = 0.5


class Heartbeat:
    """ASGI layer that calls `tick` twice a second in the loop that serves, from the first request on."""

    def __init__(self, app: ASGIApp, tick: Callable[[], None]) -> None:
        self._app = app
        self._tick = tick
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            # The servers run without lifespan events, and an app may be served by one loop after another.
            self._loop = loop
            loop.call_later(_EVERY_S, self._beat, loop)
        await self._app(scope, receive, send)

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        if loop is not self._loop:
            return
        # First the next beat: a tick that fails is logged by the loop and does not end the pace.
        loop.call_later(_EVERY_S, self._beat, loop)
        self._tick()
