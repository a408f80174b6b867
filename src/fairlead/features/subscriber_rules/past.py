"""A rule run over all records there are: guarded, cancellable, and continued where it was cut short."""

from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any, Final

from asgiref.sync import sync_to_async

from fairlead.domain.consent_settings import options
from fairlead.domain.failure import FixTheSettings
from fairlead.domain.outward_settings import PAUSED, TRIGGER_JOURNEYS
from fairlead.domain.setting import Values
from fairlead.features.subscriber_rules import keeping, org, preview, settings
from fairlead.features.subscriber_rules.applying import ListWork, Tally, Tools
from fairlead.features.subscriber_rules.keeping import Ready
from fairlead.features.subscriber_rules.models import PastRun
from fairlead.features.subscriber_rules.rules import deciding
from fairlead.features.subscriber_rules.rules.deciding import Fate
from fairlead.features.subscriber_rules.rules.words import Does
from fairlead.jobs import api
from fairlead.jobs.context import Cancelled, JobContext
from fairlead.jobs.models import Job
from fairlead.store import audit, hashing, secrets, setting_rows
from fairlead.store.consent import PostgresConsentBook
from fairlead.store.ledger import LedgerKeys, PostgresLedger
from fairlead.store.models import Org
from fairlead.sync import sides

KIND: Final = "subscriber_rule_run"
TITLE: Final = "Subscriber rule over the past"
LOOK, WRITE = "look", "write"
PAGES_AT_ONCE: Final = 10
"""So many pages of records are committed together: calls to Campaign Monitor are then full, but for the last of them."""

STAGES: Final = ((LOOK, "Count who would be taken off"), (WRITE, "Go through the records"))


class NothingGoesOut(FixTheSettings):
    """Everything to Campaign Monitor is paused."""

    code = "FL-466"
    next_step = "Turn off “Pause everything to Campaign Monitor”, then run the rule again."

    def __init__(self) -> None:
        super().__init__("A rule cannot be run over the past while everything to Campaign Monitor is paused.")


class ChangedSince(FixTheSettings):
    """The rule is not the one that was confirmed."""

    code = "FL-467"
    next_step = "Look at the preview again, then run the rule as it is now."

    def __init__(self, name: str) -> None:
        super().__init__(f"The rule “{name}” was changed after its run was asked for.")


def ask(who: Org, rule: int, by: str, *, allow: bool = False, version: int | None = None) -> Job:
    """Ask for the run of a rule, as it is now. `version`: the one that was seen. Raises NoSuchRule, or ChangedSince."""
    found = keeping.find(who, rule)
    if version is not None and version != found.version:
        raise ChangedSince(found.name)
    args = {"rule": found.pk, "version": found.version} | ({"allow_large_changes": True} if allow else {})
    audit.record(who, by, "run rule over the past", f"rule {found.pk} “{found.name}” of {found.list_name}"[:200])
    return api.ask(who, KIND, key=found.list, args=args, by=by)


async def run_over_past(context: JobContext) -> None:
    """The job: look how many would go, then go through the records. Raises a Failure, or TooManyRemovals."""
    await context.stages(list(STAGES))
    who = await sync_to_async(Org.objects.get)(id=context.org_id)
    rule, at = await sync_to_async(_begin)(who, context)
    chosen = await sync_to_async(setting_rows.values)(who)
    if chosen.of(PAUSED):
        raise NothingGoesOut
    async with sides.campaign_monitor(who.pk) as account, sides.salesforce(who.pk) as crm:
        tools = Tools(
            account,
            crm,
            PostgresLedger(who.pk, context.job_id, context.fence, _keys()),
            PostgresConsentBook(who.pk, context.fence),
            options(chosen),
            chosen.of(TRIGGER_JOURNEYS),
            datetime.now(UTC),
        )
        await _Past(context, tools, rule, at, chosen).run()


