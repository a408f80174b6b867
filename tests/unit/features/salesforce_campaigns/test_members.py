"""What a member shows: the whole table of F46 and F50, and who is one person."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from fairlead.domain.activity import RANK, Activity
from fairlead.features.salesforce_campaigns.rules.members import (
    ALWAYS,
    NEVER,
    ONCE,
    Change,
    Happened,
    Member,
    Person,
    Row,
    created,
    member_of,
    people,
    updated,
)
from fairlead.features.salesforce_campaigns.rules.statuses import StatusMap, StatusMissing
from fairlead.features.salesforce_campaigns.settings import STATUS_MAP

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
MAP = StatusMap.of(STATUS_MAP.default)
MINUTE = timedelta(minutes=1)
SHOWN = [None, *product((NOON - MINUTE, NOON, NOON + MINUTE), ["", *Activity])]
FIRSTS = [None, *product((NOON - MINUTE, NOON), [a for a in Activity if a is not Activity.SENT])]


def person(last: Activity = Activity.OPENED, first: Happened | None = None, at: datetime = NOON) -> Person:
    return Person("003a", "", 2, 1, first, Happened(at, last), (1,))


def member(activity: str = "", at: datetime | None = None, status: str = "By hand") -> Member:
    return Member("00va", "003a", "", status, activity, at, 2, 1)


@pytest.mark.parametrize("refresh", [NEVER, ALWAYS, ONCE])
@pytest.mark.parametrize("last", list(Activity))
def test_every_case_of_an_existing_member(refresh: str, last: Activity) -> None:
    """Written out anew: the status moves only with a later activity, never, or once with the first interaction."""
    for first, shown in product(FIRSTS, SHOWN):
        _check_one_case(refresh, last, first, shown)


def _check_one_case(
    refresh: str, last: Activity, first: tuple[datetime, Activity] | None, shown: tuple[datetime, str] | None
) -> None:
    at, activity = shown or (None, "")
    begun = None if first is None else Happened(*first)
    change = updated(person(last, begun), member(activity, at), MAP, refresh)

    rank = {each.value: number for each, number in RANK.items()}.get(activity, -1)
    is_later = at is None or at < NOON or (at == NOON and RANK[last] > rank)
    if not is_later:
        assert (change.activity, change.at) == (None, None)
    else:
        assert (change.activity or activity, change.at or at) == (last.value, NOON)
    if refresh == NEVER:
        expected = None
    elif refresh == ALWAYS:
        expected = MAP.status(last) if is_later else None
    else:
        when, what = first or (NOON, last)
        open_still = at is None or activity in ("", "Sent")
        first_later = at is None or when > at or (when == at and RANK[what] > rank)
        expected = MAP.status(what) if open_still and first_later else None
    assert change.status == expected


@pytest.mark.parametrize("refresh", [NEVER, ALWAYS, ONCE])
def test_a_new_member_has_the_status_of_its_last_activity_or_for_once_only_of_its_first(refresh: str) -> None:
    opened, clicked = Happened(NOON, Activity.OPENED), Activity.CLICKED
    one = person(clicked, opened, NOON + MINUTE)
    expected = "Opened" if refresh == ONCE else "Clicked"
    assert created(one, MAP, refresh) == Change(expected, "Clicked", NOON + MINUTE, 2, 1)
    assert created(person(Activity.SENT), MAP, refresh).status == "Sent"


def test_an_activity_without_a_line_leaves_the_status_to_the_campaign() -> None:
    silent = StatusMap.of([])
    assert created(person(), silent, ALWAYS).status is None
    assert updated(person(), member(), silent, ALWAYS).status is None


def test_only_what_differs_is_written() -> None:
    same = member("Opened", NOON, "opened")
    assert not updated(person(), same, MAP, ALWAYS)
    counts = Member("00va", "003a", "", "Opened", "Opened", NOON, None, 4)
    assert updated(person(), counts, MAP, ALWAYS) == Change(opens=2, clicks=1)
    minute = updated(person(at=NOON + MINUTE), same, MAP, ALWAYS)
    assert minute == Change(at=NOON + MINUTE)


def row(
    number: int, contact: str = "", lead: str = "", *, opens: int = 1, last: int = 0, first: int | None = None
) -> Row:
    begun = None if first is None else Happened(NOON + first * MINUTE, Activity.OPENED)
    return Row(number, contact, lead, opens, opens, begun, Happened(NOON + last * MINUTE, Activity.OPENED))


def test_rows_of_one_contact_are_one_person() -> None:
    """Counts add up, the first is the earliest, the last the latest; people come in the order of their ids."""
    found = people([row(3, "003b"), row(1, "003a", last=1, first=1), row(2, "003a", "00Qa", last=9, first=0)])
    assert [one.key for one in found] == ["003a", "003b"]
    assert (found[0].opens, found[0].rows, found[0].lead) == (2, (1, 2), "00Qa")
    assert found[0].first == Happened(NOON, Activity.OPENED)
    assert found[0].last.at == NOON + 9 * MINUTE


def test_a_lead_joins_the_one_contact_it_stands_with_and_none_of_several() -> None:
    (one,) = people([row(1, "003a", "00Qa"), row(2, lead="00Qa")])
    assert (one.contact, one.rows) == ("003a", (1, 2))
    several = people([row(1, "003a", "00Qa"), row(2, "003b", "00Qa"), row(3, lead="00Qa")])
    assert [each.key for each in several] == ["003a", "003b", "00Qa"]
    assert people([row(1)]) == []


def test_who_is_a_member_already_is_found_as_contact_before_lead() -> None:
    as_contact, as_lead = member(), member("Sent", NOON)
    both = Person("003a", "00Qa", 0, 0, None, Happened(NOON, Activity.SENT), (1,))
    assert member_of(both, {"003a": as_contact}, {"00Qa": as_lead}) is as_contact
    assert member_of(both, {}, {"00Qa": as_lead}) is as_lead
    assert member_of(both, {}, {}) is None


def test_missing_statuses_are_told_once_each_with_their_meaning() -> None:
    """Labels are compared without regard to case; a status is a response where any of its lines says so."""
    statuses = StatusMap.of(
        [
            {"activity": "Opened", "status": "Registered", "responded": False},
            {"activity": "Clicked", "status": "registered", "responded": True},
            {"activity": "Sent", "status": "SENT", "responded": False},
        ]
    )
    assert statuses.missing(["Sent"]) == [("Registered", True)]
    assert statuses.missing(["sent", "REGISTERED"]) == []
    assert "“Registered”" in str(StatusMissing("Registered", "701a"))
    assert "added: no right" in str(StatusMissing("Registered", "701a", "no right"))
