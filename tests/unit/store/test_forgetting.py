"""Laws of forgetting: all of it or one client's, at once, fenced, and marked with the run in which it was done."""

import pytest

from fairlead.store import forgetting
from fairlead.store.models import BulkFlight, CampaignActivity, Digest, MemberActivity, Org, RowRefusal, ScopeState

pytestmark = pytest.mark.django_db


class Stale(Exception):
    """The attempt was taken over."""


def refuse() -> None:
    raise Stale


@pytest.fixture
def org() -> Org:
    """An org with two clients, a scope and a roll-up of each kind for each."""
    made = Org.objects.create(name="test")
    for client in ("c1", "c2"):
        scope = ScopeState.objects.create(org=made, kind="events", client=client, list=f"campaign of {client}")
        Digest.objects.create(scope=scope, key=b"k", content=b"c", day="2026-03-10")
        BulkFlight.objects.create(scope=scope, job=f"750{client}")
        RowRefusal.objects.create(org=made, scope=scope, key_hash=b"k", code="C", reason="r")
        CampaignActivity.objects.create(org=made, campaign=f"campaign of {client}", address=b"a")
        MemberActivity.objects.create(org=made, member=client.encode())
    return made


def left(org: Org) -> list[int]:
    """Scopes but for marks, digests, bulk jobs, refusals, roll-ups of campaigns and of members."""
    scopes = ScopeState.objects.filter(org=org, kind="events")
    rows = (
        scopes,
        Digest.objects,
        BulkFlight.objects,
        RowRefusal.objects,
        CampaignActivity.objects,
        MemberActivity.objects,
    )
    return [each.count() for each in rows]


def test_everything_is_forgotten_at_once(org: Org) -> None:
    other = Org.objects.create(name="other")
    ScopeState.objects.create(org=other, kind="events", client="c1")
    assert sorted(forgetting.flights(org.pk)) == ["750c1", "750c2"]
    forgetting.forget(org.pk, run=7)
    assert left(org) == [0] * 6
    assert ScopeState.objects.filter(org=other).count() == 1
    assert forgetting.marked(org.pk, forgetting.FORGOTTEN, "") == 7
    assert forgetting.marked(org.pk, forgetting.DELETED, "") == 0


def test_one_clients_part_is_forgotten_and_the_others_stays(org: Org) -> None:
    """The roll-ups of its members are named by their hashes, because no client stands beside them."""
    assert list(forgetting.flights(org.pk, "c1")) == ["750c1"]
    forgetting.forget(org.pk, "c1", run=7)
    assert left(org) == [1, 1, 1, 1, 1, 2]
    forgetting.forget_members(org.pk, [b"c1", b"nobody"])
    assert [bytes(row.member) for row in MemberActivity.objects.all()] == [b"c2"]
    assert (
        forgetting.marked(org.pk, forgetting.FORGOTTEN, "c1"),
        forgetting.marked(org.pk, forgetting.FORGOTTEN, ""),
    ) == (7, 0)


def test_marks_outlive_what_is_forgotten_and_the_last_run_counts(org: Org) -> None:
    forgetting.mark(org.pk, forgetting.DELETED, "", 7)
    forgetting.forget(org.pk, run=8)
    forgetting.forget(org.pk)
    assert (forgetting.marked(org.pk, forgetting.DELETED, ""), forgetting.marked(org.pk, forgetting.FORGOTTEN, "")) == (
        7,
        8,
    )


def test_a_stale_attempt_forgets_nothing(org: Org) -> None:
    for act in (
        lambda: forgetting.forget(org.pk, run=7, fence=refuse),
        lambda: forgetting.forget_members(org.pk, [b"c1"], fence=refuse),
        lambda: forgetting.mark(org.pk, forgetting.DELETED, "", 7, fence=refuse),
    ):
        with pytest.raises(Stale):
            act()
    assert left(org) == [2] * 6
    assert forgetting.marked(org.pk, forgetting.DELETED, "") == 0
