"""The list that an import writes to: the port, and what stands behind it in a Campaign Monitor account."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, repeat
from typing import Final, Protocol

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.campaignmonitor.errors import (
    AddedTooOften,
    CampaignMonitorError,
    OutcomeUnknown,
    RecordRefused,
    SetupRefused,
    Unavailable,
)
from fairlead.campaignmonitor.list_settings import DataType, FieldWish
from fairlead.campaignmonitor.segments import RuleGroup, SegmentRule
from fairlead.campaignmonitor.subscribers import State
from fairlead.campaignmonitor.timezones import to_utc, zone
from fairlead.campaignmonitor.wishes import (
    NO_DATE,
    ConsentToTrack,
    FieldValue,
    ImportRow,
    ImportValue,
    SubscriberWish,
)
from fairlead.domain.address import normal
from fairlead.features.import_wizard.rules.columns import ListField
from fairlead.features.import_wizard.rules.rows import CLEAR, SEVERAL, Person, Why
from fairlead.features.import_wizard.rules.wishes import Wishes
from fairlead.sync.failures import campaign_monitor_failures
from fairlead.sync.list_sink import take_off
from fairlead.sync.stage import ClientScope

PER_CALL: Final = 1_000
DOING: Final = "write subscribers"
_NOT_THERE: Final = 203
_UNCHANGED: Final = ConsentToTrack.UNCHANGED.value
_TAKEN: Final = (250, 255, 275)
MARK: Final = "1"
"""What the hidden field of an import's segment holds while somebody is in the source."""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the people of one call: by their place a code for those refused. `new`: how many joined."""

    refused: Mapping[int, str]
    new: int


@dataclass(frozen=True, slots=True)
class OnList:
    """Somebody who is on the list, and when they came to be (seconds since 1970, to the minute; 0 where that is not told)."""

    address: str
    since: float = 0.0


class Subscribers(Protocol):
    """The subscribers of one list. All calls raise a Failure where it is not about one person."""

    async def fields(self) -> Sequence[ListField]:
        """The list's custom fields."""
        ...

    async def create_field(self, name: str, kind: str, *, visible: bool = True) -> str:
        """The key of a custom field of this name, made where it is not there."""
        ...

    async def write(self, people: Wishes) -> Written:
        """Add or change at most `PER_CALL` people in one call; who left in whatever way is refused, each with a code."""
        ...

    async def add_deleted(self, person: Person) -> Why | str:
        """Add somebody again whose state is Deleted just now, and who is not suppressed; why not else, blank if done."""
        ...

    def active(self, *, unconfirmed: bool = False) -> AsyncIterator[Sequence[OnList]]:
        """Who is active now, a page at a time; `unconfirmed`: and who has not confirmed yet."""
        ...

    async def take_off(self, addresses: Sequence[str]) -> Mapping[str, str]:
        """Delete people from the list; codes of those who could not be, by address."""
        ...

    async def segment(self, title: str, field_key: str, known: str) -> str:
        """The id of the segment of those whose field holds `MARK`; made where `known` is blank or gone."""
        ...


