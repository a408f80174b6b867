"""What the members room runs: lists as CM_List__c, their subscribers as CM_Member__c, linked to contacts and leads."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from fairlead.campaignmonitor.lists import ListDetails
from fairlead.campaignmonitor.subscribers import Subscriber
from fairlead.campaignmonitor.timezones import to_utc, zone
from fairlead.domain.failure import Failure, RefusedByGuard, SignInAgain
from fairlead.domain.records import Kind, Rows, Scope
from fairlead.features.members import rules
from fairlead.salesforce import names
from fairlead.sync import convert, guard, pull
from fairlead.sync.account_source import ListingSource, SubscriberSource, clock
from fairlead.sync.failures import campaign_monitor_failures
from fairlead.sync.org_sink import OrgSink, all_records, by_client, by_list, without_list
from fairlead.sync.ports import SourcePage, Target
from fairlead.sync.run import ALWAYS_RECENT, Converted, Flow, Options
from fairlead.sync.stage import ClientScope, ListScope, Run, Stage
from fairlead.sync.together import each

LISTS_AT_ONCE: Final = 4
"""Lists read side by side: one alone leaves the wire idle between its five states."""

LIST_TARGET: Final = Target(names.LIST, names.LIST_KEY, names.LIST_FIELDS, (Kind.TEXT,) * 7 + (Kind.NUMBER,))
MEMBER_TARGET: Final = Target(names.MEMBER, names.MEMBER_KEY, convert.MEMBER_FIELDS, convert.MEMBER_KINDS)

LIST_SWEEP: Final = guard.SweepLimits(share=0.2, records=3)


async def read_lists(run: Run) -> None:
    """Write the lists of every client as records, and note them for the stages that follow."""
    await run.progress.stage("lists", state="running", done=0, total=len(run.clients), unit="clients")
    known: list[ListScope] = []
    for done, client in enumerate(run.clients, 1):
        await run.progress.check_cancelled()
        details = await _details(run, client)
        known += [ListScope(one.list_id, one.title, client) for one in details]
        await _write_lists(run, client, details)
        await run.progress.stage("lists", done=done, lists=len(known))
    if run.wanted.list:
        known = [one for one in known if one.id == run.wanted.list]
        if not known:
            raise rules.NothingSelected("list")
    run.lists = known


async def _details(run: Run, client: ClientScope) -> list[ListDetails]:
    account = run.campaign_monitor
    with campaign_monitor_failures(f"read the lists of the client “{client.name}”"):
        listed = await account.lists(client.id)
        return list(await asyncio.gather(*(account.list_details(one.list_id) for one in listed)))


async def _write_lists(run: Run, client: ClientScope, details: Sequence[ListDetails]) -> None:
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
        # a run of one list reads all lists of its client, so it may write them anew, but it sweeps none
        Options(
            run.number,
            full=run.wanted.full,
            sweep=run.wanted.full and not run.wanted.list,
            allow_large_changes=run.wanted.allow_large_changes,
            limits=LIST_SWEEP,
            name=f"the client “{client.name}”",
            owner=client.owner,
        ),
        _no_progress,
    )
    report = await flow.run()
    run.add(lists=len(details), lists_written=report.outcome.written, lists_deleted=report.swept)


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


async def read_members(run: Run) -> None:
    """Read every list's subscribers and write them as members. A list that fails does not take the others with it."""
    now = await clock(run)
    overlap = pull.OVERLAP if len({client.time_zone for client in run.clients}) == 1 else pull.OVERLAP_OF_SEVERAL_ZONES
    expected = await _expected(run)
    await run.progress.stage("members", state="running", done=0, total=expected, unit="subscribers")
    counter = _Counter(run, expected)
    failures: list[Failure] = []

    async def one(list_scope: ListScope) -> None:
        try:
            await _members_of(run, list_scope, now, overlap, counter)
        except SignInAgain:  # the others would end alike
            raise
        except Failure as failure:
            if not isinstance(failure, RefusedByGuard):  # a guard names the list itself
                failure.tell_more(f"The list “{list_scope.name}”:")
            failures.append(failure)

    await each(run.lists, one, at_once=LISTS_AT_ONCE)
    if failures:
        run.add(lists_failed=len(failures))
        raise rules.the_one_to_tell(failures, len(run.lists))


