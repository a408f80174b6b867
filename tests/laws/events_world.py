"""A small world for the laws of events: reports of one e-mail, a sink, a ledger and a book in memory, and runs that may be killed."""

import random
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from fairlead.domain.address import normal
from fairlead.domain.records import Scope
from fairlead.domain.tracking_plan import Known, Wanted, plan
from fairlead.sync.convert_tracking import TRACKING_FIELDS, TRACKING_KINDS, Mail
from fairlead.sync.event_ports import Reading
from fairlead.sync.events import Ended, EventFlow
from fairlead.sync.memory import MemoryLedger, MemoryMatcher, MemorySink
from fairlead.sync.memory_events import MemoryBook
from fairlead.sync.ports import SourcePage, Target
from tests.laws.flow_world import Killed, no_wait

CAMPAIGN = "f" * 32
LIST = "l" * 32
CLIENT = "c" * 32
START = datetime(2026, 3, 10, 9, 30)
KINDS = ("recipients", "opens", "clicks")
TARGET = Target("CM_Tracking__c", "Tracking_Key__c", TRACKING_FIELDS, TRACKING_KINDS)


@dataclass(frozen=True)
class Event:
    """A row of a report, of any kind."""

    email: str
    date: str
    url: str = ""
    ip_address: str = "192.0.2.1"
    list_id: str = LIST
    latitude: float = 0.0
    longitude: float = 0.0
    city: str = ""
    region: str = ""
    country_code: str = ""
    country: str = ""


@dataclass
class EventWorld:
    """`killed_at` counts down the steps of source, sink, ledger and book; at zero the process is dead; -1 is alive."""

    now: datetime = START
    reports: dict[str, list[Event]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    sink: MemorySink = field(default_factory=MemorySink)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    book: MemoryBook = field(default_factory=MemoryBook)
    matcher: MemoryMatcher = field(default_factory=MemoryMatcher)
    order: random.Random = field(default_factory=lambda: random.Random(1))
    suspect: Callable[..., list[bool]] = lambda events: [False] * len(events)
    write_from: str = ""
    linked: bool = False
    totals: bool = True
    killed_at: int = -1
    runs: int = 0
    pages_read: int = 0

    def __post_init__(self) -> None:
        self.sink.step = self.ledger.step = self.book.step = self.step

    def step(self, act: str = "") -> None:
        if self.killed_at > 0:
            self.killed_at -= 1
        if self.killed_at == 0:  # and stays dead: a killed process tidies nothing up
            raise Killed(act)

    def happen(self, kind: str, email: str, url: str = "", *, minutes_ago: int = 0, ip: str = "192.0.2.1") -> None:
        """Something happens to the e-mail; its time is told to the minute."""
        at = self.now - timedelta(minutes=minutes_ago)
        date = "" if kind == "recipients" else f"{at:%Y-%m-%d %H:%M}:00"
        self.reports[kind].append(Event(email, date, url, ip))

    def pass_time(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    async def pages(self, kind: str, since: datetime | None) -> AsyncGenerator[SourcePage, None]:
        """A report from a minute on: pages in any order, rows of one minute in any order."""
        start = f"{since:%Y-%m-%d %H:%M}" if since else ""
        rows = [row for row in self.reports[kind] if row.date[:16] >= start or not row.date]
        self.order.shuffle(rows)
        rows.sort(key=lambda row: row.date)
        pages = [rows[first : first + 3] for first in range(0, len(rows), 3)]
        self.order.shuffle(pages)
        for page in pages:
            self.step()
            self.pages_read += 1
            yield SourcePage(page, len(rows))

    def known(self, kind: str) -> Known | None:
        return self.book.scopes.get(Scope(kind, CLIENT, CAMPAIGN))

    async def run(self, *, full: bool = False) -> list[Ended]:
        """One run over the kinds that moved, as the room does it."""
        self.runs += 1
        flow = EventFlow(self.ledger, self.book, self.sink, self.matcher, TARGET, self.runs, sleep=no_wait)
        readings = [made for kind in KINDS if (made := self.reading(kind, full=full))]
        ended = []
        if readings:
            ended = await flow.run_group(Scope("tracking", CLIENT, "shared"), readings)
        for one in ended:
            if one.failure is not None and not isinstance(one.failure, Exception):
                raise one.failure
        return ended

    def reading(self, kind: str, *, full: bool = False) -> Reading | None:
        counter = len(self.reports[kind])
        wanted = Wanted(self.write_from, self.totals, self.linked, self.runs if full else 0)
        made = plan(kind, counter, self.known(kind), wanted)
        if made is None:
            return None
        mail = Mail(CAMPAIGN, sent=f"{START:%Y-%m-%d %H:%M}:00")
        return Reading(
            Scope(kind, CLIENT, CAMPAIGN),
            kind,
            mail,
            "E-mail",
            counter,
            self.known(kind),
            made,
            partial(self.pages, kind),
            lambda texts: [text.replace(" ", "T") + ".000Z" for text in texts],
            {LIST},
            self.suspect if kind == "clicks" else lambda events: [False] * len(events),
            full_run=self.runs if full else 0,
            drop_all=False,
        )

    def truth(self) -> Counter:
        """Every event, by kind, address, time, link and IP."""
        return Counter(
            (kind, row.email, row.date[:16] or f"{START:%Y-%m-%d %H:%M}", row.url, row.ip_address if row.date else "")
            for kind, rows in self.reports.items()
            for row in rows
        )

    def org(self) -> Counter:
        """The same, as it was written."""
        kinds = {"Sent": "recipients", "Opened": "opens", "Clicked": "clicks"}
        return Counter(
            (
                kinds[record["Activity__c"]],
                record["Email__c"],
                record["Activity_Date__c"][:16].replace("T", " "),
                record["URL_Clicked__c"],
                record["IP_Address__c"],
            )
            for record in self.sink.objects.get(TARGET.object, {}).values()
        )

    def counted(self) -> Counter:
        """Events counted for members, by kind and address."""
        return Counter({key: count for key, count in self.book.members.items() if count})

    def to_count(self) -> Counter:
        """What is to be counted."""
        hashes = {
            row.email: self.ledger.hashes([f"{LIST}:{normal(row.email)}"])[0]
            for rows in self.reports.values()
            for row in rows
        }
        return Counter((kind, hashes[row.email]) for kind, rows in self.reports.items() for row in rows)

    def counted_for_campaign(self) -> Counter:
        """Events counted for the linked Salesforce campaign, by kind and address."""
        return Counter(
            {(scope.kind, who): n for scope, each in self.book.linked.items() for who, n in each.items() if n}
        )

    def to_count_for_campaign(self) -> Counter:
        """What is to be counted there."""
        return Counter(
            (kind, self.ledger.hashes([normal(row.email)])[0]) for kind, rows in self.reports.items() for row in rows
        )
