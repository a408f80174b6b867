"""Campaigns, journeys, their events and the totals made of them: the stages over both emulated sides."""

import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from fairlead.campaignmonitor.timezones import to_utc, zone
from fairlead.domain.activity import KIND_OF, Activity
from fairlead.domain.failure import Failure
from fairlead.domain.setting import Given
from fairlead.salesforce import names
from fairlead.sync.failures import CampaignMonitorUnavailable
from fairlead.sync.memory import MemoryMatcher
from fairlead.sync.stage import ClientScope, Run, Wanted
from tests.conformance.emulated import account_of, org_of, served

ZONE = "(GMT+10:00) Canberra, Melbourne, Sydney"
PEOPLE = 300
EVERYTHING = {("tracking_history.days_to_keep", ""): 3_650}
SPEC = {
    "clients": [
        {
            "name": "Events",
            "country": "Australia",
            "time_zone": ZONE,
            "lists": [
                {"title": "News", "confirmed_opt_in": False, "unsubscribe_setting": "OnlyThisList",
                 "custom_fields": [], "people": [[0, PEOPLE]]},
            ],
            "campaigns": [
                {"name": "Spring", "lists": ["News"], "sent_days_ago": 20, "tags": ["a", "b"], "times": 3},
            ],
            "journeys": [
                {"name": "Welcome", "list": "News", "emails": [{"name": "Hello", "delay_hours": 1}], "history_days": 4000},
            ],
        }
    ]
}  # fmt: skip


class Silent:
    """Progress that nobody hears."""

    async def stage(self, name: str, **news: Any) -> None: ...
    async def check_cancelled(self) -> None: ...


