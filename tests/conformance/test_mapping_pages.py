"""Pages and commands of field mappings over both local sides: what they offer, refuse, keep, and never keep."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import Client
from typer.testing import CliRunner

from fairlead.cli import mappings
from fairlead.cli.demo_emulators import Emulators
from fairlead.domain.failure import Failure
from fairlead.domain.phone import COUNTRY
from fairlead.features.connections import credentials
from fairlead.features.connections.models import CampaignMonitorAccount, SalesforceOrg
from fairlead.features.field_mappings import acts, kept
from fairlead.features.field_mappings.models import MappingVersion
from fairlead.jobs import registry
from fairlead.jobs.models import Job
from fairlead.store import setting_rows
from fairlead.store.models import AuditEntry, KnownList, Org
from fairlead.store.orgs import default_org
from fairlead.sync import sides
from tests.conformance import emulated, mapped
from tests.conformance.mapped import World, line
from tests.conformance.test_mapping_people import Both

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def emulators() -> Iterator[Emulators]:
    with emulated.served(campaign_monitor=mapped.SPEC, salesforce={}) as running:
        sides.provide(Both(running))
        yield running
        sides.provide(None)  # type: ignore[arg-type]


@pytest.fixture
def org(transactional_db: None) -> Org:
    return default_org()


@pytest.fixture
def world(emulators: Emulators, org: Org) -> World:
    made = World(emulators, org)
    async_to_sync(made.begin)()
    connect(org, emulators)
    KnownList.objects.create(
        org=org, list_id=made.list.id, name="News", client_id=made.client.id, client_name=made.client.name
    )
    return made


def connect(org: Org, emulators: Emulators) -> None:
    """What `fairlead connect` keeps: commands open both sides with it, and so do pages from then on."""
    crm, account = emulators.line["salesforce"], emulators.line["campaign_monitor"]
    SalesforceOrg.objects.create(org=org, login_url=crm["url"])
    credentials.put(org, credentials.SALESFORCE, credentials.OrgApp(crm["client_id"], crm["client_secret"]))
    CampaignMonitorAccount.objects.create(org=org, base_url=account["url"])
    credentials.put(org, credentials.CAMPAIGN_MONITOR, credentials.AccountKey(account["api_key"]))


@pytest.fixture
def admin(org: Org) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return client


def row(number: int, **given: str) -> dict[str, str]:
    base = {"object": "Contact", "direction": "to_campaign_monitor", "owner": "salesforce", "default": ""}
    return {f"{number}-{name}": value for name, value in {**base, **given}.items()}


def post(admin: Client, world: World, act: str, *rows: dict[str, str], **more: str) -> Any:
    sent: dict[str, str] = {"act": act, "rows": str(len(rows)), **more}
    for one in rows:
        sent |= one
    return admin.post(f"/mappings/{world.list.id}/", sent)


def test_lines_are_suggested_previewed_and_saved_and_who_did_it_is_recorded(admin: Client, world: World) -> None:
    async_to_sync(world.subscribe)("ada@example.com", City="Rome")
    async_to_sync(world.contact)("ada@example.com", MailingCity="Oslo")
    async_to_sync(world.sync)(inward=False)
    assert "News" in admin.get("/mappings/").text
    page = admin.get(f"/mappings/{world.list.id}/").text
    assert 'value="MailingCity"' in page
    assert '<option value="Likes">' in page
    page = post(admin, world, "suggest").text
    assert 'value="MailingCity"' in page
    assert not MappingVersion.objects.exists()
    page = post(admin, world, "preview", row(0, source="MailingCity", target="City")).text
    assert "ada@example.com" in page
    assert "<td>Rome</td><td>Oslo</td>" in page
    assert async_to_sync(world.values)("ada@example.com") == {"City": "Rome"}
    answer = post(admin, world, "save", row(0, source="MailingCity", target="City"))
    assert answer.status_code == 302
    _, (saved,) = kept.of(world.org.pk, world.list.id)
    assert (saved.source, saved.target.lower()) == ("MailingCity", "[city]")
    assert AuditEntry.objects.filter(what="changed mapping", who="admin").count() == 1
    post(admin, world, "save", row(0, source="MailingCity", target="City"))
    assert MappingVersion.objects.count() == 1


def test_the_second_of_two_people_is_told_and_nothing_is_overwritten(admin: Client, world: World) -> None:
    """The form bears the version it was drawn from; somebody else has saved another since."""
    (seen,) = set(re.findall(r'name="seen" value="(\w+)"', admin.get(f"/mappings/{world.list.id}/").text))
    kept.save(world.org, world.list.id, [line("MailingCity", "City")], "first")
    answer = post(admin, world, "save", row(0, source="Title", target="City"), seen=seen)
    assert "was changed" in answer.text
    assert [one.source for one in kept.of(world.org.pk, world.list.id)[1]] == ["MailingCity"]


def test_what_cannot_work_is_refused_and_stays_as_typed(admin: Client, world: World) -> None:
    page = post(
        admin,
        world,
        "save",
        row(0, source="Nowhere__c", target="City"),
        row(1, source="Name", target="Score", default="7&8"),
    ).text
    assert "has no field Nowhere__c" in page
    assert 'value="Nowhere__c"' in page
    assert 'value="7&amp;8"' in page
    assert not MappingVersion.objects.exists()
    page = post(admin, world, "add", row(0, source="Name", target="Name")).text
    assert 'name="1-source"' in page
    page = post(admin, world, "save", row(0, source="Name", target="Name") | {"0-remove": "on"})
    assert page.status_code == 302
    assert "no line" in admin.get(f"/mappings/{world.list.id}/").text or MappingVersion.objects.count() == 0


def test_custom_fields_that_lack_are_made_where_that_is_wished(admin: Client, world: World) -> None:
    lines = (row(0, source="Department", target="Team name"), row(1, source="Account.AnnualRevenue", target="Revenue"))
    assert "the list has no field Team name" in post(admin, world, "save", *lines).text
    assert post(admin, world, "save", *lines, create="on").status_code == 302
    found = {one.name: one.data_type for one in acts.look(world.org, world.list.id).fields}
    assert (found["Team name"], found["Revenue"]) == ("Text", "Number")
    _, saved = kept.of(world.org.pk, world.list.id)
    assert all(one.target.startswith("[") for one in saved)


def test_the_second_of_two_people_is_told_what_the_first_has_changed(admin: Client, world: World) -> None:
    first = row(0, source="MailingCity", target="City")
    assert post(admin, world, "save", first).status_code == 302
    page = post(admin, world, "save", row(0, source="Department", target="City"), seen="0" * 16)
    assert page.status_code == 200
    assert kept.of(world.org.pk, world.list.id)[1][0].source == "MailingCity"


def test_a_mapping_is_copied_and_a_list_for_which_it_cannot_work_keeps_its_own(admin: Client, world: World) -> None:
    async_to_sync(world.map)(line("MailingCity", "[City]"), line("Department", "[Industry]"))
    other = World(world.emulators, world.org)
    async_to_sync(other.begin)()
    KnownList.objects.create(org=world.org, list_id=other.list.id, name="Second", client_id="c", client_name="One")
    assert "Second" in admin.get(f"/mappings/{world.list.id}/copy/").text
    page = admin.post(f"/mappings/{world.list.id}/copy/", {"to": [other.list.id, "x"]}).text
    assert "copied" in page
    assert len(kept.of(world.org.pk, other.list.id)[1]) == 2
    done = acts.copy(world.org, world.list.id, ["unknown"], "ada")
    assert isinstance(done["unknown"], Failure)


def test_a_list_that_is_not_known_and_sides_that_fail_are_told(admin: Client, world: World) -> None:
    assert admin.get("/mappings/unknown/")["Location"] == "/mappings/"
    assert admin.get("/mappings/unknown/copy/")["Location"] == "/mappings/"
    for path in ("/describe", "/query"):
        world.fault("salesforce", {"fault": "status", "status": 400, "times": None, "match": {"path": path}})
    try:
        page = admin.get(f"/mappings/{world.list.id}/")
        assert page.status_code == 200
        assert "FL-" in page.text
        assert "FL-" in admin.get("/sms/?look=1").text
    finally:
        world.clear_faults()


def test_everybody_is_compared_by_a_run_over_changes(admin: Client, world: World) -> None:
    async def nothing(context: Any) -> None:
        """Does nothing."""

    registry.register(acts.CHANGES, "Changes", nothing)
    assert "Compare everybody now" in admin.get("/mappings/").text
    assert admin.post("/mappings/in-step/")["Location"] == "/mappings/"
    job = Job.objects.get(kind=acts.CHANGES)
    assert job.args == {"whole": True, "reactions": ["field_mappings"]}


def test_what_was_written_is_listed_and_undone_by_the_page(admin: Client, world: World) -> None:
    assert "No mapping has written" in admin.get("/mappings/changes/").text
    async_to_sync(world.subscribe)("bo@example.com")
    record = async_to_sync(world.contact)("bo@example.com", MailingCity="Oslo")
    async_to_sync(world.sync)(inward=False)
    async_to_sync(world.map)(line("MailingCity", "[City]"))
    async_to_sync(world.outward)(record)
    assert f"/mappings/changes/{world.number}/undo/" in admin.get("/mappings/changes/").text
    assert "Undo this run" in admin.get(f"/mappings/changes/{world.number}/undo/").text
    assert "put back" in admin.post(f"/mappings/changes/{world.number}/undo/").text
    assert async_to_sync(world.values)("bo@example.com") == {}
    assert admin.post(f"/mappings/changes/{world.number}/undo/")["Location"] == "/mappings/changes/"


def test_addresses_that_wait_are_shown_and_settled_by_the_page(admin: Client, world: World) -> None:
    assert "No changed address waits" in admin.get("/mappings/addresses/").text
    old, taken = f"old-{world.list.id[:6]}@example.com", f"new-{world.list.id[:6]}@example.com"
    async_to_sync(world.subscribe)(old)
    record = async_to_sync(world.contact)(old, MailingCity="Oslo")
    async_to_sync(world.sync)(inward=False)
    async_to_sync(world.map)(line("MailingCity", "[City]"))
    async_to_sync(world.outward)(record)
    async_to_sync(world.subscribe)(taken)
    async_to_sync(world.edit)(record, Email=taken)
    async_to_sync(world.outward)(record)
    page = admin.get("/mappings/addresses/").text
    assert old in page
    assert taken in page
    listed = json.loads(CliRunner().invoke(mappings.app, ["addresses", "--json"]).stdout)["addresses"]
    assert listed[0]["reason"] == "taken"
    assert "example.com" not in json.dumps(listed)
    admin.post(f"/mappings/addresses/{listed[0]['number']}/", {"act": "merge"})
    assert "No changed address waits" in admin.get("/mappings/addresses/").text
    assert admin.post("/mappings/addresses/0/", {"act": "leave"})["Location"] == "/mappings/addresses/"


def test_numbers_are_looked_at_live(admin: Client, world: World) -> None:
    setting_rows.put(world.org, COUNTRY, "US", "ada")
    async_to_sync(world.contact)("cy@example.com", MobilePhone="(201) 555-0123")
    async_to_sync(world.contact)("di@example.com", MobilePhone="12")
    assert "United States" in admin.get("/sms/").text
    page = admin.get("/sms/?look=1").text
    assert "+12015550123" in page
    assert "Refused: it takes a phone number that can exist" in page


def test_the_commands_do_the_same(world: World, tmp_path: Any) -> None:
    def run(*words: str, ends: int = 0) -> dict[str, Any]:
        ended = CliRunner().invoke(mappings.app, [*words, "--json"])
        assert ended.exit_code == ends, ended.output
        return dict(json.loads(ended.stdout.splitlines()[-1]))

    async_to_sync(world.subscribe)("ed@example.com", City="Rome")
    async_to_sync(world.contact)("ed@example.com", MailingCity="Oslo")
    async_to_sync(world.sync)(inward=False)
    file = tmp_path / "lines.json"
    file.write_text(json.dumps([line("MailingCity", "[City]").as_json()]))
    of = ("--list", world.list.id)
    assert "Oslo" not in json.dumps(run("preview", *of, "--lines", str(file)))
    (pair,) = run("preview", *of, "--lines", str(file), "--show")["subscribers"]
    assert (pair["writes"][0]["before"], pair["writes"][0]["after"]) == ("Rome", "Oslo")
    assert run("set", str(file), *of)["version"] == 1
    assert run("show", *of)["lines"][0]["target"].lower() == "[city]"
    assert [one["lines"] for one in run("list")["lists"]] == [1]
    assert run("undo")["runs"] == []
    assert run("copy", *of, "--to", "unknown", ends=1)["copied"] == []
    file.write_text("no json")
    assert isinstance(CliRunner().invoke(mappings.app, ["set", str(file), *of]).exception, Failure)
    for words in (["list"], ["show", *of], ["preview", *of, "--show"], ["undo"], ["addresses"]):
        assert CliRunner().invoke(mappings.app, words).exit_code == 0
