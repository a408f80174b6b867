"""The benches: what is done, on which account and org, by whom, and the fewest calls it could be done with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench import synthetic_events as events
from bench.synthetic import LISTS, QUERY_PAGE, STATES
from bench.world import EVENT_BYTES, MEMBER_BYTES, PER_IMPORT, World, ingest, reading

FAIRLEAD, SCRIPT, DLT, BARE, PUMP = "fairlead", "script", "dlt", "bare", "pump"
ALL = (FAIRLEAD, SCRIPT, DLT, BARE, PUMP)
FAST = (FAIRLEAD, BARE, PUMP)
"""Who gets a million rows done in reasonable time."""
LATENCY_MS, JOB_S = 200, 5.0
AT_ONCE = 8
"""Calls that an account allows at once, as all contestants take it that ask for several."""


@dataclass(frozen=True)
class Bench:
    """`do` names what contestants are told to do. `rows` they have to read at least. `database`: Fairlead's runs are whole
    jobs on PostgreSQL. `second`: measured is the run an hour after a first one.
    """

    name: str
    title: str
    do: str
    world: World
    who: tuple[str, ...] = ALL
    database: bool = True
    second: bool = False

    @property
    def rows(self) -> int:
        world = self.world
        if self.second:
            return world.changed + round(world.events * world.share)
        return {"members": world.members, "tracking": world.events, "import": world.contacts}.get(
            self.do, world.members + world.events
        )

    @property
    def least(self) -> tuple[int, int]:
        """The fewest calls: to the account, to the org."""
        return _LEAST[self.do](self.world)

    @property
    def shortest_s(self) -> float:
        """Seconds that all pages, read and written, take on the wire at that many at once; 0 where answers come at once."""
        pages = self.least[0] + (-(-self.world.contacts // QUERY_PAGE))
        return pages * self.world.latency_ms / 1000 / AT_ONCE


def _people(world: World) -> int:
    """Calls that sign in and read whom to match with."""
    persons = world.members or world.events // 10
    return 1 + reading(int(persons * 0.48)) + reading(int(persons * 0.24))


def _members(world: World) -> tuple[int, int]:
    """The client's lists, settings and counters of each, all pages; everybody written."""
    return 1 + 2 * len(LISTS) + world.member_pages(), _people(world) + ingest(world.members, MEMBER_BYTES)


def _tracking(world: World) -> tuple[int, int]:
    """The campaigns, figures of each, all pages; every event written."""
    return 1 + events.CAMPAIGNS + world.event_pages(), _people(world) + ingest(world.events, EVENT_BYTES)


def _initial(world: World) -> tuple[int, int]:
    (account, org), (more_account, more_org) = _members(world), _tracking(world)
    return account + more_account, org + more_org - _people(replace(world, members=0))


def _incremental(world: World) -> tuple[int, int]:
    """What must be asked: lists and counters, a page or more of each state, campaigns and figures, the report that moved;
    the sign-in, which contacts and leads have changed, who is to be matched."""
    new = round(world.events * world.share)
    pages = sum(max(1, -(-count // 1_000)) for count in _changed(world))
    account = 1 + len(LISTS) + pages + 1 + events.CAMPAIGNS + max(1, -(-new // 1_000))
    written = ingest(world.changed, MEMBER_BYTES) + ingest(new, EVENT_BYTES)
    matched = min(_people(world) - 1, -(-(world.changed + new) // 400))
    return account, 3 + matched + written


def _changed(world: World) -> list[int]:
    return [round(world.members / len(LISTS) * share * world.share) for _ in LISTS for share in STATES.values()]


def _import(world: World) -> tuple[int, int]:
    """The list's fields, a call a thousand people; the query's pages."""
    return 1 + -(-world.contacts // PER_IMPORT), 1 + reading(world.contacts)


_LEAST = {
    "members": _members,
    "tracking": _tracking,
    "initial": _initial,
    "incremental": _incremental,
    "import": _import,
}


def benches(rows: int, million: int) -> list[Bench]:
    """All of them, with `rows` for everybody and `million` for the fast; 0 leaves those out."""
    everybody = [
        Bench("members", "Subscribers of lists to members", "members", World(members=rows), database=False),
        Bench("tracking", "Events of campaigns to tracking history", "tracking", World(events=rows)),
        Bench("initial", "A first full sync: lists, members, campaigns, events", "initial",
              World(members=rows // 2, events=rows // 2)),
        Bench("incremental", "The hour after, when 1 % has changed", "incremental",
              World(members=rows, events=rows), second=True),
        Bench("import", "Contacts imported to a list", "import", World(contacts=rows)),
        Bench("members_slow", "Members, each call 200 ms, bulk jobs 5 s", "members",
              World(members=rows // 2, latency_ms=LATENCY_MS, job_s=JOB_S), database=False),
        Bench("import_slow", "The import, each call 200 ms, bulk jobs 5 s", "import",
              World(contacts=rows // 2, latency_ms=LATENCY_MS, job_s=JOB_S)),
    ]  # fmt: skip
    many = [
        Bench("members_many", "Members, many", "members", World(members=million), FAST, database=False),
        Bench("tracking_many", "Events, many", "tracking", World(events=million), FAST),
        Bench("import_many", "The import, many", "import", World(contacts=million), FAST),
        Bench("members_slow_many", "Members, many, each call 200 ms, bulk jobs 5 s", "members",
              World(members=million, latency_ms=LATENCY_MS, job_s=JOB_S), FAST, database=False),
    ]  # fmt: skip
    return everybody + (many if million else [])


def chosen(names: Sequence[str], rows: int, million: int) -> list[Bench]:
    """Those of these names, all for none. Raises ValueError for a name that there is not."""
    found = benches(rows, million)
    unknown = set(names) - {one.name for one in found}
    if unknown:
        raise ValueError(f"There is no bench {', '.join(sorted(unknown))}: {', '.join(one.name for one in found)}.")
    return [one for one in found if not names or one.name in names]
