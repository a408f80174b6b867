"""One suite of behaviours for every ledger: the fake in memory, and the one on PostgreSQL."""

from collections.abc import Iterator
from datetime import date, datetime
from functools import partial

import pytest
from asgiref.sync import async_to_sync

from fairlead.domain.records import Cursor, Digest, Kind, RowFailure, Rows, Scope, Staged
from fairlead.sync.memory import MemoryLedger

SCOPE = Scope("members", "c1", "l1")
OTHER = Scope("members", "c1", "l2")
NOW = Cursor(datetime(2026, 3, 10, 9, 30))
DIGEST = Digest(b"0123456789abcdef", "2026-03-10")


class Postgres:
    """A PostgreSQL ledger of an org of its own; its fence can be made to refuse."""

    def __init__(self) -> None:
        from cryptography.fernet import Fernet

        from fairlead.store.ledger import LedgerKeys, PostgresLedger
        from fairlead.store.models import Org

        fernet = Fernet(Fernet.generate_key())
        self.stale = False
        keys = LedgerKeys(
            b"a" * 32,
            b"c" * 32,
            lambda text: fernet.encrypt(text.encode()),
            lambda token: fernet.decrypt(token).decode(),
        )
        self._made_anew = partial(PostgresLedger, Org.objects.create(name="test").pk, 7, self.fence, keys)
        self.ledger = self._made_anew()

    def of_another_attempt(self):
        """The ledger as the next run gets it."""
        return self._made_anew()

    def fence(self) -> None:
        if self.stale:
            raise Stale


class Stale(Exception):
    """The attempt was taken over."""


class Memory:
    def __init__(self) -> None:
        self.stale = False
        self.ledger = MemoryLedger(step=self.fence)

    def of_another_attempt(self):
        """The same: it keeps all by itself."""
        return self.ledger

    def fence(self, act: str = "") -> None:
        if self.stale:
            raise Stale


@pytest.fixture(params=["memory", "postgres"])
def kept(request: pytest.FixtureRequest) -> Iterator[Memory | Postgres]:
    if request.param == "postgres":
        request.getfixturevalue("transactional_db")
        yield Postgres()
    else:
        yield Memory()


def call(function, *args, **kwargs):
    """Await a method of the ledger in a loop of its own, on this thread's database connection."""
    return async_to_sync(function)(*args, **kwargs)


def test_nothing_is_known_before_the_first_commit(kept) -> None:
    """A new scope has no cursor, no digest, no refusal and nothing in flight."""
    ledger = kept.ledger

    assert call(ledger.cursor, SCOPE) is None
    assert not call(ledger.digests, SCOPE)
    assert not call(ledger.retryable, SCOPE)
    assert not call(ledger.in_flight, SCOPE)


def test_what_is_committed_is_known_of_this_scope_only(kept) -> None:
    """Cursor and digests come back as they went in; other scopes know nothing of them."""
    ledger = kept.ledger
    key = ledger.hashes(["k"])[0]
    call(ledger.commit, SCOPE, Staged(NOW, {key: DIGEST}), [], forget_before=date(2026, 3, 9))

    assert call(ledger.cursor, SCOPE) == NOW
    assert call(ledger.digests, SCOPE) == {key: DIGEST.content}
    assert call(ledger.digests_of, SCOPE, [key, b"another"]) == {key: DIGEST.content}
    assert not call(ledger.digests_of, SCOPE, [b"another"])
    assert not call(ledger.digests_of, OTHER, [key])
    assert call(ledger.cursor, OTHER) is None
    assert not call(ledger.digests, OTHER)


def test_many_scopes_tell_what_each_would_tell_alone(kept) -> None:
    """A run asks of thousands, and most hold nothing but a cursor; what it changes itself it sees at once."""
    scopes = [Scope("members", "c1", f"l{number}") for number in range(20)]
    (key,) = kept.ledger.hashes(["k"])
    failure = RowFailure("refused", "UNABLE_TO_LOCK_ROW", "locked", retryable=True)
    for number, scope in enumerate(scopes[:-1]):
        digests = {key: DIGEST} if number == 9 else {}
        failures = [failure] if number == 10 else []
        call(kept.ledger.commit, scope, Staged(NOW, digests), failures, forget_before=None, full_run=number)
    call(kept.ledger.opened, scopes[11], "750A")

    ledger = kept.of_another_attempt()
    assert [call(ledger.cursor, scope) for scope in scopes] == [*[NOW] * 19, None]
    assert [call(ledger.full_run, scope) for scope in scopes] == [*range(19), 0]
    assert [scopes.index(scope) for scope in scopes if call(ledger.digests, scope)] == [9]
    assert [scopes.index(scope) for scope in scopes if call(ledger.retryable, scope)] == [10]
    assert [scopes.index(scope) for scope in scopes if call(ledger.in_flight, scope)] == [11]

    later = Cursor(datetime(2026, 3, 11, 9, 30))
    call(ledger.commit, scopes[12], Staged(later, {key: DIGEST}), [failure], forget_before=None, full_run=99)
    call(ledger.opened, scopes[13], "750B")
    assert call(ledger.cursor, scopes[12]) == later
    assert call(ledger.full_run, scopes[12]) == 99
    assert call(ledger.digests, scopes[12]) == {key: DIGEST.content}
    assert call(ledger.retryable, scopes[12]) == ["refused"]
    assert [job.job for job in call(ledger.in_flight, scopes[13])] == ["750B"]


