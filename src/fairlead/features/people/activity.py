"""A person's live activity: Campaign Monitor's history and message log, Salesforce's tracking history. Kept nowhere."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from email.utils import parseaddr
from typing import Any, Final

from asgiref.sync import sync_to_async

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.campaignmonitor.errors import RecordRefused, SetupRefused
from fairlead.campaignmonitor.messages import Message
from fairlead.campaignmonitor.subscriptions import NOT_ON_THE_LIST, HistoryItem
from fairlead.campaignmonitor.timezones import zone
from fairlead.domain.address import MAX_SALESFORCE_EMAIL, normal
from fairlead.domain.failure import Failure, WaitAndRetry
from fairlead.features.people import kept, org
from fairlead.features.people.asking import whom
from fairlead.features.people.rules.activity import (
    CAMPAIGN,
    JOURNEY,
    SENT,
    SMART,
    Activity,
    Email,
    Event,
    as_json,
    joined,
    kind_of,
    word_of,
)
from fairlead.salesforce import names
from fairlead.salesforce.query import quote
from fairlead.store import audit
from fairlead.store.models import Org
from fairlead.sync import known, sides
from fairlead.sync.failures import campaign_monitor_failures, salesforce_failures
from fairlead.sync.known import KnownClient

LOG_PAGES: Final = 3
"""Pages of 200 messages that are looked through, the newest first: the log cannot be asked for one address."""
LOG_PATIENCE_S: Final = 15
"""How long a page waits for the log, whose calls are few a minute and shared with sending."""
ORG_ROWS: Final = 200
"""Rows of the tracking history that are read at most, the newest first."""
_MALFORMED: Final = 1


class SlowLog(WaitAndRetry):
    """The log of smart e-mails was not read in time."""

    code = "FL-629"
    next_step = "Try again in some minutes."

    def __init__(self) -> None:
        super().__init__(f"Campaign Monitor did not give its log of smart e-mails within {LOG_PATIENCE_S} seconds.")


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of one address. `problems` say which part could not be read; the rest is shown all the same."""

    address: str = field(repr=False)
    activity: Activity
    problems: Sequence[Failure] = ()

    def as_dict(self, today: date) -> dict[str, Any]:
        """For JSON."""
        told = [{"code": one.code, "text": one.text, "next_step": one.step} for one in self.problems]
        return {"address": self.address, **as_json(self.activity, today), "problems": told}


async def read(who: Org, asked: str, *, by: str, email_field: str = "") -> list[Found]:
    """The activity of each address of whom is asked for. Raises as `asking.whom` does; a side that fails is told."""
    matching = await sync_to_async(kept.matching)(who)
    person = await whom(who, asked, matching, email_field=email_field)
    await sync_to_async(audit.record)(who, by, "look at a person's activity", person.subject)
    return [await _of(who, address) for address in person.addresses]


async def _of(who: Org, address: str) -> Found:
    clients = await sync_to_async(known.clients)(who.pk)
    problems: list[Failure] = []

    async def tried(part: Awaitable[Activity]) -> Activity:
        try:
            return await part
        except Failure as failure:
            problems.append(failure)
            return Activity()

    parts = await asyncio.gather(
        tried(_histories(who, clients, address)), tried(_messages(who, clients, address)), tried(_tracked(who, address))
    )
    unique = {failure.told: failure for failure in problems}
    return Found(address, joined(parts), list(unique.values()))


async def _histories(who: Org, clients: Sequence[KnownClient], address: str) -> Activity:
    """Campaigns and journeys: what each list's history says. Raises a Failure."""
    async with sides.campaign_monitor(who.pk) as account:
        with campaign_monitor_failures("read what a subscriber got"):
            found = await asyncio.gather(*(_history(account, client, address) for client in clients))
    return joined(found)


async def _history(account: CampaignMonitor, client: KnownClient, address: str) -> Activity:
    place = zone(client.scope.time_zone)
    try:
        lists = await account.suppression.lists_for_email(client.scope.id, address)
    except RecordRefused as error:
        if error.code not in (_MALFORMED, NOT_ON_THE_LIST):
            raise
        return Activity()
    items = await asyncio.gather(*(_items(account, one.list_id, address) for one in lists))
    return joined(_of_items(of_list, place) for of_list in items)


