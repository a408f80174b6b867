"""Managing a person's lists: planned from what both sides show now, carried out list by list, audited without the address.

Nothing here brings anybody back: adding asks the consent guard first, and the calls forbid it.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Self

from asgiref.sync import sync_to_async

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.campaignmonitor.errors import OutcomeUnknown, RecordRefused
from fairlead.campaignmonitor.wishes import ConsentToTrack, SubscriberWish
from fairlead.domain.consent import MISSING, Opt, Shown
from fairlead.domain.consent_settings import options
from fairlead.domain.failure import Failure, FixThisRecord
from fairlead.domain.outward_settings import PAUSED, TRIGGER_JOURNEYS
from fairlead.domain.records import Kind, Rows
from fairlead.domain.setting import Values
from fairlead.features.people import kept, org, standing
from fairlead.features.people.asking import Whom, whom
from fairlead.features.people.facts import Person
from fairlead.features.people.rules.memberships import (
    DELETED,
    Act,
    Consent,
    IsSuppressed,
    Place,
    Step,
    plan,
)
from fairlead.salesforce.client import Salesforce
from fairlead.store import audit, hashing, setting_rows
from fairlead.store.consent import PostgresConsentBook
from fairlead.store.models import KnownList, Org
from fairlead.sync import known, sides
from fairlead.sync.failures import CampaignMonitorUnavailable, campaign_monitor_failures, salesforce_failures
from fairlead.sync.list_sink import EMAIL, NAME, ListSink, list_target, take_off

Check = Callable[[Org, Salesforce, CampaignMonitor, Values], Awaitable[None]]
"""Raises a Failure where this installation may not write to the account, such as a sandbox."""


class NotTaken(FixThisRecord):
    """Campaign Monitor would not do it for this person."""

    code = "FL-626"
    next_step = "Look at the subscriber in Campaign Monitor."

    def __init__(self, why: str) -> None:
        super().__init__(f"Campaign Monitor refused it: {why}")


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one step; `problem` is None where it was done, or nothing was to be done."""

    step: Step
    problem: Failure | None = None

    @property
    def done(self) -> bool:
        """Whether something was changed."""
        return self.step.changes and self.problem is None

    def as_dict(self) -> dict[str, Any]:
        """For JSON, the list by its id."""
        place, refused = self.step.place, self.problem or self.step.refused
        return {
            "list_id": place.list,
            "list": place.name,
            "client": place.client_name,
            "state_before": place.state,
            "done": self.done,
            "will": self.step.will,
            "code": refused.code if refused is not None else "",
            "message": str(refused) if refused is not None else "",
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """What an act would do, step by step; `out` are lists that mail to the person and are left alone, being of a client
    that is not selected.
    """

    act: Act
    address: str = field(repr=False)
    steps: Sequence[Step]
    elsewhere: Sequence[str] = ()

    @property
    def changes(self) -> bool:
        """Whether anything would be done."""
        return any(step.changes for step in self.steps)


@dataclass(slots=True)
class _Provided:
    check: Check | None = None


_provided = _Provided()


def provide(check: Check | None) -> None:
    """Say who tells whether this installation may write to the account; a later call replaces an earlier one."""
    _provided.check = check


def places(who: Org) -> list[Place]:
    """All lists of selected clients, as they are known here, without states. Plain Django."""
    selected = [one.scope.id for one in known.clients(who.pk) if one.selected]
    rows = KnownList.objects.filter(org=who, client_id__in=selected)
    return [Place(row.list_id, row.name, row.client_id, row.client_name) for row in rows]


async def preview(who: Org, asked: str, act: Act, lists: Collection[str], *, email_field: str = "") -> Plan:
    """What an act would do to the first address of whom is asked for. Nothing is written. Raises a Failure."""
    async with _Managing(who, act) as managing:
        return await managing.planned(await managing.find(asked, email_field), lists)


async def carry_out(
    who: Org, asked: str, act: Act, lists: Collection[str], *, by: str, email_field: str = ""
) -> list[Done]:
    """Do it, as far as it may be done now; one list that is refused stops no other. Raises a Failure before anything.

    What is done is audited: lists, record or hash, never the address. It is written down before anything is done, so that
    an end in between leaves a trace; doing it again changes nothing more.
    """
    async with _Managing(who, act) as managing:
        person = await managing.find(asked, email_field)
        made = await managing.planned(person, lists)
        if made.changes:
            await managing.check()
        begun = {"lists": [{"list": step.place.list} for step in made.steps], "records": managing.records}
        entry = await sync_to_async(audit.record)(who, by, f"manage lists: {act}", person.subject, after=begun)
        done = [await managing.carry_out(step, made.address) for step in made.steps]
    if entry is not None:
        told = [{"list": one.step.place.list, "done": one.done, "code": _code(one)} for one in done]
        entry.after = begun | {"lists": told}
        await sync_to_async(entry.save)(update_fields=["after"])
    return done


def _code(one: Done) -> str:
    refused = one.problem or one.step.refused
    return refused.code if refused is not None else ""


class _Managing:
    """One act over one person: both sides opened, what stands for and against it read."""

    def __init__(self, who: Org, act: Act) -> None:
        self._who, self._act = who, act
        self._open = AsyncExitStack()
        self._people: list[Person] = []

    async def __aenter__(self) -> Self:
        self._clients = await sync_to_async(known.clients)(self._who.pk)
        self._settings: Values = await sync_to_async(setting_rows.values)(self._who)
        self._account = await self._open.enter_async_context(sides.campaign_monitor(self._who.pk))
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._open.aclose()

    @property
    def records(self) -> list[str]:
        """Ids of the records that have the address."""
        return [one.id for one in self._people]

    async def find(self, asked: str, email_field: str) -> Whom:
        """Whom it is about."""
        self._matching = await sync_to_async(kept.matching)(self._who)
        return await whom(self._who, asked, self._matching, email_field=email_field)

    async def check(self) -> None:
        """Ask whether this installation may write. An opt-out is carried out all the same."""
        if _provided.check is not None and self._act in (Act.ADD, Act.REMOVE):
            await _provided.check(self._who, await self._org(), self._account, self._settings)

    async def planned(self, person: Whom, lists: Collection[str]) -> Plan:
        """The plan, from what both sides show now."""
        address = person.addresses[0]
        wanted = standing.Wanted(self._act, lists, await sync_to_async(places)(self._who))
        found, elsewhere = await standing.read(self._account, self._clients, address, wanted)
        consent = await self._consent(address) if self._act is Act.ADD else Consent()
        paused = self._settings.of(PAUSED)
        return Plan(self._act, address, plan(self._act, lists, found, consent, paused=paused), elsewhere)

    async def carry_out(self, step: Step, address: str) -> Done:
        """Do one step. What is refused is told; what is about the whole account is told of each list."""
        if not step.changes:
            return Done(step)
        try:
            if self._act is Act.ADD:
                await self._add(step.place, address)
            else:
                unsubscribe = self._act is not Act.REMOVE
                off = [(address, address)]
                _check((await take_off(self._account, step.place.list, off, unsubscribe=unsubscribe)).failures)
        except Failure as failure:
            return Done(step, failure)
        return Done(step)

    async def _add(self, place: Place, address: str) -> None:
        """Raises OptedOut, IsSuppressed or NotTaken where somebody left meanwhile."""
        name = await self._name()
        if place.state == DELETED:
            await self._add_deleted(place, SubscriberWish(address, ConsentToTrack.UNCHANGED, name or None))
            return
        trigger = self._settings.of(TRIGGER_JOURNEYS)
        sink = ListSink(self._account, place.list, (EMAIL, NAME), trigger_journeys=trigger)
        target = list_target(place.list, (EMAIL, NAME))
        row = Rows(target.fields, (Kind.TEXT,) * 3, ([address], [address], [name]))
        _check((await sink.upsert(target, row)).failures)

    async def _add_deleted(self, place: Place, wish: SubscriberWish) -> None:
        with campaign_monitor_failures("add a removed subscriber again"):
            try:
                state = await self._account.subscriptions.add_deleted(place.client, place.list, wish)
            except RecordRefused as error:
                raise NotTaken(error.text) from error
            except OutcomeUnknown as error:
                raise CampaignMonitorUnavailable("Nobody can tell whether the person was added.") from error
        if state == "Suppressed":
            raise IsSuppressed(place.client_name)
        if state != DELETED:
            raise NotTaken(f"The person is {state} there by now.")

    async def _consent(self, address: str) -> Consent:
        """What stands against adding: what is remembered, and the tick boxes, read now. Raises a Failure."""
        crm = await self._org()
        with salesforce_failures("read who has the address"):
            self._people = await org.people(crm, address, self._matching)
        (key,) = hashing.keyed_hashes([address])
        book = PostgresConsentBook(self._who.pk, lambda: None)
        shadows = {}
        for client in self._clients:
            shadow = (await book.shadows(client.scope.id, [key])).get(key)
            if shadow is not None:
                shadows[client.scope.id] = shadow
        boxes = [one.opted_out for one in self._people]
        box = Shown(Opt.OUT if any(boxes) else Opt.IN) if boxes else MISSING
        return Consent(shadows, box, options(self._settings))

    async def _name(self) -> str:
        """The person's name in Salesforce, blank where no record has the address."""
        first = next((one for one in self._people if not one.converted), None)
        if first is None:
            return ""
        kind = "Lead" if first.kind == "Lead" else "Contact"
        with salesforce_failures("read a name"):
            found = await org.rows(await self._org(), f"SELECT Name FROM {kind} WHERE Id = '{first.id}'")
        return str(found[0]["Name"] or "") if found else ""

    async def _org(self) -> Salesforce:
        """The org, opened when it is first needed: to unsubscribe somebody it is not."""
        if not hasattr(self, "_crm"):
            self._crm = await self._open.enter_async_context(sides.salesforce(self._who.pk))
        return self._crm


def _check(failures: Sequence[Any]) -> None:
    """Raise what was said against the person: NotTaken, or CampaignMonitorUnavailable where it may pass."""
    for failure in failures:
        if failure.retryable:
            raise CampaignMonitorUnavailable(failure.reason)
        raise NotTaken(failure.reason)
