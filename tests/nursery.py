"""Processes of Python that start at once: emulators, workers, the web, commands, each as if from a command line.

A cold start costs one to two seconds of processor time, nearly all of it imports, and the suite starts hundreds. The nursery
is one process beside the tests that has imported what is imported anyhow; it forks for each that is asked for. What it starts
ends with it, and it ends with the tests. How each starts from nothing is tested elsewhere (`tests/unit/cli`,
`tests/unit/emulators/common/test_command.py`).
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import struct
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from fairlead.cli import demo_emulators

ROOT = Path(__file__).parents[1]
IMPORTED = (
    *("aiohttp.web", "cryptography.x509", "csp.middleware", "cronsim", "django.contrib.admin", "django.core.mail"),
    *("django.db.backends.postgresql.base", "django.db.migrations.executor", "django.template.loaders.cached", "grpc"),
    *("markdown_it", "msgspec", "numpy", "phonenumbers", "procrastinate", "psutil", "psycopg_pool", "pygments.lexers"),
    *("rich.markdown", "rich.progress", "structlog", "typer.rich_utils", "uvicorn", "zeep"),
    *("fairlead_emulators.campaignmonitor.app", "fairlead_emulators.salesforce.app", "fairlead_emulators.seeds"),
    *("fairlead_emulators.tls", "fairlead_emulators.salesforce.events.server"),
    *("fairlead.campaignmonitor.account", "fairlead.salesforce", "fairlead.salesforce.metadata", "fairlead.sync.run"),
    *("fairlead.features.import_wizard.rules", "fairlead.features.opt_status.rules", "fairlead.sync.push"),
)
"""What the many import; what has to wait for Django's settings is not among it."""
LONGEST = 1 << 18


class Child:
    """A process that was asked for, with the manners of `subprocess.Popen`: what is written to it and read from it is text."""

    def __init__(self, pid: int, status: int, stdin: IO[str] | None, stdout: IO[str] | None) -> None:
        self.pid, self._status, self.stdin, self.stdout = pid, status, stdin, stdout
        self.returncode: int | None = None

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, less than 0 for a signal. Raises TimeoutExpired after that many seconds."""
        if self.returncode is None:
            with selectors.DefaultSelector() as waiting:
                waiting.register(self._status, selectors.EVENT_READ)
                if not waiting.select(timeout):
                    raise subprocess.TimeoutExpired(["a child of the nursery"], timeout or 0)
            told = os.read(self._status, 4)
            os.close(self._status)
            assert told, "the nursery is gone"
            (self.returncode,) = struct.unpack("i", told)
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, None]:
        """What it prints until its end. Raises TimeoutExpired when nothing comes for that many seconds."""
        assert self.stdout is not None
        parts = []
        with selectors.DefaultSelector() as waiting:
            waiting.register(self.stdout, selectors.EVENT_READ)
            while True:
                if not waiting.select(timeout):
                    raise subprocess.TimeoutExpired(["a child of the nursery"], timeout or 0)
                part = os.read(self.stdout.fileno(), LONGEST)
                if not part:
                    break
                parts.append(part)
        self.stdout.close()
        self.wait(timeout)
        return b"".join(parts).decode(), None

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Nursery:
    """The process that forks, started when the first child is asked for."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None

    def start(
        self,
        module: str,
        words: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        *,
        stdin: int | None = None,
        stdout: Any = None,
        stderr: Any = None,
    ) -> Child:
        """`python -m MODULE WORDS`. `stdin` and `stdout` may be `subprocess.PIPE`, `stdout` and `stderr` an open file."""
        ours_in = ours_out = None
        opened: list[int] = []
        if stdin == subprocess.PIPE:
            reading, writing = os.pipe()
            opened.append(reading)
            ours_in = os.fdopen(writing, "w")
        else:
            opened.append(os.open(os.devnull, os.O_RDONLY))
        if stdout == subprocess.PIPE:
            reading, writing = os.pipe()
            opened.append(writing)
            ours_out = os.fdopen(reading)
        else:
            opened.append(os.dup(stdout.fileno() if stdout else 1))
        opened.append(os.dup(stderr.fileno() if stderr else 2))
        status, told = os.pipe()
        opened.append(told)
        wanted = {"module": module, "words": list(words), "env": dict(os.environ if env is None else env)}
        asked = self._asked()
        socket.send_fds(asked, [json.dumps(wanted).encode()], opened)
        for number in opened:
            os.close(number)
        pid = int(asked.recv(LONGEST))
        return Child(pid, status, ours_in, ours_out)

    def _asked(self) -> socket.socket:
        if self._socket is None:
            self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            command = [sys.executable, "-m", "tests.nursery", str(theirs.fileno())]
            subprocess.Popen(command, cwd=ROOT, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)  # noqa: S603
            theirs.close()
        return self._socket


nursery = Nursery()


def start_emulators(seed: str = "empty") -> demo_emulators.Emulators:
    """Both emulators on free ports, seeded and ready."""
    words = demo_emulators.command((0, 0, 0, 0), seed)[3:]
    child = nursery.start("fairlead_emulators", words, stdout=subprocess.PIPE)
    assert child.stdout is not None
    return demo_emulators.Emulators(child, json.loads(child.stdout.readline()))  # type: ignore[arg-type]


def _serve(asked: socket.socket) -> None:
    """Fork for each message; tell each one's exit code when it ends. Ends with whoever asks, and all children with it."""
    for name in IMPORTED:
        with contextlib.suppress(ImportError):  # an extra that is not installed is imported by nobody
            importlib.import_module(name)
    gc.collect()
    gc.freeze()
    ends: dict[int, tuple[int, int]] = {}
    waiting = selectors.DefaultSelector()
    waiting.register(asked, selectors.EVENT_READ)
    while True:
        for key, _ in waiting.select():
            if key.fileobj is not asked:
                waiting.unregister(key.fd)
                pid, told = ends.pop(key.fd)
                os.close(key.fd)
                _, status = os.waitpid(pid, 0)
                with contextlib.suppress(BrokenPipeError):
                    os.write(told, struct.pack("i", os.waitstatus_to_exitcode(status)))
                os.close(told)
                continue
            message, given, _, _ = socket.recv_fds(asked, LONGEST, 4)
            if not message:
                for pid, _ in ends.values():
                    os.kill(pid, signal.SIGTERM)
                return
            pid = os.fork()
            if pid == 0:
                waiting.close()
                for number in (asked.fileno(), *ends, *(told for _, told in ends.values())):
                    os.close(number)
                _child(json.loads(message), given)
            for number in given[:3]:
                os.close(number)
            number = os.pidfd_open(pid)
            ends[number] = pid, given[3]
            waiting.register(number, selectors.EVENT_READ)
            asked.send(str(pid).encode())


def _child(wanted: dict[str, Any], given: list[int]) -> None:
    """In the child: a session, files, environment and arguments of its own; then the module, and the end."""
    os.setsid()
    for number, there in enumerate(given[:3]):
        os.dup2(there, number)
    for number in given:
        os.close(number)
    os.environ.clear()
    os.environ.update(wanted["env"])
    sys.argv = [wanted["module"], *wanted["words"]]
    code = 1
    try:
        runpy.run_module(wanted["module"], run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except KeyboardInterrupt:
        code = 130
    except BaseException:  # noqa: BLE001 - the interpreter would tell it just so
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