@dataclass
class World:
    """Both sides and what Fairlead remembers of them."""

    emulators: Any
    org_id: int
    numbers: int = 100
    settings: dict[tuple[str, str], Any] = field(default_factory=lambda: dict(EVERYTHING))
    linked: dict[str, str] = field(default_factory=dict)
    calls: Counter = field(default_factory=Counter)

    def sync(self, *, full: bool = False, number: int = 0, stop: Callable[[str], None] = lambda act: None) -> Run:
        return async_to_sync(self._sync)(full, number, stop)

    async def _sync(self, full: bool, number: int, stop: Callable[[str], None]) -> Run:
        from fairlead.features.campaigns import flow as campaigns
        from fairlead.features.campaigns.journeys import read_journeys
        from fairlead.features.connections.flow import write_clients
        from fairlead.features.members.flow import read_lists, read_members
        from fairlead.features.tracking_history import flow as tracking
        from fairlead.features.tracking_history import records
        from fairlead.store.ledger import LedgerKeys, PostgresLedger

        self.numbers += 1
        state = next(self.emulators.get("campaign_monitor", "/_control/state"))
        async with account_of(self.emulators) as account, org_of(self.emulators) as org:
            before = self.requests()
            keys = LedgerKeys(b"a" * 32, b"c" * 32, str.encode, bytes.decode)
            run = Run(
                number or self.numbers,
                self.org_id,
                Wanted(full=full, allow_large_changes=full),
                [ClientScope(each["id"], each["name"], ZONE) for each in state["clients"]],
                account,
                org,
                MemoryMatcher(),
                PostgresLedger(self.org_id, self.numbers, lambda: None, keys),
                Silent(),
                settings=Given(self.settings),
                counters_seen=lambda: records.counters_seen(self.org_id),
                linked_campaigns=self.linked,
            )
            for stage in (
                write_clients,
                read_lists,
                read_members,
                campaigns.read_campaigns,
                read_journeys,
                tracking.read_events,
                tracking.write_totals,
            ):
                stop(stage.__name__)
                await stage(run)
            self.calls = self.requests() - before
        return run

    @property
    def list_id(self) -> str:
        """The id of the one list."""
        return next(self.emulators.get("campaign_monitor", "/_control/state"))["clients"][0]["lists"][0]["id"]

    def requests(self) -> Counter:
        counted: Counter = Counter()
        for side in ("campaign_monitor", "salesforce"):
            told = next(self.emulators.get(side, "/_control/requests"))
            counted[side] = told["totals"]["count"]
        return counted

    def records(self, name: str) -> list[dict[str, Any]]:
        return list(self.emulators.get("salesforce", f"/_control/records?object={name}"))

    def act(self, **act: Any) -> None:
        self.emulators.post("campaign_monitor", "/_control/act", act)

    def truth(self) -> Counter:
        """Every event that Campaign Monitor tells, as a multiset: e-mail, activity, address, moment in UTC, link, IP."""
        return async_to_sync(self._truth)()

    async def _truth(self) -> Counter:
        found: Counter = Counter()
        client = next(self.emulators.get("campaign_monitor", "/_control/state"))["clients"][0]["id"]
        async with account_of(self.emulators) as account:
            sent = [one async for page in account.campaigns.sent(client) for one in page.rows]
            for campaign in sent:
                for activity, kind in KIND_OF.items():
                    pages = getattr(account.tracking, kind)(campaign.campaign_id)
                    found.update(
                        [
                            seen(campaign.campaign_id, activity, row, campaign.sent)
                            async for page in pages
                            for row in page.rows
                        ]
                    )
            for journey in await account.journeys.of_client(client):
                for email in (await account.journeys.details(journey.journey_id)).emails:
                    for activity, kind in KIND_OF.items():
                        if kind != "spam":
                            pages = getattr(account.journey_tracking, kind)(email.email_id)
                            found.update(
                                [seen(email.email_id, activity, row, "") async for page in pages for row in page.rows]
                            )
        return found

    def org(self) -> Counter:
        """The same, as the org holds it."""
        mails = {row["Id"]: row["Campaign_Id__c"] for row in self.records(names.CAMPAIGN)}
        mails |= {row["Id"]: row["Email_Id__c"] for row in self.records(names.JOURNEY_EMAIL)}
        return Counter(
            (
                mails[row["Campaign__c"] or row["Journey_Email__c"]],
                row["Activity__c"],
                row["Email__c"],
                row["Activity_Date__c"][:16],
                row["URL_Clicked__c"] or "",
                row["IP_Address__c"] or "",
            )
            for row in self.records(names.TRACKING)
        )

    def truth_but(self, campaign: str) -> Counter:
        """All events but the clicks of this campaign."""
        self.clear_faults()
        truth = self.truth()
        return Counter({key: count for key, count in truth.items() if key[:2] != (campaign, "Clicked")})

    def clear_faults(self) -> None:
        for side in ("campaign_monitor", "salesforce"):
            request = urllib.request.Request(self.emulators.url(side) + "/_control/faults", method="DELETE")
            urllib.request.urlopen(request, timeout=30).close()

    def totals(self) -> dict[str, tuple[int, ...]]:
        """What members say of themselves: sent, opened, clicked, bounced; those without anything are left out."""
        fields = ("Sent__c", "Opened__c", "Clicked__c", "Bounced__c")
        found = {
            row["Member_Key__c"]: tuple(int(row[name] or 0) for name in fields) for row in self.records(names.MEMBER)
        }
        return {key: counts for key, counts in found.items() if any(counts)}

    def expected_totals(self, truth: Counter) -> dict[str, tuple[int, ...]]:
        """The same, counted from the events themselves."""
        (only,) = [row["List_Id__c"] for row in self.records(names.LIST)]
        counted = Counter((f"{only}:{email.lower()}", activity) for _, activity, email, *_ in truth.elements())
        members = {key for key, _ in counted}
        counts = {
            key: tuple(counted[key, each] for each in ("Sent", "Opened", "Clicked", "Bounced")) for key in members
        }
        return {key: each for key, each in counts.items() if any(each)}

    def is_right(self) -> None:
        """The org holds every event once, and every total is right."""
        truth = self.truth()
        assert self.org() == truth
        assert self.totals() == self.expected_totals(truth)


@pytest.fixture
def world(transactional_db: None) -> Iterator[World]:
    from fairlead.store.models import Org

    with served(campaign_monitor=SPEC) as emulators:
        yield World(emulators, Org.objects.create(name="test").pk)


def seen(mail: str, activity: Activity, row: Any, sent: str) -> tuple[str, ...]:
    date = getattr(row, "date", "") or getattr(row, "sent", "") or sent
    (utc,) = to_utc([date], zone(ZONE))
    return (mail, activity.value, row.email, utc[:16], getattr(row, "url", ""), getattr(row, "ip_address", ""))


class Killed(BaseException):
    """The process died here."""


def some_who_got(world: World, count: int) -> list[tuple[str, str]]:
    """Addresses and the names of the campaigns that they got."""
    mails = {row["Id"]: row["Name"] for row in world.records(names.CAMPAIGN)}
    sent = [row for row in world.records(names.TRACKING) if row["Activity__c"] == "Sent" and row["Campaign__c"]]
    return [(row["Email__c"], mails[row["Campaign__c"]]) for row in sent[:count]]


def test_every_event_comes_once_and_a_second_sync_writes_nothing(world: World) -> None:
    """Campaigns, journeys, all events, and the totals of members are in the org; nothing new means no call to write."""
    first = world.sync()
    world.is_right()
    assert first.totals["events_written"] == world.truth().total()

    second = world.sync()

    assert not second.totals.get("events_read")
    assert not second.totals["campaigns_written"]
    assert not second.totals["journeys_written"]
    assert world.calls["salesforce"] <= 3  # the sign-in, and whether there are new members


