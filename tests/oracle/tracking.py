"""Events of the days kept, as a multiset: mail, activity, address, minute in UTC, and the link or the kind of bounce.

Millions of them: they are counted as hashes, and read a second time for examples only where something differs.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from tests.oracle.moments import first_showing, minute_of
from tests.oracle.reading import CM, Row
from tests.oracle.report import Verdict, masked
from tests.oracle.world import LONGEST_EMAIL, World

_LONGEST_URL: Final = 255
COMPLAINT: Final = "Spam complaint"
_RECORD: Final = (
    "Activity__c", "Activity_Date__c", "Email__c", "Email_Type__c", "Campaign__c", "Journey_Email__c",
    "URL_Clicked__c", "Bounce_Type__c",
)  # fmt: skip
Event = tuple[str, str, str, int, str]
"""Id of the campaign or journey's e-mail, activity, address in lower case, unix minute, link or kind of bounce."""


class Mails:
    """The campaigns and journeys' e-mails of now, and which records stand for them."""

    def __init__(self, world: World) -> None:
        self.zones: dict[str, str] = {}
        self.kinds: dict[str, str] = {}
        self.sent: dict[str, int] = {}
        self.hidden: set[str] = set()
        for row in world.sides.lines(CM, "truth/campaigns"):
            if row["status"] == "sent":
                self.zones[row["id"]] = world.zones[row["client"]]
                self.kinds[row["id"]] = "Campaign"
                self.sent[row["id"]] = row["sent_minute"]
                if row["hidden"]:
                    self.hidden.add(row["id"])
        for row in world.sides.lines(CM, "truth/journeys"):
            for each in row["emails"]:
                self.zones[each["id"]] = world.zones[row["client"]]
                self.kinds[each["id"]] = "Journey"
        self.by_record: dict[str, str] = {}
        for name, key in (("CM_Campaign__c", "Campaign_Id__c"), ("CM_Journey_Email__c", "Email_Id__c")):
            self.by_record |= {row["Id"]: row[key] for row in world.sides.records(name, "Id", key)}
        long_ago = world.first_minute
        self.old = {identity for identity, minute in self.sent.items() if minute < long_ago}

    def shown(self, identity: str) -> bool:
        """Whether the account lists it."""
        return identity in self.zones and identity not in self.hidden


