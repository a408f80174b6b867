"""A burst of edits in Salesforce, followed to Campaign Monitor: `python -m bench.burst [--rows 100000]`.

Contacts who are on a list, most of them active, a line from their title to the
subscriber's name, and a bulk load that changes every title at once. The worker hears of it by change events; what it
writes is counted by the imitated account: calls against the fewest that could do (a thousand rows a call), and writes per
subscriber. A second run, and our own echo, must write nothing.
Prints a table and writes `bench/burst.json`; exit code 1 where a law is broken.
"""

import argparse
import json
import math
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.faults.installation import ACTIVE, Installation, wait_until

from bench import report
from bench.org_load import DATA, Org

RESULTS = Path(__file__).with_name("burst.json")
ZONE = "(GMT+10:00) Canberra, Melbourne, Sydney"
LINE = {
    "object": "Contact", "source": "Title", "target": "Name", "direction": "to_campaign_monitor", "owner": "salesforce",
}  # fmt: skip
HOURS = 3_600


def seed(rows: int) -> dict[str, Any]:
    """As many subscribers of one list as contacts."""
    people = {"title": "Everybody", "people": [[0, rows]], "unsubscribe_setting": "OnlyThisList"}
    return {
        "campaign_monitor": {
            "clients": [{"name": "One", "country": "Australia", "time_zone": ZONE, "lists": [people]}]
        },
        "salesforce": {"contacts": [{"first": 0, "count": rows, "second": False}]},
    }


def load(fairlead: Installation, title: str) -> int:
    """Everybody gets a title of their own by one bulk job, as a data loader does it; how many."""
    assert fairlead.emulators is not None
    line = fairlead.emulators.line["salesforce"]
    org = Org(line["url"], line["access_token"], 0)
    ids = [row["Id"] for row in fairlead.emulators.get("salesforce", "/_control/records?object=Contact&fields=Id")]
    body = "Id,Title\n" + "".join(f"{one},{title} {number}\n" for number, one in enumerate(ids))
    job = org.json("POST", f"{DATA}/jobs/ingest", {"object": "Contact", "operation": "update", "lineEnding": "LF"})
    path = f"{DATA}/jobs/ingest/{job['id']}"
    org.ask("PUT", f"{path}/batches", body.encode(), "text/csv")
    org.json("PATCH", path, {"state": "UploadComplete"})
    org.finish(path)
    return len(ids)


def calls(fairlead: Installation, side: str) -> Counter[str]:
    """Calls since they were last forgotten, by method and door."""
    assert fairlead.emulators is not None
    told = next(iter(fairlead.emulators.get(side, "/_control/requests")))["requests"]
    return Counter(f"{one['method']} {'import' if one['path'].endswith('/import.json') else 'other'}" for one in told)


def named(fairlead: Installation, title: str) -> int:
    """Subscribers who have the new title as their name by now."""
    assert fairlead.emulators is not None
    people = fairlead.emulators.get("campaign_monitor", "/_control/subscribers")
    return sum(str(one["name"]).startswith(f"{title} ") for one in people)


def active(fairlead: Installation) -> int:
    """Members of whom each is mailed: mappings write to nobody else."""
    assert fairlead.emulators is not None
    found = fairlead.emulators.get("salesforce", "/_control/records?object=CM_Member__c&fields=State__c")
    return sum(one["State__c"] == "Active" for one in found)


def written(fairlead: Installation) -> int:
    """Subscribers that the runs over changes wrote, as their jobs count them."""
    ((found,),) = fairlead.rows(
        "SELECT sum((counts->>'mapping_written')::int) FROM jobs_job WHERE kind = 'org_changes'"
    )
    return int(found or 0)


def quiet(fairlead: Installation) -> bool:
    return not fairlead.rows(ACTIVE)


def forget(fairlead: Installation) -> None:
    """Count calls anew."""
    import urllib.request

    assert fairlead.emulators is not None
    for side in ("campaign_monitor", "salesforce"):
        request = urllib.request.Request(f"{fairlead.emulators.url(side)}/_control/requests", method="DELETE")
        urllib.request.urlopen(request, timeout=60).close()


def measured(rows: int, home: Path) -> dict[str, Any]:
    """`{rows, edited, members, seconds, written, imports, fewest, others, again}`."""
    with Installation(home, seed(rows), patience_s=HOURS) as fairlead:
        fairlead.start_worker()
        fairlead.sync()
        members = active(fairlead)
        (list_id,) = fairlead.lists()
        lines = home / "lines.json"
        lines.write_text(json.dumps([LINE]))
        fairlead.run("mappings", "set", str(lines), "--list", list_id)
        fairlead.looks_at_changes()
        forget(fairlead)
        edited, began = load(fairlead, "Rank"), time.monotonic()
        wait_until(lambda: quiet(fairlead) and named(fairlead, "Rank") == members, HOURS)
        wrote = written(fairlead)
        took, told = time.monotonic() - began, calls(fairlead, "campaign_monitor")
        org = calls(fairlead, "salesforce")
        forget(fairlead)
        fairlead.run("changes", "run")
        wait_until(lambda: quiet(fairlead), 300)
        again = calls(fairlead, "campaign_monitor")
        return {
            "rows": rows,
            "edited": edited,
            "members": members,
            "seconds": round(took, 1),
            "written": wrote,
            "imports": told["POST import"],
            "fewest": math.ceil(members / 1_000),
            "others": sum(told.values()) - told["POST import"],
            "salesforce_calls": sum(org.values()),
            "again": again["POST import"],
        }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.burst", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory(prefix="fairlead-burst-") as folder:
        got = measured(rows, Path(folder) / "home")
    print(json.dumps(got, indent=1))
    RESULTS.write_text(json.dumps(got, indent=1) + "\n")
    report.write()
    right = got["written"] == got["members"] and got["imports"] <= math.ceil(got["fewest"] * 1.05) and got["again"] == 0
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
