"""The page of a person, the API and the commands over both local sides: what they show, who may act, and that nothing stays."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from typer.testing import CliRunner

from fairlead.cli.main import app
from fairlead.domain.role import MANAGE_MEMBERSHIPS, Role
from fairlead.domain.said import OPT_STATUS, Said
from fairlead.features.people import going
from fairlead.salesforce import names
from fairlead.store import tokens
from fairlead.store.models import AuditEntry, Org
from fairlead.sync import explaining
from fairlead.ui.access import SESSION_PERMISSIONS, SESSION_ROLE
from fairlead_emulators.people import person
from tests.conformance import person_world
from tests.conformance.person_world import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def laid() -> Iterator[World]:
    with person_world.running() as world:
        yield world


@pytest.fixture
def world(laid: World) -> Iterator[World]:
    with person_world.opened(laid):
        yield laid


@pytest.fixture
def somebody(world: World) -> Callable[..., Client]:
    """A browser of somebody whom the org gave a role, and perhaps a custom permission."""

    def sign_in(role: Role, *permissions: str) -> Client:
        client = Client()
        client.force_login(User.objects.create_user(f"somebody {role.name} {permissions}"))
        session = client.session
        session[SESSION_ROLE], session[SESSION_PERMISSIONS] = int(role), list(permissions)
        session.save()
        return client

    return sign_in


@pytest.fixture
def admin(world: World) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return client


@pytest.fixture
def program(world: World) -> Callable[..., Any]:
    """Asks the API with a token of a role; the status and the document."""

    def ask(path: str, sent: Any = None, role: Role = Role.STANDARD) -> tuple[int, dict[str, Any]]:
        token = tokens.create(
            Org.objects.get(), f"components {AuditEntry.objects.count()}", "x", expires_at=None, role=role
        )
        browser = Client(headers={"authorization": f"Bearer {token}"})
        answer = browser.get(path) if sent is None else browser.post(path, sent, content_type="application/json")
        return answer.status_code, answer.json()

    return ask


def got(world: World) -> str:
    """Somebody on News who opened the campaign."""
    for n in range(12):
        email = person(n).email
        items = world.of_account(lambda account, email=email: account.subscriptions.history(world.lists["News"], email))
        if any(one.actions for one in items):
            return email
    raise AssertionError("nobody opened anything")


def test_the_page_of_a_record_shows_lists_opt_status_and_why(world: World, admin: Client) -> None:
    """States, dates, what is agreed with its history, the way back to Salesforce, and what may be done."""
    email = world.subscribe("page@example.com", "News", "Old news")
    contact = world.create("Contact", LastName="Page", Email=email)

    async def said(asked: Any) -> list[Said]:
        return [Said("", "", "Has opted out.", OPT_STATUS, (("2026-01-02 03:04", "Rule 5 said so."),))]

    explaining.provide_remembered("opt_status", said)
    page = admin.get(f"/people/{contact}/").text
    for words in (
        "Memberships",
        "Choose News",
        "Not synced",
        "Has opted out.",
        "Rule 5 said so.",
        "Add to chosen lists",
    ):
        assert words in page, words
    assert "Choose Old news" not in page  # its client is not synced
    assert 'hx-post="/people/activity/"' in page
    assert f">{'Offers (Shop)'}</option>" in page
    assert ">News (Shop)</option>" not in page


def test_either_side_may_be_down_and_the_other_is_shown(world: World, admin: Client) -> None:
    email = world.subscribe("down@example.com", "News")
    contact = world.create("Contact", LastName="Down", Email=email)
    world.down.add("campaign_monitor")
    page = admin.get(f"/people/{contact}/").text
    assert "Campaign Monitor does not answer." in page
    assert contact in page
    assert "Add to chosen lists" not in page
    world.down = {"salesforce"}
    page = admin.post("/people/", {"asked": email}).text
    assert "Salesforce does not answer." in page
    assert "Choose News" in page
    told = admin.post("/people/activity/", {"asked": email}).text
    assert "Salesforce does not answer." in told


def test_activity_is_read_live_as_a_part_and_as_a_page(world: World, admin: Client) -> None:
    """Summary, chart, timeline; campaign and smart e-mail; without scripts a page with a way back."""
    email = got(world)
    world.create("Contact", LastName="Reader", Email=email)
    part = admin.post("/people/activity/", {"asked": email, "number": "7"}, headers={"hx-request": "true"}).text
    assert part.lstrip().startswith("<section")
    for words in ("Spring", "Your receipt", "Smart e-mail", 'id="activity-7"', "Open rate", "fl-chart", "Timeline"):
        assert words in part, words
    page = admin.post("/people/activity/", {"asked": email, "record": "003000000000001AAA"}).text
    assert "<html" in page
    assert "/people/003000000000001AAA/" in page
    assert "Spring" in page
    nobody = admin.post("/people/activity/", {"asked": "nobody@example.com"}).text
    assert "No e-mail went to this address." in nobody
    assert "FL-412" in admin.post("/people/activity/", {"asked": "Jane"}).text


def test_lists_are_managed_after_a_look_at_what_will_happen(world: World, admin: Client) -> None:
    """Nothing is done before it is confirmed; what was chosen travels along; the way back leads to the record."""
    email = world.subscribe("form@example.com", "News", "Members")
    contact = world.create("Contact", LastName="Form", Email=email)
    chosen = {"asked": email, "record": contact, "list": [world.lists["News"]], "act": "unsubscribe"}
    look = admin.post("/people/lists/", chosen)
    assert "What will happen" in look.text
    assert f'value="{world.lists["News"]}"' in look.text
    assert "no-store" in look["Cache-Control"]
    assert world.state("News", email) == "Active"
    done = admin.post("/people/lists/", {**chosen, "confirmed": "yes"}).text
    assert "What was done" in done
    assert f"/people/{contact}/" in done
    assert world.state("News", email) == "Unsubscribed"
    refused = admin.post("/people/lists/", {**chosen, "act": "add"}).text
    assert "FL-620" in refused
    assert 'name="confirmed"' not in refused
    assert "FL-628" in admin.post("/people/lists/", {"asked": email, "act": "add"}).text
    assert admin.post("/people/lists/", {"asked": email, "act": "resubscribe"}).status_code == 302


def test_who_has_limited_access_manages_lists_only_with_the_permission(
    world: World, somebody: Callable[..., Client]
) -> None:
    """The button is not there, and the address behind it refuses (F73)."""
    email = world.subscribe("limited@example.com", "News")
    contact = world.create("Contact", LastName="Limited", Email=email)
    form = {"asked": email, "act": "unsubscribe_all", "confirmed": "yes"}
    without = somebody(Role.LIMITED)
    assert "Unsubscribe from all lists" not in without.get(f"/people/{contact}/").text
    assert without.post("/people/lists/", form).status_code == 403
    assert world.state("News", email) == "Active"
    for browser in (somebody(Role.LIMITED, MANAGE_MEMBERSHIPS), somebody(Role.STANDARD)):
        assert "Unsubscribe from all lists" in browser.get(f"/people/{contact}/").text
    assert somebody(Role.GUEST, MANAGE_MEMBERSHIPS).post("/people/lists/", form).status_code == 403
    assert browser.post("/people/lists/", form).status_code == 200
    assert world.state("News", email) == "Unsubscribed"


def test_buttons_of_the_org_lead_to_pages(world: World, admin: Client) -> None:
    """People by their records, lists and campaigns by their keys, and what nobody knows to the form with a reason."""
    contact = world.create("Contact", LastName="Button", Email="button@example.com")
    client = world.create(names.CLIENT, Client_Id__c="d" * 32, Name="Shop")
    of_list = world.create(names.LIST, List_Id__c=world.lists["News"], Name="News", Client__c=client)
    member = world.create(
        names.MEMBER,
        Member_Key__c=f"{world.lists['News']}:button@example.com",
        List__c=of_list,
        Email__c="button@example.com",
    )
    campaign = world.create("Campaign", Name="Spring")
    led = {
        record: admin.get(f"/go/{record}").get("Location") for record in (contact, client, of_list, member, campaign)
    }
    assert led == {
        contact: f"/people/{contact}/",
        client: "/connections/",
        of_list: f"/lists/{world.lists['News']}/",
        member: f"/people/{member}/",
        campaign: "/salesforce-campaigns/",
    }
    assert "button@example.com" in admin.get(f"/people/{member}/").text
    assert "FL-413" in admin.get(f"/go/{of_list[:3]}000000000009AAA").text
    assert "FL-413" in admin.get("/go/zzz000000000009AAA").text
    assert "FL-412" in admin.get("/go/somebody").text
    world.down.add("salesforce")
    assert "Salesforce does not answer." in admin.get(f"/go/{member}").text
    assert going.PERSON == "person"


def test_programs_read_and_manage_by_a_records_id(world: World, program: Callable[..., Any]) -> None:
    """Live, without the address; changes want more than looking; a user of the org is named in the audit."""
    email = world.subscribe("program@example.com", "News")
    contact = world.create("Contact", LastName="Program", Email=email)
    path = f"/api/v1/people/{contact}/memberships"
    status, told = program(path, role=Role.LIMITED)
    (of_person,) = told["people"]
    assert status == 200
    assert [(one["list"], one["state"], one["mailed"]) for one in of_person["memberships"]] == [
        ("News", "Active", True)
    ]
    assert "Offers" in [one["list"] for one in of_person["other_lists"]]
    sent = {"action": "unsubscribe", "list_ids": [world.lists["News"]], "on_behalf_of": "005000000000001AAA"}
    assert program(path, sent, role=Role.LIMITED)[0] == 403
    status, told = program(path, {**sent, "dry_run": True})
    assert (status, told["lists"][0]["done"], told["dry_run"]) == (200, False, True)
    assert world.state("News", email) == "Active"
    status, told = program(path, sent)
    assert (status, told["lists"][0]["done"]) == (200, True)
    assert world.state("News", email) == "Unsubscribed"
    assert "for 005000000000001AAA" in AuditEntry.objects.filter(what="manage lists: unsubscribe").latest("id").who
    status, told = program(f"/api/v1/people/{contact}/activity?field=Email&on_behalf_of=005000000000001AAA")
    assert told["people"][0]["counts"]["sent"] == 0
    assert email not in json.dumps(told)
    assert "for 005000000000001AAA" in AuditEntry.objects.latest("id").who


@pytest.mark.parametrize(
    ("path", "sent", "code"),
    [
        ("/api/v1/people/x@example.com/activity", None, "FL-412"),
        ("/api/v1/people/{contact}/activity?field=LastName", None, "FL-627"),
        ("/api/v1/people/{contact}/activity?field=a%20b", None, "FL-630"),
        ("/api/v1/people/{contact}/memberships?on_behalf_of=me", None, "FL-630"),
        ("/api/v1/people/{contact}/memberships", {"action": "resubscribe", "list_ids": ["x"]}, "FL-630"),
        ("/api/v1/people/{contact}/memberships", {"action": "add", "list_ids": "x"}, "FL-630"),
        ("/api/v1/people/{contact}/memberships", {"action": "add", "list_ids": [1]}, "FL-630"),
        ("/api/v1/people/{contact}/memberships", {"action": "add", "list_ids": ["x"], "dry_run": "no"}, "FL-630"),
        ("/api/v1/people/{contact}/memberships", {"action": "add", "lists": ["x"]}, "FL-630"),
        ("/api/v1/people/{contact}/memberships", {"action": "add"}, "FL-628"),
    ],
)
def test_what_a_program_asks_wrongly_is_told(
    world: World, program: Callable[..., Any], path: str, sent: Any, code: str
) -> None:
    contact = world.create("Contact", LastName="Wrong", Email="wrong@example.com")
    status, told = program(path.format(contact=contact), sent)
    assert (status, told["error"]["code"]) == (422, code)


def test_commands_show_and_act(world: World) -> None:
    """A dry run does nothing; exit code 3 says that an opt-out stood in the way."""
    world.connect()
    email = world.subscribe("command@example.com", "News")
    runner = CliRunner()

    def run(*words: str) -> tuple[int, str]:
        ended = runner.invoke(app, ["person", *words])
        return ended.exit_code, ended.output

    news = world.lists["News"]
    code, told = run("show", email, "--json")
    (of_person,) = json.loads(told)["people"]
    assert (code, of_person["memberships"][0]["state"], of_person["counts"]["sent"]) == (0, "Active", 0)
    assert "News" in run("show", email)[1]
    code, told = run("unsubscribe", email, "--all", "--dry-run", "--json")
    assert (code, json.loads(told)["lists"][0]["done"], json.loads(told)["dry_run"]) == (0, False, True)
    assert world.state("News", email) == "Active"
    assert run("remove", email, "--list", news)[0] == 0
    assert run("add", email, "--list", news)[0] == 0
    code, told = run("unsubscribe", email, "--all", "--json")
    assert (code, json.loads(told)["ok"]) == (0, True)
    code, told = run("add", email, "--list", news)
    assert (code, "FL-620" in told) == (3, True)
    assert run("remove", email, "--list", news)[0] == 1
    assert run("unsubscribe", email)[0] == 2


def test_nothing_of_a_person_is_kept(world: World, admin: Client) -> None:
    """After looking and acting in every way no row of any table has the address."""
    email = world.subscribe("canary.bird@example.com", "News")
    contact = world.create("Contact", LastName="Canary", Email=email)
    admin.get(f"/people/{contact}/")
    admin.post("/people/", {"asked": email})
    admin.post("/people/activity/", {"asked": email})
    admin.post("/people/lists/", {"asked": email, "act": "unsubscribe_all", "confirmed": "yes"})
    kept = [str(row) for model in apps.get_models() for row in model._default_manager.values()]
    assert any("manage lists" in row for row in kept)
    assert not [row for row in kept if "canary" in row.lower()]
