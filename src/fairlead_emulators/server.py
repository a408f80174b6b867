"""Serving: several apps on several sockets in one event loop, from the command or inside a test."""

import asyncio
import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fairlead_emulators.middleware import HANG_UP
from fairlead_emulators.tls import Certificate

HOST: Final = "127.0.0.1"
_STOP_WITHIN_S: Final = 2
_KEPT_ALIVE_S: Final = 75


class Protocol(HttpToolsProtocol):
    """Lets an app close its connection without an answer: `scope["extensions"][HANG_UP]()`."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {HANG_UP: self.transport.close}  # type: ignore[dict-item]


@dataclass(frozen=True)
class Listener:
    """One app on one bound socket, with a certificate when it speaks HTTPS."""

    app: ASGIApp
    socket: socket.socket
    certificate: Certificate | None = None

    @property
    def url(self) -> str:
        """Its base address, such as http://127.0.0.1:8810."""
        scheme = "https" if self.certificate else "http"
        return f"{scheme}://{HOST}:{self.socket.getsockname()[1]}"


def listen(app: ASGIApp, port: int = 0, certificate: Certificate | None = None) -> Listener:
    """Binds a local port (0: any free one). Raises OSError naming the port when it is taken."""
    # The loop sets TCP_NODELAY only where the protocol is named; without it each answer waits for an ACK.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        bound.bind((HOST, port))
    except OSError as error:
        bound.close()
        raise OSError(f"port {port} cannot be used ({error.strerror}): choose another, or 0 for any") from error
    bound.listen(1024)
    return Listener(app, bound, certificate)


class _Server(uvicorn.Server):
    """A server that leaves signals to us: several run in one loop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(listener: Listener) -> _Server:
    files: dict[str, Any] = {}
    if listener.certificate:
        files = {
            "ssl_certfile": str(listener.certificate.certificate_file),
            "ssl_keyfile": str(listener.certificate.key_file),
        }
    return _Server(
        uvicorn.Config(
            listener.app,
            http=Protocol,
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=_STOP_WITHIN_S,
            # longer than clients wait between two polls: one that is closed as the next request leaves looks like a fault
            timeout_keep_alive=_KEPT_ALIVE_S,
            **files,
        )
    )


async def serve(listeners: Sequence[Listener], ready: Callable[[], None], stop: asyncio.Event) -> None:
    """Serves until `stop` is set; calls `ready` once all listeners answer."""
    servers = [_server(each) for each in listeners]
    running = [
        asyncio.create_task(server.serve(sockets=[listener.socket]))
        for server, listener in zip(servers, listeners, strict=True)
    ]
    while not all(server.started for server in servers):
        await asyncio.sleep(0.005)
        _raise_if_ended(running)
    ready()
    await stop.wait()
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*running)


def _raise_if_ended(running: Sequence[asyncio.Task[None]]) -> None:
    for task in running:
        if task.done():
            task.result()
            raise RuntimeError("an emulator stopped while starting: see the log above")


async def serve_until_signalled(
    listeners: Sequence[Listener], ready: Callable[[], None], *, with_parent: bool = False
) -> None:
    """As `serve`, until SIGINT or SIGTERM; with `with_parent` also until the process that started us is gone."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows: no signal handlers in its loop
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    orphaned = asyncio.create_task(_stop_when_orphaned(stop)) if with_parent else None
    try:
        await serve(listeners, ready, stop)
    finally:
        if orphaned:
            orphaned.cancel()


async def _stop_when_orphaned(stop: asyncio.Event) -> None:
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 — the system sends no event for this
        await asyncio.sleep(1)
    stop.set()


@contextlib.contextmanager
def serving(app: ASGIApp, certificate: Certificate | None = None) -> Iterator[str]:
    """Serves one app from a thread on a free port, and yields its base address. For tests and embedding."""
    listener = listen(app, 0, certificate)
    up = threading.Event()
    stop = asyncio.Event()
    # A runner ends what is still at work in the background, such as a post to a slow endpoint.
    runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
    loop = runner.get_loop()

    def run() -> None:
        try:
            runner.run(serve([listener], up.set, stop))
        finally:
            up.set()
            runner.close()

    thread = threading.Thread(target=run, name="emulator", daemon=True)
    thread.start()
    up.wait()
    try:
        yield listener.url
    finally:
        if thread.is_alive():
            loop.call_soon_threadsafe(stop.set)
            thread.join()
