"""Sources obey their port, and imports do over both emulated sides what their laws say (2.5, F55, F56, F95, F97, C9)."""

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from fairlead.cli.demo_emulators import Emulators
from fairlead.domain.failure import Failure
from fairlead.domain.outward_settings import PAUSED
from fairlead.features.import_wizard import acts, live, running
from fairlead.features.import_wizard.memory import MemorySource
from fairlead.features.import_wizard.models import Import, ImportRun, KnownAddress
from fairlead.features.import_wizard.rules.columns import EMAIL, MOBILE, NAME
from fairlead.features.import_wizard.rules.removal import TwoRemove
from fairlead.features.import_wizard.rules.words import Status
from fairlead.features.import_wizard.sources import (
    BadQuery,
    CampaignSource,
    ListViewSource,
    NoSuchColumn,
    ReportSource,
    SoqlSource,
)
from fairlead.jobs import dispatch
from fairlead.jobs.models import Job, State
from fairlead.store import setting_rows
from fairlead.store.models import Org
from tests.conformance import emulated
from tests.conformance.import_world import CM, SF, SPEC, ImportPlace
from tests.faults.whole import Killed, Mortal

pytestmark = pytest.mark.django_db(transaction=True)
TITLES = count()
CONTACTS = [
    {"LastName": f"Berg{n}", "FirstName": "Ada", "Email": f"ada{n}@example.com", "MobilePhone": "+61412345678"}
    for n in range(5)
]
SOQL = "SELECT Id, FirstName, LastName, Email, MobilePhone FROM Contact WHERE LastName LIKE 'Berg%'"


@pytest.fixture(scope="module")
def emulators() -> Iterator[Emulators]:
    many = {"first": 1_000, "count": 2_300, "second": False}
    spec = {"records": {"Contact": CONTACTS}, "leads": [many]}
    with emulated.served(campaign_monitor=SPEC, salesforce=spec) as running_ones:
        yield running_ones


@pytest.fixture
def place(emulators: Emulators) -> Iterator[ImportPlace]:
    org = Org.objects.create(name="imports")
    title = SPEC["clients"][0]["lists"][next(TITLES)]["title"]
    made = ImportPlace(emulators, org, title)
    for address in made.members():
        emulators.post(CM, "/_control/act", {"list": made.list_id, "email": address, "do": "delete"})
    yield made
    made.clear_faults()


def rows_of(emulators: Emulators, make: Callable[[Any], Any], wanted: Sequence[str]) -> list[list[str]]:
    async def read() -> list[list[str]]:
        async with emulated.org_of(emulators) as org:
            return [list(row) async for page in make(org).pages(wanted) for row in zip(*page, strict=True)]

    return list(async_to_sync(read)())


def columns_of(emulators: Emulators, make: Callable[[Any], Any]) -> dict[str, str]:
    async def read() -> dict[str, str]:
        async with emulated.org_of(emulators) as org:
            return {one.name: one.type for one in await make(org).columns()}

    return dict(async_to_sync(read)())


def campaign_of(place: ImportPlace) -> str:
    """A campaign whose members are the five contacts."""
    ids = [row["Id"] for row in place.emulators.get(SF, "/_control/records?object=Contact&fields=Id,LastName")
           if row["LastName"].startswith("Berg")]  # fmt: skip
    (campaign,) = place.records("Campaign", {"Name": "Spring"})
    place.records("CampaignMember", *({"CampaignId": campaign, "ContactId": one} for one in ids))
    return campaign


def view_of(emulators: Emulators) -> str:
    async def read() -> str:
        async with emulated.org_of(emulators) as org:
            return next(one.id for one in await org.list_views.all("Contact") if one.developer_name == "AllContacts")

    return str(async_to_sync(read)())


def report_of(emulators: Emulators, name: str) -> str:
    async def read() -> str:
        async with emulated.org_of(emulators) as org:
            return next(one.id for one in await org.reports.all() if one.name == name)

    return str(async_to_sync(read)())


