"""Smart e-mails as Campaign Monitor tells them now, kept as rows: names, states, variables; nothing about people."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import timedelta

from asgiref.sync import sync_to_async
from django.db import transaction
from django.utils import timezone

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.campaignmonitor.errors import SetupRefused
from fairlead.campaignmonitor.transactional import SmartEmail as Told
from fairlead.campaignmonitor.transactional import SmartEmailDetails
from fairlead.features.transactional_email.models import SmartEmail
from fairlead.store import orgs
from fairlead.store.models import Org
from fairlead.sync.failures import campaign_monitor_failures

AT_ONCE = 4
NONE_SUCH = frozenset({925, 926})
"""Codes for a smart e-mail that is not there, or is a draft."""
NOT_IN_PLAN = 980
DETAILS_KEPT = timedelta(days=1)


Found = tuple[str, Told, SmartEmailDetails | None]
"""A client, a smart e-mail of it, and its details where they were read."""


async def refresh(org: Org, account: CampaignMonitor, clients: Sequence[str], *, everything: bool = False) -> int:
    """Read the smart e-mails of these clients; how many there are. Raises a Failure.

    Details are read of those that are new, renamed or of another state, of all once a day, and where `everything` is asked.
    """
    found: list[Found] = []
    read: list[str] = []
    fresh = set() if everything else await sync_to_async(_fresh)(org)
    for client in clients:
        with campaign_monitor_failures("read the smart e-mails"):
            try:
                listed = await account.transactional.smart_emails(client)
            except SetupRefused as refused:
                if refused.code == NOT_IN_PLAN:  # a client without transactional e-mail has none
                    read.append(client)
                    continue
                raise
            found += await _details(account, client, listed, fresh)
            read.append(client)
    await sync_to_async(_keep)(org, found, read)
    return len(found)


def _fresh(org: Org) -> set[tuple[str, str, str]]:
    """Id, name and state of those whose details were read within the last day."""
    rows = SmartEmail.objects.filter(org=org, gone=False, seen_at__gt=timezone.now() - DETAILS_KEPT)
    return {(row.smart_id, row.name, row.status) for row in rows}


async def _details(
    account: CampaignMonitor, client: str, listed: Sequence[Told], fresh: Collection[tuple[str, str, str]]
) -> list[Found]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(told: Told) -> Found:
        if (told.smart_id, told.name[:255], told.status[:20]) in fresh:
            return client, told, None
        async with gate:
            return client, told, await account.transactional.smart_email(told.smart_id)

    return list(await asyncio.gather(*(one(told) for told in listed)))


def _keep(org: Org, found: Sequence[Found], clients: Collection[str]) -> None:
    now = timezone.now()
    with transaction.atomic():
        orgs.lock(org.pk)
        for client, told, details in found:
            if details is None:
                continue
            content = details.properties
            SmartEmail.objects.update_or_create(
                org=org,
                smart_id=told.smart_id,
                defaults={
                    "client": client,
                    "name": told.name[:255],
                    "status": told.status[:20],
                    "created": told.created[:40],
                    "variables": list(content.content.variables),
                    "html_preview": content.html_preview_url[:500],
                    "text_preview": content.text_preview_url[:500],
                    "adds_to_list": details.add_recipients_to_list,
                    "gone": False,
                    "seen_at": now,
                },
            )
        ids = [told.smart_id for _, told, _ in found]
        SmartEmail.objects.filter(org=org, client__in=clients).exclude(smart_id__in=ids).update(gone=True)
