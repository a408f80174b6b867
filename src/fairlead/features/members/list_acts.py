"""Lists are created and changed in Campaign Monitor, and who did it is recorded."""

from asgiref.sync import async_to_sync
from django.db import transaction

from fairlead.campaignmonitor.list_settings import ListWish
from fairlead.features.members import list_live, rules
from fairlead.features.members.list_forms import as_kept
from fairlead.features.members.models import ListReading
from fairlead.store import audit
from fairlead.store.models import KnownList, Org
from fairlead.sync import known, sides
from fairlead.sync.failures import campaign_monitor_failures


def create(org: Org, client_id: str, wish: ListWish, by: str) -> str:
    """Create a list; its id. It is known at once, and the next sync reads it. Raises a Failure, ClientUnknown."""
    clients = {one.scope.id: one.scope.name for one in known.clients(org.pk) if one.selected}
    if client_id not in clients:
        raise rules.ClientUnknown
    list_id = async_to_sync(_create)(org.pk, client_id, wish)
    with transaction.atomic():
        named = {"client_id": client_id, "client_name": clients[client_id], "name": wish.title[:255]}
        ListReading.objects.get_or_create(org=org, list_id=list_id, defaults=named)
        KnownList.objects.get_or_create(org=org, list_id=list_id, defaults=named)
        audit.record(org, by, "created list", list_id, after=as_kept(wish))
    return list_id


def change(org: Org, reading: ListReading, wish: ListWish, by: str) -> None:
    """Give a list these settings, all of them. Raises a Failure."""
    before = async_to_sync(_change)(org.pk, reading.list_id, wish)
    with transaction.atomic():
        # the next sync reads the settings anew
        ListReading.objects.filter(pk=reading.pk).update(details_at=None)
        audit.record(org, by, "changed list", reading.list_id, before=before, after=as_kept(wish))


async def _create(org_id: int, client_id: str, wish: ListWish) -> str:
    async with sides.campaign_monitor(org_id) as account:
        with campaign_monitor_failures("create the list"):
            return await account.list_settings.create(client_id, wish)


async def _change(org_id: int, list_id: str, wish: ListWish) -> dict[str, object]:
    async with sides.campaign_monitor(org_id) as account:
        before = as_kept(await list_live.settings_of(account, list_id))
        with campaign_monitor_failures("change the list"):
            await account.list_settings.update(list_id, wish)
        return before
