"""What the opt status room runs: read both sides, decide by the table, write out first, then in one by one, commit.

The order is what keeps the promises of `docs/explanation/opt-status.md`: states are read before events, events before
consents; cursors move with the shadows or not at all; writes in flight are asked for before anything is read.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.domain import consent_guard
from fairlead.domain.consent_settings import Options, options
from fairlead.domain.failure import Failure, RefusedByGuard, SignInAgain, the_one_to_act_on
from fairlead.domain.outward_settings import PAUSED
from fairlead.domain.setting import Values
from fairlead.features.opt_status import records, rules
from fairlead.features.opt_status.account_side import AccountSide
from fairlead.features.opt_status.gathering import Gathered, gather
from fairlead.features.opt_status.judging import Case, judge
from fairlead.features.opt_status.models import OptReading
from fairlead.features.opt_status.org_side import OrgSide
from fairlead.features.opt_status.reacting import OptReaction
from fairlead.features.opt_status.rules import KIND, TITLE, Wanted
from fairlead.features.opt_status.writing import Lanes
from fairlead.salesforce.client import Salesforce
from fairlead.store.consent import PostgresConsentBook
from fairlead.sync.failures import campaign_monitor_failures
from fairlead.sync.limits import SMALL_DOOR
from fairlead.sync.stage import ClientScope, Progress, Run, Stage

NAME: Final = KIND
"""The stage's name."""


def utc_now() -> datetime:
    """Our own clock."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Opting:
    """One run over the clients of an org. `number` is the job's; `fence` is called in each transaction."""

    number: int
    org_id: int
    campaign_monitor: CampaignMonitor
    salesforce: Salesforce
    progress: Progress
    settings: Values
    fence: Callable[[], None]
    wanted: Wanted = field(default_factory=Wanted)
    clock: Callable[[], datetime] = utc_now
    totals: dict[str, int] = field(default_factory=dict)

    @property
    def options(self) -> Options:
        """As chosen."""
        return options(self.settings)

    @property
    def book(self) -> PostgresConsentBook:
        """What is remembered."""
        return PostgresConsentBook(self.org_id, self.fence)

    @property
    def paused(self) -> bool:
        """Whether nobody may be brought back just now."""
        return bool(self.settings.of(PAUSED))

    def add(self, counts: Mapping[str, int]) -> None:
        """Add to the totals of the run."""
        for name, count in counts.items():
            self.totals[name] = self.totals.get(name, 0) + count


@dataclass(slots=True)
class ClientRun:
    """One client in one run. `only`: look at these addresses, and move no cursor. `keeps`: a preview is noted."""

    opting: Opting
    client: ClientScope
    only: Collection[str] | None = None
    keeps: bool = True
    kept: OptReading = field(init=False)
    account: AccountSide = field(init=False)
    org: OrgSide = field(init=False)
    scope: str = ""
    cases: Mapping[str, Case] = field(default_factory=dict, repr=False)
    now: datetime = field(init=False)

    async def run(self) -> Mapping[str, int]:
        """Run it; gives counts of decisions. Raises a Failure, a RefusedByGuard before anything is written."""
        opting = self.opting
        self.now = opting.clock()
        self.kept = await records.reading(opting.org_id, self.client)
        await self._open()
        wanted = opting.wanted
        if not wanted.preview:
            await self._end_flights()
        before = await opting.book.scope(self.client.id)
        consent_guard.check_scope(before, self.scope, allowed=wanted.baseline or wanted.preview)
        gathered = await gather(self, whole=self._whole(before))
        cases = self.cases = await judge(self, gathered)
        if wanted.preview:
            counts = _counts(cases.values())
            if self.keeps:
                await records.note(opting.org_id, self.client, preview=counts, previewed_at=self.now)
            return counts
        await self._check(cases, gathered)
        return await self._carry_out(cases, gathered)

    def _whole(self, scope: str) -> bool:
        if self.only is not None:
            return False
        changed = scope != self.scope
        wanted, days = self.opting.wanted, self.opting.settings.of(rules.SWEEP_DAYS)
        due = rules.sweep_due(self.kept.swept_at, self.now, days)
        return wanted.sweep or wanted.baseline or changed or due or not self.kept.account_until

    async def _open(self) -> None:
        opting = self.opting
        with campaign_monitor_failures(f"read the lists of the client “{self.client.name}”"):
            lists = [one.list_id for one in await opting.campaign_monitor.lists(self.client.id)]
        tick = opting.progress.check_cancelled
        self.account = AccountSide(opting.campaign_monitor, self.client, lists, tick)
        self.org = OrgSide(opting.salesforce, tick, opting.settings.of(SMALL_DOOR))
        mapping = [await self.org.id(), rules.OPT_OUT_FIELD]
        self.scope = consent_guard.scope_hash(lists, mapping, rules.scope_settings(opting.options))

    async def _end_flights(self) -> None:
        """Writes of an attempt that died: a bulk job is brought to its end first, then all is read anew."""
        opting = self.opting
        for job in await opting.book.in_flight(self.client.id):
            if await records.running_elsewhere(job, opting.number):
                continue
            kind, _, rest = job.partition(":")
            if kind == "bulk":
                await self.org.end_of(rest.partition(":")[0])
            await opting.book.drop(self.client.id, job)

    async def _check(self, cases: Mapping[str, Case], gathered: Gathered) -> None:
        """All guards. Raises a RefusedByGuard."""
        opting, chosen = self.opting, self.opting.settings
        allowed = opting.wanted.allow_large_changes
        known = await records.known_by(opting.org_id, self.client.id)
        if self.only is None:
            sides = {
                side: rules.comparison(known[side], [case.seen(side) for case in cases.values()], whole=gathered.whole)
                for side in known
            }
            consent_guard.check_sides(sides, allowed=allowed)
        total = sum((await opting.book.counts(self.client.id)).values())
        judged = [case.judged for case in cases.values()]
        consent_guard.check_decisions(judged, total, consent_guard.limits(chosen), allowed=allowed)

    async def _carry_out(self, cases: Mapping[str, Case], gathered: Gathered) -> Mapping[str, int]:
        opting = self.opting
        lanes = Lanes(self, cases, gathered.waiting)
        done = await lanes.out()
        await lanes.into(done)
        counts = _counts(cases.values()) | {"waiting": len(done.left)}
        done.looked |= gathered.looked_without(done.left)
        done.finished |= gathered.waiting
        if self.only is None:
            done.reading = {
                "account_until": gathered.account_clock,
                "org_until": gathered.org_clock,
                "ran_at": self.now,
                "counts": counts,
                "problem": "",
                "problem_code": "",
                **({"swept_at": self.now, "pages": self.account.pages} if gathered.whole else {}),
            }
        await records.commit(
            opting.org_id, self.client, opting.book, done, at=self.now, scope=self.scope, fence=opting.fence
        )
        for job in lanes.flights:
            await opting.book.drop(self.client.id, job)
        await opting.book.forget_events(self.client.id, gathered.events_since - records.KEPT)
        return counts


