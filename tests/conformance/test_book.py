"""One suite of behaviours for every book of events: the fake in memory, and the one on PostgreSQL."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from asgiref.sync import async_to_sync
from django.db import transaction

from fairlead.domain.activity import Activity
from fairlead.domain.records import Scope
from fairlead.domain.tracking_plan import Known
from fairlead.sync.event_ports import FORGET_ALL, Noted, Settled
from fairlead.sync.memory_events import MemoryBook

OPENS = Scope("opens", "c", "m" * 32)
CLICKS = Scope("clicks", "c", "m" * 32)
KNOWN = Known(3, 3, "2026-03-10 09:30", linked=True)
ANN, BOB = b"a" * 32, b"b" * 32


class Memory:
    def __init__(self) -> None:
        self.book = MemoryBook()

    def opened(self, who: bytes) -> int:
        return self.book.members["opens", who]

    def opened_for_campaign(self, who: bytes) -> int:
        return self.book.linked.get(OPENS, {}).get(who, 0)


class Postgres:
    def __init__(self) -> None:
        from fairlead.features.tracking_history.book import PostgresBook
        from fairlead.store.models import Org

        self.org = Org.objects.create(name="test")
        self.book = PostgresBook(self.org.pk, lambda: None)

    def opened(self, who: bytes) -> int:
        from fairlead.store.activity_models import MemberActivity

        row = MemberActivity.objects.filter(org=self.org, member=who).first()
        return row.opened if row else 0

    def opened_for_campaign(self, who: bytes) -> int:
        from fairlead.store.activity_models import CampaignActivity

        row = CampaignActivity.objects.filter(org=self.org, campaign=OPENS.list, address=who).first()
        return row.opens if row else 0


@pytest.fixture(params=["memory", "postgres"])
def kept(request: pytest.FixtureRequest) -> Iterator[Memory | Postgres]:
    if request.param == "postgres":
        request.getfixturevalue("transactional_db")
        yield Postgres()
    else:
        yield Memory()


def call(function, *args):
    """Await a method of the book in a loop of its own, on this thread's database connection."""
    return async_to_sync(function)(*args)


def noted(
    *events: tuple[str, bytes, str],
    counts: bool = True,
    links: bool = False,
    flagged: bool = False,
    remember: bool = True,
) -> Noted:
    """Events by (key, who, moment)."""
    count = len(events)
    who, at = [member for _, member, _ in events], [f"{at}:00.000Z" for _, _, at in events]
    return Noted(
        who if counts else [],
        at if counts else [],
        who if links else [],
        [""] * count if links else [],
        [""] * count if links else [],
        at if links else [],
        keys(*events) if remember else [],
        [at.replace("T", " ") for _, _, at in events] if remember else [],
        [flagged] * count if remember else [],
    )


def keys(*events: tuple[str, bytes, str]) -> list[bytes]:
    return [key.encode().ljust(16, b".") for key, _, _ in events]


def read(kept, scope: Scope, *parts: Noted, known: Known = KNOWN, keep_from: str = "", anew: bool = False) -> None:
    """One reading from beginning to end."""
    call(kept.book.begin, scope)
    for part in parts:
        call(kept.book.note, scope, part)
    end(kept, scope, known, keep_from, anew)


def end(kept, scope: Scope, known: Known = KNOWN, keep_from: str = "", anew: bool = False) -> None:
    settled = Settled(known, keep_from, anew)
    if isinstance(kept, Postgres):
        with transaction.atomic():
            kept.book.settle({scope: settled})
    else:
        kept.book.settle({scope: settled})


ONE, TWO, THREE = ("1", ANN, "2026-03-10T09:00"), ("2", ANN, "2026-03-10T09:10"), ("3", BOB, "2026-03-10T09:20")


def test_what_was_noted_is_counted_once_at_the_end(kept) -> None:
    """Before the end nothing is counted; the parts of a reading are added up."""
    call(kept.book.begin, OPENS)
    call(kept.book.note, OPENS, noted(ONE, THREE))
    call(kept.book.note, OPENS, noted(TWO))
    assert kept.opened(ANN) == 0

    end(kept, OPENS)

    assert (kept.opened(ANN), kept.opened(BOB)) == (2, 1)


