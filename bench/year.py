"""A year of life of an account, synced, then hour by hour: `python -m bench.year [--seed-name year] [--hours 240]`.

Starts both emulators with the seed, syncs for the first time by the real service, checks every record by the oracle of
`tests/oracle`, then lets hours pass on both sides, each followed by a sync and a check. Prints a line an hour, with the
fewest calls that any client could have done with (`tests/oracle/least.py`). Writes `bench/year.json`. Exit code 1 when
the org ever was not what the oracle says. Takes some four gigabytes of memory, most of it for the imitated services.
"""

import argparse
import json
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.faults.installation import Installation
from tests.faults.year import Hour, Year
from tests.oracle import check, least

from bench import report

RESULTS = Path(__file__).with_name("year.json")
FIRST_SYNC_S = 7_200
HEAD = (
    f"{'hour':>5}{'happened':>9}{'changed':>8}{'written':>8}{'CM calls':>9}{'least':>6}{'SF calls':>9}{'least':>6}"
    f"{'sync s':>8}{'CPU s':>7}{'MB':>6}{'check s':>8}{'stale':>6}  org"
)


def line(hour: Hour) -> str:
    """A row of the table."""
    return (
        f"{hour.number:>5}{hour.happened:>9,}{hour.changed:>8,}{hour.written:>8,}{hour.calls[0]:>9,}{hour.fewest[0]:>6,}"
        f"{hour.calls[1]:>9,}{hour.fewest[1]:>6,}{hour.seconds:>8}{hour.cpu_s:>7}{hour.peak_mb:>6.0f}{hour.checked_s:>8}{hour.tolerated:>6,}"
        f"  {'as it must be' if hour.ok else 'WRONG'}"
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.year", description=__doc__)
    parser.add_argument("--seed-name", default="year", help="of the emulators: year (default) or year-small")
    parser.add_argument("--hours", type=int, default=240, help="that pass after the first sync (default 240)")
    parser.add_argument("--seed", type=int, default=1, help="of what happens in the hours (default 1)")
    parser.add_argument("--share", type=float, help="of the subscribers, how many do something in an hour")
    parser.add_argument("--objects", nargs="+", choices=check.ALL, default=check.INSTALLED, help="what is compared")
    parser.add_argument("--days-kept", type=int, default=180, help="of tracking history (default 180)")
    parser.add_argument("--whole-every", type=int, default=24, help="hours until all events are compared again")
    return parser.parse_args()


def measured(wanted: argparse.Namespace, home: Path) -> dict[str, Any]:
    """`{seed, objects, first, hours: […], in_all: {…}}`, printed as it comes."""
    with Installation(home, wanted.seed_name, patience_s=FIRST_SYNC_S) as fairlead:
        year = Year(fairlead, wanted.objects, seed=wanted.seed, days_kept=wanted.days_kept)
        fairlead.start_worker()
        print(f"The fewest calls:\n{least.__doc__}\n{HEAD}", flush=True)
        hours = [year.first()]
        _tell(hours[0])
        for hour in year.hours(wanted.hours, whole_every=wanted.whole_every, share=wanted.share):
            hours.append(hour)
            _tell(hour)
    after = hours[1:]
    return {
        "seed": wanted.seed_name,
        "objects": list(wanted.objects),
        "first": hours[0].as_json(),
        "in_all": {
            "hours": len(after),
            "wrong_hours": sum(1 for each in hours if not each.ok),
            "changed": sum(each.changed for each in after),
            "written": sum(each.written for each in after),
            "cm_calls": sum(each.calls[0] for each in after),
            "cm_least": sum(each.fewest[0] for each in after),
            "sf_calls": sum(each.calls[1] for each in after),
            "sf_least": sum(each.fewest[1] for each in after),
            "seconds": round(sum(each.seconds for each in after), 1),
            "cpu_s": round(sum(each.cpu_s for each in after), 1),
            "peak_mb": max(each.peak_mb for each in hours),
            "database_mb": hours[-1].database_mb,
        },
        "hours": [each.as_json() for each in after],
    }


def _tell(hour: Hour) -> None:
    print(line(hour), flush=True)
    if not hour.ok:
        print(hour.told, flush=True)


def main() -> int:
    """Measures, prints and keeps the figures."""
    wanted = arguments()
    # asked to end from outside: the emulators, the worker and the database end, too
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="fairlead-year-") as folder:
        found = measured(wanted, Path(folder) / "home")
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    report.write()
    total = found["in_all"]
    print(f"{total['wrong_hours']} of {total['hours'] + 1} checks found something wrong.")
    for side, name in (("cm", "Campaign Monitor"), ("sf", "Salesforce")):
        calls, few = total[f"{side}_calls"], total[f"{side}_least"]
        print(f"{name}: {calls:,} calls, {few:,} at least ({calls / max(few, 1):.1f} times)")
    print(f"{total['written']:,} records written for {total['changed']:,} that changed")
    return 1 if total["wrong_hours"] else 0


if __name__ == "__main__":
    sys.exit(main())
