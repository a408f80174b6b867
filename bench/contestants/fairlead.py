"""The service's own code on the replay server. `python -m bench.contestants.fairlead JOB URL`

`members` is the stages of lists and members with all but the database: the ledger is the one in memory, so that reading,
deciding and writing are compared alone. The others are whole runs as a worker carries them out, on the PostgreSQL of the
data folder that FAIRLEAD_HOME names, which `bench.installation` has made ready.
"""

import asyncio
import importlib
import os
import sys
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

from bench.contestants.telling import tell
from bench.flames import sampled

if TYPE_CHECKING:
    from fairlead.jobs.context import JobContext

MODULES = ("fairlead.features.members.members", "fairlead.features.primary_sync.flow", "fairlead.sync.memory")
"""What a worker has imported before it is given a job."""
EVENTS = ("campaigns", "tracking")
EVERYTHING = ("lists", "members", *EVENTS)
Work = Callable[[], Coroutine[Any, Any, None]]
Drive = Callable[[Work], None]
IMPORTED = "SELECT Id, Email, FirstName, LastName FROM Contact"


class Silent:
    """Progress that nobody watches."""

    async def stage(self, name: str, **told: object) -> None: ...

    async def check_cancelled(self) -> None: ...


class Forgetful:
    """Notes of lists that nobody keeps: every list is new."""

    async def note_names(self, run: Any, *told: object) -> None: ...

    async def of_lists(self, run: Any) -> dict[str, Any]:
        return {}

    async def note_listed(self, run: Any, *told: object) -> int:
        return 0

    async def forget_gone(self, run: Any, client_id: str) -> None: ...

    def to_note(self, run: Any, list_id: str, changes: object) -> Callable[[], None]:
        return lambda: None

    async def note(self, run: Any, list_id: str, **changes: object) -> None: ...


async def pull(url: str) -> dict[str, int]:
    """The totals of one first sync of all clients' lists and members."""
    from fairlead.campaignmonitor import ApiKey
    from fairlead.campaignmonitor import connect as connect_campaign_monitor
    from fairlead.features.members.lists import read_lists
    from fairlead.features.members.members import read_members
    from fairlead.features.primary_sync.flow import run_stages
    from fairlead.salesforce import ClientCredentials
    from fairlead.salesforce import connect as connect_salesforce
    from fairlead.sync.memory import MemoryLedger
    from fairlead.sync.org_matcher import OrgMatcher
    from fairlead.sync.stage import ClientScope, Run, Stage, Wanted

    forgetful: Any = Forgetful()
    stages = (
        Stage("lists", "Lists", partial(read_lists, notes=forgetful)),
        Stage("members", "Members", partial(read_members, notes=forgetful), needs=("lists",)),
    )
    login = ClientCredentials(url, "replay", "replay")
    async with (
        connect_campaign_monitor(url, ApiKey("replay")) as account,
        connect_salesforce(login) as org,
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
        await run_stages(run, stages)
        return run.totals


def members(url: str) -> int:
    return asyncio.run(pull(url))["read"]


def in_a_loop(work: Work) -> None:
    """As the worker does: the main thread is the loop's, the database has one of its own."""
    asyncio.run(work())


def _run(
    kind: str, key: str, args: dict[str, Any], runner: "Callable[[JobContext], Awaitable[None]]", drive: Drive
) -> dict[str, int]:
    """One job from its claim to its end, as the worker carries it out; its counts."""
    from fairlead.jobs.context import JobContext
    from fairlead.jobs.models import Job, State
    from fairlead.store.orgs import default_org

    job = Job.objects.create(org=default_org(), kind=kind, key=key, args=args, state=State.RUNNING, attempt=1)
    context = JobContext(job)

    async def work() -> None:
        try:
            await runner(context)
        finally:
            await context.close()

    drive(work)
    job.refresh_from_db()
    Job.objects.filter(pk=job.pk).update(state=State.DONE)
    return dict(job.counts)


def _ready() -> None:
    from fairlead import settings
    from fairlead.store import boot

    chosen = settings.load(os.environ)
    boot.prepare(chosen.home, embedded=not chosen.database_url)
    from fairlead import wiring  # it wants Django

    wiring.register_runners()


def synced(stages: tuple[str, ...], drive: Drive = in_a_loop) -> int:
    """Rows that a run of these stages read; Django is set up."""
    from fairlead.wiring.run_sync import run_primary_sync

    counts = _run("primary_sync", "", {"stages": list(stages)}, run_primary_sync, drive)
    return counts.get("read", 0) + counts.get("events_read", 0)


def imported(drive: Drive = in_a_loop) -> int:
    """Rows that a run of a new import read; Django is set up."""
    from bench.synthetic import CLIENT, LISTS
    from fairlead.features.import_wizard.models import Import
    from fairlead.features.import_wizard.running import KIND, run_import
    from fairlead.store.orgs import default_org

    owner = Import.objects.create(
        org=default_org(),
        name="Bench",
        client=CLIENT,
        list_id=LISTS[0],
        kind="soql",
        source={"soql": IMPORTED},
        lines=[{"column": "Email", "to": "EmailAddress"}, {"column": "FirstName", "to": "Name"},
               {"column": "LastName", "to": "Name"}],
        hours=[],
    )  # fmt: skip
    return _run(KIND, LISTS[0], {"import": owner.pk}, run_import, drive)["read"]


ON_THE_DATABASE: dict[str, Callable[[], int]] = {
    "tracking": lambda: synced(EVENTS),
    "initial": lambda: synced(EVERYTHING),
    "incremental": lambda: synced(EVERYTHING),
    "import": imported,
}


def main() -> None:
    job, url = sys.argv[1:3]
    if job == "members":
        for name in MODULES:
            importlib.import_module(name)
    else:
        _ready()
    from fairlead.jobs import collector

    collector.calm()  # as a worker does when it begins
    with sampled():
        tell((lambda: members(url)) if job == "members" else ON_THE_DATABASE[job])


if __name__ == "__main__":
    main()