def _counts(cases: Collection[Case]) -> dict[str, int]:
    made = [case.decision for case in cases if case.tells]
    return rules.tally((one.rule, one.out, one.into, one.reviews) for one in made) | {"looked_at": len(cases)}


async def run_clients(opting: Opting, clients: Collection[ClientScope], *, waiting: bool = False) -> None:
    """Run all clients; one that fails does not take the others with it. Raises the failure that a person must act on.

    `waiting`: only look at addresses that wait.
    """
    stage = NAME
    failures: list[Failure] = []
    for done, client in enumerate(clients):
        await opting.progress.check_cancelled()
        await opting.progress.stage(stage, done=done, total=len(clients), unit="clients")
        try:
            opting.add(await ClientRun(opting, client, only=() if waiting else None).run())
        except SignInAgain:
            raise
        except Failure as failure:
            if isinstance(failure, RefusedByGuard):
                await records.note(opting.org_id, client, problem=str(failure)[:500], problem_code=failure.code)
            failure.tell_more(f"The client “{client.name}”:")
            failures.append(failure)
    told = _told(opting)
    await opting.progress.stage(
        stage,
        done=len(clients) - len(failures),
        total=len(clients),
        unit="clients",
        opted_out=told.get("out_salesforce", 0) + told.get("out_campaign_monitor", 0),
        let_in=told.get("in_salesforce", 0) + told.get("in_campaign_monitor", 0),
        to_review=told.get("reviews", 0),
    )
    if failures:
        raise the_one_to_act_on(failures, "clients", len(clients))


def _told(opting: Opting) -> dict[str, int]:
    names = ("looked_at", "out_salesforce", "out_campaign_monitor", "in_salesforce", "in_campaign_monitor", "reviews")
    return {name: opting.totals[name] for name in names if opting.totals.get(name)}


async def keep_in_step(run: Run) -> None:
    """The stage of the primary sync. A client without a baseline is left alone: the first run is a person's decision."""
    if run.wanted.list:
        await run.progress.stage(NAME, message="A sync of one list leaves opt status alone: it is about all lists.")
        return
    wanted = Wanted(sweep=run.wanted.full, allow_large_changes=run.wanted.allow_large_changes)
    opting = Opting(
        run.number, run.org_id, run.campaign_monitor, run.salesforce, run.progress, run.settings, run.fence, wanted
    )
    begun = [client for client in run.clients if await opting.book.scope(client.id)]
    if begun:
        await run_clients(opting, begun)
    left = len(run.clients) - len(begun)
    if left:
        then = f"`{consent_guard.PREVIEW}`, then `{consent_guard.BASELINE}`"
        words = f"{left} of {len(run.clients)} clients wait for their first run of opt status: {then}."
        await run.progress.stage(NAME, message=words)
    run.add(**{f"opt_{name}": count for name, count in _told(opting).items()})


def clients_of(clients: Collection[ClientScope], wanted: str) -> list[ClientScope]:
    """All clients, or the one wanted. Raises NoSuchClient."""
    found = [client for client in clients if not wanted or client.id == wanted]
    if wanted and not found:
        raise rules.NoSuchClient(wanted)
    return found


STAGES: Final = (Stage(NAME, TITLE, keep_in_step, needs=("clients",)),)


async def _look(run: Any, client: ClientScope, addresses: Collection[str]) -> Mapping[str, int]:
    opting = Opting(run.number, run.org_id, run.campaign_monitor, run.salesforce, run.progress, run.settings, run.fence)
    if not await opting.book.scope(client.id):
        return {}
    return await ClientRun(opting, client, only=addresses).run()


REACTIONS: Final = (partial(OptReaction, _look),)
