"""How fast the local account is laid and read: `python -m bench.emulated [--subscribers N] [--pages N] [--events]`.

`--events` lays the seed `million-events`, and reads what became of a campaign as well. It serves in a process of its
own, from one core; pages of 1,000 rows are asked for over a few kept connections and dropped. While the seed is laid,
the state is asked for: `slowest_state_ms` is how long it took to come. Writes `bench/emulated.json`.
"""

import argparse
import asyncio
import base64
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from fairlead_emulators import seeds

RESULTS = Path(__file__).with_name("emulated.json")
AT_ONCE = 4
PLAIN, ZIPPED = "identity", "gzip"
# What is asked for beside page and size, how it travels, and in which order of pages: the last first, as Fairlead does.
READINGS: dict[str, tuple[dict[str, str], str, int]] = {
    "by date": ({}, PLAIN, 1),
    "zipped": ({}, ZIPPED, 1),
    "from the end": ({}, PLAIN, -1),
    "by address": ({"orderfield": "email"}, PLAIN, 1),
    "with consents": ({"includetrackingpreference": "true", "includesmspreference": "true"}, PLAIN, 1),
    "since a year": ({"date": f"{time.gmtime().tm_year - 1}-01-01"}, PLAIN, 1),
}
# As above, of a campaign: recipients come by address, the others by date.
REPORTS: dict[str, tuple[dict[str, str], str, int]] = {
    "recipients": ({}, PLAIN, 1),
    "opens": ({}, PLAIN, 1),
    "clicks": ({}, PLAIN, 1),
}
_TICKS = os.sysconf("SC_CLK_TCK")


def scaled(subscribers: int, name: str = "million") -> dict[str, Any]:
    """That seed with so many subscribers."""
    spec = seeds.spec(name, "campaign_monitor")
    for client in spec["clients"]:
        for listed in client["lists"]:
            listed["people"] = [[first, count * subscribers // 1_000_000] for first, count in listed["people"]]
    return spec


@contextmanager
def served() -> Iterator[tuple[int, dict[str, str]]]:
    """An empty account: its process's id, and where and how to call it."""
    ports = [f"--{side}-port=0" for side in ("campaign-monitor", "salesforce", "salesforce-https", "salesforce-events")]
    server = subprocess.Popen(
        [sys.executable, "-m", "fairlead_emulators", *ports, "--stop-with-parent"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        yield server.pid, json.loads(server.stdout.readline())["campaign_monitor"]
    finally:
        server.terminate()
        server.wait(30)


def control(url: str, path: str, body: Any = None) -> Any:
    """What a control route answers."""
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{url}/_control/{path}", data)) as response:
        return json.load(response)


def cpu_s(pid: int) -> float:
    """Seconds of CPU that a process has used; 0 where the system does not tell."""
    try:
        parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(parts[11]) + int(parts[12])) / _TICKS


def peak_mb(pid: int) -> float:
    """A process's most memory; 0 where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return round(next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024, 1)


async def read(line: dict[str, str], path: str, pages: int, reading: tuple[dict[str, str], str, int]) -> int:
    """Asks for so many pages of a resource, such as a list's active subscribers, over and over; the bytes that came."""
    query, encoding, step = reading
    url = f"{line['url']}/api/v3.3/{path}.json"
    key = base64.b64encode(f"{line['api_key']}:x".encode()).decode()
    headers = {"Authorization": f"Basic {key}", "Accept-Encoding": encoding}
    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(headers=headers, connector=connector, auto_decompress=False) as http:

        async def page(number: int) -> bytes:
            async with http.get(url, params=query | {"page": str(number), "pagesize": "1000"}) as response:
                body = await response.read()
                assert response.status == 200, body[:200]
                return body

        whole = await _pages_in_all(http, url, query)
        size = 0
        for begin in range(0, pages, AT_ONCE):
            found = await asyncio.gather(
                *(page(1 + step * n % whole) for n in range(begin, min(begin + AT_ONCE, pages)))
            )
            size += sum(map(len, found))
    return size


async def _pages_in_all(http: aiohttp.ClientSession, url: str, query: dict[str, str]) -> int:
    unzipped = {"Accept-Encoding": "identity"}
    async with http.get(url, params=query | {"pagesize": "1000"}, headers=unzipped) as response:
        return max(1, int((await response.json())["NumberOfPages"]))


def lay(url: str, spec: dict[str, Any]) -> tuple[float, float]:
    """Lays a seed; the seconds it took, and the most milliseconds in which the state came meanwhile."""
    began, slowest = time.perf_counter(), 0.0
    laying = threading.Thread(target=control, args=(url, "seed", {"spec": spec}))
    laying.start()
    while laying.is_alive():
        laying.join(0.2)
        asked = time.perf_counter()
        control(url, "state")
        if laying.is_alive():
            slowest = max(slowest, time.perf_counter() - asked)
    return time.perf_counter() - began, slowest * 1000


def measured(subscribers: int, pages: int, *, events: bool = False) -> dict[str, Any]:
    """`{subscribers, seed_s, seed_cpu_s, slowest_state_ms, peak_mb, pages_per_s: {reading: n}, pages_per_cpu_s: {…}}`."""
    with served() as (pid, line):
        seed_s, slowest = lay(line["url"], scaled(subscribers, "million-events" if events else "million"))
        seed_cpu_s = cpu_s(pid)
        on = control(line["url"], "state")["clients"][0]["lists"][0]["id"]
        readings = [(name, f"lists/{on}/active", reading) for name, reading in READINGS.items()]
        if events:
            largest = max(control(line["url"], "campaigns")["campaigns"], key=lambda each: each["recipients"])["id"]
            readings += [(name, f"campaigns/{largest}/{name}", reading) for name, reading in REPORTS.items()]
        speed: dict[str, float] = {}
        by_cpu: dict[str, float] = {}
        for name, path, reading in readings:
            cpu, began = cpu_s(pid), time.perf_counter()
            asyncio.run(read(line, path, pages, reading))
            speed[name] = round(pages / (time.perf_counter() - began), 1)
            used = cpu_s(pid) - cpu
            by_cpu[name] = round(pages / used, 1) if used else 0.0
        return {
            "subscribers": subscribers,
            "seed_s": round(seed_s, 1),
            "seed_cpu_s": round(seed_cpu_s, 1),
            "slowest_state_ms": round(slowest, 1),
            "peak_mb": peak_mb(pid),
            "pages_per_s": speed,
            "pages_per_cpu_s": by_cpu,
        }


def main() -> None:
    """Measures, prints and keeps the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.emulated", description=__doc__)
    parser.add_argument("--subscribers", type=int, default=1_000_000)
    parser.add_argument("--pages", type=int, default=1_000, help="how many pages of each kind (default 1,000)")
    parser.add_argument("--events", action="store_true", help="with the seed million-events")
    wanted = parser.parse_args()
    found = measured(wanted.subscribers, wanted.pages, events=wanted.events)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    used = f"{found['seed_s']} s ({found['seed_cpu_s']} s of CPU)"
    print(f"{found['subscribers']:,} subscribers in {used}, {found['peak_mb']} MB at most")
    print(f"the state came within {found['slowest_state_ms']} ms meanwhile")
    for name in found["pages_per_s"]:
        print(f"{name:15}{found['pages_per_s'][name]:>8} pages/s {found['pages_per_cpu_s'][name]:>8} pages/CPU-s")
    print("aim: 150 pages a second or more from one core")


if __name__ == "__main__":
    main()
