"""What `up` and `demo` share: the parts they run, and the addresses people open."""

import asyncio
import os
import socket
from typing import IO, Any

from fairlead.cli import show
from fairlead.cli.supervise import Child, fairlead
from fairlead.domain.failure import FixTheSettings

ANSWER_WITHIN = 60.0
"""Seconds in which the admin has to answer."""


class PortTaken(FixTheSettings):
    """Something else listens there."""

    code = "FL-341"

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"Something else listens on port {port} of {host}.",
            next_step="Stop it, or choose another with --port (0: any free one).",
        )


def choose_port(host: str, port: int) -> int:
    """The port itself if it is free, a free one for 0. Raises PortTaken."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise PortTaken(host, port) from None
        return int(probe.getsockname()[1])


def set_addresses(host: str, port: int) -> None:
    """Tell this process and its children where the admin is, unless the deployment says how people reach it."""
    os.environ["FAIRLEAD_PORT"] = str(port)
    if not (os.environ.get("FAIRLEAD_PUBLIC_URL") or os.environ.get("FAIRLEAD_PUBLIC_URL_FILE")):
        shown = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104 - compared, not listened on
        os.environ["FAIRLEAD_PUBLIC_URL"] = f"http://{shown}:{port}"


def public_url() -> str:
    """The address at which people open the admin."""
    from fairlead.settings import load

    return load(os.environ).public_url


def children(log: IO[bytes] | None = None) -> list[Child]:
    """The processes of one machine's Fairlead. Their output goes to `log`, if it is given."""
    return [Child("web server", fairlead("web"), log), Child("worker", fairlead("worker"), log)]


async def answers(host: str, port: int, stop: asyncio.Event) -> bool:
    """Wait until something accepts connections there; False when it never did, or when all is to stop."""
    deadline = asyncio.get_running_loop().time() + ANSWER_WITHIN
    reachable = "127.0.0.1" if host in ("0.0.0.0", "") else host  # noqa: S104 - compared, not listened on
    while not stop.is_set() and asyncio.get_running_loop().time() < deadline:
        try:
            _, writer = await asyncio.open_connection(reachable, port)
        except OSError:
            await asyncio.sleep(0.2)
        else:
            writer.close()
            return True
    return False


def sign_in_link(username: str | None = None) -> str:
    """A one-time link: for this user, else for the first admin while nobody has a password; blank when none is needed."""
    from fairlead.ui import sign_in

    if username is not None:
        return sign_in.one_time_link(public_url(), username)
    return sign_in.first_link(public_url()) or ""


def welcome(ready: dict[str, Any]) -> None:
    """Where to go."""
    out = show.console()
    out.print(f"Fairlead is up: {ready['url']}")
    if ready.get("sign_in"):
        out.print(f"Sign in, once, within 15 minutes: {ready['sign_in']}", soft_wrap=True)
    out.print("Ctrl-C stops it.")
