"""What the ledger holds of many scopes, read by one query: a run asks of each of thousands, and most hold nothing but a cursor.

For one attempt of one job. What another job commits meanwhile is not seen: a cursor may then be an older one, which reads
a little more, and a row that is owed is offered by the next run.
"""

from dataclasses import dataclass, field
from typing import Final

from django.db.models import Exists, OuterRef

from fairlead.domain.records import Scope
from fairlead.store.ledger_models import BulkFlight, Digest, RowRefusal, ScopeState

SINGLY: Final = 5
"""Scopes of a kind that are asked for one by one before all of them are read."""


@dataclass(frozen=True, slots=True)
class Held:
    """Of a scope: its cursor (blank before the first commit), and whether there is anything of the other kinds."""

    cursor: str = ""
    full_run: int = 0
    flights: bool = False
    refusals: bool = False
    digests: bool = False


NOTHING: Final = Held()


@dataclass(slots=True)
class Glance:
    """What scopes of one org held when they were looked at; a scope that is written since is not known any more."""

    org_id: int
    _asked: dict[str, set[Scope]] = field(default_factory=dict)
    _held: dict[str, dict[Scope, Held]] = field(default_factory=dict)
    _written: set[Scope] = field(default_factory=set)

    def of(self, scope: Scope) -> Held | None:
        """What the scope holds; None where it must be looked up by itself."""
        if scope in self._written:
            return None
        if scope.kind not in self._held:
            asked = self._asked.setdefault(scope.kind, set())
            asked.add(scope)
            if len(asked) <= SINGLY:
                return None
            self._held[scope.kind] = self._all(scope.kind)
        return self._held[scope.kind].get(scope, NOTHING)

    def wrote(self, scope: Scope) -> None:
        """Something of the scope was changed."""
        self._written.add(scope)

    def _all(self, kind: str) -> dict[Scope, Held]:
        of_scope = {"scope": OuterRef("pk")}
        rows = (
            ScopeState.objects.filter(org_id=self.org_id, kind=kind)
            .annotate(
                flights=Exists(BulkFlight.objects.filter(**of_scope)),
                refusals=Exists(RowRefusal.objects.filter(**of_scope)),
                digests=Exists(Digest.objects.filter(**of_scope)),
            )
            .values_list("client", "list", "cursor", "full_run", "flights", "refusals", "digests")
        )
        return {
            Scope(kind, client, of): Held(cursor, full_run, flights, refusals, digests)
            for client, of, cursor, full_run, flights, refusals, digests in rows.iterator(chunk_size=10_000)
        }