def test_what_is_new_costs_calls_by_what_moved(world: World) -> None:
    """New events of three campaigns, equal ones among them: read by their kind only, written together."""
    world.sync()
    quiet = world.sync() and dict(world.calls)
    before = world.truth().total()
    for email, name in some_who_got(world, 4):
        for _ in range(2):
            world.act(list=world.list_id, email=email, do="open", campaign=name)
        world.act(list=world.list_id, email=email, do="click", campaign=name)
        world.act(list=world.list_id, email=email, do="click", campaign=name)
    new = world.truth().total() - before
    assert new >= 16

    run = world.sync()

    world.is_right()
    assert run.totals["events_written"] == new
    assert world.calls["salesforce"] <= quiet["salesforce"] + 8
    assert world.calls["campaign_monitor"] <= quiet["campaign_monitor"] + 2 * 3  # two kinds of at most three campaigns


def test_events_that_come_late_are_found_by_the_counter(world: World) -> None:
    """An event dated long before the newest is outside of the window: the report is then read whole, once."""
    world.sync()
    ((email, name),) = some_who_got(world, 1)
    world.act(list=world.list_id, email=email, do="open", campaign=name, at="2026-11-24T00:00:00+00:00")
    world.act(list=world.list_id, email=email, do="open", campaign=name)
    world.sync()

    world.act(list=world.list_id, email=email, do="open", campaign=name, at="2026-11-22T00:00:00+00:00")
    world.sync()

    assert world.org() == world.truth()


def test_a_full_sync_begins_anew_and_sweeps_what_is_gone(world: World) -> None:
    """A hidden campaign keeps its records until a full sync; then it, its events and their part of the totals are gone."""
    world.sync()
    campaign = world.records(names.CAMPAIGN)[0]["Campaign_Id__c"]
    world.emulators.post("campaign_monitor", "/_control/campaigns", {"id": campaign, "hidden": True})
    world.sync()
    assert len(world.records(names.CAMPAIGN)) == 3
    everything = len(world.records(names.TRACKING))

    world.sync(full=True)

    world.is_right()
    assert len(world.records(names.CAMPAIGN)) == 2
    assert len(world.records(names.TRACKING)) < everything


@pytest.mark.parametrize("full", [False, True])
def test_killed_between_any_two_stages_and_run_again_nothing_is_lost_or_doubled(world: World, full: bool) -> None:
    """Each time the same run dies one stage later; the last attempt comes to its end."""
    for stage in ("read_journeys", "read_events", "write_totals", "nowhere"):

        def stop(name: str, stage: str = stage) -> None:
            if name == stage:
                raise Killed

        try:
            world.sync(full=full, number=77, stop=stop)
        except Killed:
            continue
    world.is_right()


def test_only_what_is_wanted_is_kept_and_totals_still_count_everything(world: World) -> None:
    """Kinds and days that are not kept are not written; wanted later, they are; members' totals never change by it."""
    world.settings = {
        ("tracking_history.types", ""): ["Opened", "Clicked"],
        ("tracking_history.days_to_keep", ""): 25,
        ("tracking_history.journeys", ""): False,
    }
    world.sync()
    truth = world.truth()
    assert {row["Activity__c"] for row in world.records(names.TRACKING)} == {"Opened", "Clicked"}
    limit = min(row["Activity_Date__c"] for row in world.records(names.TRACKING))
    assert datetime.fromisoformat(limit.replace("+0000", "+00:00")) > datetime(2026, 1, 1, tzinfo=UTC)
    assert len(world.records(names.TRACKING)) < truth.total()

    world.settings = dict(EVERYTHING)
    world.sync()

    world.is_right()


def test_a_campaign_that_is_linked_later_is_counted_from_its_beginning_and_nobody_twice(world: World) -> None:
    """Opens and clicks of each address of the linked campaign, and nothing for members twice; new ones are added."""
    from fairlead.store.activity_models import CampaignActivity

    world.sync()
    campaign = world.records(names.CAMPAIGN)[0]["Campaign_Id__c"]
    world.linked = {campaign: "701000000000001AAA"}

    def is_counted() -> None:
        truth = Counter(activity for mail, activity, *_ in world.truth().elements() if mail == campaign)
        rows = list(CampaignActivity.objects.filter(org_id=world.org_id, campaign=campaign))
        assert len(rows) == truth["Sent"]
        assert (sum(row.opens for row in rows), sum(row.clicks for row in rows)) == (truth["Opened"], truth["Clicked"])
        assert not any(row.first_activity for row in rows if not row.opens and row.last_activity == "Sent")

    world.sync()
    is_counted()
    world.is_right()
    for email, name in some_who_got(world, 3):
        world.act(list=world.list_id, email=email, do="open", campaign=name)
    world.sync()
    is_counted()
    world.sync(full=True)
    is_counted()
    world.is_right()