async def _items(account: CampaignMonitor, list_id: str, address: str) -> list[HistoryItem]:
    try:
        return await account.subscriptions.history(list_id, address)
    except RecordRefused as error:
        if error.code != NOT_ON_THE_LIST:
            raise
        return []


def _of_items(items: Sequence[HistoryItem], place: tzinfo) -> Activity:
    emails = [Email(item.item_id, item.name, kind_of(item.kind)) for item in items]
    events = [
        Event(word_of(one.event), moment(one.date, place), item.item_id, item.name, kind_of(item.kind), one.detail)
        for item in items
        for one in item.actions
    ]
    return Activity(emails, events)


async def _messages(who: Org, clients: Sequence[KnownClient], address: str) -> Activity:
    """Smart e-mails: the newest of each client's log. Raises a Failure."""
    try:
        async with asyncio.timeout(LOG_PATIENCE_S), sides.campaign_monitor(who.pk) as account:
            with campaign_monitor_failures("read the log of smart e-mails"):
                selected = [client for client in clients if client.selected]
                found = await asyncio.gather(*(_log(account, client, address) for client in selected))
    except TimeoutError:
        raise SlowLog from None
    return Activity([one for of_client in found for one in of_client])


async def _log(account: CampaignMonitor, client: KnownClient, address: str) -> list[Email]:
    """A client without transactional e-mails has none."""
    place, found, number = zone(client.scope.time_zone), [], 0
    try:
        async for messages in account.messages.every(client.scope.id):
            found += [_message(one, place) for one in messages if normal(parseaddr(one.recipient)[1]) == address]
            number += 1
            if number >= LOG_PAGES:
                break
    except (RecordRefused, SetupRefused):
        return found
    return found


def _message(one: Message, place: tzinfo) -> Email:
    sent = moment(one.sent, place)
    return Email(one.message_id, one.subject, SMART, sent, one.status, one.opens, one.clicks)


async def _tracked(who: Org, address: str) -> Activity:
    """What the org keeps of campaigns and journeys. Raises a Failure."""
    if len(address) > MAX_SALESFORCE_EMAIL:
        return Activity()
    soql = (
        "SELECT Activity__c, Activity_Date__c, URL_Clicked__c, Bounce_Reason__c, "
        f"Campaign__r.{names.CAMPAIGN_KEY}, Campaign__r.Name, "
        f"Journey_Email__r.{names.JOURNEY_EMAIL_KEY}, Journey_Email__r.Name FROM {names.TRACKING} "
        f"WHERE Email__c = {quote(address)} ORDER BY Activity_Date__c DESC LIMIT {ORG_ROWS}"
    )
    async with sides.salesforce(who.pk) as crm:
        with salesforce_failures("read the tracking history of an address"):
            rows = await org.rows(crm, soql)
    emails: dict[str, Email] = {}
    events: list[Event] = []
    for row in rows:
        campaign = row["Campaign__r"]
        of: dict[str, Any] = campaign or row["Journey_Email__r"] or {}
        key = str(of.get(names.CAMPAIGN_KEY if campaign else names.JOURNEY_EMAIL_KEY) or "")
        kind, name = CAMPAIGN if campaign else JOURNEY, str(of.get("Name") or "")
        what, at = str(row["Activity__c"] or ""), moment(str(row["Activity_Date__c"] or ""), UTC)
        if what == SENT:
            emails[key] = Email(key, name, kind, at)
        else:
            emails.setdefault(key, Email(key, name, kind))
            detail = str(row["URL_Clicked__c"] or row["Bounce_Reason__c"] or "")
            events.append(Event(what, at, key, name, kind, detail))
    return Activity(list(emails.values()), events)


def moment(text: str, place: tzinfo) -> datetime | None:
    """A date as a side writes it, in UTC; None for what is no date. Without an offset it is a wall clock's of `place`."""
    try:
        told = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return (told if told.tzinfo else told.replace(tzinfo=place)).astimezone(UTC)
