"""What follows a send: recipients join the list, tasks and e-mail messages are made in Salesforce, and it is done.

All of it may be done twice without harm: who is on the list stays there, and records are looked for before they are made.
Nobody who opted out joins a list; the e-mail itself is no marketing, and goes to them all the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.db import transaction
from django.utils import timezone

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.campaignmonitor.errors import RecordRefused
from fairlead.campaignmonitor.subscriptions import NOT_ON_THE_LIST
from fairlead.domain.address import normal
from fairlead.domain.consent import MISSING, Opt, Shown, stands_in_the_way
from fairlead.domain.consent_settings import options
from fairlead.domain.failure import Failure
from fairlead.domain.outward_settings import TRIGGER_JOURNEYS
from fairlead.domain.records import Kind, Rows
from fairlead.domain.setting import Values
from fairlead.features.transactional_email import keeping, queue
from fairlead.features.transactional_email.keeping import Kept
from fairlead.features.transactional_email.models import Send, SentMessage
from fairlead.features.transactional_email.org import EMAIL_MESSAGE
from fairlead.features.transactional_email.rules.failures import NotAdded, NotRecorded
from fairlead.features.transactional_email.rules.words import State
from fairlead.features.transactional_email.sending import Noted
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.errors import SetupRefused
from fairlead.salesforce.query import split_in
from fairlead.store import hashing, orgs
from fairlead.store.consent import PostgresConsentBook
from fairlead.store.models import Org
from fairlead.sync.failures import CampaignMonitorUnavailable, campaign_monitor_failures, salesforce_failures
from fairlead.sync.list_sink import CONSENT_TO_TRACK, EMAIL, ListSink, list_target

TASK: Final = "Task"
MESSAGE_ID: Final = "CM_Smart_Email_Message_Id__c"
SMART_ID: Final = "CM_Smart_Email_Id__c"
RECIPIENT: Final = "CM_Smart_Email_Recipient__c"
STATUS: Final = "CM_Smart_Email_Status__c"
AT_ONCE: Final = 50
_PREFIX_LEAD: Final = "00Q"
_PREFIX_CONTACT: Final = "003"
_PREFIX_CASE: Final = "500"


@dataclass(slots=True)
class Storing:
    """One job over the sends that Campaign Monitor has."""

    org: Org
    account: CampaignMonitor
    crm: Salesforce
    settings: Values
    fence: Callable[[], None]
    done: int = 0
    remarks: list[Failure] = field(default_factory=list)
    _lists: dict[str, str] = field(default_factory=dict)

    async def run(self) -> None:
        """Do what is owed for each; raises a Failure that is not about one e-mail."""
        rows = await sync_to_async(queue.in_state)(self.org, State.SENT)
        for first in range(0, len(rows), AT_ONCE):
            await self._some(rows[first : first + AT_ONCE])

    async def _some(self, rows: Sequence[Send]) -> None:
        of: dict[str, list[tuple[Send, Noted]]] = {}
        for row in rows:
            of.setdefault(row.mapping, []).append((row, Noted.opened(row)))
        for uid, group in of.items():
            try:
                kept = await sync_to_async(keeping.kept)(self.org, uid)
            except Failure:  # deleted meanwhile: the e-mail is sent, and nothing says what follows
                await sync_to_async(self._end)(group, {})
                continue
            remarks = await self._join(kept, group)
            for kind, wanted in ((TASK, kept.draft.task), (EMAIL_MESSAGE, kept.draft.message)):
                if wanted:
                    remarks |= await self._records(kind, kept, group)
            await sync_to_async(self._end)(group, remarks)

    def _end(self, group: Sequence[tuple[Send, Noted]], remarks: Mapping[int, Failure]) -> None:
        with transaction.atomic():
            orgs.lock(self.org.pk)
            self.fence()
            for row, _ in group:
                queue.end(self.org, row, remark=remarks.get(row.pk))
        self.done += len(group)
        self.remarks += remarks.values()

    # ---- the list

    async def _join(self, kept: Kept, group: Sequence[tuple[Send, Noted]]) -> dict[int, Failure]:
        """Add the recipients whom nothing keeps away; what Campaign Monitor refused of them, by the send's number."""
        if not kept.draft.list:
            return {}
        owners = {normal(one): row.pk for row, noted in group for one in noted.joins}
        may = await self._may_join(kept, list(owners))
        if not may:
            return {}
        sink = ListSink(
            self.account,
            kept.draft.list,
            (EMAIL, CONSENT_TO_TRACK),
            trigger_journeys=self.settings.of(TRIGGER_JOURNEYS),
        )
        target = list_target(kept.draft.list, (EMAIL, CONSENT_TO_TRACK))
        columns = (may, may, [kept.draft.track] * len(may))
        outcome = await sink.upsert(target, Rows(target.fields, (Kind.TEXT,) * 3, columns))
        found: dict[int, Failure] = {}
        for failure in outcome.failures:
            if failure.retryable:
                raise CampaignMonitorUnavailable(failure.reason)
            found[owners[normal(failure.key)]] = NotAdded(
                f"It was sent, but somebody was not added to the list: {failure.reason}"
            )
        return found

    async def _may_join(self, kept: Kept, addresses: Sequence[str]) -> list[str]:
        """Those of these normal forms whom no opt-out keeps away: the shadow, the tick box, the list itself."""
        keys = hashing.keyed_hashes(addresses)
        shadows = await PostgresConsentBook(self.org.pk, self.fence).shadows(kept.client, keys)
        ticked, chosen = await self._ticked(addresses), options(self.settings)
        found = []
        for key, address in zip(keys, addresses, strict=True):
            tick = Shown(Opt.OUT) if address in ticked else MISSING
            if stands_in_the_way(shadows.get(key), tick, MISSING, chosen) is not None:
                continue
            left = Shown(Opt.OUT) if await self._state(kept.draft.list, address) == "Unsubscribed" else MISSING
            if stands_in_the_way(shadows.get(key), tick, left, chosen) is None:
                found.append(address)
        return found

    async def _ticked(self, addresses: Sequence[str]) -> set[str]:
        found: set[str] = set()
        with salesforce_failures("read who opted out"):
            for kind in ("Contact", "Lead"):
                before = f"SELECT Email FROM {kind} WHERE HasOptedOutOfEmail = true AND Email IN"
                for soql in split_in(before, addresses):
                    async for page in self.crm.query(soql):
                        found |= {normal(row["Email"]) for row in page}
        return found

    async def _state(self, of: str, address: str) -> str:
        with campaign_monitor_failures("read a subscriber"):
            try:
                return (await self.account.subscriber(of, address)).state
            except RecordRefused as error:
                if error.code != NOT_ON_THE_LIST:
                    raise
                return ""

    # ---- records

    async def _records(self, object: str, kept: Kept, group: Sequence[tuple[Send, Noted]]) -> dict[int, Failure]:
        """A record for each message that has none; why there is none of some, by the send's number."""
        messages = await sync_to_async(_messages)([row.pk for row, _ in group])
        of = {row.pk: (row, noted) for row, noted in group}
        there = await self._there(object, [one.message_id for one in messages])
        wanted = [one for one in messages if one.message_id not in there]
        recipients = await self._recipients(wanted, of)
        make = _task if object == TASK else _message
        records = [make(kept, *of[one.send_id], one, recipients[one.message_id]) for one in wanted]
        remarks: dict[int, Failure] = {}
        try:
            with salesforce_failures(f"make {object} records"):
                made = await self.crm.collections.insert(object, records) if records else []
        except Failure as failure:
            if not isinstance(failure.__cause__, SetupRefused):
                raise
            told = NotRecorded(f"It was sent, but no {object} was made: {failure.text}")
            return dict.fromkeys((one.send_id for one in wanted), told)
        for one, result in zip(wanted, made, strict=True):
            if result.success:
                there[one.message_id] = str(result.id)
            else:
                remarks[one.send_id] = NotRecorded(f"It was sent, but no {object} was made: {result.message}")
        await sync_to_async(self._link)(object, messages, there)
        return remarks

    async def _there(self, object: str, ids: Sequence[str]) -> dict[str, str]:
        """Records that an earlier attempt made, by the id of the message."""
        found: dict[str, str] = {}
        with salesforce_failures(f"read {object} records"):
            for soql in split_in(f"SELECT Id, {MESSAGE_ID} FROM {object} WHERE {MESSAGE_ID} IN", ids):
                async for page in self.crm.query(soql):
                    found |= {row[MESSAGE_ID]: row["Id"] for row in page}
        return found

    async def _recipients(
        self, messages: Sequence[SentMessage], of: Mapping[int, tuple[Send, Noted]]
    ) -> dict[str, str]:
        """To whom each message went: known where the send had one recipient, else read."""
        found: dict[str, str] = {}
        for one in messages:
            noted = of[one.send_id][1]
            everybody = [address for line in noted.lines.values() for address in line]
            if len(everybody) == 1:
                found[one.message_id] = everybody[0]
            else:
                with campaign_monitor_failures("read a message"):
                    found[one.message_id] = (await self.account.messages.details(one.message_id)).recipient
        return found

    def _link(self, object: str, messages: Sequence[SentMessage], there: Mapping[str, str]) -> None:
        name = "task_id" if object == TASK else "email_message_id"
        with transaction.atomic():
            self.fence()
            for one in messages:
                setattr(one, name, there.get(one.message_id, ""))
                one.told = one.status
                one.save(update_fields=[name, "told"])


