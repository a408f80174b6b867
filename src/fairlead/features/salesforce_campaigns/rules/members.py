"""What a campaign member shows of what its person did (F46, F50), and which rows of activity are one person."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from fairlead.domain.activity import RANK, Activity
from fairlead.features.salesforce_campaigns.rules.statuses import StatusMap

NEVER, ALWAYS, ONCE = "never", "always", "once"
_BEFORE_ALL = -1


class Happened(NamedTuple):
    """An activity and its time."""

    at: datetime
    activity: Activity

    @property
    def order(self) -> tuple[datetime, int]:
        """Later is greater; of one minute, the one of the higher rank."""
        return self.at, RANK[self.activity]


@dataclass(frozen=True, slots=True)
class Row:
    """The activity of one address with one campaign; `id` is the row's own. Contact and lead are record ids or blank."""

    id: int
    contact: str
    lead: str
    opens: int
    clicks: int
    first: Happened | None
    last: Happened


@dataclass(frozen=True, slots=True)
class Person:
    """The activity of one contact or lead, with all its addresses together. `rows` are their ids."""

    contact: str
    lead: str
    opens: int
    clicks: int
    first: Happened | None
    last: Happened
    rows: tuple[int, ...]

    @property
    def key(self) -> str:
        """The id by which it becomes a member: the contact's before the lead's."""
        return self.contact or self.lead


@dataclass(frozen=True, slots=True)
class Member:
    """A campaign member as it is in the org. `activity` and `at` are what it shows, blank and None where nothing yet."""

    id: str
    contact: str
    lead: str
    status: str
    activity: str
    at: datetime | None
    opens: int | None
    clicks: int | None

    @property
    def order(self) -> tuple[datetime, int] | None:
        """The time of what it shows, to compare with `Happened.order`; None where it shows nothing yet."""
        known = {activity.value: rank for activity, rank in RANK.items()}
        return None if self.at is None else (self.at, known.get(self.activity, _BEFORE_ALL))


@dataclass(frozen=True, slots=True)
class Change:
    """What to write: None leaves a field as it is."""

    status: str | None = None
    activity: str | None = None
    at: datetime | None = None
    opens: int | None = None
    clicks: int | None = None

    def __bool__(self) -> bool:
        return self != Change()


def people(rows: Iterable[Row]) -> list[Person]:
    """Rows put together by person, in the order of their keys.

    Rows of one contact are one person; a row with only a lead joins the contact that the lead stands with, if it is one.
    """
    rows = list(rows)
    beside: dict[str, set[str]] = {}
    for row in rows:
        if row.contact and row.lead:
            beside.setdefault(row.lead, set()).add(row.contact)
    groups: dict[str, list[Row]] = {}
    for row in rows:
        contacts = beside.get(row.lead, set())
        key = row.contact or (next(iter(contacts)) if len(contacts) == 1 else row.lead)
        if key:
            groups.setdefault(key, []).append(row)
    return [_together(groups[key]) for key in sorted(groups)]


def _together(rows: Sequence[Row]) -> Person:
    firsts = [row.first for row in rows if row.first is not None]
    return Person(
        max(row.contact for row in rows),
        min((row.lead for row in rows if row.lead), default=""),
        sum(row.opens for row in rows),
        sum(row.clicks for row in rows),
        min(firsts, key=lambda happened: happened.order) if firsts else None,
        max((row.last for row in rows), key=lambda happened: happened.order),
        tuple(sorted(row.id for row in rows)),
    )


def member_of(person: Person, by_contact: Mapping[str, Member], by_lead: Mapping[str, Member]) -> Member | None:
    """The member that the person is already: as its contact, else as its lead (converted or not)."""
    return by_contact.get(person.contact) or by_lead.get(person.lead)


def created(person: Person, statuses: StatusMap, refresh: str) -> Change:
    """What a new member shows; a blank status leaves the choice to the campaign's default."""
    happened = (person.first or person.last) if refresh == ONCE else person.last
    status = statuses.status(happened.activity)
    return Change(status or None, person.last.activity.value, person.last.at, person.opens, person.clicks)


def updated(person: Person, member: Member, statuses: StatusMap, refresh: str) -> Change:
    """What of an existing member changes; false where nothing does.

    What it shows never goes back in time: an activity that is not later changes neither status nor date (F50).
    """
    newer = later(person.last, member)
    status = _refreshed(person, member, statuses, refresh)
    return Change(
        status if status and status.lower() != member.status.lower() else None,
        person.last.activity.value if newer and person.last.activity.value != member.activity else None,
        person.last.at if newer and person.last.at != member.at else None,
        person.opens if person.opens != member.opens else None,
        person.clicks if person.clicks != member.clicks else None,
    )


def later(happened: Happened, member: Member) -> bool:
    """Whether the activity is later than what the member shows, or the member shows nothing yet."""
    shown = member.order
    return shown is None or happened.order > shown


def _refreshed(person: Person, member: Member, statuses: StatusMap, refresh: str) -> str:
    """The status by the setting; blank to leave it."""
    if refresh == NEVER:
        return ""
    if refresh == ALWAYS:
        return statuses.status(person.last.activity) if later(person.last, member) else ""
    if member.at is not None and member.activity not in {"", Activity.SENT.value}:
        return ""  # its first interaction is behind it
    happened = person.first or person.last
    return statuses.status(happened.activity) if later(happened, member) else ""
