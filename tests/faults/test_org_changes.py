"""Changes of a real (emulated) org, through the wiring's own runner and over real events: what is told to whom, and when."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.conf import LazySettings

from fairlead.domain.failure import FixTheSettings
from fairlead.domain.outward_settings import ACCOUNT_TRIGGER, BULK_CHANGES, PAUSED
from fairlead.features.org_changes import records, rules, sandbox, switches
from fairlead.features.org_changes.listening import Listening
from fairlead.features.org_changes.models import AccountUse, EventPlace, Hearing, ReactionState
from fairlead.features.org_changes.rules import Burst
from fairlead.jobs.models import Job, State
from fairlead.salesforce.events import Pace
from fairlead.store.models import Digest, ScopeState, SettingRow
from tests.conformance import emulated
from tests.faults import whole as wholes
from tests.faults.reacting import ACCOUNT, CONTACT, LEAD, Remembers, changes, react
from tests.faults.whole import CM, SF, Killed, Whole

SMALL = {
    CM: {"clients": [{"name": "One", "country": "Australia", "time_zone": wholes.ZONE, "lists": [{"title": "News"}]}]},
    SF: {
        "contacts": [{"first": 0, "count": 5, "second": False}],
        "leads": [{"first": 20, "count": 2, "second": False}],
    },
}
BURST = 2_000


@pytest.fixture(scope="module")
def served(django_db_setup: None, django_db_blocker: Any) -> Iterator[Whole]:
    """Both sides connected; shared by this module's tests."""
    with wholes.open_database(django_db_blocker), wholes.served(SMALL) as whole:
        yield whole


@pytest.fixture
def one() -> Remembers:
    return Remembers()


@pytest.fixture
def whole(served: Whole, one: Remembers) -> Iterator[Whole]:
    """A reaction that has noted from when on changes count; what was chosen and asked for before is forgotten."""
    for model in (AccountUse, SettingRow, ScopeState, ReactionState, EventPlace, Hearing, Job):
        model.objects.filter(org=served.org).delete()
    served.clear_faults()
    react(lambda: one)
    assert changes(served).failure is None
    assert not one.times
    # what was there before the first run lies within its overlap: it is told once
    assert changes(served).failure is None
    one.clear()
    yield served
    react()


def make(whole: Whole, name: str, **fields: Any) -> str:
    return str(whole.act(act="create", object=name, fields={"LastName": "New", **fields})["id"])


def edit(whole: Whole, name: str, record: str, **fields: Any) -> None:
    whole.act(act="edit", object=name, id=record, fields=fields)


def contact(whole: Whole, **fields: Any) -> str:
    return make(whole, CONTACT, Email="new@example.com", **fields)


def test_records_are_told_once_as_they_are(whole, one):
    """A new contact, an edited lead: values by field paths, typed, and nothing again in the next run."""
    account = str(whole.act(act="create", object=ACCOUNT, fields={"Name": "A", "Industry": "Energy"})["id"])
    new = contact(whole, AccountId=account)
    lead = whole.rows(LEAD, "Id")[0]["Id"]
    edit(whole, LEAD, lead, LastName="Edited")
    told = changes(whole)
    assert told.failure is None
    assert set(one.times) == {new, lead}
    assert (one.records[new]["Account.Industry"], one.records[new]["HasOptedOutOfEmail"]) == ("Energy", False)
    assert one.created == {new}
    assert told.counts["handed"] == 2
    one.clear()
    again = changes(whole)
    assert not one.times
    assert again.counts["sf_calls"] <= 12
    assert ReactionState.objects.get(org=whole.org).handed == 0


