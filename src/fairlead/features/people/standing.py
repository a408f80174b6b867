"""Where an address stands on all lists, as an act needs it: read live from Campaign Monitor, list settings with it."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.campaignmonitor.errors import RecordRefused
from fairlead.campaignmonitor.lists import ListDetails
from fairlead.campaignmonitor.subscriptions import NOT_ON_THE_LIST
from fairlead.features.people.rules.memberships import MAILED, Act, Place
from fairlead.sync.failures import campaign_monitor_failures
from fairlead.sync.known import KnownClient

_MALFORMED: Final = 1
_NOT_KNOWN: Final = frozenset({_MALFORMED, NOT_ON_THE_LIST})
_SHARED: Final = "AllClientLists"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An act over lists, and the lists of selected clients that Fairlead knows, without their states."""

    act: Act
    lists: Collection[str]
    known: Sequence[Place]

    def is_about(self, place: Place) -> bool:
        """Whether the act is about this list."""
        everywhere = self.act is Act.UNSUBSCRIBE_ALL and place.state in MAILED
        return everywhere or place.list in self.lists


async def read(
    account: CampaignMonitor, clients: Sequence[KnownClient], address: str, wanted: Wanted
) -> tuple[list[Place], list[str]]:
    """The lists with their states, and names of lists of clients that are not selected, which mail to the address too.

    Raises a Failure.
    """
    found = await asyncio.gather(*(_states(account, one, address) for one in clients))
    states = {list_id: state for told in found for list_id, (_, state) in told.items()}
    places = [replace(one, state=states.get(one.list, "")) for one in wanted.known]
    known = {one.list for one in wanted.known}
    elsewhere = []
    for client, told in zip(clients, found, strict=True):
        scope = client.scope
        for list_id, (name, state) in told.items():
            if not client.selected and state in MAILED:
                elsewhere.append(f"{name} ({scope.name})")
            if client.selected and list_id not in known:  # made since the last sync
                places.append(Place(list_id, name, scope.id, scope.name, state))
    return await _detailed(account, places, address, wanted), sorted(elsewhere)


async def _states(account: CampaignMonitor, client: KnownClient, address: str) -> dict[str, tuple[str, str]]:
    """Name and state by list id, of a client's lists that know the address."""
    with campaign_monitor_failures("read the lists of an address"):
        try:
            told = await account.suppression.lists_for_email(client.scope.id, address)
        except RecordRefused as error:
            if error.code not in _NOT_KNOWN:
                raise
            return {}
    return {one.list_id: (one.list_name, one.state) for one in told}


async def _detailed(account: CampaignMonitor, places: Sequence[Place], address: str, wanted: Wanted) -> list[Place]:
    """With the settings of the lists that the act is about; for adding, with who is suppressed."""
    meant = [] if wanted.act is Act.REMOVE else [one for one in places if wanted.is_about(one)]
    told = await asyncio.gather(*(_settings_of(account, one.list) for one in meant))
    clients = sorted({one.client for one in meant}) if wanted.act is Act.ADD else []
    with campaign_monitor_failures("read a suppression list"):
        rows = await asyncio.gather(*(account.suppression.find(client, address) for client in clients))
    suppressed = {client for client, row in zip(clients, rows, strict=True) if row is not None}
    more = {
        one.list: replace(
            one,
            asks=details.confirmed_opt_in,
            shared=details.unsubscribe_setting == _SHARED,
            suppressed=one.client in suppressed,
        )
        for one, details in zip(meant, told, strict=True)
    }
    return [more.get(one.list, one) for one in places]


async def _settings_of(account: CampaignMonitor, list_id: str) -> ListDetails:
    with campaign_monitor_failures("read the settings of a list"):
        return await account.list_details(list_id)