@pytest.mark.parametrize("kind", ["memory", "soql", "campaign", "report", "list view"])
def test_every_source_gives_wanted_columns_in_order_and_names_a_missing_one(place: ImportPlace, kind: str) -> None:
    """One suite for the fake and for what reads the org."""
    campaign = campaign_of(place)
    report, view = report_of(place.emulators, "All Contacts"), view_of(place.emulators)
    whole = [{"Email": one["Email"], "Name": one["LastName"]} for one in CONTACTS]
    made: dict[str, tuple[Callable[[Any], Any], str, str]] = {
        "memory": (lambda _: MemorySource(whole), "Email", "Name"),
        "soql": (lambda org: SoqlSource(org, SOQL), "Email", "LastName"),
        "campaign": (lambda org: CampaignSource(org, campaign), "Email", "LastName"),
        "report": (lambda org: ReportSource(org, report), "EMAIL", "LAST_NAME"),
        "list view": (lambda org: ListViewSource(org, "Contact", view), "Email", "Name"),
    }
    make, email, name = made[kind]
    assert {email, name} <= set(columns_of(place.emulators, make))
    there = rows_of(place.emulators, make, [name, email])
    wanted = {(one["LastName"], one["Email"]) for one in CONTACTS}
    found = {(row[0].rpartition(" ")[2], row[1]) for row in there}
    assert wanted <= found
    with pytest.raises(NoSuchColumn, match="Nowhere"):
        rows_of(place.emulators, make, [email, "Nowhere"])


def test_only_members_with_a_chosen_status_come(place: ImportPlace) -> None:
    """A Salesforce campaign by member status."""
    campaign = campaign_of(place)
    sent = rows_of(place.emulators, lambda org: CampaignSource(org, campaign, ("Sent",)), ["Email", "Status"])
    responded = rows_of(place.emulators, lambda org: CampaignSource(org, campaign, ("Responded",)), ["Email"])
    assert {status for _, status in sent} == {"Sent"}
    assert len(sent) == 5
    assert responded == []


def test_a_report_of_any_size_is_read_whole(place: ImportPlace) -> None:
    """Past the 2,000 rows of one run, each row once."""
    report = report_of(place.emulators, "All Leads")
    found = rows_of(place.emulators, lambda org: ReportSource(org, report), ["LEAD_ID"])
    assert len(found) == len({row[0] for row in found}) == 2_300


MANY = "SELECT Id, Email, CreatedDate, NumberOfEmployees, IsConverted, Owner.Name FROM Lead ORDER BY Id"


def test_many_records_come_by_a_bulk_query_with_the_same_texts(place: ImportPlace) -> None:
    """Moments, numbers, ticks and parents alike: nobody is written again because a source has grown."""
    wanted = ["Owner.Name", "Email", "CreatedDate", "NumberOfEmployees", "IsConverted"]
    place.records("Lead", {"LastName": "Num", "Company": "Seven", "Email": "num@example.com", "NumberOfEmployees": 7})
    place.forget_requests()
    by_pages = rows_of(place.emulators, lambda org: SoqlSource(org, MANY), wanted)
    assert place.calls(SF, "/jobs/query") == 0
    in_bulk = rows_of(place.emulators, lambda org: SoqlSource(org, MANY, bulk_from=2_000), wanted)
    assert place.calls(SF, "/jobs/query") == 1
    assert in_bulk == by_pages
    assert len(in_bulk) >= 2_300
    assert "7" in {row[3] for row in in_bulk}


def test_what_cannot_be_read_in_bulk_is_read_by_pages_however_much_it_is(place: ImportPlace) -> None:
    """A query with an offset, or with columns that are worked out: all of it comes, and no job is made."""
    place.forget_requests()
    found = rows_of(
        place.emulators, lambda org: SoqlSource(org, "SELECT Id, Email FROM Lead OFFSET 100", bulk_from=10), ["Email"]
    )
    assert len(found) >= 2_200
    assert place.calls(SF, "/jobs/query") == 0


@pytest.mark.parametrize(
    ("soql", "told"),
    [
        ("SELECT Id, Nonsense FROM Contact", "row 1, column 12"),
        ("SELECT Id FROM\nNothing__c", "row 2"),
        ("SELEC Id FROM Contact", "does not understand the query"),
    ],
)
def test_a_wrong_query_is_refused_with_the_place_of_the_fault(place: ImportPlace, soql: str, told: str) -> None:
    """The org's own reading of it: nothing is kept."""
    with pytest.raises(BadQuery, match="Salesforce does not understand") as raised:
        acts.create(place.org, place.list_id, "soql", {"soql": soql}, "tests")
    assert told in str(raised.value)
    assert not Import.objects.exists()


