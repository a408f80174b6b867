"""What the local org bears: rows ingested by Bulk 2.0, then queries on them. `python -m bench.org_load [--rows N]`.

`--further N` then writes, changes and deletes what belongs to N of them, see `org_further`.

One emulator process on the loopback, state in memory unless `--data DIR`. Times are wall clock as a client sees them;
CPU and peak memory are the emulator's own. Prints one line a figure; nothing is asserted.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

JOB_ROWS = 250_000
SLICES = 12
DATA = "/services/data/v60.0"


class Org:
    """A signed-in client of the emulator."""

    def __init__(self, url: str, token: str, pid: int) -> None:
        self.url, self.token, self.pid = url, token, pid

    def ask(self, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> bytes:
        """The answer's body. Raises HTTPError for a refusal."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        asked = urllib.request.Request(self.url + path, body, headers, method=method)
        with urllib.request.urlopen(asked, timeout=600) as answer:
            return bytes(answer.read())

    def json(self, method: str, path: str, body: Any = None) -> Any:
        """The answer as JSON."""
        answer = self.ask(method, path, None if body is None else json.dumps(body).encode())
        return json.loads(answer) if answer else None

    def query(self, text: str, path: str = "query") -> Any:
        """The first page of a query."""
        return self.json("GET", f"{DATA}/{path}?q={urllib.parse.quote(text)}")

    def finish(self, path: str) -> Any:
        """Waits for a job."""
        while (job := self.json("GET", path))["state"] not in ("JobComplete", "Failed", "Aborted"):
            time.sleep(0.1)
        if job["state"] != "JobComplete" or job.get("numberRecordsFailed"):
            raise RuntimeError(f"the job ended badly: {job}")
        return job

    def spent(self) -> tuple[float, float]:
        """CPU seconds so far, and peak memory in MB."""
        process = Path(f"/proc/{self.pid}")
        parts = (process / "stat").read_text().rpartition(")")[2].split()
        peak = next(line.split()[1] for line in (process / "status").read_text().splitlines() if "VmHWM" in line)
        ticks = os.sysconf("SC_CLK_TCK")
        return (int(parts[11]) + int(parts[12])) / ticks, int(peak) / 1024


@contextmanager
def emulator(data: str | None) -> Iterator[Org]:
    """A fresh org in a process of its own."""
    ports = ["--campaign-monitor-port", "--salesforce-port", "--salesforce-https-port", "--salesforce-events-port"]
    command = [sys.executable, "-m", "fairlead_emulators", "--stop-with-parent"]
    command += [word for port in ports for word in (port, "0")] + (["--data", data] if data else [])
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        ready = json.loads(child.stdout.readline())["salesforce"]
        yield Org(ready["url"], ready["access_token"], child.pid)
    finally:
        child.terminate()
        child.wait(30)


def rows(first: int, count: int) -> bytes:
    """CSV of contacts."""
    lines = ["FirstName,LastName,Email,Phone,MailingCity,LeadSource"]
    lines += [
        f"First{n % 997},Last{n},n{n}@example.com,+12025{n % 1_000_000:06},City {n % 500},Web"
        for n in range(first, first + count)
    ]
    return ("\n".join(lines) + "\n").encode()


def ingest(org: Org, count: int) -> None:
    """Contacts, some jobs one after another."""
    began, (cpu, _) = time.perf_counter(), org.spent()
    for first in range(0, count, JOB_ROWS):
        job = org.json("POST", f"{DATA}/jobs/ingest", {"object": "Contact", "operation": "insert", "lineEnding": "LF"})
        path = f"{DATA}/jobs/ingest/{job['id']}"
        org.ask("PUT", f"{path}/batches", rows(first, min(JOB_ROWS, count - first)), "text/csv")
        org.json("PATCH", path, {"state": "UploadComplete"})
        org.finish(path)
    wall, (after, peak) = time.perf_counter() - began, org.spent()
    say("ingest", wall, f"{count / wall:,.0f} rows/s, {count / (after - cpu):,.0f} rows/CPU-s, peak {peak:,.0f} MB")