def test_a_reading_that_never_ended_leaves_nothing(kept) -> None:
    """What it had noted is forgotten when the next begins."""
    call(kept.book.begin, OPENS)
    call(kept.book.note, OPENS, noted(ONE, TWO))

    read(kept, OPENS, noted(ONE))

    assert kept.opened(ANN) == 1


def test_remembered_events_are_told_with_their_flag_and_not_counted_again(kept) -> None:
    """Only what a reading has ended with is known; a flag is told from the next reading on."""
    call(kept.book.begin, OPENS)
    assert call(kept.book.known, OPENS, keys(ONE)) == {}
    call(kept.book.note, OPENS, noted(ONE))
    assert call(kept.book.known, OPENS, keys(ONE)) == {}
    end(kept, OPENS)
    call(kept.book.begin, OPENS)
    assert call(kept.book.known, OPENS, keys(ONE, TWO)) == {keys(ONE)[0]: False}
    call(kept.book.note, OPENS, noted(ONE, counts=False, flagged=True))
    assert call(kept.book.known, OPENS, keys(ONE)) == {keys(ONE)[0]: False}
    end(kept, OPENS)

    call(kept.book.begin, OPENS)

    assert call(kept.book.known, OPENS, keys(ONE)) == {keys(ONE)[0]: True}
    assert kept.opened(ANN) == 1


def test_only_the_newest_are_remembered_singly(kept) -> None:
    """From the moment on that the reading names, or none at all; counts stay."""
    read(kept, OPENS, noted(ONE, TWO, THREE), keep_from="2026-03-10 09:10")
    call(kept.book.begin, OPENS)
    assert len(call(kept.book.known, OPENS, keys(ONE, TWO, THREE))) == 2

    read(kept, OPENS, keep_from=FORGET_ALL)

    call(kept.book.begin, OPENS)
    assert not call(kept.book.known, OPENS, keys(ONE, TWO, THREE))
    assert kept.opened(ANN) == 2


def test_kinds_and_members_are_apart(kept) -> None:
    """The same key in another report is another event."""
    read(kept, OPENS, noted(ONE))
    read(kept, CLICKS, noted(ONE, TWO))

    assert kept.opened(ANN) == 1


def test_what_is_not_to_be_counted_is_not(kept) -> None:
    """Events that an earlier reading counted may be noted to be remembered, or to be linked."""
    read(kept, OPENS, noted(ONE, counts=False, links=True))

    assert kept.opened(ANN) == 0
    assert kept.opened_for_campaign(ANN) == 1


def test_a_campaign_is_counted_anew_in_place_of_before(kept) -> None:
    """A campaign that is linked later, or again, is read from the beginning: its counts are not doubled."""
    read(kept, OPENS, noted(ONE, TWO, links=True))
    read(kept, OPENS, noted(THREE, links=True))
    assert (kept.opened_for_campaign(ANN), kept.opened_for_campaign(BOB)) == (2, 1)

    read(kept, OPENS, noted(ONE, TWO, THREE, counts=False, links=True), anew=True)

    assert (kept.opened_for_campaign(ANN), kept.opened_for_campaign(BOB)) == (2, 1)
    read(kept, OPENS, noted(("4", BOB, "2026-03-10T09:30"), links=True), known=replace(KNOWN, linked=False))
    assert kept.opened_for_campaign(BOB) == 1


def test_what_is_known_of_all_scopes_is_read_at_once(transactional_db: None) -> None:
    """Only of readings that came to an end; as they said."""
    kept = Postgres()
    read(kept, OPENS, noted(ONE))
    call(kept.book.begin, CLICKS)

    assert call(kept.book.all_known) == {(OPENS.list, "opens"): KNOWN}


def test_who_forgets_the_ledgers_scope_forgets_its_events(transactional_db: None) -> None:
    """A start from nothing drops cursors and roll-ups; what is remembered of events goes with them."""
    from fairlead.store import forgetting

    kept = Postgres()
    read(kept, OPENS, noted(ONE))

    forgetting.forget(kept.org.pk)

    assert call(kept.book.all_known) == {}
    read(kept, OPENS, noted(ONE))
    assert kept.opened(ANN) == 1


