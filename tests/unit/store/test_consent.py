"""What only the tables can show: nothing in clear, the fence, one transaction with the cursor, and the key of the hashes."""

from datetime import UTC, datetime

import pytest
from asgiref.sync import async_to_sync
from django.db import connection, transaction

from fairlead.domain.consent import Decision, Event, Opt, Review, Shadow, Side
from fairlead.domain.consent_book import Settled, ShadowOfAnotherKey
from fairlead.domain.records import Cursor, Scope, Staged
from fairlead.store import forgetting, hashing
from fairlead.store.consent import PostgresConsentBook
from fairlead.store.ledger import LedgerKeys, PostgresLedger
from fairlead.store.models import Org

pytestmark = pytest.mark.django_db(transaction=True)

CLIENT = "c" * 32
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
WHO = "ann.secret@example.com"
SCOPE = Scope("opt_status", CLIENT)


class Stale(Exception):
    """Another worker has taken over."""


@pytest.fixture
def org() -> Org:
    return Org.objects.create(name="test")


def settled() -> Settled:
    made = Decision(3, Shadow(agreed=Opt.OUT, since=NOON), frozenset({Side.SALESFORCE}), reviews=(Review.CONTESTED,))
    return Settled(
        address=hashing.keyed_hash(WHO),
        clear=WHO,
        before=None,
        salesforce=Opt.IN,
        campaign_monitor=Opt.OUT,
        decision=made,
        events=[Event(Side.CAMPAIGN_MONITOR, hashing.keyed_hash("list 1"), NOON)],
    )


def book_of(org: Org, fence=lambda: None) -> PostgresConsentBook:
    return PostgresConsentBook(org.pk, fence)


def dumped() -> str:
    """Every row of every table of opt status as text, binary columns decoded."""
    tables = ("consentscope", "consent", "optshadow", "seenoptout", "optdecision", "optreview")
    with connection.cursor() as cursor:
        found = []
        for table in tables:
            cursor.execute(f"SELECT * FROM store_{table}")
            found += [bytes(cell) if isinstance(cell, memoryview) else cell for row in cursor for cell in row]
    return repr(found)


def test_nobody_stands_here_in_clear(org):
    book_of(org).settle(CLIENT, [settled()], job="7", at=NOON)
    rows = dumped()
    assert Review.CONTESTED.value in rows
    assert "secret" not in rows
    assert "secret" not in repr(settled())


def test_a_stale_run_changes_nothing(org):
    def fence() -> None:
        raise Stale

    stale = book_of(org, fence)
    for act in (
        lambda: stale.settle(CLIENT, [settled()], job="7", at=NOON),
        lambda: async_to_sync(stale.start)(CLIENT, [b"a" * 32], "7", NOON),
        lambda: async_to_sync(stale.drop)(CLIENT, "7"),
        lambda: async_to_sync(stale.forget_events)(CLIENT, NOON),
    ):
        with pytest.raises(Stale):
            act()
    assert dumped() == "[]"


@pytest.mark.parametrize("dies", [False, True])
def test_cursor_and_shadow_move_together_or_not_at_all(org, dies):
    keys = LedgerKeys(b"a" * 32, b"c" * 32, lambda text: text.encode(), lambda token: token.decode())
    ledger, book = PostgresLedger(org.pk, 1, lambda: None, keys), book_of(org)

    def also() -> None:
        book.settle(CLIENT, [settled()], job="7", at=NOON, scope="s" * 64)
        if dies:
            raise Stale

    staged = Staged(Cursor(datetime(2026, 3, 10, 12, 0)), {})
    commit = async_to_sync(ledger.commit)
    if dies:
        with pytest.raises(Stale):
            commit(SCOPE, staged, [], forget_before=None, also=also)
    else:
        commit(SCOPE, staged, [], forget_before=None, also=also)
    held = async_to_sync(book.shadows)(CLIENT, [hashing.keyed_hash(WHO)])
    assert (async_to_sync(ledger.cursor)(SCOPE) is None, not held, dumped() == "[]") == (dies, dies, dies)


def test_forgetting_what_was_read_keeps_who_opted_out(org):
    """A start clean reads everything anew; the shadow is no memory of what was read, but of what people said."""
    book = book_of(org)
    with transaction.atomic():
        book.settle(CLIENT, [settled()], job="7", at=NOON)
    forgetting.forget(org.pk)
    forgetting.forget(org.pk, CLIENT)
    assert async_to_sync(book.counts)(CLIENT) == {Opt.IN: 0, Opt.OUT: 1}


def test_a_shadow_whose_key_is_gone_is_refused_rather_than_not_found(org, settings):
    """With another last key every known address would seem new, and who opted out would be forgotten."""
    book = book_of(org)
    book.settle(CLIENT, [settled()], job="7", at=NOON)
    kept = settings.FAIRLEAD_SECRET_KEYS
    settings.FAIRLEAD_SECRET_KEYS = ("another-key-0123456789-0123456789-abc",)
    for act in (
        lambda: async_to_sync(book.scope)(CLIENT),
        lambda: async_to_sync(book.shadows)(CLIENT, [b"a" * 32]),
        lambda: book.settle(CLIENT, [], job="7", at=NOON),
    ):
        with pytest.raises(ShadowOfAnotherKey, match="Put the old key back"):
            act()
    settings.FAIRLEAD_SECRET_KEYS = ("another-key-0123456789-0123456789-abc", *kept)
    assert async_to_sync(book.shadows)(CLIENT, [hashing.keyed_hash(WHO)])
