"""What people do with links on pages and at the command line, over the local org."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from django.contrib.auth.models import User
from django.test import Client
from typer.testing import CliRunner

from fairlead.cli.demo_emulators import Emulators
from fairlead.domain.failure import FixTheSettings
from fairlead.features.connections import credentials
from fairlead.features.connections.models import SalesforceOrg
from fairlead.features.salesforce_campaigns import acts, asking, settings
from fairlead.jobs.models import Job
from fairlead.salesforce import Salesforce
from fairlead.store import setting_rows
from fairlead.store.models import AuditEntry
from fairlead.store.orgs import default_org
from fairlead.sync import sides
from tests.conformance import emulated
from tests.conformance.campaigns_world import World

pytestmark = pytest.mark.django_db(transaction=True)


class Opens:
    """Opens the local org for pages, or refuses to."""

    def __init__(self, emulators: Emulators) -> None:
        self.emulators = emulators
        self.refuses = False

    @asynccontextmanager
    async def salesforce(self, org_id: int) -> AsyncIterator[Salesforce]:
        if self.refuses:
            raise FixTheSettings("Salesforce is not connected.", next_step="Connect it.")
        async with emulated.org_of(self.emulators) as crm:
            yield crm

    def campaign_monitor(self, org_id: int) -> Any:
        raise AssertionError("nobody reads the account here")


@pytest.fixture(scope="module")
def emulators() -> Iterator[Emulators]:
    with emulated.served() as running:
        yield running


@pytest.fixture
def opens(emulators: Emulators) -> Iterator[Opens]:
    opener = Opens(emulators)
    sides.provide(opener)
    yield opener
    sides.provide(cast("Any", None))


@pytest.fixture
def world(emulators: Emulators, opens: Opens) -> World:
    found = World(emulators)
    found.org = default_org()
    return found


@pytest.fixture
def admin(world: World) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return client


def test_linking_by_search_and_unlinking_are_told_on_both_sides(admin: Client, world: World) -> None:
    campaign, crm_id = world.campaign(), world.crm_campaign(Name="Spring fair 50%")
    found = admin.get("/salesforce-campaigns/link/", {"words": "fair 50%"}).text
    assert f'value="{crm_id}"' in found
    assert "No sent campaign is called so." in found

    answer = admin.post("/salesforce-campaigns/link/", {"campaign": campaign, "salesforce": crm_id}, follow=True)
    assert "Linked." in answer.text
    assert "Spring fair 50%" in answer.text
    assert world.get("Campaign", crm_id)["CM_Campaign_Id__c"] == campaign
    assert world.record(campaign)["Salesforce_Campaign__c"] == crm_id

    answer = admin.post("/salesforce-campaigns/unlink/", {"campaign": campaign}, follow=True)
    assert "Unlinked." in answer.text
    shown = world.get("Campaign", crm_id)
    assert (shown["CM_Campaign__c"], shown["CM_Campaign_Id__c"]) == (None, None)
    assert world.record(campaign)["Salesforce_Campaign__c"] is None
    assert [entry.what for entry in AuditEntry.objects.order_by("id")] == ["link campaign", "unlink campaign"]


def test_a_refused_link_keeps_what_was_chosen_and_says_why(admin: Client, world: World) -> None:
    campaign, crm_id = world.linked()
    world.run("links")
    other = world.campaign()
    answer = admin.post("/salesforce-campaigns/link/", {"campaign": other, "salesforce": crm_id, "words": "Mail"})
    assert f"is linked to the campaign {campaign} already." in answer.text
    assert f'value="{other}" required checked' in answer.text
    assert 'value="Mail"' in answer.text


@pytest.mark.parametrize(
    ("campaign", "crm_id", "code"),
    [("f" * 32, "", "FL-355"), ("", "701000000000001AAA", "FL-356"), ("", "' OR Id != '", "FL-356")],
)
def test_what_is_not_there_is_named(world: World, campaign: str, crm_id: str, code: str) -> None:
    with pytest.raises(FixTheSettings) as told:
        asking.link(world.org, campaign or world.campaign(), crm_id or world.crm_campaign(), "admin")
    assert told.value.code == code


def test_the_other_side_may_be_taken_too(world: World) -> None:
    campaign, _ = world.linked()
    world.run("links")
    with pytest.raises(acts.AlreadyLinked):
        asking.link(world.org, campaign, world.crm_campaign(), "admin")
    with pytest.raises(acts.NotLinked):
        asking.unlink(world.org, world.campaign(), "admin")


def test_refreshing_asks_for_a_run_of_these_stages_with_everything_due(admin: Client, world: World) -> None:
    campaign, crm_id = world.linked()
    world.did(campaign, *world.contacts(1))
    world.run()
    assert world.due() == 0
    (member,) = world.members(crm_id)
    world.within(lambda crm: crm.records.delete("CampaignMember", member["Id"]))

    answer = admin.post("/salesforce-campaigns/refresh/", {"campaign": campaign}, follow=True)
    assert "The activity of 1 addresses is written again" in answer.text
    assert Job.objects.get().args == {"stages": ["links", "campaign_members"]}
    world.run()
    assert len(world.members(crm_id)) == 1


def test_the_preview_tells_what_would_be_created_and_why_not(admin: Client, world: World) -> None:
    world.within(
        lambda crm: crm.records.upsert("CM_Client__c", "Client_Id__c", emulated.CLIENT, {"Status__c": "Active"})
    )
    campaign = world.campaign(Name="Would be created")
    shown = admin.get("/salesforce-campaigns/preview/").text
    assert "Automatic creation is off" in shown
    assert "<strong>It will be created</strong>" in shown
    setting_rows.put(world.org, settings.START_DATE, "2027-01-01", "admin")
    assert "before the start date" in admin.get("/salesforce-campaigns/preview/").text
    setting_rows.put(world.org, settings.AUTO_CREATE, True, "admin")
    shown = admin.get("/salesforce-campaigns/preview/").text
    assert "before automatic creation was turned on" in shown
    assert world.query(f"SELECT Id FROM Campaign WHERE CM_Campaign_Id__c = '{campaign}'") == []


def test_the_map_is_held_against_a_campaign(admin: Client, world: World) -> None:
    _, crm_id = world.linked()
    whole = admin.get("/salesforce-campaigns/statuses/").text
    assert "On this campaign" not in whole
    shown = admin.get("/salesforce-campaigns/statuses/", {"salesforce": crm_id}).text
    assert "<td>There</td>" in shown  # Sent
    assert "Missing; it is added with the first member" in shown
    setting_rows.put(world.org, settings.AUTO_CREATE_STATUSES, False, "admin")
    setting_rows.put(
        world.org, settings.STATUS_MAP, [{"activity": "Opened", "status": "responded", "responded": False}], "admin"
    )
    assert "with another meaning" in admin.get("/salesforce-campaigns/statuses/", {"salesforce": crm_id}).text
    setting_rows.put(world.org, settings.STATUS_MAP, [], "admin")
    assert "The map has no lines" in admin.get("/salesforce-campaigns/statuses/").text


def test_a_campaign_stands_beside_the_average_of_its_industry(admin: Client, world: World) -> None:
    """In figures, in bars, and in words for who does not see them; with source and year."""
    figures = {"Recipients__c": 110, "Bounces__c": 10, "Unique_Opens__c": 40, "Clicks__c": 5}
    campaign = world.campaign(Name="Compared", **figures)
    assert "No industry is chosen." in admin.get(f"/salesforce-campaigns/{campaign}/").text
    setting_rows.put(world.org, settings.INDUSTRY, "education", "admin")
    shown = admin.get(f"/salesforce-campaigns/{campaign}/").text
    assert "Opened: 40.0 percent; the average is 28.5 percent." in shown
    assert "Clicked: 5.0 percent; the average is 4.4 percent." in shown
    assert "Campaign Monitor, 2022" in shown
    nothing = world.campaign(Name="Nothing delivered")
    assert "nothing was delivered; the average" in admin.get(f"/salesforce-campaigns/{nothing}/").text
    assert "no sent campaign" in admin.get("/salesforce-campaigns/none/").text


def test_the_panel_for_a_campaigns_page_draws_the_campaign_of_the_address(world: World, admin: Client) -> None:
    from django.test import RequestFactory
    from django.urls import resolve

    from fairlead.ui import rooms

    setting_rows.put(world.org, settings.INDUSTRY, "all", "admin")
    campaign = world.campaign(Recipients__c=10, Unique_Opens__c=5)
    request = RequestFactory().get(f"/campaigns/{campaign}/")
    request.resolver_match = resolve(request.path)
    (drawn,) = rooms.panels("campaign", request)
    assert "Opened: 50.0 percent" in drawn
    request.resolver_match = resolve("/salesforce-campaigns/")
    assert rooms.panels("campaign", request) == [""]


def test_all_averages_are_shown_with_the_chosen_one_marked(admin: Client, world: World) -> None:
    setting_rows.put(world.org, settings.INDUSTRY, "nonprofit", "admin")
    shown = admin.get("/salesforce-campaigns/averages/").text
    assert shown.count("<tr") == 20
    assert "<strong>Nonprofit</strong> (chosen)" in shown
    assert "Mail Privacy Protection" in shown


@pytest.mark.parametrize("page", ["", "link/", "preview/", "statuses/"])
def test_an_org_that_does_not_answer_is_told_on_the_page(admin: Client, opens: Opens, page: str) -> None:
    opens.refuses = True
    answer = admin.get(f"/salesforce-campaigns/{page}")
    assert answer.status_code == 200
    assert 'role="alert">Salesforce is not connected. Connect it.' in answer.text


def test_the_command_line_does_the_same(world: World) -> None:
    from fairlead.cli import campaigns

    line = world.emulators.line["salesforce"]
    SalesforceOrg.objects.create(org=world.org, login_url=line["url"])
    credentials.put(world.org, credentials.SALESFORCE, credentials.OrgApp(line["client_id"], line["client_secret"]))
    campaign, crm_id = world.campaign(Name="By command"), world.crm_campaign(Name="In Salesforce by command")

    def run(*words: str) -> dict[str, Any]:
        ended = CliRunner().invoke(campaigns.app, [*words, "--json"])
        assert ended.exit_code == 0, ended.output
        return dict(json.loads(ended.stdout.splitlines()[-1]))

    found = run("list", "--find", "by command")
    assert [one["id"] for one in found["sent"]] == [campaign]
    assert [one["id"] for one in found["salesforce"]] == [crm_id]
    assert run("link", campaign, crm_id)["salesforce_campaign"] == crm_id
    listed = {one["campaign"]: one for one in run("list")["campaigns"]}
    assert listed[campaign]["salesforce_name"] == "In Salesforce by command"
    assert run("refresh", campaign)["addresses"] == 0
    assert {one["campaign"]: one["verdict"] for one in run("preview")["campaigns"]}[campaign] == "It is linked already"
    assert run("unlink", campaign)["unlinked"] == [crm_id]
