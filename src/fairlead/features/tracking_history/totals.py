"""Totals of members as they are kept: read by keyed hash, and marked as written."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC

from asgiref.sync import sync_to_async

from fairlead.store.activity_models import MemberActivity


@dataclass(frozen=True, slots=True)
class Total:
    """What a member did in all; `last_at` is in UTC (ISO), blank for nothing."""

    sent: int = 0
    opened: int = 0
    clicked: int = 0
    bounced: int = 0
    last_at: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A member by its keyed hash, and whether the org shows its totals."""

    member: bytes
    written: bool


async def due_count(org_id: int) -> int:
    """Members whose totals the org does not show yet."""
    return await MemberActivity.objects.filter(org_id=org_id, written=False).acount()


@sync_to_async
def found_of(org_id: int, members: Iterable[bytes]) -> list[Found]:
    """Those of these members that have totals."""
    rows = MemberActivity.objects.filter(org_id=org_id, member__in=list(members), written=False)
    return [Found(bytes(member), written=False) for member in rows.values_list("member", flat=True)]


@sync_to_async
def totals_of(org_id: int, members: Sequence[bytes]) -> Mapping[bytes, tuple[Total, Found]]:
    """Totals by keyed hash."""
    rows = MemberActivity.objects.filter(org_id=org_id, member__in=members)
    return {
        bytes(row.member): (
            Total(
                row.sent,
                row.opened,
                row.clicked,
                row.bounced,
                f"{row.last_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z" if row.last_at else "",
            ),
            Found(bytes(row.member), row.written),
        )
        for row in rows
    }


def mark_written(org_id: int, but: Collection[bytes]) -> None:
    """The org shows all totals now, but for these members; call inside a transaction."""
    due = MemberActivity.objects.filter(org_id=org_id, written=False)
    (due.exclude(member__in=list(but)) if but else due).update(written=True)
