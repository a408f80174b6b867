"""What both sides last agreed on, packed: 28 bytes a line, by the keyed hash of the member's key."""

from collections.abc import Mapping, Sequence
from typing import Final

from django.db import transaction

from fairlead.domain.address import member_key
from fairlead.features.field_mappings.models import Agreed
from fairlead.features.field_mappings.rules import DIGEST, LINE_ID, Entry
from fairlead.store import hashing

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


def keep(org_id: int, list_id: str, agreed: Mapping[bytes, Entries]) -> None:
    """Remember; lines that are not named go. Call it inside the transaction of the outcome."""
    Agreed.objects.bulk_create(
        [Agreed(org_id=org_id, list=list_id, key=key, content=pack(entries)) for key, entries in agreed.items()],
        batch_size=1_000,
        update_conflicts=True,
        unique_fields=["org", "list", "key"],
        update_fields=["content"],
    )


def follow(org_id: int, list_id: str, old: str, new: str) -> None:
    """A member's address changed: what was agreed goes with it. Done twice it changes nothing more."""
    before, after = hashing.keyed_hashes([member_key(list_id, old), member_key(list_id, new)])
    with transaction.atomic():
        mine = Agreed.objects.filter(org_id=org_id, list=list_id)
        moved = mine.filter(key=before).first()
        if moved is not None:
            mine.filter(key=after).delete()
            moved.key = after
            moved.save(update_fields=["key"])
