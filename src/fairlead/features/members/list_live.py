"""What the pages of a list read live: settings and figures of Campaign Monitor, its members of Salesforce. Nothing stays."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.campaignmonitor.lists import CustomField, ListDetails, ListStats
from fairlead.campaignmonitor.paging import Page
from fairlead.campaignmonitor.segments import SegmentDetails
from fairlead.campaignmonitor.subscribers import OneSubscriber
from fairlead.features.members import rules
from fairlead.salesforce import names
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.query import containing, quote
from fairlead.sync import org_days, org_reading
from fairlead.sync.failures import campaign_monitor_failures, salesforce_failures
from fairlead.ui.charts import Chart, Series

REACH: Final = 2_000
"""SOQL does not skip more records than that."""
A_PAGE: Final = 50
DETAILS_OF: Final = 25
"""Segments whose rules and sizes are asked for with the list of them: a call each."""

MEMBER_FIELDS: Final = (
    "Email__c",
    "Full_Name__c",
    "State__c",
    "State_Date__c",
    "Joined_Date__c",
    "Mobile_Number__c",
    "Consent_To_Send_SMS__c",
    "Consent_To_Track__c",
    "Contact__c",
    "Lead__c",
)
STATES: Final = ("Active", "Unconfirmed", "Unsubscribed", "Bounced", "Deleted", "Suppressed")
ORDERS: Final = {
    "address": ("Address", "Email__c ASC"),
    "name": ("Name", "Full_Name__c ASC NULLS LAST"),
    "newest": ("Joined last", "Joined_Date__c DESC NULLS LAST"),
    "moved": ("Changed state last", "State_Date__c DESC NULLS LAST"),
}
"""What members can be sorted by: the label, and what SOQL says."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which members: a part of the address or name, a state, an order. It travels in the body of a form, never in an address."""

    text: str = ""
    state: str = ""
    order: str = "address"
    page: int = 1


@dataclass(frozen=True, slots=True)
class Found:
    """A page of members (by field), how many there are in all, and where records are opened."""

    members: list[dict[str, Any]]
    count: int
    instance: str

    @property
    def pages(self) -> int:
        """Pages that can be shown."""
        return max(1, -(-min(self.count, REACH) // A_PAGE))

    @property
    def cut(self) -> bool:
        """Whether more members are found than can be paged through."""
        return self.count > REACH


async def members(crm: Salesforce, list_id: str, wanted: Wanted) -> Found:
    """A page of a list's members. Two calls, whatever the list's size. Raises a Failure."""
    where = f"FROM {names.MEMBER} WHERE {_where(list_id, wanted)}"
    skip = min((wanted.page - 1) * A_PAGE, REACH)
    order = ORDERS[wanted.order][1]
    soql = f"SELECT Id, {', '.join(MEMBER_FIELDS)} {where} ORDER BY {order}, Id LIMIT {A_PAGE} OFFSET {skip}"

    async def read() -> list[dict[str, Any]]:
        with salesforce_failures("read members"):
            return [row async for page in crm.query(soql) for row in page]

    count, rows = await asyncio.gather(org_reading.count(crm, where), read())
    return Found(rows, count, await crm.instance_url())


async def every_member(crm: Salesforce, list_id: str) -> AsyncIterator[tuple[str, ...]]:
    """All members of a list, in the order of MEMBER_FIELDS. Raises a Failure."""
    where = f"FROM {names.MEMBER} WHERE {_where(list_id, Wanted())}"
    async for page in org_reading.read(crm, MEMBER_FIELDS, where, expected=await org_reading.count(crm, where)):
        for row in page:
            yield row


def _where(list_id: str, wanted: Wanted) -> str:
    parts = [f"List__r.{names.LIST_KEY} = {quote(list_id)}"]
    if wanted.state in STATES:
        parts.append(f"State__c = {quote(wanted.state)}")
    if wanted.text:
        like = containing(wanted.text)
        parts.append(f"(Email__c LIKE {like} OR Full_Name__c LIKE {like})")
    return " AND ".join(parts)


async def details(account: CampaignMonitor, list_id: str) -> tuple[ListDetails, list[CustomField]]:
    """A list's settings, and its custom fields. Raises a Failure."""
    with campaign_monitor_failures("read the settings of the list"):
        told, fields = await asyncio.gather(account.list_details(list_id), account.custom_fields(list_id))
        return told, fields


async def settings_of(account: CampaignMonitor, list_id: str) -> ListDetails:
    """A list's settings. Raises a Failure."""
    with campaign_monitor_failures("read the settings of the list"):
        return await account.list_details(list_id)


async def figures(account: CampaignMonitor, list_id: str) -> ListStats:
    """A list's 24 counters. Raises a Failure."""
    with campaign_monitor_failures("read the counters of the list"):
        return await account.list_stats(list_id)


async def growth(crm: Salesforce, list_id: str, today: date) -> Chart:
    """Who joined and left the list in the last weeks, as far as its members are in the org. Raises a Failure."""
    first = org_days.first_day(today)
    where = f"List__r.{names.LIST_KEY} = {quote(list_id)}"
    joined, left = await asyncio.gather(org_days.joined(crm, first, where), org_days.left(crm, first, where))
    labels, came = org_days.spread(joined, first, today, weekly=True)
    gone = org_days.spread(left, first, today, weekly=True)[1]
    series = [Series("Joined", came), Series("Left", gone)]
    return Chart("growth", "Members who joined and left, by week", labels, series, "Week (UTC)")


def by_span(stats: ListStats) -> list[tuple[str, list[int]]]:
    """The 24 counters as a table: a line for each span of time, columns joined, unsubscribed, bounced, deleted."""
    kinds = ("new_active", "unsubscribed", "bounced", "deleted")
    spans = [(label, [getattr(stats, f"{kind}_{span}") for kind in kinds]) for span, label in rules.SPANS.items()]
    return [*spans, ("In all", [getattr(stats, kind.removeprefix("new_")) for kind in kinds])]


async def segments(account: CampaignMonitor, list_id: str) -> list[SegmentDetails]:
    """A list's segments by title; the first ones with rules and size, the others by name only. Raises a Failure."""
    with campaign_monitor_failures("read the segments of the list"):
        named = sorted(await account.segments.of_list(list_id), key=lambda one: one.title.lower())
        told = await asyncio.gather(*(segment(account, one.segment_id) for one in named[:DETAILS_OF]))
    return [*told, *(SegmentDetails(one.list_id, one.segment_id, one.title, -1) for one in named[DETAILS_OF:])]


async def segment(account: CampaignMonitor, segment_id: str) -> SegmentDetails:
    """One segment's rules and size. Raises a Failure."""
    with campaign_monitor_failures("read the segment"):
        return await account.segments.details(segment_id)


async def segment_members(account: CampaignMonitor, segment_id: str, number: int) -> Page[OneSubscriber]:
    """A page of a segment's active subscribers, by address. Raises a Failure."""
    with campaign_monitor_failures("read the members of the segment"):
        return await account.segments.active_page(segment_id, number, page_size=A_PAGE)
