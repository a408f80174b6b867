"""Pages of campaigns: the list, one of them, and unsubscribes to review. All of it is read live from the org."""

from typing import Any

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET

from fairlead.domain.failure import Failure
from fairlead.features.campaigns import live
from fairlead.store.orgs import default_org
from fairlead.sync import sides
from fairlead.ui import rooms

HERE = "campaigns"
DAYS = 30


@require_GET
def campaigns(request: HttpRequest) -> HttpResponse:
    """Sent campaigns, newest first, a page at a time, perhaps of a name."""
    name = request.GET.get("name", "").strip()
    number = _number(request.GET.get("page", ""))
    context: dict[str, Any] = {"here": HERE, "name": name, "number": number}
    try:
        found, count = async_to_sync(_campaigns)(default_org().pk, number, name)
        pages = max(1, -(-min(count, live.MOST + live.A_PAGE) // live.A_PAGE))
        context |= {"campaigns": found, "count": count, "pages": pages, "before": number - 1, "after": number + 1}
    except Failure as failure:
        context["problem"] = str(failure)
    return render(request, "campaigns/campaigns.html", context)


@require_GET
def campaign(request: HttpRequest, campaign_id: str) -> HttpResponse:
    """One campaign: its figures, opens and clicks by day, and what other rooms lend."""
    context: dict[str, Any] = {"here": HERE}
    try:
        found, days = async_to_sync(_campaign)(default_org().pk, campaign_id)
    except Failure as failure:
        return render(request, "campaigns/campaign.html", context | {"problem": str(failure)})
    if found is None:
        return render(request, "campaigns/campaign.html", context, status=404)
    context |= {
        "campaign": found,
        "numbers": [(label, found.number(name)) for label, name in NUMBERS],
        "chart": live.chart(days),
        "days": days,
        "panels": rooms.panels("campaign", request),
    }
    return render(request, "campaigns/campaign.html", context)


@require_GET
def suspicious(request: HttpRequest) -> HttpResponse:
    """Unsubscribes that a scanner may have made, for a person to look at."""
    context: dict[str, Any] = {"here": HERE, "days": DAYS}
    try:
        context["opt_outs"] = async_to_sync(_suspicious)(default_org().pk)
    except Failure as failure:
        context["problem"] = str(failure)
    return render(request, "campaigns/suspicious.html", context)


NUMBERS = (
    (gettext_noop("Recipients"), "Recipients__c"),
    (gettext_noop("Opens"), "Opens__c"),
    (gettext_noop("People who opened"), "Unique_Opens__c"),
    (gettext_noop("Clicks"), "Clicks__c"),
    (gettext_noop("Bounces"), "Bounces__c"),
    (gettext_noop("Unsubscribes"), "Unsubscribes__c"),
    (gettext_noop("Spam complaints"), "Spam_Complaints__c"),
    (gettext_noop("Forwards"), "Forwards__c"),
    (gettext_noop("Suspicious opens"), "Suspicious_Opens__c"),
    (gettext_noop("Suspicious clicks"), "Suspicious_Clicks__c"),
)


async def _campaigns(org_id: int, number: int, name: str) -> tuple[list[live.Campaign], int]:
    async with sides.salesforce(org_id) as org:
        return await live.campaigns(org, number, name)


async def _campaign(org_id: int, campaign_id: str) -> tuple[live.Campaign | None, list[tuple[str, int, int]]]:
    async with sides.salesforce(org_id) as org:
        found = await live.campaign(org, campaign_id)
        return found, await live.by_day(org, found.row["Id"]) if found else []


async def _suspicious(org_id: int) -> list[live.OptOut]:
    async with sides.salesforce(org_id) as org:
        return await live.suspicious_opt_outs(org, DAYS)


def _number(text: str) -> int:
    return max(1, min(int(text), live.MOST // live.A_PAGE + 1)) if text.isdecimal() and len(text) < 6 else 1
