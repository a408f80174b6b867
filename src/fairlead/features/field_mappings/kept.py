"""Mappings as they are kept: the newest version of each list counts, and who saved it is recorded."""

from collections.abc import Collection, Sequence

from django.db import transaction

from fairlead.domain import mapping
from fairlead.domain.mapping import Line
from fairlead.features.field_mappings.models import MappingVersion
from fairlead.store import audit, hashing, orgs, secrets
from fairlead.store.ledger import LedgerKeys, PostgresLedger
from fairlead.store.models import Org


def current(org_id: int) -> dict[str, tuple[Line, ...]]:
    """The lines of every list that has any."""
    rows = MappingVersion.objects.filter(org_id=org_id).order_by("list", "-version").distinct("list")
    return {row.list: mapping.read(row.lines) for row in rows if row.lines}


def count(org_id: int, lists: Collection[str]) -> dict[str, int]:
    """How many lines each of these lists has; nothing for one without a version."""
    rows = MappingVersion.objects.filter(org_id=org_id, list__in=lists).order_by("list", "-version").distinct("list")
    return {row.list: len(row.lines) for row in rows}


def of(org_id: int, list_id: str) -> tuple[int, tuple[Line, ...]]:
    """A list's version, 0 for none, and its lines."""
    row = MappingVersion.objects.filter(org_id=org_id, list=list_id).first()
    return (0, ()) if row is None else (row.version, mapping.read(row.lines))


def versions(org_id: int, list_id: str) -> list[MappingVersion]:
    """Who saved what, the newest first."""
    return list(MappingVersion.objects.filter(org_id=org_id, list=list_id)[:50])


def save(org: Org, list_id: str, lines: Sequence[Line], by: str) -> int:
    """Keep these lines as the newest version; its number. The same lines again change nothing."""
    with transaction.atomic():
        orgs.lock(org.pk)
        version, before = of(org.pk, list_id)
        if tuple(lines) == before:
            return version
        told = [line.as_json() for line in lines]
        MappingVersion.objects.create(org=org, list=list_id, version=version + 1, lines=told, by=by)
        earlier = [line.as_json() for line in before]
        audit.record(org, by, "changed mapping", list_id, before=earlier, after=told)
        return version + 1


def ledger(org: Org, number: int = 0) -> PostgresLedger:
    """The ledger outside a run: for its hashes, and to note what a person did."""
    keys = LedgerKeys(hashing.address_key(), hashing.content_key(), secrets.seal, secrets.unseal)
    return PostgresLedger(org.pk, number, lambda: None, keys)