def test_deleted_and_merged_ones_are_told_with_their_address_and_their_master(whole, one):
    """Whether they were known before or not."""
    gone, winner, loser = contact(whole), contact(whole), contact(whole, FirstName="L")
    whole.act(act="delete", object=CONTACT, id=gone)
    whole.act(act="merge", object=CONTACT, id=winner, losers=[loser])
    assert changes(whole).failure is None
    assert set(one.gone) == {gone, loser}
    assert (one.gone[loser].master, one.gone[loser].email) == (winner, "new@example.com")
    assert (one.gone[gone].master, winner in one.records) == ("", True)


def test_contacts_follow_their_account_if_that_is_wanted(whole, one):
    """Only the account was edited; its contact bears no new moment of its own."""
    account = str(whole.act(act="create", object=ACCOUNT, fields={"Name": "A", "Industry": "Energy"})["id"])
    new = contact(whole, AccountId=account)
    whole.choose(ACCOUNT_TRIGGER, value=False)
    assert changes(whole).failure is None
    one.clear()
    edit(whole, ACCOUNT, account, Industry="Media")
    assert changes(whole).failure is None
    assert not one.times
    edit(whole, ACCOUNT, account, Industry="Retail")
    whole.choose(ACCOUNT_TRIGGER, value=True)
    assert changes(whole).failure is None
    assert one.records[new]["Account.Industry"] == "Retail"
    one.clear()
    assert changes(whole).failure is None
    assert not one.times


def test_one_that_fails_is_told_again_and_holds_up_nobody(whole, one):
    """The failing one keeps its place; the other's moves on."""
    other = Remembers("other")
    react(lambda: one, lambda: other)
    assert changes(whole).failure is None
    assert changes(whole).failure is None
    one.clear(), other.clear()
    one.failure = FixTheSettings("It cannot.")
    new = contact(whole)
    told = changes(whole)
    assert isinstance(told.failure, FixTheSettings)
    assert (told.state("remembers"), told.state("other")) == ("failed", "done")
    assert other.times[new] == 1
    one.failure = None
    assert changes(whole).failure is None
    assert (one.times[new], other.times[new]) == (2, 1)


def test_a_field_that_is_hidden_fails_only_who_asks_for_it(whole, one):
    """And says which."""
    other = Remembers("other", wants={CONTACT: ["Nothing__c", "Account.Nowhere.Name"]})
    react(lambda: one, lambda: other)
    changes(whole), one.clear()
    new = contact(whole)
    told = changes(whole)
    assert isinstance(told.failure, rules.FieldsMissing)
    assert "Account.Nowhere.Name, Nothing__c" in str(told.failure)
    assert one.times[new] == 1


def test_paused_all_wait_but_who_must_not(whole, one):
    """Opt-outs go on; what waits is told when the pause is over."""
    opt_outs = Remembers("opt_outs")
    react(lambda: one, if_paused=[lambda: opt_outs])
    changes(whole), one.clear()
    whole.choose(PAUSED, value=True)
    new = contact(whole)
    told = changes(whole)
    assert (told.failure, told.state("remembers"), told.state("opt_outs")) == (None, "skipped", "done")
    assert (one.times[new], opt_outs.times[new]) == (0, 1)
    whole.choose(PAUSED, value=False)
    assert changes(whole).failure is None
    assert one.times[new] == 1


def test_killed_anywhere_everything_is_told_at_last(whole, one):
    """At each word to the job a run dies; the one that takes over tells what was not committed."""
    step = 0
    while True:
        step += 2
        new = contact(whole)
        one.clear()
        try:
            changes(whole, dies_at=step)
        except Killed:
            assert changes(whole).failure is None
            assert one.times[new] >= 1
            continue
        break
    assert step > 5


def test_a_whole_run_tells_everything_and_leaves_the_places(whole, one):
    """It is asked for by name; what is gone is still told by the next ordinary run."""
    gone = contact(whole)
    assert changes(whole).failure is None
    whole.act(act="delete", object=CONTACT, id=gone)
    one.clear()
    assert changes(whole, whole=True, reactions=["remembers"]).failure is None
    assert {row["Id"] for row in whole.rows(CONTACT, "Id")} <= set(one.records)
    one.clear()
    assert changes(whole).failure is None
    assert set(one.gone) == {gone}