def test_digests_before_the_overlap_are_forgotten(kept) -> None:
    """What the next reading cannot see again need not be remembered; what is unchanged stays remembered."""
    ledger = kept.ledger
    old, kept_key, new = ledger.hashes(["old", "kept", "new"])
    staged = Staged(NOW, {old: Digest(b"o" * 16, "2026-03-01"), kept_key: Digest(b"k" * 16, "2026-03-09")})
    call(ledger.commit, SCOPE, staged, [], forget_before=None)
    call(ledger.commit, SCOPE, Staged(NOW, {new: DIGEST}), [], forget_before=date(2026, 3, 9))

    assert call(ledger.digests, SCOPE) == {kept_key: b"k" * 16, new: DIGEST.content}


def test_a_bulk_job_is_in_flight_until_its_outcome_is_kept(kept) -> None:
    """Opened, sealed with what to commit, then committed or settled: in this order it is known, and then forgotten."""
    ledger = kept.ledger
    key = ledger.hashes(["k"])[0]
    call(ledger.opened, SCOPE, "750A")
    assert [(f.job, f.sealed, f.staged) for f in call(ledger.in_flight, SCOPE)] == [("750A", False, None)]

    staged = Staged(NOW, {key: DIGEST})
    call(ledger.sealed, SCOPE, "750A", staged)
    (flight,) = call(ledger.in_flight, SCOPE)
    assert (flight.sealed, flight.staged.cursor, dict(flight.staged.digests)) == (True, NOW, {key: DIGEST})

    call(ledger.opened, SCOPE, "750B")
    call(ledger.sealed, SCOPE, "750B", None)
    call(ledger.settle, SCOPE, "750B", [])
    assert [f.job for f in call(ledger.in_flight, SCOPE)] == ["750A"]

    call(ledger.commit, SCOPE, staged, [], forget_before=None)
    assert not call(ledger.in_flight, SCOPE)


def test_refusals_that_may_pass_are_offered_again(kept) -> None:
    """A row refused for now is known by its key; one refused for good is not; one that was written is forgotten."""
    ledger = kept.ledger
    locked = RowFailure("l1:Ann@example.com", "UNABLE_TO_LOCK_ROW", "locked", retryable=True)
    wrong = RowFailure("l1:b@example.com", "STRING_TOO_LONG", "too long", retryable=False)
    call(ledger.commit, SCOPE, Staged(NOW, {}), [locked, wrong], forget_before=None)
    assert list(call(ledger.retryable, SCOPE)) == ["l1:Ann@example.com"]

    key = ledger.hashes([locked.key])[0]
    call(ledger.commit, SCOPE, Staged(NOW, {key: DIGEST}), [], forget_before=None)
    assert list(call(ledger.retryable, SCOPE)) == []


def test_a_refusal_that_was_offered_again_is_forgotten_unless_refused_anew(kept) -> None:
    """What was written, or is gone, leaves no refusal behind; what was refused again stays; a reading of all answers all."""
    ledger = kept.ledger

    def locked(name: str) -> RowFailure:
        return RowFailure(f"l1:{name}@example.com", "UNABLE_TO_LOCK_ROW", "locked", retryable=True)

    call(ledger.commit, SCOPE, Staged(NOW, {}), [locked("a"), locked("b"), locked("c")], forget_before=None)
    offered = ledger.hashes([locked("a").key, locked("b").key])
    call(ledger.commit, SCOPE, Staged(NOW, {}), [locked("b")], forget_before=None, answered=offered)
    assert sorted(call(ledger.retryable, SCOPE)) == [locked("b").key, locked("c").key]

    call(ledger.commit, SCOPE, Staged(NOW, {}), [locked("c")], forget_before=None, answered=None)
    assert list(call(ledger.retryable, SCOPE)) == [locked("c").key]