def test_first_and_last_activities_keep_their_order_however_they_come(transactional_db: None) -> None:
    """First beside being sent to, last of all; of one minute the higher rank is the later."""
    from fairlead.store.activity_models import CampaignActivity

    kept = Postgres()
    read(kept, CLICKS, noted(("c", ANN, "2026-03-10T09:30"), links=True))
    read(kept, OPENS, noted(("o", ANN, "2026-03-10T09:30"), ("p", ANN, "2026-03-10T09:00"), links=True))
    read(kept, Scope("recipients", "c", OPENS.list), noted(("s", ANN, "2026-03-10T08:00"), links=True))

    row = CampaignActivity.objects.get(org=kept.org, address=ANN)
    assert (row.opens, row.clicks) == (2, 1)
    assert (row.first_activity, f"{row.first_at:%H:%M}") == (Activity.OPENED.value, "09:00")
    assert (row.last_activity, f"{row.last_at:%H:%M}") == (Activity.CLICKED.value, "09:30")
    assert not row.written


def test_a_large_reading_is_put_aside_in_parts_and_counted_whole(transactional_db: None) -> None:
    """Parts of a reading that never ended are forgotten by the next, of this process or another; members of several parts add up."""
    from fairlead.features.tracking_history.book import PostgresBook
    from fairlead.features.tracking_history.models import NotedEvents
    from fairlead.features.tracking_history.notes import HELD, PART

    kept = Postgres()
    crowd = noted(*((str(n), n.to_bytes(32, "big"), "2026-03-10T09:00") for n in range(HELD)), remember=False)
    call(kept.book.begin, OPENS)
    call(kept.book.note, OPENS, crowd)
    assert NotedEvents.objects.count() == HELD / PART
    kept.book = PostgresBook(kept.org.pk, lambda: None)

    read(kept, OPENS, crowd, noted((ONE[0], (7).to_bytes(32, "big"), "2026-03-10T09:10"), ONE), crowd)

    assert NotedEvents.objects.count() == 0
    assert [kept.opened(n.to_bytes(32, "big")) for n in (0, 7, HELD - 1)] == [2, 3, 2]
    assert kept.opened(ANN) == 1


def test_a_whole_report_read_again_by_the_same_process_counts_once(transactional_db: None) -> None:
    """A reading that missed older events begins anew: what it had put aside is dropped."""
    from fairlead.features.tracking_history.notes import HELD

    kept = Postgres()
    crowd = noted(*((str(n), n.to_bytes(32, "big"), "2026-03-10T09:00") for n in range(HELD)), remember=False)
    call(kept.book.begin, OPENS)
    call(kept.book.note, OPENS, crowd)

    read(kept, OPENS, crowd)

    assert kept.opened((0).to_bytes(32, "big")) == 1


def test_events_remembered_row_by_row_by_an_older_version_are_still_known(transactional_db: None) -> None:
    """What was known stays known with its flag, what was only noted is dropped; nothing is forgotten too early."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    app, kept = "tracking_history", Postgres()
    read(kept, OPENS)
    old = MigrationExecutor(connection).migrate([(app, "0001_initial")]).apps.get_model(app, "SeenEvent")
    try:
        scope = old._meta.get_field("scope").related_model.objects.get()
        for (key, flagged, known), at in {
            ("1", False, True): "09:00",
            ("2", True, True): "09:10",
            ("3", True, False): "09:20",
        }.items():
            moment = f"2026-03-10T{at}:00Z"
            key_bytes = key.encode().ljust(16, b".")
            old.objects.create(
                scope=scope, key=key_bytes, at=moment, known=known, flagged=flagged, noted=not known, member=ANN
            )
    finally:
        MigrationExecutor(connection).migrate([(app, "0002_events_as_parts")])

    call(kept.book.begin, OPENS)
    assert call(kept.book.known, OPENS, keys(ONE, TWO, THREE)) == {keys(ONE)[0]: False, keys(TWO)[0]: True}
    read(kept, OPENS, keep_from="2026-03-10 09:30")
    call(kept.book.begin, OPENS)
    assert len(call(kept.book.known, OPENS, keys(ONE, TWO, THREE))) == 2
