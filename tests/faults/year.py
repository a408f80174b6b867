"""Hour by hour: both sides live on, Fairlead syncs, the oracle checks. Shared by the test and the bench."""

import os
import time
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.faults.installation import ACTIVE, Installation, wait_until
from tests.oracle.check import INSTALLED, TRACKING, Events, check
from tests.oracle.least import Least, least
from tests.oracle.reading import CM, SF, Sides
from tests.oracle.report import Report
from tests.oracle.tolerance import Tolerance

HOUR_S = 3_600
OBJECTS = (
    "CM_Client__c", "CM_List__c", "CM_Member__c", "CM_Campaign__c", "CM_Tracking__c", "CM_Journey__c",
    "CM_Journey_Email__c", "CM_Suppression__c",
)  # fmt: skip


@dataclass
class Hour:
    """What an hour brought and what its sync did. `happened`: acts on both sides; `written`: records of the org that
    were written meanwhile; `tolerated`: what no client can know of yet. `cpu_s` and `peak_mb` are the worker's: the processor
    time of this sync, and the most memory so far; `database_mb` is the size of Fairlead's own database."""

    number: int
    now: str
    happened: int
    changed: int
    written: int
    calls: tuple[int, int]
    fewest: tuple[int, int]
    seconds: float
    checked_s: float
    tolerated: int
    ok: bool
    told: str = ""
    cpu_s: float = 0
    peak_mb: float = 0
    database_mb: float = 0
    report: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Year:
    """A running installation whose clock stands still but for the hours that pass."""

    def __init__(
        self, fairlead: Installation, objects: Collection[str] = INSTALLED, *, seed: int = 1, days_kept: int = 180
    ) -> None:
        assert fairlead.emulators is not None
        self.fairlead, self.objects, self.seed, self.days_kept = fairlead, tuple(objects), seed, days_kept
        self.sides = Sides(fairlead.emulators.url(CM), fairlead.emulators.url(SF))
        self.tolerance = Tolerance()
        self.events = Events()
        self.report = Report()
        self._minute = 0
        for option in ("suppression.sync", "salesforce_campaigns.auto_create"):
            fairlead.run("settings", "set", option, "on")
        self.sides.post(CM, "clock", {"stands_still": True})
        now = self.now().replace(microsecond=0)
        self.sides.post(CM, "clock", {"set": now.isoformat()})
        self._link_one()

    def _link_one(self) -> None:
        """Somebody in the org has named the first client's latest campaign on a Salesforce campaign."""
        first = self.sides.one(CM, "state")["clients"][0]["id"]
        sent = [
            row
            for row in self.sides.lines(CM, "truth/campaigns")
            if row["status"] == "sent" and not row["hidden"] and row["client"] == first
        ]
        latest = max(sent, key=lambda row: row["sent_minute"])
        fields = {"Name": "Linked by hand", "CM_Campaign_Id__c": latest["id"]}
        self.sides.post(SF, "act", {"act": "create", "object": "Campaign", "fields": fields})

    def now(self) -> datetime:
        return datetime.fromisoformat(self.sides.one(CM, "clock")["now"])

    def _stamp(self) -> str:
        return self.now().strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def first(self) -> Hour:
        """The first sync, and all of it checked."""
        return self._synced(0, happened=0, whole=True)

    def hours(self, count: int, *, whole_every: int = 1, share: float | None = None) -> Iterator[Hour]:
        """So many hours, one after another. All events are compared every so many hours, only new ones in between."""
        for number in range(1, count + 1):
            said = {"hours": 1, "seed": f"{self.seed}:{number}"} | ({} if share is None else {"share": share})
            account = self.sides.post(CM, "live", said)
            org = self.sides.post(SF, "live", said)
            self.tolerance.absorb(account, org)
            # what is deleted gives its numbers to what comes after: then only a look at everything tells
            whole = number % whole_every == 0 or bool(account["campaigns_gone"])
            yield self._synced(number, happened=account["changed"] + org["changed"], whole=whole)

    def _follow(self) -> None:
        """What changed in the org is followed before the sync: whom it takes off a list is not active when that is read."""
        if self.fairlead.rows("SELECT 1 FROM store_scopestate LIMIT 1"):
            self.fairlead.run("changes", "run")
            wait_until(lambda: not self.fairlead.rows(ACTIVE), HOUR_S)

    def _synced(self, number: int, *, happened: int, whole: bool) -> Hour:
        self.sides.post(CM, "clock", {"advance_seconds": 1})  # what Fairlead writes is later than what people did
        self._follow()
        stamp, before = self._stamp(), self.report
        self.sides.clear_requests()
        began, busy = time.perf_counter(), self._worker_cpu()
        self.fairlead.sync()
        seconds, busy = time.perf_counter() - began, self._worker_cpu() - busy
        calls = (self.sides.calls(CM), self.sides.calls(SF))
        began = time.perf_counter()
        self.report = check(
            self.sides,
            self.tolerance,
            objects=self.objects,
            days_kept=self.days_kept,
            events=self.events,
            news_since="" if whole else stamp,
            since=self._minute,
        )
        now = self.now()
        self._minute = int(now.timestamp() // 60)
        few = self._least(before) if number else Least(0, 0, {})
        return Hour(
            number,
            now.isoformat(),
            happened,
            sum(few.rows.values()),
            self._written(stamp),
            calls,
            (few.account, few.org),
            round(seconds, 2),
            round(time.perf_counter() - began, 2),
            self.report.tolerated,
            self.report.ok,
            self.report.text(),
            round(busy, 2),
            self._worker_peak_mb(),
            self._database_mb(),
            self.report.as_json(),
        )

    def _worker_cpu(self) -> float:
        """Processor seconds of the worker so far; 0 where the system does not tell."""
        stat = Path(f"/proc/{self.fairlead.worker.pid}/stat") if self.fairlead.worker else None
        if stat is None or not stat.exists():
            return 0.0
        user, system = stat.read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def _worker_peak_mb(self) -> float:
        """The most memory that the worker has held, in MB; 0 where the system does not tell."""
        status = Path(f"/proc/{self.fairlead.worker.pid}/status") if self.fairlead.worker else None
        if status is None or not status.exists():
            return 0.0
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return round(int(peak.split()[1]) / 1024, 1)

    def _database_mb(self) -> float:
        ((size,),) = self.fairlead.rows("SELECT pg_database_size(current_database())")
        return round(size / 1e6, 1)

    def _least(self, before: Report) -> Least:
        return least(self.sides, before, self.report, self.objects, now=self._minute, days_kept=self.days_kept)

    def _written(self, stamp: str) -> int:
        """Records of ours that were written since a moment; those of objects that are not compared count, too."""
        return sum(
            sum(1 for _ in self.sides.records(name, "Id", since=stamp))
            for name in OBJECTS
            if name != TRACKING or TRACKING in self.objects
        )
