"""Both sides of an org, signed in, and the calls that were made; the keys of what is remembered."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from asgiref.sync import sync_to_async

from fairlead.campaignmonitor import account as campaign_monitor
from fairlead.features.connections import opening
from fairlead.salesforce import client as salesforce
from fairlead.salesforce.transport import Call
from fairlead.store import hashing, secrets
from fairlead.store.ledger import LedgerKeys
from fairlead.store.models import Org

open_campaign_monitor = opening.open_campaign_monitor
open_salesforce = opening.open_salesforce


@dataclass(slots=True)
class Calls:
    """API calls made on each side."""

    campaign_monitor: int = 0
    salesforce: int = 0

    def campaign_monitor_call(self, method: str, template: str, status: int) -> None:
        self.campaign_monitor += 1

    def salesforce_call(self, call: Call) -> None:
        self.salesforce += 1


@dataclass(slots=True)
class Sides:
    """Both sides, signed in, and the calls that were made."""

    campaign_monitor: campaign_monitor.CampaignMonitor
    salesforce: salesforce.Salesforce
    calls: Calls = field(default_factory=Calls)


class StoredSides:
    """Opens both sides with the credentials that are kept of an org."""

    @asynccontextmanager
    async def campaign_monitor(self, org_id: int) -> AsyncIterator[campaign_monitor.CampaignMonitor]:
        """The account. Raises NotConnected, or a Failure when the sign-in is refused."""
        async with open_campaign_monitor(await sync_to_async(Org.objects.get)(id=org_id)) as opened:
            yield opened

    @asynccontextmanager
    async def salesforce(self, org_id: int) -> AsyncIterator[salesforce.Salesforce]:
        """The org. Raises NotConnected, or a Failure when the sign-in is refused."""
        async with open_salesforce(await sync_to_async(Org.objects.get)(id=org_id)) as opened:
            yield opened


@asynccontextmanager
async def open_sides(org: Org, calls: Calls | None = None) -> AsyncIterator[Sides]:
    """Both sides with the org's stored credentials. Raises NotConnected, or a Failure when a sign-in is refused."""
    calls = calls or Calls()
    async with open_campaign_monitor(org, calls) as account, open_salesforce(org, calls) as crm:
        yield Sides(account, crm, calls)


def ledger_keys() -> LedgerKeys:
    """The keys of the installation's hashes, and how the address of a row that is to be tried again is sealed."""
    return LedgerKeys(hashing.address_key(), hashing.content_key(), secrets.seal, secrets.unseal)
