"""Run test (F76): what an e-mail would say of one record, read now; and sending it to one address of choice.

A test goes to that address alone, joins nobody to a list, makes no records in Salesforce, and is not kept in the queue.
"""

from dataclasses import dataclass, field
from typing import Any, cast

from asgiref.sync import sync_to_async

from fairlead.campaignmonitor.errors import CampaignMonitorError, OutcomeUnknown, RecordRefused, SetupRefused
from fairlead.campaignmonitor.transactional import Consent
from fairlead.domain.failure import Failure
from fairlead.domain.record_id import to_18
from fairlead.features.transactional_email import keeping, mirror, org
from fairlead.features.transactional_email.keeping import Kept
from fairlead.features.transactional_email.rules.compiling import is_address
from fairlead.features.transactional_email.rules.failures import (
    BadRecipient,
    NoSuchRecord,
    NotActive,
    SendRefused,
    TestUnclear,
)
from fairlead.features.transactional_email.rules.filling import letter, values
from fairlead.store import audit
from fairlead.store.models import Org
from fairlead.sync import sides
from fairlead.sync.failures import campaign_monitor_failures


@dataclass(frozen=True, slots=True)
class Shown:
    """What an e-mail would say, and to whom it would go; `problem` says why it could not be sent. In memory only."""

    kept: Kept
    data: dict[str, Any] = field(repr=False)
    lines: dict[str, tuple[str, ...]] = field(repr=False)
    problem: Failure | None = None

    def as_json(self) -> dict[str, Any]:
        """As the command line prints it."""
        told = {"variables": self.data, "recipients": {kind: list(line) for kind, line in self.lines.items()}}
        why = {"code": self.problem.code, "text": str(self.problem)} if self.problem else None
        return told | {"problem": why}


async def look(who: Org, uid: str, record_id: str) -> Shown:
    """The e-mail of a record as it is now. Raises NoSuchMapping, NoSuchRecord, MappingDoesNotFit, or a Failure."""
    kept = await sync_to_async(keeping.kept)(who, uid)
    record_id = record_id.strip()
    if len(record_id) not in (15, 18) or not (record_id.isascii() and record_id.isalnum()):
        raise NoSuchRecord(kept.plan.object)
    async with sides.salesforce(who.pk) as crm:
        found = await org.records(crm, kept.plan, [to_18(record_id)], kept.draft.name)
    record = found.get(to_18(record_id))
    if record is None:
        raise NoSuchRecord(kept.plan.object)
    try:
        made = letter(kept.draft, kept.plan, record)
    except Failure as failure:
        return Shown(kept, values(kept.draft, kept.plan, record), {}, failure)
    return Shown(kept, dict(made.data), dict(made.lines))


async def send(who: Org, uid: str, record_id: str, address: str, by: str) -> str:
    """Send a test of a record to one address; the id of the message.

    Raises as `look`, BadRecipient, NotActive, SendRefused, TestUnclear where the answer was lost, or a Failure.
    """
    if not is_address(address.strip()):
        raise BadRecipient("the test address")
    shown = await look(who, uid, record_id)
    with campaign_monitor_failures("send a test"):
        async with sides.campaign_monitor(who.pk) as account:
            try:
                told = await account.transactional.send_smart(
                    shown.kept.draft.smart,
                    [address.strip()],
                    consent_to_track=cast("Consent", shown.kept.draft.track),
                    data=shown.data,
                    add_recipients_to_list=False,
                )
            except CampaignMonitorError as error:
                raise _failure(error) from error
    subject = f"smart e-mail mapping {uid} “{shown.kept.draft.name}”"[:200]
    await sync_to_async(audit.record)(who, by, "test smart e-mail mapping", subject)
    return told[0].message_id if told else ""


def _failure(error: CampaignMonitorError) -> Exception:
    if isinstance(error, OutcomeUnknown):
        return TestUnclear()
    if isinstance(error, SetupRefused) and error.code in mirror.NONE_SUCH:
        return NotActive()
    if isinstance(error, RecordRefused):
        return SendRefused(f"Campaign Monitor refused the e-mail: {error.text}")
    return error