def test_what_is_to_be_committed_with_the_cursor_is_called_once_and_stops_it_by_raising(kept) -> None:
    """Where it raises, neither cursor nor digests nor the number of a full run have moved; where not, all have."""
    ledger = kept.ledger
    called: list[int] = []

    def fails() -> None:
        raise Stale

    staged = Staged(NOW, {ledger.hashes(["k"])[0]: DIGEST})
    with pytest.raises(Stale):
        call(ledger.commit, SCOPE, staged, [], forget_before=None, also=fails, full_run=3)
    assert call(ledger.cursor, SCOPE) is None
    assert not call(ledger.digests, SCOPE)
    assert call(ledger.full_run, SCOPE) == 0

    call(ledger.commit, SCOPE, staged, [], forget_before=None, also=lambda: called.append(1), full_run=3)
    assert called == [1]
    assert call(ledger.cursor, SCOPE) == NOW


def test_the_last_full_run_is_known_and_other_runs_leave_it(kept) -> None:
    """It is the scope's own; a run of what changed does not take it away, a later full run takes its place."""
    ledger = kept.ledger
    assert call(ledger.full_run, SCOPE) == 0
    call(ledger.commit, SCOPE, Staged(NOW, {}), [], forget_before=None, full_run=7)
    call(ledger.commit, SCOPE, Staged(NOW, {}), [], forget_before=None)
    assert (call(ledger.full_run, SCOPE), call(ledger.full_run, OTHER)) == (7, 0)
    call(ledger.commit, SCOPE, Staged(NOW, {}), [], forget_before=None, full_run=9)
    assert call(ledger.full_run, SCOPE) == 9


def test_a_stale_attempt_commits_nothing(kept) -> None:
    """Whoever was taken over can do no harm any more."""
    ledger = kept.ledger
    call(ledger.commit, SCOPE, Staged(NOW, {}), [], forget_before=None)
    kept.stale = True
    later = Staged(Cursor(datetime(2027, 1, 1)), {ledger.hashes(["k"])[0]: DIGEST})
    for change in (
        lambda: call(ledger.opened, SCOPE, "750A"),
        lambda: call(ledger.sealed, SCOPE, "750A", later),
        lambda: call(ledger.settle, SCOPE, "750A", [RowFailure("k", "C", "r", retryable=True)]),
        lambda: call(ledger.commit, SCOPE, later, [], forget_before=None),
    ):
        with pytest.raises(Stale):
            change()

    assert call(ledger.cursor, SCOPE) == NOW
    assert not call(ledger.in_flight, SCOPE)
    assert not call(ledger.digests, SCOPE)
    assert not call(ledger.retryable, SCOPE)


def test_hashes_are_keyed_and_content_digests_leave_the_run_out(kept) -> None:
    """Equal rows have equal digests whatever the run; a changed cell changes the digest; no hash shows the key."""
    ledger = kept.ledger

    def rows(value: str, run: str) -> Rows:
        return Rows(("Key__c", "Value__c", "Sync_Run__c"), (Kind.TEXT,) * 3, (["k"], [value], [run]))

    first, same, other = (
        ledger.content_digests(page, "Sync_Run__c")[0] for page in (rows("a", "1"), rows("a", "2"), rows("b", "1"))
    )
    assert first == same != other
    assert len(first) == 16
    assert [len(key) for key in ledger.hashes(["a", "b"])] == [32, 32]


@pytest.mark.django_db(transaction=True)
def test_refused_rows_are_kept_without_their_address() -> None:
    """Neither a hash nor a sealed key gives the address away, and attempts are counted up to a limit."""
    from fairlead.store.ledger import RETRY_AT_MOST
    from fairlead.store.models import RowRefusal

    ledger = Postgres().ledger
    locked = RowFailure("l1:ann@example.com", "UNABLE_TO_LOCK_ROW", "locked", retryable=True)
    for _ in range(RETRY_AT_MOST):
        assert call(ledger.in_flight, SCOPE) == []
        call(ledger.commit, SCOPE, Staged(NOW, {}), [locked], forget_before=None)

    row = RowRefusal.objects.get()
    assert row.attempts == RETRY_AT_MOST
    assert call(ledger.retryable, SCOPE) == []
    for value in (row.key_hash, row.key_sealed, row.reason.encode(), row.code.encode()):
        assert b"ann@example.com" not in bytes(value)
