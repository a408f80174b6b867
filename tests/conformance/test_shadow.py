"""One suite of behaviours for every book of opt status: the fake in memory, and the one on PostgreSQL."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import async_to_sync
from django.db import transaction

from fairlead.domain.consent import Basis, Decision, Event, Evidence, Opt, Review, Shadow, Side
from fairlead.domain.consent_book import Answer, Entry, Heard, ReviewAnswered, Settled, ShadowMoved
from fairlead.sync.memory_consent import MemoryConsentBook

CLIENT, OTHER = "c" * 32, "d" * 32
NOON = datetime(2026, 3, 10, 12, 0, 0, 123456, tzinfo=UTC)
ANN, BOB = b"a" * 32, b"b" * 32
IN, OUT = Opt.IN, Opt.OUT
SF, CM = Side.SALESFORCE, Side.CAMPAIGN_MONITOR


@pytest.fixture(params=["memory", "postgres"])
def book(request: pytest.FixtureRequest) -> Iterator[MemoryConsentBook]:
    if request.param == "memory":
        yield MemoryConsentBook()
        return
    request.getfixturevalue("transactional_db")
    from fairlead.store.consent import PostgresConsentBook
    from fairlead.store.models import Org

    yield PostgresConsentBook(Org.objects.create(name="test").pk, lambda: None)


def call(function, *args, **more):
    """Await a method of the book in a loop of its own, on this thread's database connection."""
    return async_to_sync(function)(*args, **more)


def consent(at: datetime = NOON, **more) -> Evidence:
    return Evidence(**({"side": SF, "basis": Basis.WRITTEN, "source": "fair", "at": at, "user": "005x"} | more))


def settled(agreed: Opt | None, address: bytes = ANN, before: Shadow | None = None, rule: int = 1, **more) -> Settled:
    """A commit; `out`, `into`, `reviews`, `let_in` go into the decision, the rest stands beside it."""
    shadow = Shadow(agreed=agreed, since=NOON, salesforce=agreed, changes=(NOON,)) if agreed else None
    shadow = more.pop("shadow", shadow)
    made = Decision(
        rule,
        shadow,
        more.pop("out", frozenset()),
        more.pop("into", frozenset()),
        more.pop("reviews", ()),
        more.pop("let_in", None),
    )
    shown = {"salesforce": agreed, "campaign_monitor": None} | more
    return Settled(address=address, clear="ann@example.com", before=before, decision=made, **shown)


def keep(book, *rows: Settled, job: str = "7", client: str = CLIENT, **more) -> None:
    with transaction.atomic() if not isinstance(book, MemoryConsentBook) else _nothing():
        book.settle(client, rows, job=job, at=NOON, **more)


class _nothing:
    def __enter__(self) -> None: ...
    def __exit__(self, *error: object) -> None: ...


def test_a_shadow_is_kept_as_it_was_given(book):
    evidence = call(book.record, CLIENT, ANN, consent())
    shadow = Shadow(
        agreed=IN,
        since=NOON,
        salesforce=IN,
        campaign_monitor=OUT,
        evidence=evidence.id,
        changes=(NOON - timedelta(hours=2), NOON),
        contested=True,
    )
    keep(book, settled(IN, shadow=shadow), settled(OUT, BOB))
    assert call(book.shadows, CLIENT, [ANN, b"z" * 32]) == {ANN: shadow}
    assert call(book.counts, CLIENT) == {IN: 1, OUT: 1}
    assert call(book.shadows, OTHER, [ANN]) == {}
    assert call(book.counts, OTHER) == {IN: 0, OUT: 0}


def test_a_settled_address_with_nothing_to_remember_leaves_no_shadow(book):
    keep(book, settled(None, rule=14))
    assert call(book.shadows, CLIENT, [ANN]) == {}


def test_the_scope_is_that_of_the_last_commit_that_named_one(book):
    assert call(book.scope, CLIENT) == ""
    keep(book, scope="s" * 64)
    keep(book)
    assert call(book.scope, CLIENT) == "s" * 64
    assert call(book.scope, OTHER) == ""


def test_a_consent_is_kept_once_and_used_once(book):
    later, first = call(book.record, CLIENT, ANN, consent()), None
    first = call(book.record, CLIENT, ANN, consent(NOON - timedelta(hours=1), side=CM, user=""))
    assert call(book.record, CLIENT, ANN, consent()) == later == consent(id=later.id)
    assert later.id != first.id
    assert call(book.evidence, CLIENT, [ANN, BOB]) == {ANN: [first, later]}
    assert call(book.evidence, OTHER, [ANN]) == {}
    keep(book, settled(IN, evidence=[first]))
    assert call(book.evidence, CLIENT, [ANN]) == {ANN: [later]}
    call(book.record, CLIENT, ANN, consent(NOON - timedelta(hours=1), side=CM, user=""))
    assert call(book.evidence, CLIENT, [ANN]) == {ANN: [later]}


