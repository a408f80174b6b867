"""A thousand orgs on one installation, hour by hour: `python -m bench.fleet [--orgs N] [--hours N] [--seed N]`.

A simulation, pure and seeded: the same numbers give the same answer. Orgs differ as customers do (most are small, a few are
very large), each is synced every hour at a minute of its own, and workers take jobs first come, first served. What a job costs
was measured (`Costs`). Tells how many workers are needed, what the database and both sides are asked for, and what breaks first.
"""

import argparse
import heapq
import json
import math
import random
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bench.report import BENCH, DOCUMENT, placed, table

MEASURED = BENCH / "workers.json"
EXPLAINED = DOCUMENT.parents[1] / "explanation" / "scale.md"
COMMAND = "python -m bench.fleet --write"
CONNECTIONS = "connections to the database"
WRITES = "database rows written a second"
ACCOUNT_CALLS = "calls to Campaign Monitor a minute, from one address (assumed)"
HOUR = 3_600
MOST_WORKERS = 200
LARGER = (1, 5, 20, 50)
CONCURRENCY = 5
"""Jobs that one worker runs at once, as FAIRLEAD_CONCURRENCY has it."""


@dataclass(frozen=True)
class Costs:
    """What one run costs. Seconds are of a processor; each field says what it was measured by.

    `job_s`: claiming, signing in, telling of progress, whatever is read. `call_s`: one call and its answer. `row_s`: a changed
    row, read, matched, written and remembered. `latency_s`: an answer over the wire, as both sides' take on a usual day.
    `at_once`: calls of a run on their way together. Writes are rows of Fairlead's own database.
    """

    job_s: float = 0.25  # `bench.workers`, an unchanged hour of four lists, less its calls
    call_s: float = 0.0025  # `bench.workers`, the difference that lists make
    row_s: float = 0.00006  # the bench `initial`, less its start, by rows
    latency_s: float = 0.2
    at_once: int = 8
    bulk_job_s: float = 10.0  # that a bulk job takes in the org; it costs no processor here
    writes_a_job: int = 26  # states and progress of a job, counted by `bench.workers`
    writes_a_row: float = 2.0  # a digest, or an event that is noted, then known
    writes_a_list: int = 5  # cursors and notes of the five states
    connections_a_worker: int = 8  # counted by `bench.workers`

    def measured(self, rows: Sequence[Mapping[str, Any]]) -> "Costs":
        """The same with what `bench.workers` measured of unchanged hours (of four lists) and of connections."""
        quiet = [row for row in rows if row["load"] == "an hour later"]
        if not quiet:
            return self
        lists = 4
        small = Org(0, 0, lists, 0, 0)
        cpu = min(row["cpu_s_per_job"] for row in quiet) - (small.account_calls + small.org_calls) * self.call_s
        return replace(
            self,
            job_s=max(0.05, round(cpu, 3)),
            writes_a_job=max(10, min(row["writes_per_job"] for row in quiet) - lists * self.writes_a_list),
            connections_a_worker=math.ceil(max(row["connections"] / row["workers"] for row in rows)),
        )


@dataclass(frozen=True)
class Ceilings:
    """What there is of each. `connections`: of the embedded server; a server of one's own may have more."""

    connections: int = 100
    connections_else: int = 12
    """Of the admin and of commands."""
    writes_a_second: float = 3_000.0
    """Rows that a small PostgreSQL server commits in transactions of such a size; `bench.workers` reaches a third of it."""
    account_calls_a_minute: float = 12_000.0
    """All orgs call one API from one address. Assumed: Campaign Monitor documents no limit of addresses."""
    org_calls_a_day: int = 100_000
    """Of an org of the Enterprise edition without further licences."""


