"""What the suppression room runs: each client's suppression list as CM_Suppression__c records, where that is wanted."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from fairlead.campaignmonitor.paging import Page
from fairlead.campaignmonitor.suppression import Suppressed
from fairlead.campaignmonitor.timezones import to_utc, zone
from fairlead.domain.failure import Failure, SignInAgain, the_one_to_act_on
from fairlead.domain.records import Kind, Rows, Scope
from fairlead.features.suppression import records, rules
from fairlead.features.suppression.rules import Reading
from fairlead.features.suppression.source import SuppressionSource
from fairlead.salesforce import names
from fairlead.sync import guard
from fairlead.sync.account_source import clock
from fairlead.sync.failures import campaign_monitor_failures, salesforce_failures
from fairlead.sync.org_sink import OrgSink, by_client
from fairlead.sync.ports import SourcePage, Target
from fairlead.sync.run import Converted, Flow, Options, Report
from fairlead.sync.seen import text_hashes
from fairlead.sync.stage import ClientScope, Run, Stage

NAME: Final = "suppression"
TARGET: Final = Target(names.SUPPRESSION, names.SUPPRESSION_KEY, rules.FIELDS, rules.KINDS)
EVER: Final = timedelta(days=50 * 365)
"""Digests of all entries are kept: a list that can only be read whole is then not written whole."""

FEW: Final = 10
"""So many entries may leave a list at once, even if none is left on it."""


async def read_suppressions(run: Run) -> None:
    """Write what changed in each client's suppression list. A client that fails does not take the others with it."""
    if not run.settings.of(rules.SYNC):
        await run.progress.stage(NAME, message=f"“{rules.SYNC.title}” is off.")
        return
    if run.wanted.list:
        await run.progress.stage(NAME, message="A sync of one list leaves its client's suppression list alone.")
        return
    failures: list[Failure] = []
    for done, client in enumerate(run.clients):
        await run.progress.check_cancelled()
        await run.progress.stage(NAME, done=done, total=len(run.clients), unit="clients")
        try:
            await _ClientList(run, client).sync()
        except SignInAgain:  # the others would end alike
            raise
        except Failure as failure:
            failure.tell_more(f"The client “{client.name}”:")
            failures.append(failure)
    await run.progress.stage(NAME, done=len(run.clients) - len(failures), total=len(run.clients), unit="clients")
    if failures:
        raise the_one_to_act_on(failures, "clients", len(run.clients))


