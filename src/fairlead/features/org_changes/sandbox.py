"""A sandbox on an account that a production org uses (F93): found by marks in the account, and held until confirmed.

Each production org leaves a switched-off webhook on the first list of each client. It works across installations, as both
see the same account. Assumed: Campaign Monitor keeps a webhook that was never posted to for as long as its list is there.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from asgiref.sync import sync_to_async
from django.utils import timezone

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.campaignmonitor.webhooks import EventKind
from fairlead.domain.record_id import to_18
from fairlead.domain.setting import Values
from fairlead.features.org_changes import rules, settings
from fairlead.features.org_changes.models import AccountUse
from fairlead.salesforce.client import Salesforce
from fairlead.store import audit
from fairlead.store.models import Org
from fairlead.sync.failures import campaign_monitor_failures, salesforce_failures
from fairlead.sync.stage import ClientScope

LOOK_EVERY: Final = timedelta(hours=24)
INACTIVE: Final = "Inactive"


async def check(
    org: Org, crm: Salesforce, account: CampaignMonitor, clients: Sequence[ClientScope], chosen: Values, connected: str
) -> None:
    """Look, once a day and for each org that is connected anew; raises SandboxHeld, or another Failure.

    `connected` is the Salesforce org's id as it was kept when it was connected.
    """
    use = await sync_to_async(_kept)(org)
    known = use.salesforce[:15] == connected[:15] and use.looked_at is not None
    # while it is held it is looked at each time: the mark may be gone, or somebody connected another account
    if not known or use.held or timezone.now() - (use.looked_at or timezone.now()) > LOOK_EVERY:
        await _look(use, crm, account, clients, mark=chosen.of(settings.MARK))
        await sync_to_async(use.save)()
    if use.held:
        raise rules.SandboxHeld(use.used_by)


async def _look(
    use: AccountUse, crm: Salesforce, account: CampaignMonitor, clients: Sequence[ClientScope], *, mark: bool
) -> None:
    with salesforce_failures("read what kind of org it is"):
        (row,) = [row async for page in crm.query("SELECT Id, IsSandbox FROM Organization") for row in page]
    use.salesforce, use.sandbox = to_18(str(row["Id"])), bool(row["IsSandbox"])
    users: set[str] = set()
    own = rules.mark_of(use.salesforce, sandbox=use.sandbox)
    with campaign_monitor_failures("look for marks of other orgs"):
        for client in clients:
            lists = sorted(one.list_id for one in await account.lists(client.id))
            if not lists:
                continue
            hooks = await account.webhooks.all(lists[0])
            users |= rules.users_of(hook.url for hook in hooks)
            mine = [hook for hook in hooks if hook.url == own]
            if mark and not use.sandbox and not mine:
                made = await account.webhooks.create(lists[0], own, (EventKind.DEACTIVATE,))
                await account.webhooks.deactivate(lists[0], made)
            for hook in mine:
                if hook.status != INACTIVE:  # an earlier attempt was cut short between the two
                    await account.webhooks.deactivate(lists[0], hook.webhook_id)
    use.used_by, use.looked_at = rules.used_by(users, use.salesforce), timezone.now()


def confirm(org: Org, by: str) -> str:
    """Let the sandbox write to the account, as long as the same production org uses it. Raises NotHeld."""
    use = _kept(org)
    if not use.held:
        raise rules.NotHeld
    use.confirmed, use.confirmed_by = use.used_by, by
    use.save()
    audit.record(org, by, "confirm sandbox", use.salesforce, before="", after=use.used_by)
    return use.used_by


def held(org: Org) -> str:
    """The production org because of which a sandbox is held; blank where none is."""
    use = AccountUse.objects.filter(org=org).first()
    return use.used_by if use is not None and use.held else ""


def _kept(org: Org) -> AccountUse:
    found, _ = AccountUse.objects.get_or_create(org=org)
    return found