@dataclass(frozen=True)
class Org:
    """One org: subscribers, lists, campaigns of the last half year, and what changes in an hour."""

    number: int
    subscribers: int
    lists: int
    campaigns: int
    changes: int

    @property
    def account_calls(self) -> int:
        """What must be asked each hour: names and counters of lists, five states, campaigns, figures, pages of what changed."""
        return 2 + self.lists * 6 + self.campaigns + self.changes // 1_000

    @property
    def org_calls(self) -> int:
        """Sign-in, what changed there, matching by name, and the writes: collections of 200, above 2,000 a bulk job."""
        written = 5 * math.ceil(self.changes / 200_000) if self.changes > 2_000 else math.ceil(self.changes / 200)
        return 8 + math.ceil(min(self.changes, 2_000) / 400) + written

    def cpu_s(self, costs: Costs) -> float:
        """Seconds of processor of one hourly run."""
        return costs.job_s + (self.account_calls + self.org_calls) * costs.call_s + self.changes * costs.row_s

    def wait_s(self, costs: Costs) -> float:
        """Seconds of one run on the wire, however fast the processor is: the account's calls side by side, the org's in turn."""
        bulk = costs.bulk_job_s if self.changes > 2_000 else 0.0
        return (self.account_calls / costs.at_once + self.org_calls) * costs.latency_s + bulk

    def writes(self, costs: Costs) -> float:
        """Rows of Fairlead's own database that one run writes."""
        return costs.writes_a_job + self.lists * costs.writes_a_list + self.changes * costs.writes_a_row


def fleet(count: int, seed: int) -> list[Org]:
    """So many orgs. Subscribers are log-normal: half have fewer than 4,000, one in a thousand about a million."""
    dice = random.Random(seed)
    made = []
    for number in range(count):
        subscribers = min(5_000_000, max(50, int(dice.lognormvariate(math.log(4_000), 1.8))))
        lists = min(2_000, max(1, int(2 * (subscribers / 1_000) ** 0.5 * dice.uniform(0.5, 2))))
        campaigns = min(500, max(1, int(6 * (subscribers / 1_000) ** 0.4 * dice.uniform(0.5, 2))))
        changes = int(subscribers * 0.002 * dice.lognormvariate(0, 1))
        made.append(Org(number, subscribers, lists, campaigns, changes))
    return made


@dataclass(frozen=True)
class Ran:
    """What became of the jobs: seconds from being due to the start and to the end, sorted; and how busy processors were."""

    workers: int
    started: Sequence[float]
    ended: Sequence[float]
    busy: float
    late: int
    """Jobs that had not ended when they were due again."""

    def at(self, times: Sequence[float], share: float) -> float:
        return times[min(len(times) - 1, int(share * len(times)))] if times else 0.0


class Pool:
    """Workers with their room, and when the processor of each has done all it was given."""

    def __init__(self, workers: int) -> None:
        self._free, self._ready = [CONCURRENCY] * workers, [0.0] * workers
        self._line = [(-CONCURRENCY, 0.0, worker) for worker in range(workers)]

    def idlest(self) -> int | None:
        """Who has most room, as the first idle one asks first; None where nobody has any."""
        while self._line:
            free, ready, worker = self._line[0]
            if (-free, ready) == (self._free[worker], self._ready[worker]) and free:
                return worker
            heapq.heappop(self._line)  # it has taken or ended something since
        return None

    def take(self, worker: int, now: float, cpu_s: float) -> float:
        """A job goes there; when its processor time will have passed, behind that of the jobs before it."""
        self._ready[worker] = max(self._ready[worker], now) + cpu_s
        self._changed(worker, -1)
        return self._ready[worker]

    def give_back(self, worker: int) -> None:
        """A job has ended there."""
        self._changed(worker, 1)

    def _changed(self, worker: int, by: int) -> None:
        self._free[worker] += by
        heapq.heappush(self._line, (-self._free[worker], self._ready[worker], worker))