def test_people_arrive_with_names_fields_and_numbers_and_a_new_field_is_made(place: ImportPlace) -> None:
    """F55: the mobile number by a column; the Id goes to a custom field that the first run creates."""
    owner = place.make("soql", {"soql": SOQL})
    job, failure = place.run(owner)
    assert failure is None
    assert job.counts["written"] == 5
    row = place.members(includesmspreference="true")["ada0@example.com"]
    assert row["Name"] == "Ada Berg0"
    assert row["MobileNumber"] == "+61412345678"
    assert [one["Value"][:3] for one in row["CustomFields"]] == ["003"], row
    owner.refresh_from_db()
    assert {line["to"] for line in owner.lines} >= {EMAIL, NAME, MOBILE, "[salesforceid]"}
    assert acts.status(owner, job) is Status.COMPLETED


def test_who_left_stays_and_each_refusal_has_its_reason_read_live(place: ImportPlace) -> None:
    """Unsubscribed, bounced and deleted people stay as they are; a page can tell who they were."""
    for address, do in (("ada0", "unsubscribe"), ("ada1", "bounce"), ("ada2", "delete")):
        place.join(f"{address}@example.com", do)
    owner = place.make("soql", {"soql": SOQL})
    place.run(owner)
    assert place.codes(owner) == {"205": 1, "206": 1, "207": 1}
    assert set(place.members()) == {"ada3@example.com", "ada4@example.com"}
    run = ImportRun.objects.get(owner=owner)
    found = live.refused(run, "206")
    assert [(address, name) for _, address, name, _ in found.rows] == [("ada0@example.com", "Ada Berg0")]
    assert live.refused(run).missing == 0


def test_deleted_people_come_back_where_that_is_chosen_and_nobody_else(place: ImportPlace) -> None:
    """The state is read for each of them just before."""
    place.join("ada0@example.com", "unsubscribe")
    place.join("ada2@example.com", "delete")
    owner = acts.change(place.make("soql", {"soql": SOQL}), "tests", refresh="add-deleted")
    place.run(owner)
    assert "ada2@example.com" in place.members()
    assert set(place.members("unsubscribed")) == {"ada0@example.com"}


def test_a_tick_in_the_org_keeps_people_off_the_list(place: ImportPlace) -> None:
    """The box is looked at on contacts and leads alike, whatever the source is."""
    place.records("Lead", {"LastName": "X", "Company": "C", "Email": "ada3@example.com", "HasOptedOutOfEmail": True})
    owner = place.make("soql", {"soql": SOQL})
    place.run(owner)
    assert place.codes(owner) == {"ticked": 1}
    assert "ada3@example.com" not in place.members()
    ids = [row["Id"] for row in place.emulators.get(SF, "/_control/records?object=Lead&fields=Id,HasOptedOutOfEmail")
           if row["HasOptedOutOfEmail"]]  # fmt: skip
    for one in ids:
        place.emulators.post(SF, "/_control/act", {"act": "delete", "object": "Lead", "id": one})


def test_people_who_leave_the_source_are_taken_off_and_others_stay(place: ImportPlace) -> None:
    """C9: only whom this import added."""
    place.join("ada0@example.com")
    place.join("mine@example.com")
    owner = acts.change(place.make("soql", {"soql": SOQL}), "tests", refresh="remove")
    place.run(owner)
    acts.change(owner, "tests", source={"soql": SOQL + " AND LastName = 'Berg4'"})
    told = acts.preview(Import.objects.get(pk=owner.pk), None)
    place.run(owner)
    assert told.remove == 3
    assert set(place.members()) == {"ada0@example.com", "mine@example.com", "ada4@example.com"}
    with pytest.raises(TwoRemove, match="takes people off this list already"):
        acts.change(place.make("soql", {"soql": SOQL}), "tests", refresh="remove")


