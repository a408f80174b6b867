"""Server time of every page on a large installation.

`python -m bench.pages [--lists N] [--jobs N] [--messages N] [--campaigns N]`

Starts both emulators with campaigns, syncs by the real service, fills Fairlead's own tables, and asks for each page in
process: what the browser would wait for, without the wire. Pages that read a side live include its answer, of an emulator
on the same machine. Writes `bench/pages.json`, and docs/reference/performance.md anew.
"""

import argparse
import json
import os
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.faults.installation import Installation

from bench import report

RESULTS = Path(__file__).with_name("pages.json")
AIM_MS = report.PAGES_AIM_MS
TIMES = 20
CONNECTED: list[Any] = []
"""Where this process has opened connections to: a page that opens any has asked a side. (The database's are not Python's.)"""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    for name, number in (("lists", 2_000), ("jobs", 100_000), ("messages", 50_000), ("campaigns", 500)):
        parser.add_argument(f"--{name}", type=int, default=number, help=f"default {number:,}")
    parser.add_argument("--times", type=int, default=TIMES, help=f"requests of each page (default {TIMES})")
    return parser.parse_args()


def account(campaigns: int) -> dict[str, Any]:
    """A seed: one small list, and so many campaigns sent to it, one a day."""
    from fairlead_emulators import seeds

    spec = seeds.spec("small", "campaign_monitor")
    client = spec["clients"][0]
    client["lists"][0]["people"], client["lists"][1]["people"] = [[0, 40]], [[20, 20]]
    daily = {"name": "Daily", "lists": ["Newsletter"], "sent_days_ago": 1, "times": campaigns, "every_days": 1}
    client["campaigns"], client["journeys"] = [daily], []
    return {"campaign_monitor": spec, "salesforce": seeds.spec("small", "salesforce")}


def measured(wanted: argparse.Namespace, home: Path) -> list[dict[str, Any]]:
    """A row a page: name, path, queries, p50 and p95 in ms, and whether a side was asked."""
    with Installation(home, account(wanted.campaigns), patience_s=3_600) as fairlead:
        fairlead.start_worker()
        fairlead.sync()
        fairlead.stop_worker()
        os.environ.update(fairlead.environment())
        from fairlead.store import boot

        boot.prepare(home, embedded=True)
        return _pages(wanted)


def _pages(wanted: argparse.Namespace) -> list[dict[str, Any]]:
    from django.contrib.auth.models import User
    from django.test import Client

    from bench import crowd
    from fairlead.jobs.models import Job
    from fairlead.store.orgs import default_org
    from fairlead.wiring import register_runners

    register_runners()
    org = default_org()
    crowd.fill(org, clients=10, lists=wanted.lists, jobs=wanted.jobs, messages=wanted.messages)
    crowd.settle()
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.create_superuser("bench"))
    job = Job.objects.filter(org=org, kind="primary_sync").latest("pk").pk
    rows = [_page(client, name, path, wanted.times) for name, path in paths(client, job).items()]
    return [row for row in rows if row]


def paths(client: Any, job: int) -> dict[str, str]:
    """Every page that can be looked at, by the name of its address."""
    from django.urls import reverse
    from tests.unit.web.test_addresses import EVERYTHING

    from fairlead.features.maintenance.models import Message

    found = re.search(r"/campaigns/([0-9a-zA-Z]{15,})/", client.get(reverse("campaigns")).text)
    campaign = found[1] if found else "x"
    message = Message.objects.latest("pk").pk
    pages = {}
    for name, (path, stranger, methods) in EVERYTHING.items():
        if stranger == 302 and "GET" in methods.split():
            path = path.replace("/messages/1/", f"/messages/{message}/").replace("/1/", f"/{job}/")
            path = path.replace("/lists/x/", "/lists/list1/").replace("/lists/unknown/", "/lists/list1/")
            path = path.replace("/clients/x/", "/clients/client1/").replace("/campaigns/x/", f"/campaigns/{campaign}/")
            pages[name] = path
    return {**pages, "list of campaigns, last page": reverse("campaigns") + "?page=10"}


def _page(client: Any, name: str, path: str, times: int) -> dict[str, Any] | None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    CONNECTED.clear()
    with CaptureQueriesContext(connection) as queries:
        first = client.get(path)
    if first.status_code != 200 or first.streaming:
        return None
    asked, live, taken = len(queries), bool(CONNECTED), []
    for _ in range(times):
        began = time.perf_counter()
        client.get(path)
        taken.append(1000 * (time.perf_counter() - began))
    row = {
        "page": name,
        "path": path,
        "queries": asked,
        "live": live,
        "p50_ms": round(statistics.median(taken), 1),
        "p95_ms": round(sorted(taken)[max(0, round(0.95 * len(taken)) - 1)], 1),
    }
    print(
        f"{name:36}{row['queries']:>5}{row['p50_ms']:>9}{row['p95_ms']:>9}{' live' if live else '':6}{path}", flush=True
    )
    return row


def main() -> None:
    wanted = arguments()
    sys.addaudithook(lambda event, args: CONNECTED.append(args[1]) if event == "socket.connect" else None)
    with tempfile.TemporaryDirectory(prefix="fairlead-bench-") as folder:
        rows = measured(wanted, Path(folder) / "home")
    RESULTS.write_text(json.dumps({**vars(wanted), "pages": rows}, indent=1) + "\n")
    report.write()
    sys.stdout.write(f"{sum(row['p50_ms'] > AIM_MS for row in rows)} of {len(rows)} pages above {AIM_MS} ms\n")


if __name__ == "__main__":
    main()
