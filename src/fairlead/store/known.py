"""Lists and clients that were seen in Campaign Monitor: their names, for who chooses settings of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet

from fairlead.domain.setting import Of
from fairlead.store.models import KnownList, Org


@dataclass(frozen=True, slots=True)
class Subject:
    """A client or list: its id, its name, and for a list the name of its client."""

    id: str
    name: str
    of: Of
    client: str = ""


def note(org_id: int, client_id: str, client_name: str, lists: Sequence[tuple[str, str]]) -> None:
    """These (id, name) are the lists of a client now; others that it had are gone."""
    mine = KnownList.objects.filter(org_id=org_id, client_id=client_id)
    before = set(mine.values_list("list_id", "name", "client_name"))
    now = {(list_id, name[:255], client_name[:255]) for list_id, name in lists}
    if before == now:
        return
    rows = [
        KnownList(org_id=org_id, list_id=list_id, name=name, client_id=client_id, client_name=client)
        for list_id, name, client in sorted(now - before)
    ]
    with transaction.atomic():
        KnownList.objects.filter(org_id=org_id, client_id=client_id).exclude(
            list_id__in=[list_id for list_id, _ in lists]
        ).delete()
        KnownList.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["org", "list_id"],
            update_fields=["name", "client_id", "client_name", "seen_at"],
        )


def lists(org: Org, text: str = "") -> "QuerySet[KnownList]":
    """The known lists, or those with this text in their name or their client's."""
    found = KnownList.objects.filter(org=org)
    return found.filter(Q(name__icontains=text) | Q(client_name__icontains=text)) if text else found


def subjects(org: Org, of: Of) -> list[Subject]:
    """The known clients or lists, by name."""
    rows = lists(org)
    if of is Of.LIST:
        return [Subject(row.list_id, row.name, of, row.client_name) for row in rows]
    clients = rows.order_by("client_name", "client_id").values_list("client_id", "client_name").distinct()
    return [Subject(client, name, of) for client, name in clients] if of is Of.CLIENT else []


def subject(org: Org, id: str) -> Subject | None:
    """The known client or list of this id."""
    return next((one for of in (Of.LIST, Of.CLIENT) for one in subjects(org, of) if one.id == id), None)