class _Past:
    """One attempt."""

    def __init__(self, context: JobContext, tools: Tools, rule: Ready, at: PastRun, chosen: Values) -> None:
        self._context = context
        self._tools = tools
        self._rule = rule
        self._at = at
        self._chosen = chosen

    async def run(self) -> None:
        await self._guard()
        context, at, rule = self._context, self._at, self._rule
        total = await org.count(self._tools.salesforce, rule.object, rule.where)
        await context.stage(WRITE, state="running", done=at.records, total=max(total, at.records), unit="records")
        work = ListWork(self._tools, rule.client, rule.list)
        act = work.add if rule.does == Does.ADD else work.remove
        looked, last_id, since = at.records, at.last_id, 0
        async with aclosing(org.people(self._tools.salesforce, rule.object, rule.where, at.last_id)) as pages:
            async for page in pages:
                await self._go_on(work, last_id, looked)
                await act(rule.id, page)
                looked, since = looked + len(page), since + 1
                last_id = page[-1].id if page else last_id
                if since % PAGES_AT_ONCE == 0:
                    await self._commit(work, last_id, looked)
                await context.stage(WRITE, done=looked)
        await self._commit(work, last_id, looked)
        await context.stage(WRITE, state="done", written=at.written, refused=at.refused)

    async def _go_on(self, work: ListWork, last_id: str, looked: int) -> None:
        """Raises Cancelled where a person asked for the end; what was done by then is noted first."""
        try:
            await self._context.check_cancelled()
        except Cancelled:
            await self._commit(work, last_id, looked)
            raise

    async def _commit(self, work: ListWork, last_id: str, looked: int) -> None:
        """Write who waits, and note how far it is."""
        await work.write()
        tally = work.tallies.pop(self._rule.id, Tally())
        await work.commit(self._noting(last_id, looked, tally.fired, tally.refused))
        await self._context.counts(rules_written=self._at.written, rules_refused=self._at.refused)

    async def _guard(self) -> None:
        """Count who would be taken off before anybody is, once for all attempts. Raises TooManyRemovals."""
        context, rule = self._context, self._rule
        if rule.does != Does.REMOVE or self._at.checked or context.args.get("allow_large_changes"):
            await context.stage(LOOK, state="done")
            return
        await context.stage(LOOK, state="running", unit="records")
        there = await org.on_the_list(self._tools.salesforce, rule.list)
        looked = removed = 0
        async with aclosing(preview.rows(self._tools, rule)) as pages:
            async for page in pages:
                await context.check_cancelled()
                looked += len(page)
                removed += sum(fate is Fate.REMOVE for _, fate in page)
                await context.stage(LOOK, done=looked)
        deciding.check_removals(
            rule.name,
            removed=removed,
            there=there,
            share=self._chosen.of(settings.REMOVALS_SHARE) / 100,
            records=self._chosen.of(settings.REMOVALS_RECORDS),
            allowed=False,
        )
        await sync_to_async(self._checked)()
        await context.stage(LOOK, state="done")

    def _checked(self) -> None:
        self._at.checked = True
        self._at.save(update_fields=["checked"])

    def _noting(self, last_id: str, records: int, fired: int, left: int) -> Callable[[], None]:
        """Note how far it is, and count, in the transaction that keeps the reasons."""

        def note() -> None:
            at = self._at
            at.last_id, at.records = last_id, records
            at.written, at.refused = at.written + fired, at.refused + left
            at.save()
            keeping.count_more(self._rule.id, fired, left)

        return note


def _begin(who: Org, context: JobContext) -> tuple[Ready, PastRun]:
    rule = keeping.find(who, int(context.args["rule"]))
    if rule.version != context.args.get("version", rule.version):
        raise ChangedSince(rule.name)
    at, _ = PastRun.objects.get_or_create(job=context.job_id, defaults={"rule": rule})
    return keeping.ready(rule), at


def _keys() -> LedgerKeys:
    return LedgerKeys(hashing.address_key(), hashing.content_key(), secrets.seal, secrets.unseal)


RUNNERS: Final[tuple[tuple[str, str, Any], ...]] = ((KIND, TITLE, run_over_past),)