def _messages(sends: Sequence[int]) -> list[SentMessage]:
    return list(SentMessage.objects.filter(send__in=sends).order_by("id"))


def _task(kept: Kept, row: Send, noted: Noted, message: SentMessage, recipient: str) -> dict[str, Any]:
    """A task that is done: about the record, and with the person where one is known."""
    now = timezone.now().astimezone(UTC)
    found = {
        "Subject": f"Smart e-mail: {kept.smart_name}"[:255],
        "Status": "Completed",
        "TaskSubtype": "Email",
        "ActivityDate": now.date().isoformat(),
        **_told(message, recipient),
    }
    if row.record_id.startswith((_PREFIX_LEAD, _PREFIX_CONTACT)):
        return found | {"WhoId": row.record_id}
    found["WhatId"] = row.record_id
    # a lead cannot stand beside another record
    return found | ({"WhoId": noted.who} if noted.who.startswith(_PREFIX_CONTACT) else {})


def _message(kept: Kept, row: Send, noted: Noted, message: SentMessage, recipient: str) -> dict[str, Any]:
    """An e-mail message that was sent, about the record."""
    about = "ParentId" if row.record_id.startswith(_PREFIX_CASE) else "RelatedToId"
    return {
        about: row.record_id,
        "Subject": f"Smart e-mail: {kept.smart_name}"[:255],
        "ToAddress": recipient,
        "Incoming": False,
        "Status": "3",
        "MessageDate": timezone.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        **_told(message, recipient),
    }


def _told(message: SentMessage, recipient: str) -> dict[str, str]:
    return {
        SMART_ID: message.smart_id,
        MESSAGE_ID: message.message_id,
        RECIPIENT: recipient[:255],
        STATUS: message.status,
    }
