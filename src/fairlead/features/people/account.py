"""What Campaign Monitor says of an address, read live: lists, states, history, suppression."""

import asyncio
from collections.abc import Sequence
from typing import Final

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.campaignmonitor.errors import RecordRefused
from fairlead.campaignmonitor.subscribers import OneSubscriber
from fairlead.campaignmonitor.subscriptions import NOT_ON_THE_LIST
from fairlead.domain.address import normal
from fairlead.features.people.facts import OnList, Suppressed
from fairlead.sync.failures import campaign_monitor_failures
from fairlead.sync.known import KnownClient

LAST: Final = 5
"""So many things of the history are told, the newest first."""


async def lists_of(
    account: CampaignMonitor, clients: Sequence[KnownClient], address: str, only: str, id_field: str
) -> list[OnList]:
    """Every list that the address is on, and the one asked for. Raises a Failure."""
    with campaign_monitor_failures("read the lists of an address"):
        of_clients = await asyncio.gather(*(_of_client(account, client, address, only) for client in clients))
        wanted = [one for lists in of_clients for one in lists if not only or one.id == only]
        return list(await asyncio.gather(*(_in_detail(account, one, address, id_field) for one in wanted)))


async def _of_client(account: CampaignMonitor, client: KnownClient, address: str, only: str) -> list[OnList]:
    scope = client.scope
    found = [
        OnList(one.list_id, one.list_name, scope.id, scope.name, client.selected)
        for one in await account.suppression.lists_for_email(scope.id, address)
    ]
    if only and only not in {one.id for one in found}:
        names = {one.list_id: one.name for one in await account.lists(scope.id)}
        if only in names:
            found.append(OnList(only, names[only], scope.id, scope.name, client.selected))
    return found


async def _in_detail(account: CampaignMonitor, one: OnList, address: str, id_field: str) -> OnList:
    try:
        subscriber = await account.subscriber(one.id, address)
        items = await account.subscriptions.history(one.id, address)
    except RecordRefused as error:
        if error.code != NOT_ON_THE_LIST:
            raise
        return one
    told = [
        (action.date, f"{action.date[:16]} {action.event}: {item.name}") for item in items for action in item.actions
    ]
    return OnList(
        one.id,
        one.name,
        one.client,
        one.client_name,
        one.selected,
        state=subscriber.state,
        since=subscriber.date,
        joined=subscriber.joined,
        consent_to_track=subscriber.consent_to_track,
        named_id=_named_id(subscriber, id_field),
        history=tuple(text for _, text in sorted(told, reverse=True)[:LAST]),
    )


def _named_id(subscriber: OneSubscriber, id_field: str) -> str:
    """The value of the custom field that holds a record id, if there is such a field."""
    wanted = normal(id_field.strip("[] "))
    values = ((normal(key.strip("[] ")), value) for key, value in subscriber.custom_fields)
    return next((value.strip() for key, value in values if wanted and key == wanted), "")


async def suppressed(account: CampaignMonitor, clients: Sequence[KnownClient], address: str) -> list[Suppressed]:
    """The clients that do not mail to the address. Raises a Failure."""
    with campaign_monitor_failures("read a suppression list"):
        found = await asyncio.gather(*(account.suppression.find(each.scope.id, address) for each in clients))
    return [
        Suppressed("Campaign Monitor", client.scope.name, row.date, row.reason)
        for client, row in zip(clients, found, strict=True)
        if row is not None
    ]