def run(orgs: Sequence[Org], workers: int, hours: int, costs: Costs, *, spread_s: int = 0, seed: int = 1) -> Ran:
    """So many hours. A worker has one processor and runs five jobs, which share it; jobs wait in one line.

    A job that is still to be done when it is due again is not asked for twice. `spread_s`: jobs fall due within so many
    seconds of the hour, each org at a moment of its own, instead of all at once.
    """
    dice = random.Random(seed)
    offsets = [dice.uniform(0, spread_s) for _ in orgs]
    line: deque[tuple[float, Org]] = deque()
    under_way: set[int] = set()
    pool = Pool(workers)
    ends: list[tuple[float, int, int, float]] = []  # end, worker, org, due
    started, ended, late, used = [], [], 0, 0.0
    due = sorted((hour * HOUR + offsets[org.number], org.number) for hour in range(hours) for org in orgs)
    arrivals = deque((moment, orgs[number]) for moment, number in due)
    while arrivals or line or ends:
        now = min(arrivals[0][0] if arrivals else math.inf, ends[0][0] if ends else math.inf)
        while ends and ends[0][0] <= now:
            end, worker, number, was_due = heapq.heappop(ends)
            pool.give_back(worker)
            under_way.discard(number)
            ended.append(end - was_due)
        while arrivals and arrivals[0][0] <= now:
            moment, org = arrivals.popleft()
            if org.number in under_way:
                late += 1
            else:
                under_way.add(org.number)
                line.append((moment, org))
        while line and (idlest := pool.idlest()) is not None:
            was_due, org = line.popleft()
            cpu = org.cpu_s(costs)
            ready = pool.take(idlest, now, cpu)
            used += cpu
            started.append(now - was_due)
            heapq.heappush(ends, (max(ready, now + org.wait_s(costs)), idlest, org.number, was_due))
    whole = max(hours * HOUR, max((d[0] for d in due), default=0))
    return Ran(workers, sorted(started), sorted(ended), used / (workers * whole), late)


def needed(orgs: Sequence[Org], costs: Costs, hours: int, *, spread_s: int = 0, within_s: float = HOUR / 2) -> Ran:
    """The fewest workers with which every run but one in a hundred ends within half an hour, and none is late."""
    for workers in range(max(1, int(sum(org.cpu_s(costs) for org in orgs) / within_s)), MOST_WORKERS + 1):
        ran = run(orgs, workers, hours, costs, spread_s=spread_s)
        if ran.at(ran.ended, 0.99) <= within_s and not ran.late:
            return ran
    raise ValueError("Two hundred workers are too few: some run alone takes longer than its hour.")


@dataclass(frozen=True)
class Need:
    """What is needed of something, and what there is."""

    what: str
    needed: float
    there: float
    way_out: str

    @property
    def room(self) -> float:
        """How many times as many orgs it would bear."""
        return self.there / self.needed if self.needed else math.inf


def needs(orgs: Sequence[Org], ran: Ran, costs: Costs, has: Ceilings, spread_s: int = 0) -> list[Need]:
    """What is needed of each that can run out, the scarcest first, of runs that fall due within so many seconds."""
    writes = sum(org.writes(costs) for org in orgs)
    within = max(ran.at(ran.ended, 0.99), spread_s, 1.0)
    largest = max(orgs, key=lambda org: org.org_calls)
    longest = max(orgs, key=lambda org: max(org.cpu_s(costs), org.wait_s(costs)))
    minutes = max(within / 60, 1)
    found = [
        Need(CONNECTIONS, has.connections_else + ran.workers * costs.connections_a_worker,
             has.connections, "a PostgreSQL server of one's own with more of them, or a pooler before it"),
        Need(WRITES, writes / within, has.writes_a_second,
             "a faster disk"),
        Need(ACCOUNT_CALLS, sum(o.account_calls for o in orgs) / minutes,
             has.account_calls_a_minute, "a second address"),
        Need("calls to the busiest Salesforce org a day", 24 * largest.org_calls, has.org_calls_a_day,
             "sync it less often, or buy calls"),
        Need("seconds that the longest run takes alone", max(longest.cpu_s(costs), longest.wait_s(costs)), HOUR,
             "sync it less often: one run is not shared among workers"),
    ]  # fmt: skip
    return sorted(found, key=lambda need: need.room)


def growth(counts: Sequence[int], seed: int, costs: Costs, has: Ceilings) -> Iterable[tuple[object, ...]]:
    """(orgs, workers needed, connections, rows a second, calls a minute, what does not suffice any more) of larger fleets."""
    for count in counts:
        orgs = fleet(count, seed)
        ran = needed(orgs, costs, 1, spread_s=HOUR)
        found = {need.what: need for need in needs(orgs, ran, costs, has, HOUR)}
        figures = [found[what] for what in (CONNECTIONS, WRITES, ACCOUNT_CALLS)]
        short = [need.what for need in found.values() if need.room < 1]
        yield (
            f"{count:,}",
            ran.workers,
            *(f"{need.needed:,.0f}" for need in figures),
            "; ".join(short) or "nothing",
        )