def _moment(minute: int) -> str:
    return datetime.fromtimestamp(minute * 60, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _true(world: World, mails: Mails, verdict: Verdict, after: int = 0) -> Iterator[tuple[Event, int]]:
    """Events that the account tells of, and the numbers under which they were recorded."""
    since = _moment(world.first_minute - world.tolerance.edge_minutes)
    for row in world.sides.lines(CM, "truth/events", since=since, after=str(after)):
        if not mails.shown(row["of"]) or (row["kind"] == COMPLAINT and mails.kinds[row["of"]] == "Journey"):
            continue  # of complaints about journeys' e-mails the API has no report
        address = row["EmailAddress"].strip().lower()
        if len(address) > LONGEST_EMAIL:
            verdict.refused += 1
            continue
        yield _event(world, mails, row, address), row["n"]


def _event(world: World, mails: Mails, row: Row, address: str) -> Event:
    detail = row.get("URL", "")[:_LONGEST_URL] or row.get("BounceType", "")
    minute = first_showing(row["minute"], mails.zones[row["of"]])
    return (row["of"], row["kind"], world.tolerance.person(address), minute, detail)


def _kept(world: World, mails: Mails, verdict: Verdict, **query: str) -> Iterator[Event]:
    """Events that the org keeps; those of mails that are gone are only counted."""
    for row in world.sides.records("CM_Tracking__c", *_RECORD, **query):
        of = mails.by_record.get(row["Campaign__c"] or row["Journey_Email__c"] or "", "")
        address = (row["Email__c"] or "").strip().lower()
        if of in world.tolerance.campaigns_gone or (of not in mails.zones and world.tolerance.lists_gone):
            verdict.tolerated["an event of a mail that is gone"] += 1
            continue
        if not address:  # one that an e-mail field cannot hold
            verdict.tolerated["an address that is too long"] += 1
            continue
        if of in mails.kinds and row["Email_Type__c"] != mails.kinds[of]:
            verdict.note_wrong(of[:8], {"Email_Type__c": (row["Email_Type__c"], mails.kinds[of])})
        detail = row["URL_Clicked__c"] or (row["Bounce_Type__c"] if row["Activity__c"] == "Bounced" else "") or ""
        minute = first_showing(minute_of(row["Activity_Date__c"]), mails.zones.get(of, "UTC"))
        yield (of, row["Activity__c"], world.tolerance.person(address), minute, detail)


def everything(world: World, after: int = 0) -> tuple[Verdict, int]:
    """All events of the days kept, and the number of the newest that the account recorded.

    `after`: of the newest that the check before knew.
    """
    verdict, mails, newest = Verdict(), Mails(world), 0
    wanted: Counter[int] = Counter()
    for event, number in _true(world, mails, verdict):
        newest = max(newest, number)
        wanted[hash(event)] += 1
        if after and number > after:
            verdict.fresh[f"{event[0]}:{event[1]}"] += 1
    got = Counter(map(hash, _kept(world, mails, verdict)))
    verdict.compared = wanted.total()
    world.tolerance.late.clear()
    missing, extra = wanted - got, got - wanted
    if missing:
        _tell_missing(world, mails, verdict, missing)
    if extra:
        _tell_extra(world, mails, verdict, extra)
    return verdict, newest


def news(world: World, after: int, stamp: str) -> tuple[Verdict, int]:
    """Only what the account recorded after that number, against what the org made since that moment.

    Cheap where little happened. It holds while no mail is deleted (numbers are used again) and `everything` was right.
    """
    verdict, mails, newest = Verdict(), Mails(world), after
    wanted: Counter[int] = Counter()
    events: dict[int, Event] = {}
    for event, number in _true(world, mails, verdict, after):
        newest = max(newest, number)
        wanted[hash(event)] += 1
        verdict.fresh[f"{event[0]}:{event[1]}"] += 1
        events[hash(event)] = event
    got: Counter[int] = Counter()
    for event in _kept(world, mails, verdict, since=stamp, made="true"):
        got[hash(event)] += 1
        events[hash(event)] = event
    verdict.compared = wanted.total()
    moved = world.tolerance.moved
    for key, count in (wanted - got).items():
        _judge_missing(world, mails, verdict, events[key], count)
    for key, count in (got - wanted).items():
        late = min(count, world.tolerance.late[key])  # the check before missed them, and forgave it
        world.tolerance.late[key] -= late
        if count > late:
            _judge_extra(world, verdict, events[key], count - late, moved)
    return verdict, newest


def _tell_missing(world: World, mails: Mails, verdict: Verdict, missing: Counter[int]) -> None:
    left = Counter(missing)
    for event, _ in _true(world, mails, Verdict()):
        key = hash(event)
        if left[key] > 0:
            left[key] -= 1
            _judge_missing(world, mails, verdict, event, 1)


def _judge_missing(world: World, mails: Mails, verdict: Verdict, event: Event, count: int) -> None:
    of, activity, address, minute, _ = event
    if minute < world.first_minute + world.tolerance.edge_minutes:
        return  # the edge of the days kept, or before it
    if world.tolerance.was_longer(address, LONGEST_EMAIL):
        # refused when they were read; the account tells them by the new address since it was changed
        verdict.tolerated["an address that was too long"] += count
        return
    for _ in range(count):
        if of in mails.old and minute > world.now - world.tolerance.old_events_minutes:
            verdict.tolerated["a late event of an old campaign"] += 1
            world.tolerance.late[hash(event)] += 1
        else:
            verdict.note_missing(f"{of[:8]} {activity} {masked(address)} {_moment(minute)}")


def _tell_extra(world: World, mails: Mails, verdict: Verdict, extra: Counter[int]) -> None:
    left, moved = Counter(extra), world.tolerance.moved
    for event in _kept(world, mails, Verdict()):
        key = hash(event)
        if left[key] > 0:
            left[key] -= 1
            _judge_extra(world, verdict, event, 1, moved)


def _judge_extra(world: World, verdict: Verdict, event: Event, count: int, moved: set[str]) -> None:
    of, activity, address, minute, _ = event
    if address in moved:
        verdict.tolerated["an address that was changed"] += count
        return
    for _ in range(count):
        verdict.note_extra(f"{of[:8]} {activity} {masked(address)} {_moment(minute)}")