def load(whole: Whole, count: int) -> None:
    """A data load of new contacts by somebody else's program."""

    async def work() -> None:
        async with emulated.org_of(whole.emulators) as crm:
            for start in range(0, count, 200):
                rows = [
                    {"attributes": {"type": CONTACT}, "LastName": f"B{n}", "Email": f"b{n}@example.com"}
                    for n in range(start, min(start + 200, count))
                ]
                await crm.transport.request(
                    "POST",
                    f"{crm.transport.data}/composite/sobjects",
                    door="load",
                    json={"allOrNone": True, "records": rows},
                    headers={"Sforce-Call-Options": "client=loader"},
                )

    async_to_sync(work)()


PRODUCTION = "00D5e00000009zzEAA"


@contextlib.contextmanager
def in_a_sandbox(whole: Whole) -> Iterator[None]:
    """The same org as a sandbox; nothing is known of it from before."""
    whole.act(act="sandbox", **{"is": True})
    AccountUse.objects.filter(org=whole.org).delete()
    try:
        yield
    finally:
        whole.act(act="sandbox", **{"is": False})


def marks(whole: Whole) -> list[tuple[str, str]]:
    hooks = whole.api("GET", f"lists/{whole.list_called('News')}/webhooks")
    return [(hook["Url"], hook["Status"]) for hook in hooks if hook["Url"].startswith(rules.MARKS)]


def mark(whole: Whole, org_id: str) -> None:
    """Another Fairlead's production org has marked the account."""
    body = {"Url": rules.mark_of(org_id, sandbox=False), "Events": ["Deactivate"], "PayloadFormat": "Json"}
    whole.api("POST", f"lists/{whole.list_called('News')}/webhooks", body)


def test_a_production_org_marks_the_account_once_and_is_never_held(whole, one):
    """By a webhook that is switched off; a sandbox leaves no mark, and is not held by the org's own."""
    own = whole.rows("Organization", "Id")[0]["Id"]
    assert marks(whole) == [(rules.mark_of(own, sandbox=False), "Inactive")]
    AccountUse.objects.filter(org=whole.org).delete()
    assert changes(whole).failure is None
    assert len(marks(whole)) == 1
    with in_a_sandbox(whole):
        assert changes(whole).failure is None
        assert len(marks(whole)) == 1
    AccountUse.objects.filter(org=whole.org).delete()


def test_a_sandbox_on_an_account_of_production_is_held_until_it_is_confirmed(whole, one):
    """Nothing is handed to anybody; every page says why; what waited is done then."""
    mark(whole, PRODUCTION)
    with in_a_sandbox(whole):
        new = contact(whole)
        told = changes(whole)
        assert isinstance(told.failure, rules.SandboxHeld)
        assert PRODUCTION in str(told.failure)
        assert not one.times
        (banner,) = switches.banners(whole.org)
        assert (banner.kind, PRODUCTION in banner.text) == ("error", True)
        end_jobs(whole)
        listener = Listening(whole.org, "test")
        for _ in range(3):
            listener._ask_now()
        assert asked(whole) == 0  # each would fail as this one did, minute after minute
        assert sandbox.confirm(whole.org, "tests") == PRODUCTION
        assert changes(whole).failure is None
        assert one.times[new] == 1
        assert not switches.banners(whole.org)
        listener._ask_now()
        assert asked(whole) == 1
        end_jobs(whole)
        with pytest.raises(rules.NotHeld):
            sandbox.confirm(whole.org, "tests")
    AccountUse.objects.filter(org=whole.org).delete()
    assert changes(whole).failure is None  # production itself is not held by another's mark