def test_an_event_is_new_until_a_commit_used_it_and_again_when_forgotten(book):
    one, two = Event(SF, b"1" * 32, NOON), Event(CM, b"2" * 32, NOON - timedelta(days=3))
    assert set(call(book.unseen, CLIENT, [one.key, two.key])) == {one.key, two.key}
    keep(book, settled(OUT, events=[one, two, one]))
    held = call(book.shadows, CLIENT, [ANN])[ANN]
    keep(book, settled(OUT, before=held, events=[one]))
    assert set(call(book.unseen, CLIENT, [one.key, two.key])) == set()
    assert set(call(book.unseen, OTHER, [one.key])) == {one.key}
    call(book.forget_events, CLIENT, NOON - timedelta(days=1))
    assert set(call(book.unseen, CLIENT, [one.key, two.key])) == {two.key}


def test_what_is_in_flight_is_known_until_it_is_settled_or_dropped(book):
    keep(book, settled(IN, BOB))
    before = call(book.shadows, CLIENT, [BOB])[BOB]
    call(book.start, CLIENT, [ANN, BOB], "750a", NOON)
    call(book.start, CLIENT, [ANN], "750a", NOON)
    flying = call(book.shadows, CLIENT, [ANN, BOB])
    assert (flying[ANN].agreed, flying[ANN].job, flying[BOB].agreed, flying[BOB].job) == (None, "750a", IN, "750a")
    assert {job: set(of) for job, of in call(book.in_flight, CLIENT).items()} == {"750a": {ANN, BOB}}
    assert call(book.in_flight, OTHER) == {}
    assert call(book.counts, CLIENT) == {IN: 1, OUT: 0}
    keep(book, settled(OUT, BOB, before), job="750a")
    assert {job: set(of) for job, of in call(book.in_flight, CLIENT).items()} == {"750a": {ANN}}
    call(book.drop, CLIENT, "750a")
    assert call(book.in_flight, CLIENT) == {}
    keep(book, settled(OUT, ANN))
    assert call(book.counts, CLIENT) == {IN: 0, OUT: 2}


def test_an_address_has_one_write_in_flight(book):
    call(book.start, CLIENT, [ANN], "750a", NOON)
    with pytest.raises(ShadowMoved, match="1 addresses"):
        call(book.start, CLIENT, [ANN, BOB], "750b", NOON)
    assert {job: set(of) for job, of in call(book.in_flight, CLIENT).items()} == {"750a": {ANN}}


def test_all_or_nothing_is_settled(book):
    """An address that was settled or taken by another run meanwhile stops the whole commit."""
    keep(book, settled(OUT))
    held = call(book.shadows, CLIENT, [ANN])[ANN]
    event = Event(SF, b"1" * 32, NOON)
    for before, job in ((None, "7"), (Shadow(agreed=OUT, since=NOON - timedelta(hours=1)), "7")):
        with pytest.raises(ShadowMoved):
            keep(book, settled(IN, BOB, events=[event]), settled(IN, ANN, before), job=job, scope="x")
    with pytest.raises(ShadowMoved):
        keep(book, settled(IN, BOB, Shadow(agreed=OUT, since=NOON)))
    call(book.start, CLIENT, [ANN], "750a", NOON)
    with pytest.raises(ShadowMoved):
        keep(book, settled(OUT, ANN, held), job="750b")
    assert call(book.counts, CLIENT) == {IN: 0, OUT: 1}
    assert set(call(book.unseen, CLIENT, [event.key])) == {event.key}
    assert call(book.scope, CLIENT) == ""
    keep(book, settled(IN, ANN, held), job="750a")
    assert call(book.counts, CLIENT) == {IN: 1, OUT: 0}


def test_the_careful_lane_commits_by_itself(book):
    call(book.commit, CLIENT, [settled(OUT)], job="9", at=NOON)
    assert call(book.counts, CLIENT) == {IN: 0, OUT: 1}


