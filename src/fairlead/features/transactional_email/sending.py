"""Sending what waits: records are read as they are now, each send is noted before Campaign Monitor is asked, and once.

A send whose answer was lost, or whose worker died, stays noted as *sending*: it is looked for in Campaign Monitor's message
log, by a mark beside its variables, before anything is sent again. A round's sends are on their way together.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, cast

from asgiref.sync import sync_to_async
from django.db import transaction
from django.utils import timezone

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.campaignmonitor.errors import (
    CampaignMonitorError,
    OutcomeUnknown,
    RecordRefused,
    RequestWrong,
    SetupRefused,
    Unavailable,
)
from fairlead.campaignmonitor.messages import Message
from fairlead.campaignmonitor.transactional import Accepted, Consent
from fairlead.domain.failure import Failure, the_one_to_act_on
from fairlead.domain.setting import Values
from fairlead.features.transactional_email import keeping, mirror, org, queue
from fairlead.features.transactional_email.keeping import Kept
from fairlead.features.transactional_email.models import Send, SentMessage
from fairlead.features.transactional_email.rules import log
from fairlead.features.transactional_email.rules.failures import (
    NoSuchRecord,
    NotActive,
    RateLimitHit,
    SendRefused,
)
from fairlead.features.transactional_email.rules.filling import MARK, Letter, letter
from fairlead.features.transactional_email.rules.log import Logged, Unclear
from fairlead.features.transactional_email.rules.words import Kind, State
from fairlead.features.transactional_email.settings import BATCH, SETTLE_MINUTES
from fairlead.salesforce.client import Salesforce
from fairlead.store import orgs, secrets
from fairlead.store.models import Org
from fairlead.sync.failures import campaign_monitor_failures

AT_ONCE: Final = 8
TOO_MANY: Final = 429


@dataclass(slots=True)
class Noted:
    """What is sealed of a send from before it is sent until it is done. `before`: the newest message of the log by then."""

    lines: Mapping[str, Sequence[str]] = field(repr=False)
    joins: Sequence[str] = field(repr=False)
    who: str
    client: str
    smart: str
    before: str

    def sealed(self) -> bytes:
        """As it is kept."""
        told = [self.lines, self.joins, self.who, self.client, self.smart, self.before]
        return secrets.seal(json.dumps(told))

    @classmethod
    def opened(cls, row: Send) -> "Noted":
        """Of a row."""
        return cls(*json.loads(secrets.unseal(bytes(row.sealed or b""))))

    @property
    def everybody(self) -> frozenset[str]:
        """All recipients, in normal form."""
        return frozenset(log.recipient(one) for line in self.lines.values() for one in line)


@dataclass(slots=True)
class Ready:
    """A send whose e-mail is filled."""

    row: Send
    kept: Kept
    letter: Letter
    noted: Noted


Answer = list[Accepted] | CampaignMonitorError


@dataclass(slots=True)
class Sending:
    """One job over the queue of an org. `fence` is called in each transaction."""

    org: Org
    account: CampaignMonitor
    crm: Salesforce
    settings: Values
    fence: Callable[[], None]
    tick: Callable[[], Awaitable[None]]
    sent: int = 0
    unclear: int = 0
    refused: list[Failure] = field(default_factory=list)
    _mappings: dict[str, Kept | Failure] = field(default_factory=dict)
    _blocked: dict[str, Failure] = field(default_factory=dict)
    """Mappings that the account's set-up does not let be sent: theirs wait, the others go on."""

    async def run(self) -> None:
        """Settle what is unclear, then send what waits. Raises a Failure that is not about one e-mail."""
        self.refused += await sync_to_async(queue.refuse_old)(self.org, timezone.now(), self.fence)
        await self.settle()
        while True:
            await self.tick()
            self._mappings.clear()
            rows = await sync_to_async(queue.waiting)(self.org, self.settings.of(BATCH), self._blocked)
            if not rows:
                break
            await self._round(rows)
        if self._blocked:
            raise next(iter(self._blocked.values()))

    @property
    def problem(self) -> Failure | None:
        """Of what was refused, the one to act on."""
        if not self.refused:
            return None
        return the_one_to_act_on(self.refused, "e-mails", self.sent + len(self.refused))

    # ---- one round

    async def _round(self, rows: Sequence[Send]) -> None:
        ready = await self._ready(rows)
        if not ready:
            return
        await sync_to_async(self._note)(ready)
        await self.tick()
        gate = asyncio.Semaphore(AT_ONCE)
        answers = await asyncio.gather(*(self._one(one, gate) for one in ready))
        stop = await sync_to_async(self._outcome)(ready, answers)
        if stop is not None:
            raise _as_failure(stop) from stop

    async def _ready(self, rows: Sequence[Send]) -> list[Ready]:
        """Those whose e-mail could be filled; the others are refused."""
        by_mapping: dict[str, list[Send]] = {}
        for row in rows:
            by_mapping.setdefault(row.mapping, []).append(row)
        ready: list[Ready] = []
        refused: list[tuple[Send, Failure]] = []
        for uid, group in by_mapping.items():
            try:
                kept = await self._kept(uid)
                found = await org.records(self.crm, kept.plan, [row.record_id for row in group], kept.draft.name)
            except Failure as failure:
                if not _about_mappings(failure):
                    raise
                refused += [(row, failure) for row in group]
                continue
            before = await self._newest(kept)
            for row in group:
                try:
                    ready.append(self._filled(row, kept, found, before))
                except Failure as failure:
                    refused.append((row, failure))
        await sync_to_async(self._refuse)(refused)
        return ready

    def _filled(self, row: Send, kept: Kept, found: Mapping[str, Any], before: str) -> Ready:
        record = found.get(row.record_id)
        if record is None:
            raise NoSuchRecord(kept.plan.object)
        made = letter(kept.draft, kept.plan, record)
        noted = Noted(made.lines, made.joins, made.who, kept.client, kept.draft.smart, before)
        return Ready(row, kept, made, noted)

    async def _kept(self, uid: str) -> Kept:
        known = self._mappings.get(uid)
        if known is None:
            try:
                known = await sync_to_async(keeping.kept)(self.org, uid)
            except Failure as failure:
                known = failure
            self._mappings[uid] = known
        if isinstance(known, Failure):
            raise known
        return known

    async def _newest(self, kept: Kept) -> str:
        """The id of the newest message of a smart e-mail, blank for none: later ones stand before it in the log."""
        with campaign_monitor_failures("read the message log"):
            try:
                found = await self.account.messages.listed(kept.client, smart_id=kept.draft.smart, count=1)
            except SetupRefused as refused:
                if refused.code not in mirror.NONE_SUCH:
                    raise
                return ""  # the send itself says what is wrong
        return found[0].message_id if found else ""

    def _note(self, ready: Sequence[Ready]) -> None:
        """From here on Campaign Monitor may have them."""
        now = timezone.now()
        with transaction.atomic():
            self.fence()
            for one in ready:
                one.row.state, one.row.sealed, one.row.sending_at = State.SENDING, one.noted.sealed(), now
                one.row.attempts += 1
                one.row.save(update_fields=["state", "sealed", "sending_at", "attempts"])

    async def _one(self, one: Ready, gate: asyncio.Semaphore) -> Answer:
        lines = one.letter.lines
        async with gate:
            try:
                return await self.account.transactional.send_smart(
                    one.kept.draft.smart,
                    lines[Kind.TO],
                    cc=lines[Kind.CC],
                    bcc=lines[Kind.BCC],
                    consent_to_track=cast("Consent", one.kept.draft.track),
                    data={**one.letter.data, MARK: queue.mark_of(one.row.id_hash)},
                    add_recipients_to_list=False,
                )
            except CampaignMonitorError as error:
                return error

    def _outcome(self, ready: Sequence[Ready], answers: Sequence[Answer]) -> CampaignMonitorError | None:
        """Keep what became of a round; gives what stops the job, if anything does."""
        stop: CampaignMonitorError | None = None
        with transaction.atomic():
            orgs.lock(self.org.pk)
            self.fence()
            for one, answer in zip(ready, answers, strict=True):
                if not isinstance(answer, CampaignMonitorError):
                    self._accepted(one.row, one.noted, [told.message_id for told in answer])
                    continue
                if isinstance(answer, OutcomeUnknown):
                    self.unclear += 1
                elif (failure := _refusal(answer)) is not None:
                    queue.end(self.org, one.row, failure)
                    self.refused.append(failure)
                else:  # it was not sent, for sure: it waits
                    one.row.state, one.row.sealed = State.WAITING, None
                    one.row.save(update_fields=["state", "sealed"])
                    if isinstance(answer, SetupRefused):
                        self._blocked[one.row.mapping] = _as_failure(answer)
                    else:
                        stop = stop or answer
        return stop

    def _accepted(self, row: Send, noted: Noted, messages: Sequence[str]) -> None:
        row.state = State.SENT
        row.save(update_fields=["state"])
        now = timezone.now()
        SentMessage.objects.bulk_create(
            [
                SentMessage(
                    org=self.org, send=row, client=noted.client, smart_id=noted.smart, message_id=one, sent_at=now
                )
                for one in messages
                if one
            ],
            ignore_conflicts=True,
        )
        self.sent += 1

    def _refuse(self, refused: Sequence[tuple[Send, Failure]]) -> None:
        with transaction.atomic():
            orgs.lock(self.org.pk)
            self.fence()
            for row, failure in refused:
                queue.end(self.org, row, failure)
        self.refused += [failure for _, failure in refused]

    # ---- what is unclear

    async def settle(self) -> None:
        """Look in the log for what may have been sent; what is not there for long enough waits again."""
        rows = await sync_to_async(queue.in_state)(self.org, State.SENDING)
        groups: dict[tuple[str, str, str], list[tuple[Send, Noted]]] = {}
        for row in rows:
            noted = Noted.opened(row)
            groups.setdefault((noted.client, noted.smart, noted.before), []).append((row, noted))
        for (client, smart, before), group in groups.items():
            unclear = [
                Unclear(row.pk, queue.mark_of(row.id_hash), noted.everybody, row.sending_at or timezone.now())
                for row, noted in group
            ]
            found = log.belongings(unclear, await self._logged(client, smart, before, unclear))
            await sync_to_async(self._settled)(group, found)
            await self.tick()

    async def _logged(self, client: str, smart: str, before: str, unclear: Sequence[Unclear]) -> list[Logged]:
        """The messages that may be those of unclear sends, the oldest first."""
        earliest = min(one.at for one in unclear)
        found: list[Message] = []
        with campaign_monitor_failures("read the message log"):
            async for page in self.account.messages.every(client, smart_id=smart, known=before):
                found += [m for m in page if log.may_be([log.recipient(m.recipient)], unclear)]
                if log.beyond(page[-1].sent, earliest):
                    break
            taken = await sync_to_async(queue.taken_messages)(self.org, [m.message_id for m in found])
            return [await self._marked(m) for m in reversed(found) if m.message_id not in taken]

    async def _marked(self, message: Message) -> Logged:
        details = await self.account.messages.details(message.message_id)
        mark = details.content.data.get(MARK)
        shown = bool(details.content.data)
        token = str(mark) if mark is not None else "" if shown else None
        return Logged(message.message_id, log.recipient(message.recipient), token)

    def _settled(self, group: Sequence[tuple[Send, Noted]], found: Mapping[int, Sequence[Logged]]) -> None:
        settled = timezone.now() - timedelta(minutes=self.settings.of(SETTLE_MINUTES))
        with transaction.atomic():
            self.fence()
            for row, noted in group:
                if messages := found.get(row.pk):
                    self._accepted(row, noted, [one.id for one in messages])
                elif _long_ago(row.sending_at, settled):
                    row.state, row.sealed = State.WAITING, None
                    row.save(update_fields=["state", "sealed"])


def _long_ago(at: datetime | None, settled: datetime) -> bool:
    return at is None or at <= settled


def _refusal(error: CampaignMonitorError) -> Failure | None:
    """The refusal of one e-mail; None where what was said is about more than it."""
    if isinstance(error, SetupRefused) and error.code in mirror.NONE_SUCH:
        return NotActive()
    if isinstance(error, RecordRefused | RequestWrong):
        return SendRefused(f"Campaign Monitor refused the e-mail: {error.text}")
    return None


def _about_mappings(failure: Failure) -> bool:
    """Whether a failure is about one mapping; everything else stops the job."""
    return failure.code in ("FL-311", "FL-612", "FL-619")


def _as_failure(error: CampaignMonitorError) -> Failure:
    """What stops the sending of more than one e-mail, as a Failure."""
    if isinstance(error, Unavailable) and TOO_MANY in (error.code, error.status):
        return RateLimitHit(error.retry_after)
    try:
        with campaign_monitor_failures("send a smart e-mail"):
            raise error
    except Failure as failure:
        return failure