def test_a_burst_costs_few_calls_and_is_told_as_bulk(whole, one):
    """Two thousand records: pages of the query, each record once; memory and calls go with what changed."""
    load(whole, BURST)
    told = changes(whole)
    assert told.failure is None
    assert (len(one.times), set(one.times.values()), one.bulk) == (BURST, {1}, {True})
    assert told.counts["sf_calls"] <= 20
    one.clear()
    whole.choose(BULK_CHANGES, value=False)
    load(whole, 201)
    told = changes(whole)
    assert (told.failure, len(one.times)) == (None, 0)
    assert Digest.objects.filter(scope__org=whole.org).count() >= BURST + 201


def listening(whole: Whole, config: LazySettings, while_it_listens: Any) -> None:
    """Listen with real events while something is done, as a worker does."""
    config.FAIRLEAD_SALESFORCE_EVENTS_URL = f"http://{whole.emulators.line[SF]['events']}"

    async def work() -> None:
        one = Listening(whole.org, "test", Pace(100, 0.05, 0.2), 0.1, Burst(0.4, 20))
        assert await sync_to_async(records.hold)(whole.org, "test", rules.moment("2999-01-01T00:00:00+00:00"))
        task = asyncio.create_task(one.run())
        try:
            await until(lambda: Hearing.objects.get(org=whole.org).way == "events")
            await asyncio.sleep(1.2)  # one more run is asked for when the streams are open
            await sync_to_async(end_jobs)(whole)
            await while_it_listens()
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async_to_sync(work)()


async def until(holds: Any) -> None:
    for _ in range(300):
        if await sync_to_async(holds)():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come about")


def end_jobs(whole: Whole) -> None:
    Job.objects.filter(org=whole.org).update(state=State.DONE)


def asked(whole: Whole) -> int:
    return Job.objects.filter(org=whole.org, kind=rules.KIND).exclude(state=State.DONE).count()


def test_events_of_a_burst_and_gaps_become_one_run(whole, settings):
    """Thousands of events, and one that only says that something was lost: one job waits."""
    whole.emulators.post(SF, "/_control/faults", [{"fault": "gap", "times": 1}])

    async def act() -> None:
        await sync_to_async(load)(whole, BURST)
        await until(lambda: asked(whole) == 1)
        await asyncio.sleep(0.6)
        assert await sync_to_async(asked)(whole) == 1

    listening(whole, settings, act)
    assert EventPlace.objects.filter(org=whole.org).exists()


def test_what_we_ourselves_have_done_is_no_news(whole, settings):
    """A change that bears our name asks for nothing; the next of somebody else does."""

    async def act() -> None:
        async with emulated.org_of(whole.emulators) as crm:
            await crm.records.create(CONTACT, {"LastName": "Ours"})
        await asyncio.sleep(1.0)
        assert await sync_to_async(asked)(whole) == 0
        await sync_to_async(contact)(whole)
        await until(lambda: asked(whole) == 1)

    listening(whole, settings, act)


def test_without_events_the_org_is_asked_again_and_again(whole, settings):
    """Nobody answers at the door: the page says so, and runs are asked for as often as is chosen."""
    settings.FAIRLEAD_SALESFORCE_EVENTS_URL = "http://127.0.0.1:1"

    async def work() -> None:
        one = Listening(whole.org, "test", Pace(100, 0.05, 0.2), 0.1, Burst(0.1, 1))
        assert await sync_to_async(records.hold)(whole.org, "test", rules.moment("2999-01-01T00:00:00+00:00"))
        task = asyncio.create_task(one.run())
        try:
            await until(lambda: Hearing.objects.get(org=whole.org).message != "")
            assert await sync_to_async(asked)(whole) == 1
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async_to_sync(work)()
    found = Hearing.objects.get(org=whole.org)
    assert (found.way, "asked instead" in found.message) == ("asking", True)
    assert not records.hold(whole.org, "another", rules.moment("2999-01-01T00:00:00+00:00"))
    records.let_go(whole.org, "test")
    assert records.hold(whole.org, "another", rules.moment("2999-01-01T00:00:00+00:00"))
