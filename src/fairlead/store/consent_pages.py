"""What pages show of opt status, of all clients at once: as many queries for thirty of them as for one."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from django.db.models import Count

from fairlead.domain.consent import Opt
from fairlead.domain.consent_book import Entry, ToReview
from fairlead.store.consent import entry_of, review_of
from fairlead.store.consent_models import OptDecision, OptReview, OptShadow


def counts(org_id: int) -> Mapping[str, Mapping[Opt, int]]:
    """How many addresses are agreed in and out, by client, with those whose records are gone."""
    rows = OptShadow.objects.filter(org_id=org_id).exclude(agreed="").values_list("client", "agreed")
    found: defaultdict[str, dict[Opt, int]] = defaultdict(lambda: dict.fromkeys(Opt, 0))
    for client, agreed, count in rows.annotate(count=Count("id")).order_by():
        found[client][Opt(agreed)] = count
    return found


def open_reviews(org_id: int) -> Sequence[tuple[str, ToReview]]:
    """What waits for a person, the oldest first: client and review."""
    rows = OptReview.objects.filter(org_id=org_id, decided_at=None).order_by("opened_at", "id")
    return [(row.client, review_of(row)) for row in rows]


def histories(org_id: int, addresses: Collection[bytes]) -> Mapping[tuple[str, bytes], Sequence[Entry]]:
    """What was decided about these addresses (keyed hashes), by client and address, the latest first."""
    found: defaultdict[tuple[str, bytes], list[Entry]] = defaultdict(list)
    for row in OptDecision.objects.filter(org_id=org_id, address__in=addresses).order_by("-at", "-id"):
        found[row.client, bytes(row.address)].append(entry_of(row))
    return found