def told(orgs: Sequence[Org], hours: int, costs: Costs, has: Ceilings, seed: int = 1) -> Iterable[str]:
    """The answer, in tables."""
    sizes = sorted(org.subscribers for org in orgs)
    cpu, waits = sum(org.cpu_s(costs) for org in orgs), sum(org.wait_s(costs) for org in orgs)
    yield (
        f"{len(orgs):,} orgs, {sum(sizes):,} subscribers (half of the orgs have fewer than {sizes[len(sizes) // 2]:,}, the "
        f"largest has {sizes[-1]:,}), {sum(org.changes for org in orgs):,} changes an hour.\n"
        f"An hour's runs take {cpu:,.0f} s of processor and {waits:,.0f} s on the wire; they make "
        f"{sum(o.account_calls for o in orgs):,} calls to Campaign Monitor, {sum(o.org_calls for o in orgs):,} to Salesforce, "
        f"and write {sum(o.writes(costs) for o in orgs):,.0f} rows of Fairlead's own. The first full syncs of all of them, once, "
        f"take {sum(sizes) * costs.row_s / 60:,.0f} minutes of processor.\n"
    )
    for title, spread in (("Spread over the hour, as they are", HOUR), ("All on the hour, for comparison", 0)):
        rows = []
        best = needed(orgs, costs, hours, spread_s=spread)
        for workers in sorted({1, 2, 4, 8, 16, best.workers}):
            ran = run(orgs, workers, hours, costs, spread_s=spread)
            rows.append(
                (
                    f"{workers}{' (enough)' if workers == best.workers else ''}",
                    f"{100 * ran.busy:.0f} %",
                    *(f"{ran.at(ran.started, share):,.0f}" for share in (0.5, 0.99)),
                    *(f"{ran.at(ran.ended, share):,.0f}" for share in (0.5, 0.99)),
                    f"{ran.late:,}",
                )
            )
        head = ("workers", "processor", "start p50 s", "p99 s", "end p50 s", "p99 s", "late")
        yield f"{title}:\n\n{table(head, rows)}"
    best = needed(orgs, costs, hours, spread_s=HOUR)
    asked = [
        (need.what, f"{need.needed:,.0f}", f"{need.there:,.0f}", f"{need.room:.1f} ×", need.way_out)
        for need in needs(orgs, best, costs, has, HOUR)
    ]
    yield f"Workers for these orgs: {best.workers}. What there is of each, the scarcest first:\n\n" + table(
        ("what", "needed", "there", "room", "the way out"), asked
    )
    columns = ("orgs", "workers", "connections", "rows written/s", "calls a minute", "what does not suffice any more")
    more = growth([count * len(orgs) for count in LARGER], seed, costs, has)
    yield f"As orgs are added, each run done within half an hour:\n\n{table(columns, more)}"


def costs_here() -> Costs:
    """What runs cost, with what was measured on this machine, if it was."""
    return Costs().measured(json.loads(MEASURED.read_text())) if MEASURED.exists() else Costs()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.fleet", description=__doc__)
    parser.add_argument("--orgs", type=int, default=1_000)
    parser.add_argument("--hours", type=int, default=3, help="that are simulated (default 3)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--latency-ms", type=int, default=200, help="of an answer of either side (default 200)")
    parser.add_argument("--write", action="store_true", help="put the answer into docs/explanation/scale.md")
    wanted = parser.parse_args()
    costs = replace(costs_here(), latency_s=wanted.latency_ms / 1000)
    answer = "\n".join(told(fleet(wanted.orgs, wanted.seed), wanted.hours, costs, Ceilings(), wanted.seed))
    print(answer)
    if wanted.write:
        EXPLAINED.write_text(placed(EXPLAINED.read_text(), COMMAND, answer))


if __name__ == "__main__":
    main()
