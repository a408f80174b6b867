"""What is kept of a member by hash follows a changed address."""

from datetime import UTC, datetime

import pytest

from fairlead.domain.address import member_key
from fairlead.store import hashing, moves
from fairlead.store.models import Digest, MemberActivity, Org, RowRefusal, ScopeState
from fairlead.store.orgs import default_org

OLD, NEW = "old@example.com", "new@example.com"
EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


def _hash(address: str) -> bytes:
    return hashing.keyed_hash(member_key("l1", address))


def _active(org: Org, address: str, opened: int, last: datetime | None) -> None:
    MemberActivity.objects.create(org=org, member=_hash(address), opened=opened, last_at=last, written=True)


def _told() -> list[tuple[bytes, int, datetime | None, bool]]:
    return [(bytes(row.member), row.opened, row.last_at, row.written) for row in MemberActivity.objects.all()]


@pytest.mark.django_db
def test_activity_goes_over_to_the_new_address_once() -> None:
    _active(default_org(), OLD, 3, EARLY)
    for _ in range(2):
        moves.follow(default_org().pk, "l1", OLD, NEW, merge=True)
    assert _told() == [(_hash(NEW), 3, EARLY, False)]


@pytest.mark.django_db
@pytest.mark.parametrize("shown", [True, False])
def test_a_record_that_becomes_that_of_the_new_address_shows_what_it_showed(*, shown: bool) -> None:
    """Nothing has to be written: a total that waits without a name would make the next sync read every member."""
    _active(default_org(), OLD, 3, EARLY)
    MemberActivity.objects.update(written=shown)
    for _ in range(2):
        moves.follow(default_org().pk, "l1", OLD, NEW, merge=False)
    assert _told() == [(_hash(NEW), 3, EARLY, shown)]


@pytest.mark.django_db
@pytest.mark.parametrize(("first", "second", "last"), [(EARLY, LATE, LATE), (LATE, None, LATE), (None, None, None)])
def test_activity_of_two_adds_up_and_the_later_date_stays(
    first: datetime | None, second: datetime | None, last: datetime | None
) -> None:
    _active(default_org(), OLD, 3, first)
    _active(default_org(), NEW, 4, second)
    for _ in range(2):
        moves.follow(default_org().pk, "l1", OLD, NEW, merge=False)
    assert _told() == [(_hash(NEW), 7, last, False)]


@pytest.mark.django_db
def test_what_was_last_written_of_either_is_forgotten_and_of_others_is_not() -> None:
    org = default_org()
    scope = ScopeState.objects.create(org=org, kind="members", client="c", list="l1")
    for address in (OLD, NEW, "other@example.com"):
        Digest.objects.create(scope=scope, key=_hash(address), content=b"x" * 16, day="2026-01-01")
        RowRefusal.objects.create(org=org, scope=scope, key_hash=_hash(address), code="C", reason="R")
    moves.follow(org.pk, "l1", OLD, NEW, merge=False)
    assert [bytes(row.key) for row in Digest.objects.all()] == [_hash("other@example.com")]
    assert _hash(OLD) not in {bytes(row.key_hash) for row in RowRefusal.objects.all()}
    assert RowRefusal.objects.count() == 2
