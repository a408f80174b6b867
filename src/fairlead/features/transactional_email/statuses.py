"""What became of messages: read from the log, and told to their tasks and e-mail messages in Salesforce."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from django.db import transaction

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.campaignmonitor.errors import SetupRefused
from fairlead.features.transactional_email import mirror
from fairlead.features.transactional_email.models import SentMessage
from fairlead.features.transactional_email.org import EMAIL_MESSAGE
from fairlead.features.transactional_email.rules import log
from fairlead.features.transactional_email.rules.words import State
from fairlead.features.transactional_email.storing import STATUS, TASK
from fairlead.salesforce.client import Salesforce
from fairlead.store.models import Org
from fairlead.sync.failures import campaign_monitor_failures, salesforce_failures

FIELDS = ((TASK, "task_id"), (EMAIL_MESSAGE, "email_message_id"))


@dataclass(slots=True)
class Following:
    """One look at all messages that may still change."""

    org: Org
    account: CampaignMonitor
    crm: Salesforce
    fence: Callable[[], None]
    looked: int = 0
    changed: int = 0

    async def run(self) -> None:
        """Read the log of each smart e-mail with such messages, and tell Salesforce what changed. Raises a Failure."""
        rows = await sync_to_async(followed)(self.org)
        groups: dict[tuple[str, str], list[SentMessage]] = {}
        for row in rows:
            groups.setdefault((row.client, row.smart_id), []).append(row)
        for (client, smart), group in groups.items():
            await self._read(client, smart, group)
        await self._tell([row for row in rows if row.status != row.told])

    async def _read(self, client: str, smart: str, group: Sequence[SentMessage]) -> None:
        left = {row.message_id: row for row in group}
        earliest = min(row.sent_at for row in group)
        changed: list[SentMessage] = []
        with campaign_monitor_failures("read what became of messages"):
            try:
                async for page in self.account.messages.every(client, smart_id=smart):
                    for message in page:
                        row = left.pop(message.message_id, None)
                        if row is None:
                            continue
                        self.looked += 1
                        now = log.status(message.status, message.opens, message.clicks)
                        if now != row.status:
                            row.status = now
                            changed.append(row)
                    if not left or log.beyond(page[-1].sent, earliest):
                        break
            except SetupRefused as refused:
                if refused.code not in mirror.NONE_SUCH:  # a smart e-mail that was deleted has no log
                    raise
        await sync_to_async(self._keep)(changed, ["status"])
        self.changed += len(changed)

    async def _tell(self, rows: Sequence[SentMessage]) -> None:
        """Records that somebody deleted meanwhile stay as they are."""
        for kind, name in FIELDS:
            records: list[dict[str, Any]] = [
                {"Id": getattr(row, name), STATUS: row.status} for row in rows if getattr(row, name)
            ]
            if records:
                with salesforce_failures("tell what became of messages"):
                    await self.crm.collections.update(kind, records)
        for row in rows:
            row.told = row.status
        await sync_to_async(self._keep)(rows, ["told"])

    def _keep(self, rows: Sequence[SentMessage], fields: Sequence[str]) -> None:
        if not rows:
            return
        with transaction.atomic():
            self.fence()
            SentMessage.objects.bulk_update(rows, fields)


def followed(org: Org) -> list[SentMessage]:
    """Messages of sends that are done and of which more may be learnt, or told."""
    rows = SentMessage.objects.filter(org=org, send__state=State.DONE).order_by("id")
    return [row for row in rows if row.status not in log.FINAL or row.status != row.told]
