"""What is kept of a member by the hash of its key, when the member's address changes (C7)."""

from collections.abc import Callable
from typing import Final

from django.db import transaction

from fairlead.domain.address import member_key
from fairlead.store import hashing
from fairlead.store.models import Digest, MemberActivity, RowRefusal

Follower = Callable[[int, str, str, str], None]
_followers: Final[list[Follower]] = []


def also(follower: Follower) -> None:
    """Let a room take along what it keeps of a member: it is called as `follow` is, in its transaction."""
    if follower not in _followers:
        _followers.append(follower)


def follow(org_id: int, list_id: str, old: str, new: str, *, merge: bool) -> None:
    """Let the activity of the old address count for the new one, and forget what was last written of either.

    `merge`: the new address has a record of its own, which has to be told; else the record of the old one becomes that of
    the new, and shows the totals already.
    Done twice it changes nothing more: what was added up is gone from the old one in the same transaction.
    """
    before, after = hashing.keyed_hashes([member_key(list_id, old), member_key(list_id, new)])
    with transaction.atomic():
        for follower in _followers:
            follower(org_id, list_id, old, new)
        Digest.objects.filter(scope__org=org_id, scope__list=list_id, key__in=[before, after]).delete()
        RowRefusal.objects.filter(org=org_id, scope__list=list_id, key_hash=before).delete()
        rows = (
            MemberActivity.objects.select_for_update(no_key=True)
            .filter(org=org_id, member__in=[before, after])
            .order_by("id")
        )
        held = {bytes(row.member): row for row in rows}
        moved = held.get(before)
        if moved is None:
            return
        kept = held.get(after)
        if kept is None:
            moved.member = after
            moved.written = moved.written and not merge
            moved.save(update_fields=["member", "written"])
            return
        for name in ("sent", "opened", "clicked", "bounced"):
            setattr(kept, name, getattr(kept, name) + getattr(moved, name))
        kept.last_at = max((at for at in (kept.last_at, moved.last_at) if at), default=None)
        kept.written = False
        kept.save()
        moved.delete()