def test_every_decision_that_did_something_is_explained(book):
    """Law 8: rule, both values, shadow before and after, consent, and what was heard from either side."""
    evidence = call(book.record, CLIENT, ANN, consent())
    event = Event(CM, b"1" * 32, NOON - timedelta(minutes=9))
    keep(book, settled(OUT, rule=3, salesforce=IN, out=frozenset({SF, CM}), events=[event]))
    held = call(book.shadows, CLIENT, [ANN])[ANN]
    keep(book, settled(OUT, before=held, rule=7, salesforce=OUT))
    let_in = settled(IN, before=held, rule=8, let_in=evidence, evidence=[evidence], into=frozenset({CM}))
    keep(book, let_in, job="9")
    last, first = call(book.history, CLIENT, ANN)
    assert first == Entry(
        at=NOON, rule=3, salesforce=IN, campaign_monitor=None, before=None, after=OUT, out=frozenset({SF, CM}),
        into=frozenset(), job="7", heard=(Heard(side=CM, opt=OUT, at=event.at),),
    )  # fmt: skip
    assert last == Entry(
        at=NOON, rule=8, salesforce=IN, campaign_monitor=None, before=OUT, after=IN, out=frozenset(),
        into=frozenset({CM}), job="9", evidence=evidence.id, heard=(Heard(side=SF, opt=IN, at=NOON),),
    )  # fmt: skip
    assert call(book.history, CLIENT, BOB) == call(book.history, OTHER, ANN) == []


def test_a_review_waits_once_with_its_address_and_loses_it_when_decided(book):
    keep(book, settled(OUT, rule=13, reviews=(Review.BOTH_SHOW_IN,)))
    held = call(book.shadows, CLIENT, [ANN])[ANN]
    keep(book, settled(OUT, before=held, rule=3, reviews=(Review.BOTH_SHOW_IN, Review.SHOWS_IN_AGAIN)))
    first, second = call(book.reviews, CLIENT)
    assert [(one.reason, one.rule, one.address, one.clear) for one in (first, second)] == [
        (Review.BOTH_SHOW_IN, 13, ANN, "ann@example.com"),
        (Review.SHOWS_IN_AGAIN, 3, ANN, "ann@example.com"),
    ]
    call(book.answer, CLIENT, first.id, Answer.STAYS_OUT, by="005x", at=NOON)
    (done,) = call(book.reviews, CLIENT, decided=True)
    assert (done.id, done.clear, done.decided_by, done.decided_at, done.answer) == (
        first.id,
        "",
        "005x",
        NOON,
        Answer.STAYS_OUT,
    )
    assert [one.id for one in call(book.reviews, CLIENT)] == [second.id]
    for client, number in ((CLIENT, first.id), (OTHER, second.id), (CLIENT, 10**9)):
        with pytest.raises(ReviewAnswered, match=str(number)):
            call(book.answer, client, number, Answer.STAYS_OUT, by="005x", at=NOON)
    keep(book, settled(OUT, before=held, rule=13, reviews=(Review.BOTH_SHOW_IN,)))
    assert [one.reason for one in call(book.reviews, CLIENT)] == [Review.SHOWS_IN_AGAIN, Review.BOTH_SHOW_IN]


def test_deciding_about_a_contested_address_releases_it(book):
    frozen = Shadow(agreed=OUT, since=NOON, changes=(NOON,) * 4, contested=True)
    keep(book, settled(OUT, shadow=frozen, reviews=(Review.CONTESTED,)))
    (one,) = call(book.reviews, CLIENT)
    call(book.answer, CLIENT, one.id, Answer.CONSENT_RECORDED, by="005x", at=NOON)
    held = call(book.shadows, CLIENT, [ANN])[ANN]
    assert (held.agreed, held.contested, held.changes) == (OUT, False, ())


def test_only_those_who_are_not_in_are_told_where_many_are_asked_for(transactional_db) -> None:
    """Who is agreed to be in, or is not known, cannot stand in the way of adding: nothing is read of them."""
    from fairlead.store.consent import PostgresConsentBook
    from fairlead.store.models import Org

    book = PostgresConsentBook(Org.objects.create(name="test").pk, lambda: None)
    call(book.commit, CLIENT, [settled(OUT), settled(IN, BOB)], job="7", at=NOON)
    call(book.start, CLIENT, [b"w" * 32], "8", NOON)
    found = call(book.not_in, CLIENT, [ANN, BOB, b"w" * 32, b"x" * 32])
    assert {key: shadow.agreed for key, shadow in found.items()} == {ANN: OUT, b"w" * 32: None}
    assert found == call(book.shadows, CLIENT, [ANN, b"w" * 32])
    assert call(book.not_in, OTHER, [ANN]) == {}
    assert call(book.not_in, CLIENT, []) == {}
