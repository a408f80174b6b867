"""Runs child processes, starts again those that die, and stops all of them in order."""

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO, Final

RESTART_AFTER: Final = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds before a dead child is started again, first to last."""
LIVED_WELL: Final = 60.0
"""A child that lived so many seconds starts over with the shortest wait."""
GRACE: Final = 20.0
"""Seconds that children get to stop before they are killed."""


@dataclass(frozen=True, slots=True)
class Child:
    """A part of Fairlead that runs in a process of its own."""

    name: str
    arguments: Sequence[str]
    log: IO[bytes] | None = None


def fairlead(*arguments: str) -> list[str]:
    """The command line of a command of ours, wherever the script lies."""
    return [sys.executable, "-m", "fairlead.cli", *arguments]


async def supervise(children: Sequence[Child], stop: asyncio.Event, say: Callable[[str], None]) -> None:
    """Keep all children running until `stop` is set, then stop them. `say` hears of deaths."""
    await asyncio.gather(*(_keep(child, stop, say) for child in children))


async def _keep(child: Child, stop: asyncio.Event, say: Callable[[str], None]) -> None:
    failures = 0
    while not stop.is_set():
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *child.arguments,
            env={**os.environ, PARENT: str(os.getpid())},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=child.log,
            stderr=child.log,
        )
        ended, stopping = asyncio.ensure_future(process.wait()), asyncio.ensure_future(stop.wait())
        await asyncio.wait([ended, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if stop.is_set():
            await _end(process, ended)
            return
        failures = 0 if time.monotonic() - began > LIVED_WELL else failures + 1
        wait = RESTART_AFTER[min(max(failures - 1, 0), len(RESTART_AFTER) - 1)]
        say(f"The {child.name} ended with {process.returncode}; it is started again in {wait:g} s.")
        try:
            await asyncio.wait_for(stop.wait(), wait)
        except TimeoutError:
            continue


async def _end(process: asyncio.subprocess.Process, ended: "asyncio.Future[int]") -> None:
    """Ask the child to stop; kill it when it does not."""
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(ended, GRACE)
    except TimeoutError:
        process.kill()
        await process.wait()


def stop_on_signals(stop: asyncio.Event) -> None:
    """Ctrl-C and SIGTERM set the event."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)


PARENT: Final = "FAIRLEAD_SUPERVISED_BY"
"""Names the supervisor's process to its children; not a setting."""


def leave_with_parent(every: float = 1.0) -> None:
    """In a child: when the supervisor is gone, even by SIGKILL, stop as if asked to."""
    parent = os.environ.get(PARENT, "")
    if not parent.isdigit():
        return

    def watch() -> None:
        while os.getppid() == int(parent):
            time.sleep(every)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()
