"""Commands of the CLI, each in a process of its own, without the start of an interpreter for each.

`Commands` keeps one process that has imported what every command needs; it forks for each command, as cold starts cost two
seconds of processor time. How a command starts from nothing is tested elsewhere (`tests/unit/cli`, `tests/unit/store`).
"""

import json
import os
import selectors
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.nursery import Child, nursery

READY = "ready"


@dataclass
class Ended:
    """How a command ended."""

    returncode: int
    stdout: bytes
    stderr: bytes


@dataclass
class Commands:
    """Runs commands in this environment. Close it, or it lives on."""

    environment: dict[str, str]
    _process: Child | None = None
    _folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="fairlead-commands-")))

    def run(self, words: list[str], more: dict[str, str], patience_s: float) -> Ended:
        """One command, with some more of environment. Raises TimeoutExpired."""
        process = self._started()
        out, err = self._folder / "out", self._folder / "err"
        assert process.stdin is not None
        process.stdin.write(json.dumps({"words": words, "more": more, "out": str(out), "err": str(err)}) + "\n")
        process.stdin.flush()
        told = self._line(process, words, patience_s)
        return Ended(int(told), out.read_bytes(), err.read_bytes())

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.close()
            self._process.wait(20)
            self._process.stdout.close()
            self._process = None
        for name in ("out", "err"):
            (self._folder / name).unlink(missing_ok=True)
        self._folder.rmdir()

    def _started(self) -> Child:
        if self._process is None:
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            self._process = nursery.start("tests.faults.commands", (), self.environment, **pipes)
            assert self._line(self._process, ["start"], 120) == READY
        return self._process

    @staticmethod
    def _line(process: Child, words: list[str], patience_s: float) -> str:
        assert process.stdout is not None
        with selectors.DefaultSelector() as waiting:
            waiting.register(process.stdout, selectors.EVENT_READ)
            if not waiting.select(patience_s):
                process.kill()
                raise subprocess.TimeoutExpired(words, patience_s)
        return process.stdout.readline().strip()


def _serve() -> None:
    """Import everything, then fork for each line of standard input; answers with exit codes."""
    from fairlead.cli.house import settings
    from fairlead.store import keys

    keys.ensure(settings().home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fairlead.web.django_settings")
    import django

    django.setup()
    from fairlead import wiring  # noqa: F401 - what every command imports
    from fairlead.cli import main  # noqa: F401

    print(READY, flush=True)
    for line in sys.stdin:
        wanted: dict[str, Any] = json.loads(line)
        child = os.fork()
        if child == 0:
            _command(wanted)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _command(wanted: dict[str, Any]) -> None:
    """In the child: one command, and the end."""
    from fairlead.cli.main import main

    os.environ.update(wanted["more"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(wanted[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    code = 1
    try:
        main(wanted["words"])
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
