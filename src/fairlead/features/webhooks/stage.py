"""The stage of the primary sync that keeps webhooks in repair: no call while the option is off or all work."""

from typing import Final

from asgiref.sync import sync_to_async
from django.conf import settings

from fairlead.features.webhooks import repairing, rules
from fairlead.features.webhooks.models import Endpoint
from fairlead.store.models import Org
from fairlead.sync.stage import Run, Stage


async def keep(run: Run) -> None:
    """Make, repair and remove what is due. Raises a Failure."""
    org = await sync_to_async(Org.objects.get)(id=run.org_id)
    if not run.settings.of(rules.USE) and not await sync_to_async(Endpoint.objects.filter(org=org).exists)():
        await run.progress.stage("webhooks", message="Webhooks are not used.")
        return
    lists = [repairing.ListOf(one.id, one.name, one.client.id) for one in run.lists]
    done = await repairing.repair(
        org,
        run.campaign_monitor,
        settings.FAIRLEAD_CAMPAIGN_MONITOR_URL,
        lists,
        due_only=True,
        all_lists=run.wanted.everything and "lists" not in run.incomplete,
    )
    await run.progress.stage(
        "webhooks",
        done=len(lists),
        total=len(lists),
        unit="lists",
        made=done.made,
        revived=done.revived,
        removed=done.removed,
        failed=done.failed,
    )
    run.add(webhooks_made=done.made, webhooks_removed=done.removed)


STAGES: Final = (Stage("webhooks", "Webhooks", keep, needs=("lists",)),)
