"""An hour in which nothing changed, on a large account: `python -m bench.quiet_hour [--lists N] [--campaigns N] [--hours N]`.

Starts both emulators with one client of so many small lists and sent campaigns, syncs by the real service until nothing is
left to write, then lets hours pass in which nothing happens, each followed by a sync. Prints the calls of each by what
they asked for, and the seconds of CPU and memory of the worker. Writes `bench/quiet_hour.json`.
"""

import argparse
import json
import re
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

from tests.faults.installation import Installation

from bench.emulated import cpu_s, peak_mb

RESULTS = Path(__file__).with_name("quiet_hour.json")
SETTLED_AFTER = 3
"""Syncs, an hour apart, after which what was laid and written has been seen again and found unchanged."""
_ID = re.compile(r"/[0-9a-f]{32}(?=[/.]|$)")
PACE = {
    "FAIRLEAD_HEARTBEAT_SECONDS": "5",
    "FAIRLEAD_STALE_SECONDS": "20",
    "FAIRLEAD_TICK_SECONDS": "5",
    "FAIRLEAD_RETRY_SECONDS": "10",
}
"""The service's own defaults: an installation for tests looks far more often whether there is something to do."""
SIDES = ("campaign_monitor", "salesforce")


def account(lists: int, campaigns: int) -> dict[str, Any]:
    """A seed: lists of twenty people each, and so many campaigns sent to the first of them, one every six hours."""
    from fairlead_emulators import seeds

    spec = seeds.spec("small", "campaign_monitor")
    client = spec["clients"][0]
    plain = {"confirmed_opt_in": False, "unsubscribe_setting": "OnlyThisList", "custom_fields": []}
    client["lists"] = [{"title": f"List {n}", **plain, "people": [[20 * n, 20]]} for n in range(lists)]
    sent = {"name": "Often", "lists": ["List 0"], "sent_days_ago": 1, "times": campaigns, "every_days": 1}
    client["campaigns"], client["journeys"], client["smart_emails"], client["classic_emails"] = [sent], [], [], []
    return {"campaign_monitor": spec, "salesforce": seeds.spec("small", "salesforce")}


def forget(fairlead: Installation) -> None:
    """Both sides count their calls from now on."""
    assert fairlead.emulators is not None
    for side in SIDES:
        request = urllib.request.Request(f"{fairlead.emulators.url(side)}/_control/requests", method="DELETE")
        urllib.request.urlopen(request).close()


def asked(fairlead: Installation, side: str) -> tuple[int, Counter[str]]:
    """How many calls there were, and of the last 10,000 what they asked for."""
    assert fairlead.emulators is not None
    told = next(fairlead.emulators.get(side, "/_control/requests"))
    paths = (one for one in told["requests"] if not one["path"].startswith("/_control"))
    return told["totals"]["count"], Counter(f"{one['method']} {_ID.sub('/…', one['path'])}" for one in paths)


def hour(fairlead: Installation) -> dict[str, Any]:
    """An hour passes, and a sync follows."""
    assert fairlead.emulators is not None
    assert fairlead.worker is not None
    for side in SIDES:
        fairlead.emulators.post(side, "/_control/clock", {"advance_seconds": 3_600})
    forget(fairlead)
    used, began = cpu_s(fairlead.worker.pid), time.perf_counter()
    told = fairlead.sync()
    found = {side: asked(fairlead, side) for side in SIDES}
    return {
        "calls": {side: count for side, (count, _) in found.items()},
        "asked": {side: dict(each.most_common()) for side, (_, each) in found.items()},
        "cpu_s": round(cpu_s(fairlead.worker.pid) - used, 2),
        "wall_s": round(time.perf_counter() - began, 1),
        "peak_mb": peak_mb(fairlead.worker.pid),
        "told": told,
    }


def measured(lists: int, campaigns: int, hours: int, home: Path) -> list[dict[str, Any]]:
    """The hours after all has settled."""
    with Installation(home, account(lists, campaigns), PACE, patience_s=7_200) as fairlead:
        fairlead.start_worker()
        for _ in range(SETTLED_AFTER):
            _tell("settling", hour(fairlead))
        fairlead.stop_worker()
        fairlead.start_worker()  # so that its memory is that of quiet hours
        found = []
        for _ in range(hours):
            found.append(hour(fairlead))
            _tell("quiet", found[-1])
        return found


def _tell(what: str, one: dict[str, Any]) -> None:
    counted = " + ".join(f"{count:,}" for count in one["calls"].values())
    sys.stdout.write(f"{what:9}{counted:>18} calls{one['cpu_s']:>9} s CPU{one['wall_s']:>8} s{one['peak_mb']:>8} MB\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.quiet_hour", description=__doc__)
    parser.add_argument("--lists", type=int, default=2_000)
    parser.add_argument("--campaigns", type=int, default=500)
    parser.add_argument("--hours", type=int, default=3)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fairlead-bench-") as folder:
        hours = measured(wanted.lists, wanted.campaigns, wanted.hours, Path(folder) / "home")
    RESULTS.write_text(json.dumps({**vars(wanted), "each": hours}, indent=1) + "\n")
    for side, asked in hours[-1]["asked"].items():
        sys.stdout.write(f"{side}\n")
        for line, count in asked.items():
            sys.stdout.write(f"{count:>8,}  {line}\n")


if __name__ == "__main__":
    main()
