"""Pages of campaigns: the list, one of them, who did what with it, and unsubscribes to review. All of it is read live."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final, TypeVar

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from fairlead.domain.failure import Failure
from fairlead.domain.setting import Of
from fairlead.features.campaigns import live, rules
from fairlead.salesforce.client import Salesforce
from fairlead.store import known
from fairlead.store.orgs import default_org
from fairlead.sync import org_days, sides
from fairlead.ui import rooms
from fairlead.ui.charts import Chart, Series
from fairlead.ui.tables import Column, Filter, Table, csv_answer

T = TypeVar("T")
HERE: Final = "campaigns"
DAYS: Final = 30
CHART_DAYS: Final = 60
"""Days of a campaign that a chart can show; later ones are few."""

TABLE: Final = Table(
    name="campaigns",
    caption="Campaigns",
    columns=(
        Column("name", "Campaign", sort="Name"),
        Column("client", "Client", sort="Client__r.Name"),
        Column("sent", "Sent (UTC)", sort="Sent_Date__c"),
        Column("recipients", "Recipients", sort="Recipients__c", number=True),
        Column(
            "opens",
            "Open rate",
            number=True,
            hint="People who opened, of those whom it reached: recipients without bounces.",
        ),
        Column("clicks", "Click rate", number=True, hint="Clicks for each hundred whom it reached."),
        Column("bounces", "Bounces", sort="Bounces__c", number=True),
        Column("unsubscribes", "Unsubscribes", sort="Unsubscribes__c", number=True),
        Column(
            "suspicious",
            "Suspicious",
            number=True,
            hint="Opens by mail-privacy proxies and clicks by scanners. They are part of the figures beside them.",
        ),
    ),
    default="-sent",
    find="Name or subject",
    filters=(
        Filter("sent", "Sent within", (("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("365", "a year"))),
        Filter("linked", "Salesforce campaign", (("yes", "Linked"), ("no", "Not linked"))),
    ),
    download="campaigns_csv",
)
NUMBERS: Final = (
    ("Recipients", "Recipients__c"),
    ("Opens", "Opens__c"),
    ("People who opened", "Unique_Opens__c"),
    ("Clicks", "Clicks__c"),
    ("Bounces", "Bounces__c"),
    ("Unsubscribes", "Unsubscribes__c"),
    ("Spam complaints", "Spam_Complaints__c"),
    ("Forwards", "Forwards__c"),
    ("Suspicious opens", "Suspicious_Opens__c"),
    ("Suspicious clicks", "Suspicious_Clicks__c"),
)
FILE: Final = ("Campaign", "Campaign id", "Client", "Subject", "Sent (UTC)", "Tags", *(label for label, _ in NUMBERS))


@require_GET
def campaigns(request: HttpRequest) -> HttpResponse:
    """Sent campaigns, newest first unless asked otherwise, a page at a time."""
    asked = _table().asked(request)
    where = live.narrowed(asked.text, asked.chosen)
    context: dict[str, Any] = {"here": HERE, "table": asked}
    try:
        found, count = _org(lambda org: live.campaigns(org, where, asked.soql_order, asked.size, asked.skip))
        context["table"] = asked.shown(found, count, reach=live.MOST)
    except Failure as failure:
        context["problem"] = str(failure)
    return render(request, "campaigns/campaigns.html", context)


@require_GET
def campaigns_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The same campaigns, all of them, as a file."""
    asked = _table().asked(request)
    org_id, where = default_org().pk, live.narrowed(asked.text, asked.chosen)

    async def lines() -> AsyncIterator[Sequence[object]]:
        async with sides.salesforce(org_id) as org:
            async for one in live.every_campaign(org, where, asked.soql_order):
                told = (
                    one.row["Name"],
                    one.id,
                    one.client,
                    one.row.get("Subject__c"),
                    one.sent,
                    one.row.get("Tags__c"),
                )
                yield (*told, *(one.number(name) for _, name in NUMBERS))

    return csv_answer("campaigns.csv", FILE, lines())