@dataclass(slots=True)
class _ClientList:
    """One client's suppression list in one run.

    `refused` are the ledger's hashes of the keys that the org has refused before, `still_listed` those of them that a
    whole reading came by.
    """

    run: Run
    client: ClientScope
    refused: frozenset[bytes] = frozenset()
    still_listed: set[bytes] = field(default_factory=set)

    async def sync(self) -> None:
        """Read as much as the newest page says is needed; note what was read once all of it is done. Raises a Failure."""
        run, client = self.run, self.client
        with campaign_monitor_failures("read a suppression list"):
            first = await run.campaign_monitor.suppression.newest(client.id, 1)
        known = await records.known(run.org_id, client.id)
        now = await clock(run)
        newest = self._digest(first)
        reading = rules.how_much(known, first.total, newest, now, full=run.wanted.full)
        if reading is Reading.NOTHING:
            return
        whole = reading is Reading.WHOLE
        cursor = await run.ledger.cursor(self._scope)
        back_to = cursor.since(timedelta(days=2)).isoformat() if cursor else ""
        tick = run.progress.check_cancelled
        self.refused = await records.refused(run.org_id, client.id) if whole else frozenset()
        source = SuppressionSource(run.campaign_monitor, client.id, first, now, back_to, whole, tick, self._listed)
        report = await self._flow(source, full=run.wanted.full).run()
        run.add_report(report)
        if whole:
            if first.total and not len(source.seen):  # an earlier attempt of this full sync has written it already
                async for _ in source.pages(self._scope, None):
                    pass
            await self._sweep(source, report)
        if known is None or known.total != first.total or run.wanted.full:
            await self._tell_total(first.total)
        if any(failure.retryable for failure in report.outcome.failures):
            newest = b""  # unlike any page: the next run reads on
        whole_at = now if whole or known is None else known.whole_at
        await records.note(run.org_id, client, rules.Known(first.total, newest, whole_at), run.fence)

    @property
    def _scope(self) -> Scope:
        return Scope(records.KIND, self.client.id)

    def _flow(self, source: SuppressionSource, *, full: bool) -> Flow[Suppressed]:
        run = self.run
        options = Options(run.number, full=full, overlap=EVER, name=self._name, owner=self.client.owner)
        sink = OrgSink(run.salesforce, by_client, run.settings)
        return Flow(
            self._scope, source, self._converter(), sink, TARGET, run.ledger, options, _no_progress, link=self._link
        )

    async def _link(self, rows: Rows) -> Rows:
        """The entries with their contacts and leads."""
        contacts, leads = await self.run.matcher.match(rows.column("Email__c"))
        return rows.with_texts({"Contact__c": contacts, "Lead__c": leads})

    @property
    def _name(self) -> str:
        return f"the suppression list of the client “{self.client.name}”"

    def _converter(self) -> Callable[[SourcePage[Suppressed]], Awaitable[Converted]]:
        run, client = self.run, self.client
        place = zone(client.time_zone)

        async def convert(page: SourcePage[Suppressed]) -> Converted:
            nobody = [""] * len(page.rows)
            found = rules.rows(page.rows, client.id, nobody, nobody, lambda texts: to_utc(texts, place), run.number)
            return Converted(found, [one.date[:10] for one in page.rows])

        return convert

    async def _sweep(self, source: SuppressionSource, report: Report) -> None:
        """Delete what left the list, unless a guard refuses; write anew what the org has lost. Raises a Failure."""
        run = self.run
        seen = source.seen
        gone, kept = await self._gone(source)
        guard.check_sweep(
            self._name,
            read=len(seen) or int(len(gone) <= FEW),
            older=len(gone),
            known=len(gone) + kept,
            limits=guard.SweepLimits(),
            allowed=run.wanted.allow_large_changes,
        )
        with salesforce_failures(f"delete {names.SUPPRESSION}"):
            results = await run.salesforce.collections.delete(gone)
        run.add(deleted=sum(result.success for result in results))
        if kept + await self._refused_now(report) < len(seen) and not run.wanted.full:
            run.add_report(await self._flow(source, full=True).run())

    def _listed(self, keys: Sequence[str]) -> None:
        if self.refused:
            self.still_listed |= self.refused.intersection(self.run.ledger.hashes(keys))

    async def _refused_now(self, report: Report) -> int:
        """How many entries are listed and not in the org because it refuses them, now or since an earlier day."""
        known = self.still_listed & await records.refused(self.run.org_id, self.client.id)
        return len(known.union(self.run.ledger.hashes([failure.key for failure in report.outcome.failures])))

    async def _gone(self, source: SuppressionSource) -> tuple[list[str], int]:
        """Ids of the client's records whose address is no longer listed, and how many others there are."""
        gone: list[str] = []
        kept = 0
        condition = by_client(TARGET, self._scope)
        soql = f"SELECT Id, {TARGET.key_field} FROM {TARGET.object} WHERE {condition}"
        with salesforce_failures(f"read {names.SUPPRESSION}"):
            async for page in self.run.salesforce.query(soql):
                listed = source.seen.contains(text_hashes([row[TARGET.key_field] for row in page]))
                gone += [row["Id"] for row, there in zip(page, listed, strict=True) if not there]
                kept += int(listed.sum())
        return gone, kept

    async def _tell_total(self, total: int) -> None:
        with salesforce_failures("write a client's figures"):
            await self.run.salesforce.records.upsert(
                names.CLIENT, names.CLIENT_KEY, self.client.id, {"Total_Suppressed__c": total}
            )

    def _digest(self, page: Page[Suppressed]) -> bytes:
        text = Rows(("Text",), (Kind.TEXT,), ([rules.fingerprint(page.rows)],))
        return self.run.ledger.content_digests(text, "")[0]


async def _no_progress(done: int, expected: int) -> None:
    """Clients are counted, not entries."""


STAGES: Final = (Stage(NAME, "Suppression lists", read_suppressions, needs=("clients", "match")),)
