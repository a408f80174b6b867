"""The lists of every client as CM_List__c: their settings when due, their 24 counters when they moved.

Calls of Campaign Monitor in a run: one a client for the names of its lists, one a list for the counters, one a list for the
settings when those are due (once a day, or new, or renamed, or a full sync). A list whose counters stand still is read all
the same (five states): counters cannot prove that nothing changed. Somebody who leaves and somebody who comes back on one
day leave every counter as it was, the unconfirmed are in none, and a state entered anew on the same day moves only a date.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from fairlead.campaignmonitor import errors as cm
from fairlead.campaignmonitor.lists import ListDetails, ListName
from fairlead.domain.failure import Failure, RefusedByGuard, SignInAgain, WaitAndRetry, the_one_to_act_on
from fairlead.domain.records import Kind, Rows, Scope
from fairlead.features.members import rules, settings
from fairlead.features.members.readings import KEPT, MAX_NAME, Notes, Seen
from fairlead.salesforce import names
from fairlead.sync import guard
from fairlead.sync.account_source import ListingSource, clock
from fairlead.sync.failures import campaign_monitor_failures
from fairlead.sync.org_sink import OrgSink, by_client
from fairlead.sync.ports import SourcePage, Target
from fairlead.sync.run import ALWAYS_RECENT, Converted, Flow, Options
from fairlead.sync.stage import ClientScope, ListScope, Run
from fairlead.sync.together import each

if TYPE_CHECKING:
    from fairlead.features.members.models import ListReading

CALLS_AT_ONCE: Final = 8
GIVE_UP: Final = 3
"""Lists that may fail for the moment before all of Campaign Monitor counts as failing."""
GONE: Final = frozenset({101, 250})
"""Campaign Monitor's codes for a list that does not exist (any more)."""

LIST_TARGET: Final = Target(names.LIST, names.LIST_KEY, names.LIST_FIELDS, (Kind.TEXT,) * 7 + (Kind.NUMBER,))
FIGURE_FIELDS: Final = ("List_Id__c", "Name", "Client__r.Client_Id__c", *names.LIST_FIGURES)
FIGURE_TARGET: Final = Target(
    names.LIST,
    names.LIST_KEY,
    FIGURE_FIELDS,
    (*(Kind.TEXT,) * 3, *(Kind.NUMBER,) * (len(names.LIST_FIGURES) - 2), Kind.BOOLEAN, Kind.DATETIME),
    run_field="Last_Synced__c",  # it moves with every reading: alone it is no reason to write
)
LIST_SWEEP: Final = guard.SweepLimits(share=0.2, records=3)


def is_gone(error: BaseException | None) -> bool:
    """Whether Campaign Monitor says that the list does not exist (any more)."""
    return isinstance(error, cm.SetupRefused | cm.RecordRefused) and (error.code in GONE or error.status in {404, 410})


async def read_lists(run: Run, notes: Notes = KEPT) -> None:
    """Write the lists of every client as records, and note them for the stages that follow.

    A list that fails does not take the others with it: it is named, and its members are still tried unless it is gone.
    So are those of a client whose lists could not be written; then the stage fails at its end.
    """
    await run.progress.stage("lists", state="running", done=0, total=len(run.clients), unit="clients")
    reading = _Reading(run, notes, await notes.of_lists(run), datetime.now(UTC))
    failures: list[Failure] = []
    for done, client in enumerate(run.clients, 1):
        await run.progress.check_cancelled()
        try:
            await reading.read(client)
        except SignInAgain:
            raise
        except Failure as failure:
            if not isinstance(failure, RefusedByGuard):  # a guard names the client itself, and left all there was
                failure.tell_more(f"The lists of the client “{client.name}”:")
            failures.append(failure)
        await run.progress.stage("lists", done=done, lists=len(reading.known), message=reading.message())
    run.lists = reading.known
    if failures:
        run.incomplete.add("lists")
        if run.lists:
            run.passable.add("lists")
        raise the_one_to_act_on(failures, "clients", len(run.clients))
    if run.wanted.list and not run.lists:
        raise rules.NothingSelected("list")


