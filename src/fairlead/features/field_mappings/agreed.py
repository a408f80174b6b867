"""What both sides last agreed on, packed: 28 bytes a line, by the keyed hash of the member's key."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from django.db import transaction
from django.utils import timezone

from fairlead.domain.address import member_key, normal
from fairlead.features.field_mappings.models import AddressChange, Agreed, Reason
from fairlead.features.field_mappings.rules import ADDRESS, DIGEST, LINE_ID, Entry
from fairlead.store import hashing, secrets

_SIZE: Final = LINE_ID + 3 * DIGEST
Entries = Mapping[bytes, Entry]


def pack(entries: Entries) -> bytes:
    """Entries by line id as one text of bytes."""
    return b"".join(line + b"".join(entry) for line, entry in sorted(entries.items()))


def unpack(content: bytes) -> dict[bytes, Entry]:
    """What `pack` made of it."""
    found: dict[bytes, Entry] = {}
    for at in range(0, len(content), _SIZE):
        cut = [content[at + LINE_ID + n * DIGEST : at + LINE_ID + (n + 1) * DIGEST] for n in range(3)]
        found[content[at : at + LINE_ID]] = Entry(*cut)
    return found


def of(org_id: int, list_id: str, keys: Sequence[bytes]) -> dict[bytes, dict[bytes, Entry]]:
    """What is known of these members of a list, by key hash."""
    rows = Agreed.objects.filter(org_id=org_id, list=list_id, key__in=keys).values_list("key", "content")
    return {bytes(key): unpack(bytes(content)) for key, content in rows}


class Owed(NamedTuple):
    """A member of whom the list shows something else than Salesforce, which owns the field."""

    pk: int
    object: str
    record: str
    at: datetime


def keep(
    org_id: int,
    list_id: str,
    agreed: Mapping[bytes, Entries],
    people: Mapping[bytes, tuple[str, str]] | None = None,
    owed: Collection[bytes] = (),
) -> None:
    """Remember; lines that are not named go. Call it inside the transaction of the outcome.

    `people` are the object and record id of each; without it, those that are known stay. `owed` are those whom the next
    run to Campaign Monitor has to look at.
    """
    told = people or {}
    rows = []
    now = timezone.now()
    for key, entries in agreed.items():
        of_object, record = told.get(key, ("", ""))
        rows.append(
            Agreed(
                org_id=org_id,
                list=list_id,
                key=key,
                object=of_object,
                record=record,
                content=pack(entries),
                owed_at=now if key in owed else None,
            )
        )
    Agreed.objects.bulk_create(
        rows,
        batch_size=1_000,
        update_conflicts=True,
        unique_fields=["org", "list", "key"],
        update_fields=["content"] if people is None else ["content", "object", "record", "owed_at"],
    )


def owed(org_id: int, list_id: str) -> list[Owed]:
    """Whom the next run to Campaign Monitor has to look at, the longest waiting first."""
    rows = Agreed.objects.filter(org_id=org_id, list=list_id, owed_at__isnull=False).order_by("owed_at")
    return [Owed(row.pk, row.object, row.record, row.owed_at) for row in rows if row.record and row.owed_at]


def paid(owed: Sequence[Owed]) -> None:
    """They were looked at. Who came to be owed again meanwhile stays."""
    for at in {one.at for one in owed}:
        Agreed.objects.filter(pk__in=[one.pk for one in owed if one.at == at], owed_at=at).update(owed_at=None)


def follow(org_id: int, list_id: str, old: str, new: str) -> None:
    """A member's address changed: what was agreed goes with it, and the next sync tells its contact or lead.

    Done twice it changes nothing more. Where the new address has an agreement of its own, that one stays.
    """
    before, after = hashing.keyed_hashes([member_key(list_id, old), member_key(list_id, new)])
    with transaction.atomic():
        mine = Agreed.objects.filter(org_id=org_id, list=list_id)
        moved = mine.filter(key=before).first()
        if moved is None:
            return
        if mine.filter(key=after).exists():
            moved.delete()
            return
        moved.key = after
        moved.save(update_fields=["key"])
        if moved.record and ADDRESS in unpack(bytes(moved.content)):
            AddressChange.objects.update_or_create(
                org_id=org_id,
                list=list_id,
                member=after,
                defaults={
                    "object": moved.object,
                    "record": moved.record,
                    "old": secrets.seal(normal(old)),
                    "new": secrets.seal(normal(new)),
                    "reason": Reason.NEXT_SYNC,
                },
            )
