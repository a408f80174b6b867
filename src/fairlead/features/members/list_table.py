"""The table of all lists, and its file: from the database alone, whatever the number of lists."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from fairlead.domain.setting import Given
from fairlead.features.members import rules, settings
from fairlead.features.members.models import ListReading
from fairlead.store import setting_rows
from fairlead.store.models import Org
from fairlead.store.orgs import default_org
from fairlead.ui.tables import Asked, Column, Filter, Table, csv_answer

HERE: Final = "members"
SYNCED, PREVENTED, GONE = "synced", "prevented", "gone"
TABLE: Final = Table(
    name="lists",
    caption="Lists",
    columns=(
        Column("name", "List", sort="name"),
        Column("client", "Client", sort="client_name"),
        Column("active", "Active", sort="figures__active", number=True),
        Column(
            "unconfirmed",
            "Unconfirmed",
            sort="unconfirmed",
            number=True,
            hint="Campaign Monitor does not count them: the number is that of the last whole reading.",
        ),
        Column("unsubscribed", "Unsubscribed", sort="figures__unsubscribed", number=True),
        Column("bounced", "Bounced", sort="figures__bounced", number=True),
        Column("deleted", "Deleted", sort="figures__deleted", number=True),
        Column("read", "Last read", sort="read_at"),
        Column(
            "whole",
            "Read whole",
            sort="whole_at",
            hint="Changed names and custom fields move no date: only reading the whole list finds them. "
            "Each list has an hour of its own.",
        ),
        Column("next", "Next whole reading"),
        Column("members", "Members in Salesforce"),
    ),
    default="name",
    find="List or client",
    download="lists_csv",
)
STANDING: Final = Filter(
    "members",
    "Members in Salesforce",
    ((SYNCED, "Synced"), (PREVENTED, "Prevented"), (GONE, "Gone in Campaign Monitor")),
)
FILE: Final = (
    "List",
    "List id",
    "Client",
    "Active",
    "Unconfirmed",
    "Unsubscribed",
    "Bounced",
    "Deleted",
    "Last read",
    "Read whole",
    "Members in Salesforce",
)


@require_GET
def lists(request: HttpRequest) -> HttpResponse:
    """Every list: counters by state, last and next whole reading, whether its members are synced."""
    org = default_org()
    chosen = setting_rows.values(org)
    asked = _table(org).asked(request)
    asked = asked.of(_narrowed(org, chosen, asked))
    rows = [_row(reading, chosen) for reading in asked.rows]
    known = bool(rows) or ListReading.objects.filter(org=org).exists()
    return render(request, "members/lists.html", {"here": HERE, "table": asked, "rows": rows, "known": known})


@require_GET
def lists_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The same rows as a file."""
    org = default_org()
    chosen = setting_rows.values(org)
    asked = _table(org).asked(request)
    return csv_answer("lists.csv", FILE, _lines(asked.ordered(_narrowed(org, chosen, asked)), chosen))


def _lines(found: QuerySet[ListReading], chosen: Given) -> Iterator[Sequence[object]]:
    for one in found.iterator(chunk_size=500):
        state = "gone" if one.gone_at else "prevented" if chosen.of(settings.PREVENT_SYNC, one.list_id) else "synced"
        told = [one.figures.get(name) for name in ("active", "unsubscribed", "bounced", "deleted")]
        read = [moment.isoformat() if moment else "" for moment in (one.read_at, one.whole_at)]
        yield (one.name, one.list_id, one.client_name, told[0], one.unconfirmed, *told[1:], *read, state)


def _table(org: Org) -> Table:
    clients = ListReading.objects.filter(org=org).order_by("client_name", "client_id")
    choices = tuple((id_, name or id_) for id_, name in clients.values_list("client_id", "client_name").distinct())
    of_client = (Filter("client", "Client", choices),) if len(choices) > 1 else ()
    return replace(TABLE, filters=(*of_client, STANDING))


def _narrowed(org: Org, chosen: Given, asked: Asked) -> QuerySet[ListReading]:
    found = ListReading.objects.filter(org=org)
    if asked.text:
        found = found.filter(Q(name__icontains=asked.text) | Q(client_name__icontains=asked.text))
    if client := asked.chosen.get("client"):
        found = found.filter(client_id=client)
    standing = asked.chosen.get("members")
    if standing == GONE:
        return found.filter(gone_at__isnull=False)
    if standing:
        name = settings.PREVENT_SYNC.name
        prevented = [list_id for (of, list_id), value in chosen.rows.items() if of == name and value is True]
        found = found.filter(gone_at__isnull=True)
        found = found.filter(list_id__in=prevented) if standing == PREVENTED else found.exclude(list_id__in=prevented)
    return found


def _row(reading: ListReading, chosen: Given) -> dict[str, Any]:
    days = chosen.of(settings.FULL_READ_DAYS)
    upcoming = None if reading.whole_at is None else rules.next_whole(reading.list_id, reading.whole_at, days)
    return {"reading": reading, "next": upcoming, "prevented": chosen.of(settings.PREVENT_SYNC, reading.list_id)}