def test_a_large_report_costs_a_call_a_thousand_and_an_unchanged_one_none(place: ImportPlace) -> None:
    """Within 5 % of rows / 1,000; what did not change is not written again."""
    report = report_of(place.emulators, "All Leads")
    owner = place.make("report", {"id": report}, ("EMAIL", EMAIL), ("LAST_NAME", NAME))
    place.forget_requests()
    job, failure = place.run(owner)
    assert failure is None
    addresses = job.counts["read"] - sum(place.codes(owner).values())
    assert place.calls(CM, "/import") == -(-addresses // 1_000)
    place.forget_requests()
    again, _ = place.run(owner)
    assert place.calls(CM, "/import") == 0
    assert again.counts["unchanged"] == addresses


def test_a_segment_picks_who_is_in_the_source(place: ImportPlace) -> None:
    """By a hidden custom field, which is cleared for who left."""
    owner = acts.change(place.make("soql", {"soql": SOQL}), "tests", segment=True)
    place.run(owner)
    owner.refresh_from_db()
    acts.change(owner, "tests", source={"soql": SOQL + " AND LastName = 'Berg4'"})
    _, failure = place.run(owner)

    async def picked() -> set[str]:
        async with emulated.account_of(place.emulators) as account:
            return {row.email async for page in account.segments.active(owner.segment_id) for row in page.rows}

    assert failure is None
    assert async_to_sync(picked)() == {"ada4@example.com"}
    assert len(place.members()) == 5


def test_a_pause_holds_an_import_and_the_calendar_asks_for_it_afterwards(place: ImportPlace) -> None:
    """F95: nothing is written while everything to Campaign Monitor is paused."""
    owner = place.make("soql", {"soql": SOQL})
    setting_rows.put(place.org, PAUSED, True, "tests")
    job, failure = place.run(owner)
    owner.refresh_from_db()
    assert failure is None
    assert acts.status(owner, job) is Status.WAITING
    assert place.members() == {}
    assert running.due(job.created_at) == []
    setting_rows.put(place.org, PAUSED, False, "tests")
    assert [one.args for one in running.due(job.created_at)] == [{"import": owner.pk}]


def test_imports_to_one_list_run_one_after_another(place: ImportPlace) -> None:
    """The second is Holding, a run to another list is not."""
    first, second = (place.make("soql", {"soql": SOQL}) for _ in range(2))
    jobs = [acts.run(one, "tests") for one in (first, second)]
    assert [job.state for job in jobs] == [State.QUEUED, State.HOLDING]
    assert acts.status(second) is Status.HOLDING
    Job.objects.filter(pk=jobs[0].pk).update(state=State.DONE)
    dispatch.dispatch(place.org.pk)
    assert Job.objects.get(pk=jobs[1].pk).state == State.QUEUED


def test_a_busy_service_and_a_broken_call_lose_nobody(place: ImportPlace) -> None:
    """429 is waited for; a service that stays away fails the run, and the next one does the rest."""
    owner = place.make("soql", {"soql": SOQL})
    place.emulators.post(
        CM, "/_control/faults", [{"match": {"path": "/import"}, "times": 2, "fault": "status", "status": 429}]
    )
    _, failure = place.run(owner)
    assert failure is None
    assert len(place.members()) == 5
    acts.change(owner, "tests", write_all=True)
    place.fault(CM, match={"path": "/import"}, fault="status", status=503)
    _, failure = place.run(owner)
    assert isinstance(failure, Failure)
    place.clear_faults()
    job, failure = place.run(owner)
    assert failure is None
    assert job.counts["written"] == 5


def test_killed_between_calls_and_taken_over_it_ends_as_if_never_killed(place: ImportPlace) -> None:
    """Over both real protocols: who is on the list, who counts as added, and the counts do not tell how often it died."""
    place.join("ada0@example.com")
    owner = acts.change(place.make("soql", {"soql": SOQL}), "tests", refresh="remove")
    job = Job.objects.create(
        org=place.org, kind=running.KIND, key=owner.list_id, args={"import": owner.pk}, state=State.RUNNING, attempt=1
    )
    died = 0
    for dies_at in (3, 6, 9, 11, 13, 15):
        try:
            place.go_on(job, Mortal(job, dies_at))
        except Killed:
            died += 1
        else:
            break
        job.attempt += 1
        job.save(update_fields=["attempt"])
    else:
        assert place.go_on(job) is None
    counts = ImportRun.objects.get(owner=owner).counts
    added = {bytes(each) for each in KnownAddress.objects.exclude(added=0).values_list("address", flat=True)}
    assert died >= 3
    assert counts == {"read": 5, "written": 5, "unchanged": 0, "refused": 0, "added": 4, "removed": 0}
    assert added == set(running.hashes([f"ada{n}@example.com" for n in range(1, 5)]))
    assert len(place.members()) == 5