@require_GET
def campaign(request: HttpRequest, campaign_id: str) -> HttpResponse:
    """One campaign: its figures, what happened by day, links clicked, and what other rooms lend."""
    context: dict[str, Any] = {"here": HERE}

    async def read(org: Salesforce) -> dict[str, Any]:
        found = await live.campaign(org, campaign_id)
        if found is None:
            return {}
        days, links = await asyncio.gather(live.by_day(org, found.row["Id"]), live.links(org, found.row["Id"]))
        return {"campaign": found, "days": days, "links": links, "instance": await org.instance_url()}

    try:
        told = _org(read)
    except Failure as failure:
        return render(request, "campaigns/campaign.html", context | {"problem": str(failure)})
    if not told:
        return render(request, "campaigns/campaign.html", context, status=404)
    numbers = [(label, told["campaign"].number(name)) for label, name in NUMBERS]
    context |= {"numbers": numbers, "panels": rooms.panels("campaign", request), **told}
    return render(request, "campaigns/campaign.html", context | _charts(told["days"]))


@sensitive_post_parameters("text")
@require_http_methods(["GET", "POST"])
def recipients(request: HttpRequest, campaign_id: str) -> HttpResponse:
    """Who got it, opened, clicked, bounced, unsubscribed: read now, searchable; what is searched for is posted."""
    given = request.POST
    status = given.get("status", "")
    wanted = live.Wanted(
        status=status if status in rules.STATUSES_OF_RECIPIENTS else "Sent",
        text=given.get("text", "").strip()[:80],
        page=_number(given.get("page", "")),
    )
    context: dict[str, Any] = {"here": HERE, "wanted": wanted, "statuses": rules.STATUSES_OF_RECIPIENTS.items()}

    async def read(org: Salesforce) -> dict[str, Any]:
        found = await live.campaign(org, campaign_id)
        if found is None:
            return {}
        events, count = await live.recipients(org, found.row["Id"], wanted)
        return {"campaign": found, "events": events, "count": count, "instance": await org.instance_url()}

    try:
        told = _org(read)
    except Failure as failure:
        return render(request, "campaigns/recipients.html", context | {"problem": str(failure)})
    if told:
        pages = max(1, -(-min(told["count"], live.MOST) // live.A_PAGE))
        told |= {"pages": pages, "cut": told["count"] > live.MOST}
    return render(request, "campaigns/recipients.html", context | told, status=200 if told else 404)


@require_GET
def suspicious(request: HttpRequest) -> HttpResponse:
    """Unsubscribes that a scanner may have made, for a person to look at."""
    context: dict[str, Any] = {"here": HERE, "days": DAYS}
    try:
        context["opt_outs"] = _org(lambda org: live.suspicious_opt_outs(org, DAYS))
    except Failure as failure:
        context["problem"] = str(failure)
    return render(request, "campaigns/suspicious.html", context)


def _table() -> Table:
    clients = tuple((one.id, one.name) for one in known.subjects(default_org(), Of.CLIENT))
    of_client = (Filter("client", "Client", clients),) if len(clients) > 1 else ()
    return replace(TABLE, filters=(*of_client, *TABLE.filters))


def _charts(days: dict[str, dict[str, int]]) -> dict[str, Any]:
    """Charts of every day from the first event on, and how many later days have no place in them."""
    seen = sorted({day for counts in days.values() for day in counts})
    if not seen:
        return {"charts": [], "left_out": 0}
    first = date.fromisoformat(seen[0])
    shown = [day for day in seen if (date.fromisoformat(day) - first).days < CHART_DAYS]
    labels, _ = org_days.spread({}, first, date.fromisoformat(shown[-1]), weekly=False)
    series = {kind: Series(label, [days[kind].get(day, 0) for day in labels]) for kind, label in rules.CHARTED.items()}
    drawn = (("days", "Opens and clicks by day", ("Opened", "Clicked")),
             ("losses", "Bounces and unsubscribes by day", ("Bounced", "Unsubscribed")))  # fmt: skip
    charts = [Chart(name, title, labels, [series[kind] for kind in kinds]) for name, title, kinds in drawn]
    return {"charts": charts, "left_out": len(seen) - len(shown)}


def _org(question: Callable[[Salesforce], Awaitable[T]]) -> T:
    async def work(org_id: int) -> T:
        async with sides.salesforce(org_id) as org:
            return await question(org)

    return async_to_sync(work)(default_org().pk)


def _number(text: str) -> int:
    within = text.isascii() and text.isdecimal() and len(text) < 6
    return max(1, min(int(text), live.MOST // live.A_PAGE)) if within else 1
