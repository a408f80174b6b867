"""What the tracking room runs: what became of campaigns and of journeys' e-mails, as CM_Tracking__c, with exact totals."""

import tomllib
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from importlib.resources import files
from ipaddress import ip_network
from typing import Any, Final, cast

from fairlead.campaignmonitor.timezones import to_utc, wall_clock, zone
from fairlead.domain import tracking_settings as settings
from fairlead.domain.failure import Failure, SignInAgain
from fairlead.domain.records import Scope
from fairlead.domain.tracking_plan import Known, Wanted, plan
from fairlead.features.tracking_history import records, rules, sweeping
from fairlead.features.tracking_history.book import PostgresBook
from fairlead.features.tracking_history.rollups import write_totals
from fairlead.salesforce import names
from fairlead.sync import limits
from fairlead.sync.account_source import clock
from fairlead.sync.convert_tracking import ACTIVITY_OF, TRACKING_FIELDS, TRACKING_KINDS, Mail
from fairlead.sync.event_ports import Reading
from fairlead.sync.events import Ended, EventFlow
from fairlead.sync.failures import campaign_monitor_failures
from fairlead.sync.org_sink import OrgSink, all_records
from fairlead.sync.ports import SourcePage, Target
from fairlead.sync.stage import CampaignScope, ClientScope, JourneyEmailScope, Run, Stage
from fairlead.sync.together import each

MEMBERS_REMEMBERED: Final = 50_000
"""Members whose keys are remembered until their totals are written; if there are more, the org is read instead."""

TARGET: Final = Target(names.TRACKING, names.TRACKING_KEY, TRACKING_FIELDS, TRACKING_KINDS)


async def read_events(run: Run) -> None:
    """Read the events of every e-mail whose counters moved. One that fails does not take the others with it."""
    if run.wanted.list:
        await run.progress.stage(
            "tracking", message="E-mails are not of one list: they are read by a sync of all lists."
        )
        return
    book = PostgresBook(run.org_id, run.fence)
    work = _Work(run, book, await clock(run))
    await work.prepare()
    await run.progress.stage("tracking", state="running", done=0, total=work.expected, unit="events")
    for client, readings in work.by_client.items():
        await work.read(client, readings)
    await records.show_suspicious(run)
    if work.failures:
        run.add(reports_failed=len(work.failures))
        raise rules.the_one_to_tell(work.failures, work.readings)
    await sweeping.sweep(run, TARGET)


