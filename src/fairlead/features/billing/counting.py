"""Counting the active people of an org: each address once, on however many lists it is. No address is kept or told.

Memory: 8 bytes a person, and one page of subscribers at a time.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

import numpy as np

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.campaignmonitor.subscribers import State
from fairlead.domain.address import normal
from fairlead.features.billing import rules
from fairlead.features.billing.rules import Counted
from fairlead.store import hashing
from fairlead.sync.failures import campaign_monitor_failures
from fairlead.sync.seen import Hashes, Seen

ACTIVE: Final[State] = "Active"


@dataclass(frozen=True, slots=True)
class Count:
    """How many people on how many lists, and what tells whether to count anew. `people` is None where the last count holds."""

    people: int | None
    lists: int
    basis: Counted


async def count(
    account: CampaignMonitor,
    client_ids: Sequence[str],
    before: Counted | None,
    now: datetime,
    ticked: Callable[[int], Awaitable[None]],
) -> Count:
    """Count the people on all lists of these clients. `ticked` is told how many lists are done. Raises a Failure."""
    sizes: dict[str, int] = {}
    said = []
    with campaign_monitor_failures("read the lists' totals"):
        for client_id in client_ids:
            for one in await account.lists(client_id):
                stats = await account.list_stats(one.list_id)
                sizes[one.list_id] = stats.active
                totals = (stats.active, stats.unsubscribed, stats.deleted, stats.bounced)
                said.append(f"{one.list_id} {totals}")
                await ticked(0)
    digest = hashing.keyed_hash("billing totals\x1e" + "\x1e".join(sorted(said)))
    if before is not None and rules.still_counts(before, digest, now):
        return Count(None, len(sizes), Counted(now, before.whole_at, digest))
    seen = Seen()
    with campaign_monitor_failures("read the subscribers of a list"):
        for done, list_id in enumerate(sizes):
            await ticked(done)
            if sizes[list_id]:
                await _add(account, list_id, seen, partial(ticked, done))
    return Count(len(seen), len(sizes), Counted(now, now, digest))


async def _add(account: CampaignMonitor, list_id: str, seen: Seen, ticked: Callable[[], Awaitable[None]]) -> None:
    async with aclosing(account.members(list_id, ACTIVE)) as pages:
        async for page in pages:
            await ticked()
            seen.add(_hashes([normal(one.email) for one in page.rows]))


def _hashes(addresses: Sequence[str]) -> Hashes:
    """64 bits of each address's keyed hash."""
    whole = b"".join(each[:8] for each in hashing.keyed_hashes(addresses))
    return np.frombuffer(whole, dtype=np.int64)
