"""The sink on a list of Campaign Monitor: adds and changes subscribers, a thousand a call. It brings nobody back.

A column is `EmailAddress`, `Name`, `MobileNumber`, `ConsentToTrack`, `ConsentToSendSms`, or the key of a custom field in
brackets; the first is the record's key. A blank leaves a value as it is.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.campaignmonitor.errors import CampaignMonitorError, RecordRefused, SetupRefused, Unavailable
from fairlead.campaignmonitor.imports import PER_CALL
from fairlead.campaignmonitor.subscriptions import NOT_ON_THE_LIST
from fairlead.campaignmonitor.wishes import ConsentToTrack, FieldValue, SubscriberWish
from fairlead.domain.records import Kind, Outcome, RowFailure, Rows, Scope
from fairlead.sync.failures import campaign_monitor_failures
from fairlead.sync.ports import BulkJobFailed, JobOutcome, Target

CLEAR: Final = "\x00"
"""A value that empties the field."""

SEVERAL: Final = "\x1f"
"""Between the values of a field of several choices."""

KEY: Final = "Key"
EMAIL: Final = "EmailAddress"
NAME: Final = "Name"
MOBILE: Final = "MobileNumber"
CONSENT_TO_TRACK: Final = "ConsentToTrack"
CONSENT_TO_SEND_SMS: Final = "ConsentToSendSms"
AT_ONCE: Final = 4
"""Calls of one import on their way at a time; the account's own limit holds as well."""

_NO_END: Final = 1 << 60
_CELLS: Final = msgspec.json.Decoder(list[list[str]])


def list_target(list_id: str, fields: Sequence[str]) -> Target:
    """What is written of a list's subscribers: the key first, then these fields."""
    names = (KEY, *fields)
    return Target(f"list {list_id}", KEY, names, (Kind.TEXT,) * len(names))


@dataclass(slots=True)
class _Job:
    """An import on its way: what became of its rows, and those that were refused."""

    outcome: Outcome = field(default_factory=Outcome)
    refused: list[tuple[str, ...]] = field(default_factory=list)

    def refuse(self, cells: tuple[str, ...], error: CampaignMonitorError) -> None:
        """A row that was not written."""
        self.outcome.failures.append(refusal(cells[0], error))
        self.refused.append(cells)


class ListSink:
    """Writes subscribers of one list. `before_call` is called before each call, and may raise to end the writing.

    An import is written as it is streamed: given up half-way, what was sent stays, and sending it again changes nothing.
    """

    small_door = PER_CALL
    job_bytes = _NO_END

    def __init__(
        self,
        account: CampaignMonitor,
        list_id: str,
        fields: Sequence[str],
        *,
        trigger_journeys: bool = True,
        before_call: Callable[[], None] = lambda: None,
    ) -> None:
        self._account = account
        self._list = list_id
        self._fields = (KEY, *fields)
        self._trigger = trigger_journeys
        self._before_call = before_call
        self._jobs: dict[str, _Job] = {}
        self.added = 0
        """Subscribers that were new to the list, of all that were written."""

    async def upsert(self, target: Target, rows: Rows) -> Outcome:
        """Add or change these subscribers now."""
        job = _Job()
        for part in _parts(list(rows.records())):
            await self._write(job, part)
        return job.outcome

    def encode(self, rows: Rows, *, header: bool) -> bytes:
        """Rows as `send` takes them."""
        return msgspec.json.encode(list(rows.records()))

    async def open_job(self, target: Target) -> str:
        """A name for an import; Campaign Monitor knows nothing of it."""
        job = f"import-{uuid.uuid4().hex}"
        self._jobs[job] = _Job()
        return job

    async def send(self, job: str, chunks: AsyncIterator[bytes]) -> None:
        """Write what is streamed, some calls at a time."""
        held = self._jobs[job]
        waiting: list[tuple[str, ...]] = []
        calls: set[asyncio.Task[None]] = set()
        try:
            async for chunk in chunks:
                waiting += [tuple(cells) for cells in _CELLS.decode(chunk)]
                while len(waiting) >= PER_CALL:
                    calls = await _room(calls)
                    calls.add(asyncio.create_task(self._write(held, waiting[:PER_CALL])))
                    waiting = waiting[PER_CALL:]
            if waiting:
                calls.add(asyncio.create_task(self._write(held, waiting)))
            await asyncio.gather(*calls)
        finally:
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)

    async def start_job(self, job: str) -> None:
        """Nothing is left to do. Raises BulkJobFailed for an import of an earlier attempt: its rows are written again."""
        if job not in self._jobs:
            raise BulkJobFailed("An import of an earlier attempt was cut short.")

    async def finish_job(self, job: str, target: Target) -> JobOutcome:
        """What became of every row."""
        await self.start_job(job)
        held = self._jobs.pop(job)
        columns = tuple([cells[i] for cells in held.refused] for i in range(len(target.fields)))
        return JobOutcome(held.outcome, Rows(target.fields, target.kinds, columns) if held.refused else None)

    async def abandon_job(self, job: str) -> bool:
        """Forget an import; what it wrote is written again, and changes nothing then."""
        self._jobs.pop(job, None)
        return True

    async def count_older(self, target: Target, scope: Scope, run: int) -> tuple[int, int]:
        """Subscribers carry no number of a run: nothing is ever swept here."""
        return 0, 0

    async def delete_older(self, target: Target, scope: Scope, run: int, keep: Collection[str]) -> int:
        """Nothing: see `count_older`."""
        return 0

    async def _write(self, job: _Job, rows: Sequence[tuple[str, ...]]) -> None:
        wishes: list[SubscriberWish] = []
        sent: list[tuple[str, ...]] = []
        for cells in rows:
            try:
                wishes.append(_wish(self._fields, cells))
                sent.append(cells)
            except RecordRefused as error:
                job.refuse(cells, error)
        if not wishes:
            return
        self._before_call()
        with campaign_monitor_failures("write subscribers"):
            told = await self._account.subscriptions.import_(self._list, wishes, queue_autoresponders=self._trigger)
        self.added += told.new
        for cells, one in zip(sent, told.outcomes, strict=True):
            if one.error is None:
                job.outcome.written += 1
            else:
                job.refuse(cells, one.error)


