"""One contestant after another against a replay process: wall time, processor time, peak memory, rows, calls of each."""

import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import installation
from bench.flames import FILE
from bench.jobs import DLT, FAIRLEAD, PUMP, Bench
from bench.world import World

LONGEST_RUN = 1800.0
"""Seconds; a contestant that takes longer is killed and the bench fails."""

MAXRSS_IN_A_MB = 1024**2 if sys.platform == "darwin" else 1024
ROOT = Path(__file__).parents[1]
APART = ROOT / ".venv-bench" / "bin" / "python"
"""dlt has an environment of its own: the service needs nothing of it."""

CONTESTANTS = {
    "fairlead": "bench.contestants.fairlead",
    "script": "bench.contestants.script",
    "dlt": "bench.contestants.dlt_pipeline",
    "bare": "bench.contestants.bare",
    "pump": "bench.contestants.pump",
}
Figures = dict[str, Any]


class RunFailed(Exception):
    """A contestant ended badly, or did not do the job it claims."""


class CannotRun(Exception):
    """A contestant is not installed."""


def python(who: str) -> str:
    """The interpreter of a contestant."""
    return str(APART) if who == DLT else sys.executable


def check_installed(who: str) -> None:
    """Raises CannotRun with what to do about it."""
    module = "dlt" if who == DLT else "createsend" if who == "script" else "aiohttp"
    try:
        subprocess.run([python(who), "-c", f"import {module}"], check=True, capture_output=True, cwd=ROOT)
    except (OSError, subprocess.CalledProcessError) as error:
        raise CannotRun(
            f"The contestant {who} is not installed. `make bench` installs it; or leave it out: --without {who}"
        ) from error


@dataclass(frozen=True)
class Replayed:
    """A replay process."""

    url: str

    def said(self, act: str) -> dict[str, int]:
        """`forget` begins to count anew, `turn` lets an hour pass, `counts` only tells."""
        request = urllib.request.Request(f"{self.url}/_{act}", method="POST")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return dict(json.load(answer))


@contextmanager
def replay(world: World) -> Iterator[Replayed]:
    """A replay process with all its answers made."""
    command = [sys.executable, "-m", "bench.replay", world.as_text()]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield Replayed(json.loads(server.stdout.readline())["url"])
    finally:
        server.terminate()
        server.wait(30)


def measured(bench: Bench, who: list[str], flames: Path | None = None) -> Iterator[tuple[str, Figures]]:
    """(contestant, `{rows, wall_s, cpu_s, rss_mb, cm_calls, sf_calls, …}`) as each of them ends.

    CPU is user + system of the contestant's process and its children alone, `start_cpu_s` the part of it until the job began,
    `job_cpu_s` the job's; `db_cpu_s` is what the database used for it.
    With `flames`, a folder, Fairlead's stacks are written there.
    """
    with replay(bench.world) as replayed:
        first = FAIRLEAD in who and bench.database
        if first:
            with installation.installation(replayed.url) as ready:
                if bench.second:
                    _run(FAIRLEAD, "initial", replayed, ready.environment)
                    replayed.said("turn")
                yield FAIRLEAD, _whole(FAIRLEAD, bench, replayed, ready, flames)
        if bench.second and not first:
            replayed.said("turn")
        for one in who:
            if not (first and one == FAIRLEAD):
                yield one, _whole(one, bench, replayed, None, flames)


def _whole(
    who: str, bench: Bench, replayed: Replayed, ready: "installation.Ready | None", flames: Path | None
) -> Figures:
    replayed.said("forget")
    environment = dict(ready.environment if ready else os.environ)
    if flames is not None and who == FAIRLEAD:
        flames.mkdir(parents=True, exist_ok=True)
        environment[FILE] = str(flames / f"{bench.name}.folded")
    before = ready.database_cpu_s() if ready else 0.0
    figures, code, said = _run(who, bench.do, replayed, environment)
    counts = replayed.said("counts")
    check(who, bench.rows, code, said, counts)
    told = json.loads(said.strip().splitlines()[-1])
    figures |= {name: told[name] for name in ("start_cpu_s", "job_cpu_s")}
    figures = {"rows": bench.rows, **figures, "cm_calls": counts["cm_calls"], "sf_calls": counts["sf_calls"]}
    figures |= {"cm_least": bench.least[0], "sf_least": bench.least[1]}
    if ready:
        figures["db_cpu_s"] = round(ready.database_cpu_s() - before, 2)
    if bench.world.latency_ms:
        figures |= {"shortest_s": round(bench.shortest_s, 2)}
    return figures


def _run(who: str, do: str, replayed: Replayed, environment: Mapping[str, str]) -> tuple[Figures, int, str]:
    """What a process cost, its exit code, and what it said."""
    began = time.perf_counter()
    command = [python(who), "-m", CONTESTANTS[who], do, replayed.url]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(environment), cwd=ROOT)
    watchdog = threading.Timer(LONGEST_RUN, child.kill)
    watchdog.start()
    try:
        with child.stdout or nullcontext() as output:
            said = output.read() if output else ""
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    finally:
        watchdog.cancel()
        if child.returncode is None:  # interrupted: it must not outlive us
            child.kill()
    figures = {
        "wall_s": round(time.perf_counter() - began, 2),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
        "rss_mb": round(usage.ru_maxrss / MAXRSS_IN_A_MB, 1),
    }
    return figures, child.returncode, said


def check(who: str, rows: int, code: int, said: str, counts: Mapping[str, int]) -> None:
    """It must have read every row, and all but the pump must have written every row. Raises RunFailed."""
    if code != 0:
        raise RunFailed(f"{who} ended with exit code {code}.")
    read = json.loads(said.strip().splitlines()[-1])["rows"]
    if read < rows or (who != PUMP and counts["written"] < rows):
        raise RunFailed(f"{who} read {read:,} of {rows:,} rows and wrote {counts['written']:,}.")