async def _members_of(run: Run, list_scope: ListScope, now: datetime, overlap: timedelta, counter: "_Counter") -> None:
    time_zone = zone(list_scope.client.time_zone)

    async def to_rows(page: SourcePage[Subscriber]) -> Converted:
        contacts, leads = await run.matcher.match([subscriber.email for subscriber in page.rows])
        run.add(**rules.linked(contacts, leads))
        rows = convert.members(
            page.rows, list_scope.id, contacts, leads, lambda texts: to_utc(texts, time_zone), run.number
        )
        return Converted(rows, [subscriber.date[:10] for subscriber in page.rows])

    flow = Flow(
        Scope("members", list_scope.client.id, list_scope.id),
        SubscriberSource(run.campaign_monitor, now, run.progress.check_cancelled),
        to_rows,
        OrgSink(run.salesforce, by_list),
        MEMBER_TARGET,
        run.ledger,
        Options(
            run.number,
            full=run.wanted.full,
            overlap=overlap,
            sweep=run.wanted.full,
            allow_large_changes=run.wanted.allow_large_changes,
            name=f"the list “{list_scope.name}”",
            owner=list_scope.client.owner,
        ),
        partial(counter.tell, list_scope.id),
    )
    run.add_report(await flow.run())


async def _expected(run: Run) -> int:
    """Subscribers to come, as far as that is known before: the counters of lists that are read for the first time."""
    total = 0
    for list_scope in run.lists:
        scope = Scope("members", list_scope.client.id, list_scope.id)
        if run.wanted.full or await run.ledger.cursor(scope) is None:
            with campaign_monitor_failures("read the counters of a list"):
                total += rules.subscribers(await run.campaign_monitor.list_stats(list_scope.id))
    return total


class _Counter:
    """Adds the progress of lists that are read side by side."""

    def __init__(self, run: Run, expected: int) -> None:
        self._run = run
        self._at_least = expected
        self._done: dict[str, int] = {}
        self._expected: dict[str, int] = {}

    async def tell(self, list_id: str, done: int, expected: int) -> None:
        """So many rows of a list are read, of so many expected as far as its pages have told."""
        self._done[list_id] = done
        self._expected[list_id] = expected
        totals = self._run.totals
        await self._run.progress.stage(
            "members",
            done=sum(self._done.values()),
            total=max(sum(self._expected.values()), self._at_least),
            linked=sum(totals.get(name, 0) for name in ("linked_contact", "linked_lead", "linked_both")),
            unlinked=totals.get("unlinked", 0),
        )


async def _no_progress(done: int, expected: int) -> None:
    """A listing of one page has nothing to tell in between."""


async def sweep_orphans(run: Run) -> None:
    """After a full sync of everything: delete the members of lists that are gone, unless a guard refuses."""
    if not run.wanted.full or run.wanted.client or run.wanted.list:
        await run.progress.stage("tidy", message="Members of lists that are gone are removed by a full sync.")
        return
    orphans, everyone = OrgSink(run.salesforce, without_list), OrgSink(run.salesforce, all_records)
    scope = Scope("members", "all")
    older, _ = await orphans.count_older(MEMBER_TARGET, scope, run.number)
    _, known = await everyone.count_older(MEMBER_TARGET, scope, run.number)
    guard.check_sweep(
        "members of lists that are gone",
        read=known,
        older=older,
        known=known,
        limits=guard.SweepLimits(),
        allowed=run.wanted.allow_large_changes,
    )
    deleted = await orphans.delete_older(MEMBER_TARGET, scope, run.number, ()) if older else 0
    await run.progress.stage("tidy", done=deleted, total=older, unit="members")
    run.add(deleted=deleted)


STAGES: Final = (
    Stage("lists", "Lists", read_lists, needs=("clients",)),
    Stage("members", "Members", read_members, needs=("lists",)),
    Stage("tidy", "Tidy up", sweep_orphans, needs=("members",)),
)
