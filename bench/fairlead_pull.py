"""The primary sync's own stages on the replay server. `python -m bench.fairlead_pull URL_CM URL_SF`

Everything but the database: the ledger is the one in memory, so that the contestants differ in reading, deciding and
writing alone. Both sides' clients, the matching and the bulk jobs are those of the service.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from fairlead.campaignmonitor import ApiKey
from fairlead.campaignmonitor import connect as connect_campaign_monitor
from fairlead.features.members.lists import read_lists
from fairlead.features.members.members import read_members
from fairlead.features.primary_sync.flow import run_stages
from fairlead.salesforce import ClientCredentials
from fairlead.salesforce import connect as connect_salesforce
from fairlead.salesforce.polling import Polling
from fairlead.sync import collector
from fairlead.sync.memory import MemoryLedger
from fairlead.sync.org_matcher import OrgMatcher
from fairlead.sync.stage import ClientScope, Run, Stage, Wanted


class Silent:
    """Progress that nobody watches."""

    async def stage(self, name: str, **told: object) -> None: ...

    async def check_cancelled(self) -> None: ...


class Forgetful:
    """Notes of lists that nobody keeps: every list is new."""

    async def note_names(self, run: Run, *told: object) -> None: ...

    async def of_lists(self, run: Run) -> dict[str, Any]:
        return {}

    async def note_listed(self, run: Run, *told: object) -> int:
        return 0

    async def forget_gone(self, run: Run, client_id: str) -> None: ...

    def to_note(self, run: Run, list_id: str, changes: object) -> Callable[[], None]:
        return lambda: None

    async def note(self, run: Run, list_id: str, **changes: object) -> None: ...


STAGES = (
    Stage("lists", "Lists", partial(read_lists, notes=Forgetful())),
    Stage("members", "Members", partial(read_members, notes=Forgetful()), needs=("lists",)),
)


async def pull(url_cm: str, url_sf: str) -> dict[str, int]:
    """The totals of one first sync of all clients."""
    collector.calm()  # as the service does at the start of a run
    login = ClientCredentials(url_sf, "replay", "replay")
    async with (
        connect_campaign_monitor(url_cm, ApiKey("replay")) as account,
        connect_salesforce(login, pace=Polling(0.02, 0.1)) as org,
    ):
        clients = [await account.client(one.client_id) for one in await account.clients()]
        run = Run(
            org_id=1,
            number=1,
            wanted=Wanted(),
            clients=[ClientScope(one.client_id, one.name, one.time_zone) for one in clients],
            campaign_monitor=account,
            salesforce=org,
            matcher=OrgMatcher(org, read_all=False),
            ledger=MemoryLedger(),
            progress=Silent(),
        )
        await run_stages(run, STAGES)
        return run.totals


def main() -> None:
    totals = asyncio.run(pull(*sys.argv[1:3]))
    print(json.dumps({"rows": totals["read"], **totals}))


if __name__ == "__main__":
    main()