async def take_off(
    account: CampaignMonitor, list_id: str, addresses: Sequence[tuple[str, str]], *, unsubscribe: bool = False
) -> Outcome:
    """Delete subscribers (key, address) from a list, or unsubscribe them; who is not on it counts as done.

    One call each, some at a time. Raises a Failure where it is not about one address.
    """
    outcome, gate = Outcome(), asyncio.Semaphore(AT_ONCE)
    act = account.subscriptions.unsubscribe if unsubscribe else account.subscriptions.delete

    async def leave(key: str, address: str) -> None:
        async with gate:
            with campaign_monitor_failures("take a subscriber off a list"):
                try:
                    await act(list_id, address)
                except RecordRefused as error:
                    if error.code != NOT_ON_THE_LIST:
                        outcome.failures.append(refusal(key, error))
                        return
        outcome.written += 1

    calls = [asyncio.create_task(leave(key, address)) for key, address in addresses]
    try:
        await asyncio.gather(*calls)
    finally:
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
    return outcome


def refusal(key: str, error: CampaignMonitorError) -> RowFailure:
    """What Campaign Monitor said against one subscriber, as the ledger keeps it: its texts name nobody."""
    passing = isinstance(error, Unavailable)
    return RowFailure(
        key, str(error.code or "CM"), str(error), retryable=passing, blocks=isinstance(error, SetupRefused)
    )


def _wish(fields: Sequence[str], cells: Sequence[str]) -> SubscriberWish:
    """A row as it is asked for. Raises RecordRefused for a consent in other words than Campaign Monitor's."""
    given = {name: text for name, text in zip(fields, cells, strict=True) if text}
    return SubscriberWish(
        email=given.get(EMAIL, ""),
        consent_to_track=_consent(given, CONSENT_TO_TRACK) or ConsentToTrack.UNCHANGED,
        name=_plain(given.get(NAME)),
        values=[each for name in fields if name.startswith("[") for each in _values(name, given.get(name, ""))],
        mobile_number=_plain(given.get(MOBILE)),
        consent_to_send_sms=_consent(given, CONSENT_TO_SEND_SMS),
    )


def _consent(given: Mapping[str, str], name: str) -> ConsentToTrack | None:
    try:
        return ConsentToTrack(given[name]) if name in given else None
    except ValueError:
        told = ", ".join(ConsentToTrack)
        raise RecordRefused(f"{name} is none of {told}.", next_step="Correct the value.") from None


def _plain(text: str | None) -> str | None:
    return "" if text == CLEAR else text


def _values(key: str, text: str) -> Iterator[FieldValue]:
    if text == CLEAR:
        yield FieldValue(key, clear=True)
    elif text:
        yield from (FieldValue(key, one) for one in text.split(SEVERAL))


def _parts(rows: Sequence[tuple[str, ...]]) -> Iterator[Sequence[tuple[str, ...]]]:
    for start in range(0, len(rows), PER_CALL):
        yield rows[start : start + PER_CALL]


async def _room(calls: "set[asyncio.Task[None]]") -> "set[asyncio.Task[None]]":
    """Wait until there is room for another call; raises what one of them raised."""
    while len(calls) >= AT_ONCE:
        done, calls = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        for call in done:
            call.result()
    return calls
