"""Laws of what campaign members show, by property."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from fairlead.domain.activity import Activity
from fairlead.features.salesforce_campaigns.rules.members import (
    ALWAYS,
    NEVER,
    ONCE,
    Change,
    Happened,
    Member,
    Person,
    created,
    updated,
)
from fairlead.features.salesforce_campaigns.rules.statuses import StatusMap
from fairlead.features.salesforce_campaigns.settings import STATUS_MAP

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
MAP = StatusMap.of(STATUS_MAP.default)
EVENTS = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from([each for each in Activity if each is not Activity.SENT])),
    max_size=12,
)
CUTS = st.lists(st.integers(0, 12), max_size=4)


def rolled_up(events: Sequence[tuple[int, Activity]]) -> Person:
    """What is known of a person after these events: it was sent to at noon, the events followed."""
    happened = [Happened(NOON + timedelta(minutes=minute), what) for minute, what in events]
    opens = sum(what is Activity.OPENED for _, what in events)
    clicks = sum(what is Activity.CLICKED for _, what in events)
    order = lambda one: one.order  # noqa: E731
    last = max([Happened(NOON, Activity.SENT), *happened], key=order)
    return Person("003a", "", opens, clicks, min(happened, key=order, default=None), last, (1,))


def write(member: Member | None, person: Person, refresh: str) -> Member:
    """The member after a run."""
    if member is None:
        made = created(person, MAP, refresh)
        assert made.activity is not None
        return Member("00va", "003a", "", made.status or "Sent", made.activity, made.at, made.opens, made.clicks)
    change = updated(person, member, MAP, refresh)
    fields = {"status": change.status, "activity": change.activity, "at": change.at}
    fields |= {"opens": change.opens, "clicks": change.clicks}
    kept = {name: getattr(member, name) if value is None else value for name, value in fields.items()}
    return Member(member.id, member.contact, member.lead, **kept)


def after(events: Sequence[tuple[int, Activity]], cuts: Sequence[int], refresh: str) -> Member:
    """The member after runs in between, each of which knew the events up to a cut."""
    member = None
    for cut in [*sorted(cuts), len(events)]:
        member = write(member, rolled_up(events[:cut]), refresh)
    assert member is not None
    return member


@given(EVENTS, EVENTS.flatmap(lambda _: st.randoms()), CUTS, CUTS)
def test_any_order_of_the_batches_leads_to_the_same_member(events, shuffled, cuts, others) -> None:
    """Always: in whatever order and portions events become known, the member ends alike."""
    mixed = list(events)
    shuffled.shuffle(mixed)
    assert after(events, cuts, ALWAYS) == after(mixed, others, ALWAYS)


@given(EVENTS, CUTS)
def test_once_only_keeps_the_first_interaction_where_events_come_by_date(events, cuts) -> None:
    """Once only: the status is that of the first interaction, however the runs cut the events; activity and counts go on."""
    dated = sorted(events, key=lambda one: Happened(NOON + timedelta(minutes=one[0]), one[1]).order)
    member = after(dated, cuts, ONCE)
    assert member.status == MAP.status(dated[0][1] if dated else Activity.SENT)
    assert (member.activity, member.at) == (after(dated, [], ALWAYS).activity, after(dated, [], ALWAYS).at)


@given(EVENTS, CUTS)
def test_never_keeps_the_status_of_the_creation(events, cuts) -> None:
    """Never: what it was created with stays."""
    first = write(None, rolled_up(events[: min([*cuts, len(events)])]), NEVER)
    assert after(events, cuts, NEVER).status == first.status


@given(EVENTS, CUTS, st.sampled_from([NEVER, ALWAYS, ONCE]))
def test_written_twice_is_written_once(events, cuts, refresh) -> None:
    """Whatever a run has written, the same again changes nothing."""
    member = after(events, cuts, refresh)
    assert updated(rolled_up(events), member, MAP, refresh) == Change()


@given(EVENTS, EVENTS, st.sampled_from([NEVER, ALWAYS, ONCE]))
def test_what_a_member_shows_never_goes_back_in_time(shown, known, refresh) -> None:
    """Whatever comes: its date and activity stay or become later."""
    member = write(None, rolled_up(shown), refresh)
    later = write(member, rolled_up(known), refresh)
    assert (later.order or (NOON, -1)) >= (member.order or (NOON, -1))