@dataclass(slots=True)
class _Reading:
    """The lists of one run, as far as they are read."""

    run: Run
    notes: Notes
    before: Mapping[str, "ListReading"]
    now: datetime
    known: list[ListScope] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    gone: int = 0

    def message(self) -> str:
        """What a person should know: lists left out, lists that are gone."""
        gone = f"{self.gone:,} lists are gone in Campaign Monitor; a full sync removes them." if self.gone else ""
        return " ".join(part for part in (rules.left_out(self.left_out), gone) if part)

    async def read(self, client: ClientScope) -> None:
        """Read the lists of a client, write and note them."""
        wanted = self.run.wanted
        with campaign_monitor_failures(f"read the lists of the client “{client.name}”"):
            listed = await self.run.campaign_monitor.lists(client.id)
        named = [(one.list_id, one.name) for one in listed]
        await self.notes.note_names(self.run, client, named)
        mine = [one for one in listed if not wanted.list or one.list_id == wanted.list]
        # where nothing is remembered of what was written, the records may be gone: a client that was removed and came back
        anew = await self.run.ledger.cursor(Scope("lists", client.id)) is None
        found = _OfClient(self, client, anew)
        await each(mine, found.read, at_once=CALLS_AT_ONCE)
        order = {one.list_id: place for place, one in enumerate(listed)}
        found.details.sort(key=lambda one: order[one.list_id])
        self.known += sorted(found.lists, key=lambda one: order[one.id])
        # a run of one list, or one that could not read a list, cannot tell which are gone: it sweeps none
        whole = wanted.full and len(found.details) == len(mine)
        sweep = whole and not wanted.list
        noting = partial(self.notes.note_listed, self.run, client.id)
        try:
            unwritten = await _write_lists(self.run, client, found.details, full=whole, sweep=sweep)
        except RefusedByGuard:  # it comes after the writing
            await noting(found.seen(), list(order), self.now)
            raise
        # not before: settings and names that were not written are to be read again
        gone = await noting(found.seen(unwritten), list(order), self.now)
        if sweep:
            await self.notes.forget_gone(self.run, client.id)
        else:
            self.gone += gone


@dataclass(slots=True)
class _OfClient:
    """The lists of one client: settings where due (all of them `anew`), counters of each."""

    reading: _Reading
    client: ClientScope
    anew: bool
    lists: list[ListScope] = field(default_factory=list)
    details: list[ListDetails] = field(default_factory=list)
    failed: int = 0

    async def read(self, one: ListName) -> None:
        """Read one list. Raises SignInAgain, and WaitAndRetry once too many lists failed for the moment."""
        account, scope = self.reading.run.campaign_monitor, ListScope(one.list_id, one.name, self.client)
        try:
            with campaign_monitor_failures("read the settings and counters of a list"):
                details = await account.list_details(one.list_id) if self._due(one) else None
                scope = ListScope(one.list_id, one.name, self.client, await account.list_stats(one.list_id))
        except SignInAgain:
            raise
        except Failure as failure:
            self.failed += isinstance(failure, WaitAndRetry)
            if self.failed > GIVE_UP:
                raise
            self.reading.left_out.append((one.name, failure.told))
            if is_gone(failure.__cause__):
                return
        else:
            self.details += [details] if details is not None else []
        self.lists.append(scope)

    def _due(self, one: ListName) -> bool:
        run, before = self.reading.run, self.reading.before.get(one.list_id)
        if self.anew or run.wanted.full or before is None or before.name != one.name[:MAX_NAME] or before.gone_at:
            return True
        hours = run.settings.of(settings.DETAILS_HOURS)
        return rules.details_due(one.list_id, before.details_at, self.reading.now, hours)

    def seen(self, unwritten: Collection[str] = ()) -> Sequence[Seen]:
        """What is to be noted: settings count as read where they were written."""
        read = {one.list_id for one in self.details} - set(unwritten)
        return [Seen(one, one.id in read, {} if one.stats is None else rules.totals(one.stats)) for one in self.lists]