def test_one_report_that_fails_does_not_take_the_others_with_it(world: World) -> None:
    """The clicks of one campaign cannot be read: told by its name; the next sync reads them, and all is right."""
    campaign = async_to_sync(_first_campaign)(world)
    fault = {"fault": "status", "status": 500, "times": None, "match": {"path": f"campaigns/{campaign}/clicks"}}
    world.emulators.post("campaign_monitor", "/_control/faults", [fault])

    with pytest.raises(CampaignMonitorUnavailable, match=r"The clicks of the e-mail “Spring"):
        world.sync()

    missing = world.truth_but(campaign)
    assert world.org() == missing
    world.clear_faults()
    world.sync()
    world.is_right()


async def _first_campaign(world: World) -> str:
    client = next(world.emulators.get("campaign_monitor", "/_control/state"))["clients"][0]["id"]
    async with account_of(world.emulators) as account:
        return [one.campaign_id async for page in account.campaigns.sent(client) for one in page.rows][0]


def test_a_worker_that_dies_at_any_call_to_the_org_leaves_nothing_lost_or_doubled(world: World) -> None:
    """The org cuts the connection of the n-th write for good; a later run begins where the last commit was."""
    for after in (0, 1, 2):
        fault = {"fault": "status", "status": 503, "times": 40, "after": after, "match": {"path": "composite/sobjects"}}
        world.emulators.post("salesforce", "/_control/faults", [fault])
        with pytest.raises(Failure):
            world.sync(number=55)
        world.clear_faults()
    world.sync(number=55)
    world.is_right()


def test_a_scanner_is_flagged_counted_and_its_opt_out_listed(world: World) -> None:
    """Three links within a minute and an unsubscribe with them: flagged on the rows, counted on the campaign, to be reviewed."""
    world.settings[("tracking_history.scanner_links", "")] = 3
    world.sync()
    ((email, name),) = some_who_got(world, 1)
    links = (
        "https://www.example.com/",
        "https://www.example.com/offer?from=mail&to=you",
        "https://www.example.com/about",
    )
    minute = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:00+00:00")
    for url in links:
        world.act(list=world.list_id, email=email, do="click", campaign=name, url=url, at=minute)
    world.act(list=world.list_id, email=email, do="open", campaign=name, at=minute, ip="104.28.1.1")
    world.act(list=world.list_id, email=email, do="unsubscribe", campaign=name, at=minute)

    world.sync()

    world.is_right()
    flagged = Counter(row["Activity__c"] for row in world.records(names.TRACKING) if row["Suspicious__c"])
    assert flagged == {"Clicked": 3, "Opened": 1}
    campaign = next(row for row in world.records(names.CAMPAIGN) if row["Name"] == name)
    assert (campaign["Suspicious_Opens__c"], campaign["Suspicious_Clicks__c"]) == (1, 3)
    shown = async_to_sync(_shown)(world, campaign["Campaign_Id__c"], email)
    assert [one.address for one in shown["opt_outs"]] == [email]
    assert sum(shown["days"]["Opened"].values()) == campaign["Opens__c"]
    assert sum(shown["days"]["Clicked"].values()) == campaign["Clicks__c"]
    assert {url for url, _, doubtful in shown["links"] if doubtful} == set(links)
    assert shown["who"][1] == 3
    assert {row["Email__c"] for row in shown["who"][0]} == {email}
    assert [one.id for one in shown["found"]][0] == shown["one"].id or len(shown["found"]) == 3
    assert shown["count"] == 3


async def _shown(world: World, campaign_id: str, email: str) -> dict[str, Any]:
    """What the pages read of the org."""
    from fairlead.features.campaigns import live

    async with org_of(world.emulators) as org:
        one = await live.campaign(org, campaign_id)
        assert one is not None
        found, count = await live.campaigns(
            org, live.narrowed("Spring", {"sent": "3650", "linked": "no"}), "Client__r.Name DESC NULLS LAST", 25, 0
        )
        return {
            "one": one,
            "found": found,
            "count": count,
            "days": await live.by_day(org, one.row["Id"]),
            "links": await live.links(org, one.row["Id"]),
            "who": await live.recipients(org, one.row["Id"], live.Wanted("Clicked", email)),
            "opt_outs": await live.suspicious_opt_outs(org, 30),
        }