@dataclass(slots=True)
class _Work:
    """What one stage has to read, and how far it is."""

    run: Run
    book: PostgresBook
    now: datetime
    by_client: dict[ClientScope, list[Reading]] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    done: int = 0
    expected: int = 0
    readings: int = 0
    _known: Mapping[tuple[str, str], Known] = field(default_factory=dict)
    _oldest: Mapping[str, str] = field(default_factory=dict)
    _in_org: set[str] = field(default_factory=set)

    async def prepare(self) -> None:
        """Decide what is to be read."""
        run = self.run
        if run.wanted.full and run.wanted.everything:
            await records.reset_once(run)
        self._oldest = {client.id: oldest_kept(run, client, self.now) for client in run.clients}
        await records.forget_what_is_deleted(run, self._oldest)
        self._known = await self.book.all_known()
        for campaign in run.campaigns:
            self._add(campaign, Mail(campaign.id, sent=f"{campaign.sent:%Y-%m-%d %H:%M:%S}"), rules.KINDS)
        for email in run.journey_emails if run.settings.of(settings.JOURNEYS) else ():
            self._add(email, Mail(email.id, journey=True, list=email.list_id), rules.JOURNEY_KINDS)
        if self.by_client:
            self._in_org |= await records.lists_of_the_org(run)
        self.readings = sum(map(len, self.by_client.values()))
        self.expected = sum(reading.expected for readings in self.by_client.values() for reading in readings)

    def _add(self, of: CampaignScope | JourneyEmailScope, mail: Mail, kinds: Sequence[str]) -> None:
        suspicion = rules.Suspicion(proxies(), self.run.settings.of(rules.SCANNER_LINKS), mail.sent)
        for kind in kinds:
            reading = self._reading(of, mail, kind, suspicion)
            if reading is not None:
                self.run.matcher.expect(reading.people)
                self.by_client.setdefault(of.client, []).append(reading)

    def _reading(
        self, of: CampaignScope | JourneyEmailScope, mail: Mail, kind: str, suspicion: rules.Suspicion
    ) -> Reading | None:
        run, known = self.run, self._known.get((mail.id, kind))
        counter = of.figures.get(kind, known.seen if known else 0)
        seen = {one: was.seen for one in rules.KINDS if (was := self._known.get((mail.id, one)))}
        made = plan(
            "sendings" if mail.journey and kind == "recipients" else kind,
            counter,
            known,
            Wanted(
                rules.write_from(run.settings, self._oldest[of.client.id], ACTIVITY_OF[kind], journey=mail.journey),
                run.settings.of(rules.MEMBER_TOTALS),
                linked=mail.id in run.linked_campaigns,
                full_run=run.number if run.wanted.full else 0,
            ),
            suspected=known is not None and rules.may_have_moved(kind, of.figures, seen, known.events),
        )
        if made is None:
            return None
        place = zone(of.client.time_zone)
        at_all = run.settings.of(rules.SUSPICIOUS)
        suspects = {"opens": suspicion.opens, "clicks": suspicion.clicks} if at_all else {}
        return Reading(
            Scope(kind, of.client.id, mail.id),
            kind,
            mail,
            of.name,
            counter,
            known,
            made,
            partial(self._pages, of.name, mail, kind),
            lambda texts: to_utc(texts, place),
            self._in_org,
            suspects.get(kind, lambda events: [False] * len(events)),
            full_run=run.number if run.wanted.full else 0,
            drop_all=kind == "recipients" and rules.has_settled(mail.sent, self.now),
        )

    async def _pages(
        self, name: str, mail: Mail, kind: str, since: datetime | None
    ) -> AsyncGenerator[SourcePage[Any], None]:
        account = self.run.campaign_monitor
        doors = account.journey_tracking if mail.journey else account.tracking
        door = getattr(doors, kind)
        with campaign_monitor_failures(f"read the {kind} of the e-mail “{name}”"):
            pages = door(mail.id) if kind == "recipients" and not mail.journey else door(mail.id, since)
            async with aclosing(pages):
                async for page in pages:
                    await self.run.progress.check_cancelled()
                    self.done += len(page.rows)
                    await self.run.progress.stage("tracking", done=self.done, total=max(self.expected, self.done))
                    yield SourcePage(page.rows, page.total)

    async def read(self, client: ClientScope, readings: Sequence[Reading]) -> None:
        """Read what there is of one client: few events of many e-mails together, then e-mails with many, a few at once."""
        flow = EventFlow(
            self.run.ledger,
            self.book,
            OrgSink(self.run.salesforce, all_records, self.run.settings),
            self.run.matcher,
            TARGET,
            self.run.number,
            client.owner,
            self._remember,
        )
        together, alone = rules.groups(cast("Sequence[rules.Expecting]", readings))
        for group in together:
            shared = Scope("tracking", client.id, "shared")
            await self._group(flow, shared, [readings[i] for i in group])
        by_mail: dict[str, list[Reading]] = defaultdict(list)
        for i in alone:
            by_mail[readings[i].mail.id].append(readings[i])

        async def one_mail(of_mail: list[Reading]) -> None:
            # the reports of one e-mail are read one after another: never two bulk jobs on it
            for reading in of_mail:
                await self._group(flow, reading.scope, [reading])

        await each(by_mail.values(), one_mail, at_once=self.run.settings.of(limits.MAILS_AT_ONCE))

    async def _group(self, flow: EventFlow, scope: Scope, readings: Sequence[Reading]) -> None:
        try:
            ended = await flow.run_group(scope, readings)
        except SignInAgain:
            raise
        except Failure as failure:  # of the writing: the others may do better
            self.failures.append(failure)
            return
        for one in ended:
            self._note(one)

    def _note(self, one: Ended) -> None:
        self.run.add(
            events_read=one.read,
            events_written=one.outcome.written,
            refused=len(one.outcome.failures),
        )
        if one.failure is not None:
            one.failure.tell_more(f"The {one.reading.kind} of the e-mail “{one.reading.name}”:")
            self.failures.append(one.failure)
            if one.blocked not in {
                "",
                "INVALID_FIELD",
            }:  # the others would end alike; a missing parent is of this one only
                raise one.failure

    def _remember(self, hashes: Sequence[bytes], keys: Sequence[str]) -> None:
        if len(self.run.member_keys) < MEMBERS_REMEMBERED:
            self.run.member_keys.update(zip(hashes, keys, strict=True))


def oldest_kept(run: Run, client: ClientScope, now: datetime) -> str:
    """The minute of a client's wall clock from which on events are kept."""
    moment = settings.oldest_kept(now.date(), run.settings.of(settings.DAYS_TO_KEEP))
    return wall_clock(moment, zone(client.time_zone))[:16]


@cache
def proxies() -> tuple[rules.Network, ...]:
    """Networks from which mail programs open by themselves: see `proxies.toml` for source and date."""
    told = tomllib.loads(files(__package__).joinpath("proxies.toml").read_text("utf-8"))
    return tuple(ip_network(each_range) for one in told["networks"] for each_range in one["ranges"])


STAGES: Final = (Stage("tracking", "Tracking", read_events, needs=("match",)), Stage("rollups", "Totals", write_totals))
