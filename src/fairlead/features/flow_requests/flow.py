"""Carrying out requests: records are read as they are now, each request gets an outcome, and flows are told of it.

The outcome is kept before it is told: killed in between, it is told again, and whoever hears it goes by the request's id.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.db import transaction
from django.utils import timezone

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.campaignmonitor.errors import RecordRefused
from fairlead.campaignmonitor.subscriptions import NOT_ON_THE_LIST
from fairlead.campaignmonitor.wishes import ConsentToTrack, FieldValue, SubscriberWish
from fairlead.domain.address import normal
from fairlead.domain.consent import MISSING, Opt, Shown, stands_in_the_way
from fairlead.domain.consent_settings import options
from fairlead.domain.failure import FixThisRecord
from fairlead.domain.outward_settings import TRIGGER_JOURNEYS
from fairlead.domain.records import Kind, Rows
from fairlead.domain.setting import Values
from fairlead.features.flow_requests import rules, taking
from fairlead.features.flow_requests.models import FlowRequest, Outcome
from fairlead.features.flow_requests.rules import Action, Asked
from fairlead.salesforce import names
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.errors import RecordRefused as SalesforceRecordRefused
from fairlead.salesforce.errors import SetupRefused
from fairlead.salesforce.query import split_in
from fairlead.store import secrets
from fairlead.store.consent import PostgresConsentBook
from fairlead.store.models import KnownList, Org
from fairlead.sync.failures import CampaignMonitorUnavailable, campaign_monitor_failures, salesforce_failures
from fairlead.sync.list_sink import EMAIL, NAME, ListSink, list_target, take_off
from fairlead.sync.outward import CONTACT, LEAD

STAGE: Final = "requests"
AT_ONCE: Final = 200
"""Requests of one round: their records are read together, and their results told together."""


@dataclass(frozen=True, slots=True)
class Person:
    """A contact or lead as it is now."""

    email: str = field(repr=False)
    name: str = field(repr=False)
    out: bool = False


@dataclass(slots=True)
class Carrying:
    """One job over the requests of an org. `lists` are the lists looked after, with their clients."""

    org: Org
    campaign_monitor: CampaignMonitor
    salesforce: Salesforce
    clients: frozenset[str]
    settings: Values
    hashes: Callable[[Sequence[str]], list[bytes]]
    fence: Callable[[], None]
    tick: Callable[[], Awaitable[None]]
    lists: dict[str, str] = field(default_factory=dict)
    done: int = 0
    refused: int = 0

    async def run(self) -> None:
        """Carry out what is due, some at a time, until nothing is. Raises a Failure that is not about one request."""
        self.lists = await sync_to_async(self._lists)()
        while True:
            rows = await sync_to_async(lambda: list(taking.due(self.org)[:AT_ONCE]))()
            if not rows:
                break
            asked = {row.pk: _unsealed(row) for row in rows}
            people = await self._people({one.record for _, one in asked.values()})
            for row in rows:
                await self.tick()
                if row.outcome == Outcome.WAITING:
                    await self._one(row, asked[row.pk][1], people)
            await self._tell(rows, asked)
        await sync_to_async(taking.forget)(self.org)

    async def _one(self, row: FlowRequest, asked: Asked, people: Mapping[str, Person]) -> None:
        try:
            person = people.get(asked.record)
            if person is None or not person.email:
                raise rules.NobodyThere
            if asked.list and asked.list not in self.lists:
                raise rules.UnknownList
            await self._act(asked, person)
        except FixThisRecord as failure:
            row.outcome, row.support_code, row.reason = Outcome.REFUSED, failure.code, str(failure)
            self.refused += 1
        else:
            row.outcome = Outcome.DONE
            self.done += 1
        row.done_at = timezone.now()
        await sync_to_async(self._keep)(row)

    async def _act(self, asked: Asked, person: Person) -> None:
        """Do it. Raises FixThisRecord where it cannot be done for this subscriber."""
        match asked.action:
            case Action.ADD:
                await self._add(asked.list, person)
            case Action.UPDATE:
                await self._change(
                    asked.list, person, SubscriberWish(person.email, ConsentToTrack.UNCHANGED, person.name)
                )
            case Action.SET_FIELD:
                value = FieldValue(asked.custom_field, asked.value, clear=not asked.value)
                await self._change(
                    asked.list, person, SubscriberWish(person.email, ConsentToTrack.UNCHANGED, values=[value])
                )
            case _:
                await self._take_off(asked, person)

    async def _add(self, of: str, person: Person) -> None:
        """Add somebody whom no opt-out keeps away. Raises OptedOut, RequestRefused."""
        (key,) = self.hashes([person.email])
        book = PostgresConsentBook(self.org.pk, self.fence)
        known = (await book.shadows(self.lists[of], [key])).get(key)
        state = await self._state(of, person.email)
        left = Shown(Opt.OUT) if state == "Unsubscribed" else MISSING
        tick = Shown(Opt.OUT if person.out else Opt.IN)
        side = stands_in_the_way(known, tick, left, options(self.settings))
        if side is not None:
            raise rules.OptedOut(side)
        sink = ListSink(self.campaign_monitor, of, (EMAIL, NAME), trigger_journeys=self.settings.of(TRIGGER_JOURNEYS))
        target = list_target(of, (EMAIL, NAME))
        rows = Rows(target.fields, (Kind.TEXT,) * 3, ([person.email], [person.email], [person.name]))
        _check((await sink.upsert(target, rows)).failures)

    async def _change(self, of: str, person: Person, wish: SubscriberWish) -> None:
        with campaign_monitor_failures("change a subscriber"):
            try:
                await self.campaign_monitor.subscriptions.update(of, person.email, wish)
            except RecordRefused as error:
                raise rules.RequestRefused(f"Campaign Monitor refused it: {error.text}") from error

    async def _take_off(self, asked: Asked, person: Person) -> None:
        """From the list, or from all lists that have the address."""
        lists = [asked.list] if asked.list else await self._lists_of(person.email)
        unsubscribe = asked.action is Action.UNSUBSCRIBE
        for of in lists:
            gone = [(person.email, person.email)]
            _check((await take_off(self.campaign_monitor, of, gone, unsubscribe=unsubscribe)).failures)

    async def _lists_of(self, email: str) -> list[str]:
        """The lists on which Salesforce knows the address."""
        found: set[str] = set()
        soql = f"SELECT List__r.List_Id__c FROM {names.MEMBER} WHERE Email__c IN"
        with salesforce_failures("read members"):
            for part in split_in(soql, [email]):
                async for page in self.salesforce.query(part):
                    found |= {str((row["List__r"] or {}).get("List_Id__c")) for row in page}
        return sorted(found & set(self.lists))

    async def _state(self, of: str, email: str) -> str:
        with campaign_monitor_failures("read a subscriber"):
            try:
                return (await self.campaign_monitor.subscriber(of, email)).state
            except RecordRefused as error:
                if error.code != NOT_ON_THE_LIST:
                    raise
                return ""

    async def _people(self, ids: set[str]) -> dict[str, Person]:
        found: dict[str, Person] = {}
        for prefix, of in (("003", CONTACT), ("00Q", LEAD)):
            soql = f"SELECT Id, Email, Name, HasOptedOutOfEmail FROM {of} WHERE Id IN"
            with salesforce_failures("read who a request is about"):
                for part in split_in(soql, sorted(one for one in ids if one.startswith(prefix))):
                    async for page in self.salesforce.query(part):
                        found |= {str(row["Id"]): _person(row) for row in page}
        return found

    async def _tell(self, rows: Sequence[FlowRequest], asked: Mapping[Any, tuple[str, Asked]]) -> None:
        """Tell flows what became of requests, then forget what was asked for."""
        told = [row for row in rows if row.outcome != Outcome.WAITING]
        events = [_result(row, *asked[row.pk]) for row in told]
        # an org whose package is older does not have the event: the outcome is kept all the same
        with salesforce_failures("tell what became of requests"), suppress(*_CANNOT):
            await self.salesforce.collections.insert(names.REQUEST_RESULT, events)
        await sync_to_async(self._forget)([row.pk for row in told])

    def _keep(self, row: FlowRequest) -> None:
        with transaction.atomic():
            self.fence()
            row.save(update_fields=["outcome", "support_code", "reason", "done_at"])

    def _forget(self, keys: Sequence[int]) -> None:
        with transaction.atomic():
            self.fence()
            FlowRequest.objects.filter(pk__in=keys).update(sealed=None)

    def _lists(self) -> dict[str, str]:
        rows = KnownList.objects.filter(org=self.org, client_id__in=self.clients)
        return dict(rows.values_list("list_id", "client_id"))


_CANNOT: Final = (SetupRefused, SalesforceRecordRefused)


def _check(failures: Sequence[Any]) -> None:
    """Raise what was said against one subscriber: RequestRefused, or CampaignMonitorUnavailable where it may pass."""
    for failure in failures:
        if failure.retryable:
            raise CampaignMonitorUnavailable(failure.reason)
        raise rules.RequestRefused(failure.reason)


def _unsealed(row: FlowRequest) -> tuple[str, Asked]:
    """The request's id, and what it asks for."""
    name, action, record, of, asked_field, value, *more = json.loads(secrets.unseal(bytes(row.sealed or b"")))
    return name, Asked(Action(action) if action else Action.SEND, record, of, asked_field, value, *more)


def _person(row: Mapping[str, Any]) -> Person:
    return Person(normal(row["Email"] or ""), str(row["Name"] or ""), bool(row["HasOptedOutOfEmail"]))


def _result(row: FlowRequest, name: str, asked: Asked) -> dict[str, Any]:
    """The event that tells what became of a request."""
    return {
        "Request_Id__c": name,
        "Record_Id__c": asked.record,
        "Action__c": row.action,
        "Outcome__c": str(row.outcome),
        "Code__c": row.support_code,
        "Message__c": row.reason[:250],
    }
