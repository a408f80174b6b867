"""One contestant against a fresh replay process: its own wall time, CPU, peak memory, rows, and the calls it made."""

import importlib.util
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

LONGEST_RUN = 1800.0
"""Seconds; a contestant that takes longer is killed and the bench fails."""

MAXRSS_IN_A_MB = 1024**2 if sys.platform == "darwin" else 1024

CONTESTANTS = {"fairlead": "bench.fairlead_pull", "script": "bench.script", "pump": "bench.pump"}


class RunFailed(Exception):
    """A contestant ended badly, or did not do the job it claims."""


def available(who: str) -> bool:
    """Whether the contestant can be run here."""
    return importlib.util.find_spec(CONTESTANTS[who]) is not None


def run(who: str, rows: int) -> dict[str, Any]:
    """`{rows, wall_s, cpu_s, rss_mb, cm_calls, sf_calls}`: CPU is user + system of the contestant's process alone."""
    with _replay(rows) as url:
        began = time.perf_counter()
        child = subprocess.Popen([sys.executable, "-m", CONTESTANTS[who], url, url], stdout=subprocess.PIPE, text=True)
        watchdog = threading.Timer(LONGEST_RUN, child.kill)
        watchdog.start()
        try:
            assert child.stdout is not None
            said = child.stdout.read()
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        finally:
            watchdog.cancel()
            if child.returncode is None:  # interrupted: it must not outlive us
                child.kill()
        wall = time.perf_counter() - began
        with urllib.request.urlopen(f"{url}/_counts") as response:
            counts = json.load(response)
    _check(who, rows, child.returncode, said, counts)
    return {
        "rows": rows,
        "wall_s": round(wall, 2),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
        "rss_mb": round(usage.ru_maxrss / MAXRSS_IN_A_MB, 1),
        "cm_calls": counts["cm_calls"],
        "sf_calls": counts["sf_calls"],
    }


def _check(who: str, rows: int, code: int, said: str, counts: dict[str, int]) -> None:
    """It must have read every row, and all but the pump must have written every row."""
    if code != 0:
        raise RunFailed(f"{who} ended with exit code {code}.")
    read = json.loads(said.strip().splitlines()[-1])["rows"]
    if read != rows or (who != "pump" and counts["written"] < rows):
        raise RunFailed(f"{who} read {read:,} of {rows:,} rows and wrote {counts['written']:,}.")


@contextmanager
def _replay(rows: int) -> Iterator[str]:
    server = subprocess.Popen([sys.executable, "-m", "bench.replay", str(rows)], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield json.loads(server.stdout.readline())["url"]
    finally:
        server.terminate()
        server.wait(30)
