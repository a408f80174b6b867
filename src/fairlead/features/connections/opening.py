"""Both sides, signed in with the kept credentials."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asgiref.sync import sync_to_async
from django.conf import settings

from fairlead.campaignmonitor import account as campaign_monitor
from fairlead.domain.failure import FixTheSettings
from fairlead.features.connections import credentials, logins, records
from fairlead.features.connections.calls import Counting, Heard
from fairlead.salesforce import client as salesforce
from fairlead.salesforce.limits import Budget
from fairlead.store.models import Org
from fairlead.sync.failures import salesforce_failures


class NotConnected(FixTheSettings):
    """A side has no credentials yet."""

    code = "FL-302"

    def __init__(self, side: str, command: str) -> None:
        super().__init__(f"{side} is not connected.", next_step=f"Run `{command}`.")


@asynccontextmanager
async def open_campaign_monitor(
    org: Org, calls: Heard | None = None
) -> AsyncIterator[campaign_monitor.CampaignMonitor]:
    """The connected Campaign Monitor account. Raises NotConnected."""
    kept = await sync_to_async(credentials.account)(org)
    account = await sync_to_async(records.account)(org)
    if kept is None or account is None:
        raise NotConnected("Campaign Monitor", "fairlead connect campaign-monitor")
    login = logins.to_account(org, kept)
    counting = Counting(org.pk, calls)
    try:
        async with campaign_monitor.connect(account.base_url, login, on_call=counting.campaign_monitor_call) as opened:
            yield opened
    finally:
        await counting.write()


@asynccontextmanager
async def open_salesforce(org: Org, calls: Heard | None = None) -> AsyncIterator[salesforce.Salesforce]:
    """The connected Salesforce org, signed in. Raises NotConnected, or a Failure when the sign-in is refused."""
    kept = await sync_to_async(credentials.salesforce)(org)
    connection = await sync_to_async(records.salesforce_org)(org)
    if kept is None or connection is None:
        raise NotConnected("Salesforce", "fairlead connect salesforce")
    login = logins.to_org(org, connection.login_url, kept)
    budget = Budget(settings.FAIRLEAD_SALESFORCE_CALL_SHARE / 100)
    counting = Counting(org.pk, calls)
    opening = salesforce.connect(login, on_call=counting.salesforce_call, budget=budget)
    try:
        with salesforce_failures("sign in"):
            opened = await opening.__aenter__()
        try:
            yield opened
        finally:
            await opening.__aexit__(None, None, None)
    finally:
        await counting.write(budget)