async def _write_lists(
    run: Run, client: ClientScope, details: Sequence[ListDetails], *, full: bool, sweep: bool
) -> set[str]:
    """Write them; tells ids of lists whose record was not written: refused, or done by an earlier attempt of a full sync."""

    async def listed() -> Sequence[ListDetails]:
        return details

    async def to_rows(page: SourcePage[ListDetails]) -> Converted:
        return Converted(_list_rows(page.rows, client, run.number), [ALWAYS_RECENT] * len(page.rows))

    flow = Flow(
        Scope("lists", client.id),
        ListingSource(listed, await clock(run)),
        to_rows,
        OrgSink(run.salesforce, by_client),
        LIST_TARGET,
        run.ledger,
        Options(
            run.number,
            full=full,
            sweep=sweep,
            allow_large_changes=run.wanted.allow_large_changes,
            limits=LIST_SWEEP,
            name=f"the client “{client.name}”",
            owner=client.owner,
        ),
        no_progress,
    )
    report = await flow.run()
    run.add(lists=len(details), lists_written=report.outcome.written, lists_deleted=report.swept)
    if not report.read:
        return {one.list_id for one in details}
    return {failure.key for failure in report.outcome.failures}


def _list_rows(details: Sequence[ListDetails], client: ClientScope, number: int) -> Rows:
    return Rows(
        LIST_TARGET.fields,
        LIST_TARGET.kinds,
        (
            [one.list_id for one in details],
            [one.title[: rules.MAX_NAME] for one in details],
            [client.id] * len(details),
            [rules.OPT_IN[one.confirmed_opt_in] for one in details],
            [rules.unsubscribe_setting(one.unsubscribe_setting) for one in details],
            [one.unsubscribe_page[: rules.MAX_URL] for one in details],
            [one.confirmation_success_page[: rules.MAX_URL] for one in details],
            [str(number)] * len(details),
        ),
    )


async def write_figures(run: Run, notes: Notes = KEPT) -> None:
    """Write the counters of every list that were read at the beginning, and when its reading last came to its end.

    Only counters that differ from what was last written are written; so is a list that was not written for two days, so
    that its last reading is not told as older than that.
    """
    known = await notes.of_lists(run)
    written = 0
    for client in run.clients:
        lists = [one for one in run.lists if one.client.id == client.id and one.stats is not None and one.id in known]
        if lists:
            written += await _figures_of(run, client, lists, known)
    await run.progress.stage("figures", done=written, unit="lists")


async def _figures_of(
    run: Run, client: ClientScope, lists: Sequence[ListScope], known: Mapping[str, "ListReading"]
) -> int:
    async def listed() -> Sequence[ListScope]:
        return lists

    at = await clock(run)

    async def to_rows(page: SourcePage[ListScope]) -> Converted:
        rows = [
            (
                one.id,
                one.name[: rules.MAX_NAME],
                client.id,
                *rules.figure_texts(
                    one.stats,
                    known[one.id].unconfirmed,
                    prevented=run.settings.of(settings.PREVENT_SYNC, one.id),
                    synced=known[one.id].read_at,
                ),
            )
            for one in page.rows
        ]
        columns = tuple(list(column) for column in zip(*rows, strict=True))
        return Converted(Rows(FIGURE_TARGET.fields, FIGURE_TARGET.kinds, columns), [f"{at:%Y-%m-%d}"] * len(rows))

    flow = Flow(
        Scope("list_figures", client.id),
        ListingSource(listed, at),
        to_rows,
        OrgSink(run.salesforce, by_client),
        FIGURE_TARGET,
        run.ledger,
        Options(run.number, full=run.wanted.full and not run.wanted.list, owner=client.owner),
        no_progress,
    )
    report = await flow.run()
    run.add(figures_written=report.outcome.written)
    return report.outcome.written


async def no_progress(done: int, expected: int) -> None:
    """A listing of one page has nothing to tell in between."""
