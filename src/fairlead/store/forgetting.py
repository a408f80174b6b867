"""What is remembered of an org's scopes, or of one client's, is forgotten: the next reading begins as if it were the first.

Marks say in which run that was done, so that a run that is killed and started again does not forget what it wrote anew.
"""

from collections.abc import Callable, Collection, Sequence

from django.db import models, transaction

from fairlead.store.activity_models import CampaignActivity, MemberActivity
from fairlead.store.ledger_models import BulkFlight, ScopeState

FORGOTTEN = "forgotten"
DELETED = "deleted"
"""Marks of a start from nothing: what was remembered is gone; the records are gone."""

_MARKS = (FORGOTTEN, DELETED)

Fence = Callable[[], None]


def no_fence() -> None:
    """For acts that nobody can take over."""


def flights(org_id: int, client: str = "") -> Sequence[str]:
    """Ids of the bulk jobs whose outcome nobody has committed."""
    return list(BulkFlight.objects.filter(scope__in=_scopes(org_id, client)).values_list("job", flat=True))


def forget(org_id: int, client: str = "", *, run: int = 0, fence: Fence = no_fence) -> None:
    """Drop cursors, digests, refusals, bulk jobs in flight and roll-ups, in one transaction that calls `fence` first.

    `client` limits it to one; the roll-ups of its members are not known by client: see `forget_members`. `run` marks it
    as done in that run.
    """
    with transaction.atomic():
        fence()
        campaigns = CampaignActivity.objects.filter(org_id=org_id)
        if client:
            campaigns.filter(campaign__in=_scopes(org_id, client).values("list")).delete()
        else:
            campaigns.delete()
            MemberActivity.objects.filter(org_id=org_id).delete()
        _scopes(org_id, client).delete()
        if run:
            _mark(org_id, FORGOTTEN, client, run)


def forget_members(org_id: int, members: Collection[bytes], *, fence: Fence = no_fence) -> None:
    """Drop the roll-ups of members, named by the keyed hashes of their keys."""
    with transaction.atomic():
        fence()
        MemberActivity.objects.filter(org_id=org_id, member__in=members).delete()


def mark(org_id: int, what: str, client: str, run: int, *, fence: Fence = no_fence) -> None:
    """Note that `what` (FORGOTTEN or DELETED) was done in a run, of one client or of all."""
    with transaction.atomic():
        fence()
        _mark(org_id, what, client, run)


def marked(org_id: int, what: str, client: str) -> int:
    """The run in which `what` was last done; 0 for never."""
    found = ScopeState.objects.filter(org_id=org_id, kind=what, client=client, list="").first()
    return 0 if found is None else found.full_run


def _mark(org_id: int, what: str, client: str, run: int) -> None:
    ScopeState.objects.update_or_create(org_id=org_id, kind=what, client=client, list="", defaults={"full_run": run})


def _scopes(org_id: int, client: str) -> models.QuerySet[ScopeState]:
    scopes = ScopeState.objects.filter(org_id=org_id).exclude(kind__in=_MARKS)
    return scopes.filter(client=client) if client else scopes
