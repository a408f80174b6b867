"""The rows of several scopes at once."""

from collections.abc import Collection

from fairlead.domain.records import Scope
from fairlead.store.ledger_models import ScopeState


def states_of(org_id: int, scopes: Collection[Scope]) -> dict[Scope, ScopeState]:
    """The row of each scope; what is not there yet is made. Two queries."""
    rows = [ScopeState(org_id=org_id, kind=one.kind, client=one.client, list=one.list) for one in scopes]
    ScopeState.objects.bulk_create(rows, ignore_conflicts=True)
    found = ScopeState.objects.filter(
        org_id=org_id,
        kind__in={one.kind for one in scopes},
        client__in={one.client for one in scopes},
        list__in={one.list for one in scopes},
    )
    return {Scope(row.kind, row.client, row.list): row for row in found}