class AccountList:
    """One list of an account. `before_call` is called before each write, and may raise to end the run."""

    def __init__(
        self,
        account: CampaignMonitor,
        client: ClientScope,
        list_id: str,
        *,
        trigger_journeys: bool = True,
        before_call: Callable[[], None] = lambda: None,
    ) -> None:
        self._account = account
        self._client = client.id
        self._time_zone = client.time_zone
        self._list = list_id
        self._trigger = trigger_journeys
        self._before_call = before_call
        self._dates: set[str] = set()

    async def fields(self) -> Sequence[ListField]:
        """The list's custom fields; keys as the calls want them."""
        with campaign_monitor_failures("read the custom fields of a list"):
            found = await self._account.custom_fields(self._list)
        fields = [ListField(one.key, one.name, one.data_type) for one in found]
        self._dates = {one.key for one in fields if one.type == "Date"}
        return fields

    async def create_field(self, name: str, kind: str, *, visible: bool = True) -> str:
        """The key of the custom field, which somebody may have made meanwhile."""
        self._before_call()
        with campaign_monitor_failures("create a custom field"):
            try:
                return await self._account.list_settings.create_field(
                    self._list, FieldWish(name, DataType(kind), visible=visible)
                )
            except SetupRefused as refused:
                if refused.code not in _TAKEN:
                    raise
        found = {one.name.strip().casefold(): one.key for one in await self.fields()}
        return found[name.strip().casefold()]

    async def write(self, people: Wishes) -> Written:
        """One import call."""
        self._before_call()
        rows = self._rows(people)
        with campaign_monitor_failures(DOING):
            told = await self._account.subscriptions.import_rows(self._list, rows, queue_autoresponders=self._trigger)
        return Written({place: code_of(error) for place, error in told.refused.items()}, told.new)

    async def add_deleted(self, person: Person) -> Why | str:
        """By `Subscriptions.add_deleted`, which reads the state just before."""
        self._before_call()
        with campaign_monitor_failures("add a deleted subscriber again"):
            try:
                state = await self._account.subscriptions.add_deleted(self._client, self._list, self._wish(person))
            except (OutcomeUnknown, AddedTooOften):
                return Why.PASSING
            except RecordRefused as refused:
                return Why.NOT_DELETED if refused.code == _NOT_THERE else str(refused.code)
        if state == "Deleted":
            return ""
        return Why.SUPPRESSED if state == "Suppressed" else Why.NOT_DELETED

    async def active(self, *, unconfirmed: bool = False) -> AsyncIterator[Sequence[OnList]]:
        """Read from the account, a thousand a call."""
        place = zone(self._time_zone)
        states: tuple[State, ...] = ("Active", "Unconfirmed") if unconfirmed else ("Active",)
        with campaign_monitor_failures("read the subscribers of a list"):
            async with aclosing(self._account.in_states(self._list, states, tracking_preference=False)) as pages:
                async for page in pages:
                    moments = to_utc([row.date for row in page.rows], place)
                    yield [OnList(row.email, _seconds(moment)) for row, moment in zip(page.rows, moments, strict=True)]

    async def take_off(self, addresses: Sequence[str]) -> Mapping[str, str]:
        """One call each, some at a time."""
        self._before_call()
        told = await take_off(self._account, self._list, [(normal(one), one) for one in addresses])
        return {failure.key: failure.code for failure in told.failures}

    async def segment(self, title: str, field_key: str, known: str) -> str:
        """The segment by its rule on the hidden field."""
        self._before_call()
        with campaign_monitor_failures("create a segment"):
            there = await self._account.segments.of_list(self._list)
            if known and known in {one.segment_id for one in there}:
                return known
            same = next((one.segment_id for one in there if one.title.strip() == title.strip()), "")
            if same:
                return same
            rule = RuleGroup((SegmentRule(field_key, f"EQUALS {MARK}"),))
            return await self._account.segments.create(self._list, title, [rule])

    def _rows(self, people: Wishes) -> list[ImportRow]:
        """As `_wish`, by column."""
        names: Iterable[str | None] = repeat(None)
        if people.names is not None:
            names = ["" if name == CLEAR else name for name in people.names]
        tracks = repeat(_UNCHANGED) if people.tracks is None else [one or _UNCHANGED for one in people.tracks]
        sms = repeat(None) if people.sms is None else [one or None for one in people.sms]
        values: Iterable[tuple[ImportValue, ...]] = repeat(())
        if people.values:
            columns = [self._column(key, texts) for key, texts in people.values]
            values = [tuple(chain.from_iterable(each)) for each in zip(*columns, strict=True)]
        return list(map(ImportRow, people.emails, tracks, names, values, people.mobiles or repeat(None), sms))

    def _column(self, key: str, texts: Sequence[str]) -> list[tuple[ImportValue, ...]]:
        """What is sent of one custom field for each person; equal texts are made once."""
        made: dict[str, tuple[ImportValue, ...]] = {"": ()}
        for text in set(texts) - {""}:
            if text == CLEAR:
                made[text] = (ImportValue(key, NO_DATE) if key in self._dates else ImportValue(key, "", True),)
            else:
                made[text] = tuple(ImportValue(key, part) for part in text.split(SEVERAL))
        return [made[text] for text in texts]

    def _wish(self, one: Person) -> SubscriberWish:
        return SubscriberWish(
            email=one.email,
            consent_to_track=ConsentToTrack(one.track or ConsentToTrack.UNCHANGED),
            name="" if one.name == CLEAR else one.name,
            values=[each for key, text in one.values for each in self._values(key, text)],
            mobile_number=one.mobile,
            consent_to_send_sms=ConsentToTrack(one.sms) if one.sms else None,
        )

    def _values(self, key: str, text: str) -> list[FieldValue]:
        if text == CLEAR:
            return [FieldValue(key, NO_DATE) if key in self._dates else FieldValue(key, clear=True)]
        return [FieldValue(key, part) for part in text.split(SEVERAL)]


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp() if moment else 0.0


def code_of(error: CampaignMonitorError | None) -> str:
    """A refusal's code as it is kept; blank for none."""
    if error is None:
        return ""
    if isinstance(error, Unavailable):
        return Why.PASSING
    return str(error.code) if error.code else Why.TWICE


async def with_room(calls: "set[asyncio.Task[None]]", most: int) -> "set[asyncio.Task[None]]":
    """Wait until there is room for another call; raises what one of them raised."""
    while len(calls) >= most:
        done, calls = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        for call in done:
            call.result()
    return calls
