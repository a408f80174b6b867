"""One, two and four workers on one PostgreSQL: `python -m bench.workers [--orgs N] [--members N] [--workers N …]`.

Three loads for each number of workers: the first syncs of many orgs at once; the same orgs an hour later, when nothing has
changed; and the lists of one org, a job each. The other sides are the replay server, whose answers cost next to nothing.
Prints a table and writes `bench/workers.json`: jobs and rows written a second, connections, processor seconds of a job, and
how evenly workers and orgs were served. `bench.fleet` plans with these costs.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg

from bench import report
from bench.installation import Ready, connect, installation
from bench.measure import replay
from bench.synthetic import LISTS
from bench.world import World

RESULTS = Path(__file__).with_name("workers.json")
STAGES = ("lists", "members")
LONGEST_S = 900
WRITTEN = "SELECT tup_inserted + tup_updated + tup_deleted FROM pg_stat_database WHERE datname = current_database()"
CONNECTED = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
WAITING = "SELECT count(*) FROM jobs_job WHERE state IN ('holding', 'queued', 'running')"
ALIVE = "SELECT count(*) FROM procrastinate_workers"
ENDED = """SELECT lifeline, state, extract(epoch FROM started_at - created_at), extract(epoch FROM finished_at - started_at),
extract(epoch FROM created_at), extract(epoch FROM finished_at) FROM jobs_job WHERE id > %s AND kind = 'primary_sync'"""
Wish = tuple[int, str, dict[str, Any]]
"""Org, key and arguments of a job."""


def main() -> None:
    if sys.argv[1:2] == ["--in-house"]:
        _in_house(*sys.argv[2:4])
        return
    parser = argparse.ArgumentParser(prog="python -m bench.workers", description=__doc__)
    parser.add_argument("--orgs", type=int, default=24, help="that are synced at once (default 24)")
    parser.add_argument("--members", type=int, default=4_000, help="of each org, or four times as many of the one")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    wanted = parser.parse_args()
    found = measured(wanted.workers, wanted.orgs, wanted.members)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    report.write()


def measured(workers: Sequence[int], orgs: int, members: int) -> list[dict[str, Any]]:
    """A row for each load and number of workers, printed as it comes."""
    rows = []
    with replay(World(members=members)) as replayed, installation(replayed.url) as ready:
        for count in workers:
            made = _told(ready, "orgs", {"url": replayed.url, "count": orgs + 1})
            many = [(org, "", {"stages": STAGES}) for org in made[1:]]
            one = [(made[0], list_id, {"stages": STAGES, "list": list_id}) for list_id in LISTS]
            with _working(ready, count) as pids:
                for load, wishes in (("many orgs", many), ("an hour later", many), ("one org", one)):
                    rows.append({"workers": count, "load": load, **_done(ready, pids, wishes)})
                    print(line(rows[-1]), flush=True)
    return rows


def line(row: dict[str, Any]) -> str:
    """A row for the terminal."""
    return (
        f"{row['workers']} workers, {row['load']:14}{row['jobs']:>4} jobs {row['seconds']:>7} s {row['jobs_per_s']:>7} jobs/s "
        f"{row['writes_per_s']:>8,} rows written/s {row['connections']:>3} connections {row['cpu_s_per_job']:>6} CPU-s a job, "
        f"workers {row['jobs_of_workers']}, waits of {row['wait_p50_s']} to {row['wait_most_s']} s"
    )


@contextmanager
def _working(ready: Ready, count: int) -> Iterator[list[int]]:
    """So many worker processes, all of them ready."""
    environment = {**ready.environment, "FAIRLEAD_TICK_SECONDS": "1", "FAIRLEAD_LOG_LEVEL": "ERROR"}
    command = [sys.executable, "-m", "fairlead.cli", "worker"]
    started = [subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) for _ in range(count)]
    try:
        with _database(ready) as database:
            _until(lambda: _number(database, ALIVE) >= count, 120)
        yield [one.pid for one in started]
    finally:
        for one in started:
            one.terminate()
        for one in started:
            one.wait(60)


def _done(ready: Ready, pids: Sequence[int], wishes: Sequence[Wish]) -> dict[str, Any]:
    """Ask for these jobs, wait for their end, and tell what that took."""
    with _database(ready) as database:
        last = _number(database, "SELECT coalesce(max(id), 0) FROM jobs_job")
        written, cpu = _number(database, WRITTEN), _cpu(pids)
        end = time.monotonic() + LONGEST_S
        _told(ready, "ask", wishes)
        most = _number(database, CONNECTED)  # a few jobs may be done before the first look
        while _number(database, WAITING):
            most = max(most, _number(database, CONNECTED))
            if time.monotonic() > end:
                raise TimeoutError(f"{len(wishes)} jobs were not done within {LONGEST_S} s.")
            time.sleep(0.05)
        used = _cpu(pids) - cpu
        time.sleep(1.5)  # the server tells its statistics with some delay
        rows = database.execute(ENDED, [last]).fetchall()
        writes = _number(database, WRITTEN) - written
    failed = [one[1] for one in rows if one[1] != "done"]
    if failed:
        raise RuntimeError(f"{len(failed)} of {len(rows)} jobs ended as {sorted(set(failed))}.")
    shares = sorted((sum(one[0] == worker for one in rows) for worker in {one[0] for one in rows}), reverse=True)
    waits = sorted(float(one[2]) for one in rows)
    seconds = float(max(one[5] for one in rows) - min(one[4] for one in rows))
    return {
        "jobs": len(rows),
        "seconds": round(seconds, 2),
        "jobs_per_s": round(len(rows) / seconds, 2),
        "writes": writes,
        "writes_per_s": round(writes / seconds),
        "writes_per_job": round(writes / len(rows)),
        "connections": most,
        "cpu_s_per_job": round(used / len(rows), 3),
        "jobs_of_workers": shares + [0] * (len(pids) - len(shares)),
        "wait_p50_s": round(statistics.median(waits), 2),
        "wait_most_s": round(waits[-1], 2),
        "longest_s": round(max(float(one[3]) for one in rows), 2),
    }


@contextmanager
def _database(ready: Ready) -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
    from fairlead.store import postgres

    with psycopg.connect(postgres.database_url(ready.home), autocommit=True) as opened:
        yield opened


def _number(database: "psycopg.Connection[tuple[Any, ...]]", query: Any) -> int:
    row = database.execute(query).fetchone()
    return int(row[0]) if row else 0


def _cpu(pids: Sequence[int]) -> float:
    times = [psutil.Process(pid).cpu_times() for pid in pids]
    return float(sum(one.user + one.system for one in times))


def _until(what: Any, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            raise TimeoutError("The workers did not begin.")
        time.sleep(0.1)


def _told(ready: Ready, act: str, said: Any) -> Any:
    """What a process inside the installation answers."""
    command = [sys.executable, "-m", "bench.workers", "--in-house", act, json.dumps(said)]
    ended = subprocess.run(command, env=ready.environment, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(ended.stdout.strip().splitlines()[-1])


def _in_house(act: str, said: str) -> None:
    """Make connected orgs, or ask for jobs."""
    from fairlead import settings
    from fairlead.store import boot

    boot.prepare(settings.load(os.environ).home, embedded=True)
    print(json.dumps(made(**json.loads(said)) if act == "orgs" else asked(json.loads(said))))


def made(url: str, count: int) -> list[int]:
    """Ids of new orgs, connected to the replay server; Django is set up."""
    from fairlead.store.models import Org

    orgs = [Org.objects.create(name=f"Org {number}") for number in range(count)]
    for org in orgs:
        connect(url, org)
    return [org.pk for org in orgs]


def asked(wishes: Sequence[Wish]) -> list[int]:
    """Ids of the jobs; Django is set up."""
    from fairlead import wiring
    from fairlead.jobs import api
    from fairlead.store.models import Org

    wiring.register_runners()
    orgs = Org.objects.in_bulk()
    return [api.ask(orgs[org], "primary_sync", key=key, args=args).pk for org, key, args in wishes]


if __name__ == "__main__":
    main()