def queries(org: Org, count: int) -> None:
    """Single queries on indexed fields."""
    middle = org.query(f"SELECT Id, SystemModstamp FROM Contact WHERE Email = 'n{count // 2}@example.com'")["records"][
        0
    ]
    since = middle["SystemModstamp"].replace("+0000", "Z")
    some = ", ".join(f"'N{n}@example.com'" for n in range(0, count, max(count // 200, 1)))
    for name, text in {
        "by e-mail": f"SELECT Id, Name FROM Contact WHERE Email = 'N{count // 3}@example.com'",
        "by 200 e-mails": f"SELECT Id, Name FROM Contact WHERE Email IN ({some})",
        "by name": f"SELECT Id FROM Contact WHERE Name = 'first{count // 3 % 997} last{count // 3}'",
        "by creation": f"SELECT Id FROM Contact WHERE CreatedDate >= {since} ORDER BY CreatedDate LIMIT 200",
        "by id": f"SELECT Id, Name FROM Contact WHERE Id = '{middle['Id'][:15]}'",
        "newest 200": f"SELECT Id FROM Contact WHERE SystemModstamp >= {since} ORDER BY SystemModstamp LIMIT 200",
        "COUNT() since": f"SELECT COUNT() FROM Contact WHERE SystemModstamp >= {since}",
        "COUNT() of all": "SELECT COUNT() FROM Contact",
        "page 1 since": f"SELECT Id, Email FROM Contact WHERE SystemModstamp >= {since} ORDER BY SystemModstamp, Id",
    }.items():
        best = min(_timed(lambda text=text: org.query(text)) for _ in range(5))
        say(f"query {name}", best)
    answer = org.query("SELECT Id, Email FROM Contact ORDER BY SystemModstamp")
    took: list[float] = []
    while not answer["done"] and len(took) < 50:
        began = time.perf_counter()
        answer = org.json("GET", answer["nextRecordsUrl"])
        took.append(time.perf_counter() - began)
    if took:
        say("further page", sum(took) / len(took), f"slowest {max(took) * 1000:.1f} ms")


def parallel(org: Org, count: int) -> None:
    """A dozen queryAll jobs at once, each of a slice of SystemModstamp."""
    ends = [org.query(f"SELECT {what}(SystemModstamp) at FROM Contact")["records"][0]["at"] for what in ("MIN", "MAX")]
    low, high = (datetime.strptime(each, "%Y-%m-%dT%H:%M:%S.%f%z").astimezone(UTC) for each in ends)
    step = (high - low) / SLICES
    edges = [low + step * n for n in range(SLICES)] + [high + timedelta(seconds=1)]

    def one(place: int) -> int:
        first, after = (edge.isoformat(timespec="milliseconds") for edge in edges[place : place + 2])
        where = f"SystemModstamp >= {first} AND SystemModstamp < {after}"
        asked = {"operation": "queryAll", "query": f"SELECT Id, Name, Email, SystemModstamp FROM Contact WHERE {where}"}
        path = f"{DATA}/jobs/query/{org.json('POST', f'{DATA}/jobs/query', asked)['id']}"
        org.finish(path)
        body = org.ask("GET", f"{path}/results?maxRecords={count}")
        org.ask("DELETE", path)
        return body.count(b"\n") - 1

    began = time.perf_counter()
    with ThreadPoolExecutor(SLICES) as pool:
        found = sum(pool.map(one, range(SLICES)))
    wall = time.perf_counter() - began
    say(f"{SLICES} queryAll jobs", wall, f"{found / wall:,.0f} rows/s of {found:,}, peak {org.spent()[1]:,.0f} MB")


def _timed(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def say(name: str, seconds: float, more: str = "") -> None:
    """One line."""
    shown = f"{seconds * 1000:10.1f} ms" if seconds < 10 else f"{seconds:10.1f} s "
    print(f"{name:20}{shown}  {more}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.org_load", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--further", type=int, default=0, metavar="N", help="of these, so many with all that follows")
    parser.add_argument("--data", help="keep the org in this folder instead of memory")
    wanted = parser.parse_args()
    with emulator(wanted.data) as org:
        ingest(org, wanted.rows)
        queries(org, wanted.rows)
        parallel(org, wanted.rows)
        if wanted.further:
            from bench.org_further import further  # it takes its client from here

            further(org, min(wanted.further, wanted.rows))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say("client itself", 0.0, f"peak {peak:,.0f} MB")


if __name__ == "__main__":
    main()
