"""The pages and commands of subscriber rules over the local org: the builder without JavaScript, previews, conflicts, JSON."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import Client
from typer.testing import CliRunner

from fairlead.cli import rules as commands
from fairlead.cli.demo_emulators import Emulators
from fairlead.domain.failure import FixTheSettings
from fairlead.features.connections import credentials
from fairlead.features.connections.models import SalesforceOrg
from fairlead.features.subscriber_rules import keeping, settings
from fairlead.features.subscriber_rules.models import Rule
from fairlead.features.subscriber_rules.rules.words import BadRule
from fairlead.jobs.models import Job
from fairlead.salesforce import Salesforce, names
from fairlead.store import known, setting_rows
from fairlead.store.models import Org, Secret
from fairlead.store.orgs import default_org
from fairlead.store.setting_rows import ChangedMeanwhile
from fairlead.sync import sides
from tests.conformance import emulated

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "d" * 32
SPEC = {
    "records": {
        "Contact": [
            {"LastName": "Berg", "Email": "ada@example.com", "Department": "Bank"},
            {"LastName": "Crown", "Email": "cy@example.com", "Department": "Bank", "HasOptedOutOfEmail": True},
            {"LastName": "Dorn", "Email": "di@example.com", "Department": "Bank", "LeadSource": "Web"},
        ]
    }
}


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
    async def lay(running: Emulators) -> None:
        async with emulated.org_of(running) as crm:
            await emulated.add_list(crm, LIST)
            member = {"List__r": {names.LIST_KEY: LIST}, "Email__c": "di@example.com", "State__c": "Active"}
            await crm.records.upsert(names.MEMBER, names.MEMBER_KEY, f"{LIST}:di@example.com", member)

    with emulated.served(salesforce=SPEC) as running:
        async_to_sync(lay)(running)
        yield running


@pytest.fixture
def org(db: None) -> Org:
    found = default_org()
    known.note(found.pk, emulated.CLIENT, "Client", [(LIST, "News"), ("e" * 32, "Offers")])
    return found


@pytest.fixture
def opens(emulators: Emulators, org: Org) -> Opens:
    found = Opens(emulators)
    sides.provide(found)
    return found


@pytest.fixture
def admin(opens: Opens) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return client


def form(*rows: tuple[str, str, str], **more: Any) -> dict[str, Any]:
    """What the builder's form sends."""
    fields, operators, values = zip(*rows, strict=True) if rows else ((), (), ())
    sent = {"list": LIST, "does": "add", "object": "Contact", "when": "both", "name": "Bankers", "enabled": "yes"}
    return {**sent, "field": fields, "operator": operators, "value": values, "act": "save", **more}


def downloaded(admin: Client, rule: Rule) -> str:
    """The preview as a file."""
    answer: Any = admin.get(f"/rules/{rule.pk}/preview.csv")

    async def read() -> bytes:
        return b"".join([part async for part in answer.streaming_content])

    return async_to_sync(read)().decode()


BANK = ("Department", "equals", "Bank")


def test_the_page_says_what_to_do_where_there_is_nothing(admin: Client, org: Org) -> None:
    assert "There are no rules yet." in admin.get("/rules/").text
    known.note(org.pk, emulated.CLIENT, "Client", [])
    assert "No list is known yet." in admin.get("/rules/").text


def test_a_rule_is_built_row_by_row_without_javascript(admin: Client) -> None:
    """Rows are added and dropped by buttons; fields are offered with labels, parents too; what was typed stays."""
    page = admin.get(f"/rules/new/?list={LIST}").text
    assert f'<option value="{LIST}" selected>' in page
    assert '<option value="Account.Industry">Account: Industry</option>' in page
    assert page.count('name="field"') == 1
    page = admin.post("/rules/new/", form(BANK, act="add")).text
    assert page.count('name="field"') == 2
    assert 'value="Bank"' in page
    page = admin.post("/rules/new/", form(BANK, ("LastName", "contains", "o'r"), act="drop-1")).text
    assert page.count('name="field"') == 1
    assert 'value="o&#x27;r"' in page
    assert not Rule.objects.exists()

    answer = admin.post("/rules/new/", form(BANK, ("LastName", "contains", "r"), logic="1 AND 2"), follow=True)
    assert "The rule “Bankers” is saved." in answer.text
    rule = Rule.objects.get()
    assert (rule.list_name, rule.enabled, rule.changed_by, rule.client) == ("News", True, "admin", emulated.CLIENT)
    assert keeping.ready(rule).where == "(Department = 'Bank' AND LastName LIKE '%r%')"
    page = admin.get(f"/rules/{rule.pk}/").text
    assert 'value="Department"' in page
    assert 'name="version" value="1"' in page


def test_what_is_wrong_stands_beside_its_row_and_nothing_is_saved(admin: Client) -> None:
    page = admin.post("/rules/new/", form(BANK, ("Birthdate", "equals", "soon"), logic="1", name="")).text
    assert "The rule needs a name" in page
    assert 'id="wrong-2">Birthdate takes a date as 2026-01-31' in page
    assert 'value="soon"' in page
    assert "The logic does not name row 2" in page
    assert "cannot hold an e-mail address" in admin.post("/rules/new/", form(name="a@example.com")).text
    assert "A rule does one of: add, remove" in admin.post("/rules/new/", form(does="x", when="y")).text
    assert "A rule looks at one of" in admin.post("/rules/new/", form(object="Account")).text
    assert "Fairlead knows no list nowhere" in admin.post("/rules/new/", form(list="nowhere")).text
    assert not Rule.objects.exists()


def test_values_of_criteria_are_kept_sealed(admin: Client, org: Org) -> None:
    """They may name somebody: no row of the database shows them."""
    admin.post("/rules/new/", form(("Email", "equals", "somebody@example.com")))
    rule = Rule.objects.get()
    kept = [str(getattr(rule, field.name)) for field in Rule._meta.concrete_fields]
    assert "somebody" not in " ".join(kept)
    assert b"somebody" not in bytes(Secret.objects.get(name=f"subscriber_rule.{rule.pk}").value)
    keeping.delete(org, rule.pk, "admin")
    assert not Secret.objects.exists()


def test_a_rule_whose_criteria_are_lost_is_true_of_nobody(admin: Client) -> None:
    admin.post("/rules/new/", form(BANK))
    Secret.objects.all().delete()
    assert keeping.ready(Rule.objects.get()).where == "Id = null"


def test_of_two_admins_the_second_is_told_and_a_name_is_given_once(admin: Client) -> None:
    admin.post("/rules/new/", form(BANK))
    rule = Rule.objects.get()
    admin.post(f"/rules/{rule.pk}/", form(BANK, name="Bankers all", version="1"))
    page = admin.post(f"/rules/{rule.pk}/", form(BANK, name="Mine", version="1")).text
    assert "was changed by admin meanwhile" in page
    assert 'value="Mine"' in page
    assert "has a rule “Bankers all” already" in admin.post("/rules/new/", form(BANK, name="Bankers all")).text


def test_a_conflict_is_told_with_numbers_when_a_rule_is_saved(admin: Client) -> None:
    admin.post("/rules/new/", form(BANK))
    web = form(("LeadSource", "equals", "Web"), does="remove", name="Web")
    assert "both are true of 1 record now" in admin.post("/rules/new/", web, follow=True).text
    none = form(("LeadSource", "equals", "Other"), does="remove", name="Other")
    assert "they are of none now" in admin.post("/rules/new/", none, follow=True).text
    never = form(("Department", "equals", "Shop"), does="remove", name="Never")
    assert "at odds" not in admin.post("/rules/new/", never, follow=True).text


def test_a_preview_shows_numbers_people_and_the_question(admin: Client, org: Org) -> None:
    """And asks for a confirmation in numbers; the guard's own tick box where many would go."""
    admin.post("/rules/new/", form(BANK))
    rule = Rule.objects.get()
    page = admin.get(f"/rules/{rule.pk}/preview/").text
    for label, count in (("Would be added", 1), ("Opted out in Salesforce", 1), ("On the list already", 1)):
        assert f"<dt>{label}</dt><dd>{count}</dd>" in page
    assert "ada@example.com" in page
    assert "cy@example.com" not in page
    assert "Department = &#x27;Bank&#x27;" in page
    assert "Yes, add 1 subscriber to News" in page
    lines = downloaded(admin, rule).splitlines()
    assert lines[0] == "Id,Name,E-mail,What becomes of it"
    assert sorted(line.split(",")[2:] for line in lines[1:]) == [
        ["ada@example.com", "add"], ["cy@example.com", "opted out in Salesforce"], ["di@example.com", "is on the list already"],
    ]  # fmt: skip

    admin.post(f"/rules/{rule.pk}/", form(BANK, does="remove"))
    setting_rows.put(org, settings.REMOVALS_RECORDS, 0, "admin")
    setting_rows.put(org, settings.REMOVALS_SHARE, 0, "admin")
    page = admin.get(f"/rules/{rule.pk}/preview/").text
    assert "Yes, take 1 subscriber off News" in page
    assert "more than 0 are not taken off unasked" in page


def test_a_list_goes_by_its_present_name_and_one_that_is_gone_is_told(admin: Client, org: Org) -> None:
    admin.post("/rules/new/", form(BANK))
    known.note(org.pk, emulated.CLIENT, "Client", [(LIST, "News of today")])
    page = admin.get("/rules/").text
    assert "News of today" in page
    assert "no longer lists it" not in page
    known.note(org.pk, emulated.CLIENT, "Client", [("e" * 32, "Offers")])
    assert "no longer lists it" in admin.get("/rules/").text


def test_a_run_is_asked_for_only_as_it_was_confirmed(admin: Client) -> None:
    admin.post("/rules/new/", form(BANK))
    rule = Rule.objects.get()
    address = f"/rules/{rule.pk}/run/"
    assert "Confirm the numbers first." in admin.post(address, {"version": "1"}, follow=True).text
    assert (
        "was changed after its run was asked for"
        in admin.post(address, {"version": "7", "confirmed": "yes"}, follow=True).text
    )
    assert not Job.objects.exists()
    answer = admin.post(address, {"version": "1", "confirmed": "yes", "allow": "yes"})
    job = Job.objects.get()
    assert answer["Location"] == f"/jobs/{job.pk}/"
    assert job.args == {"rule": rule.pk, "version": 1, "allow_large_changes": True}
    assert job.key == LIST


def test_rules_are_switched_and_deleted(admin: Client) -> None:
    admin.post("/rules/new/", form(BANK))
    rule = Rule.objects.get()
    assert "The rule “Bankers” rests." in admin.post(f"/rules/{rule.pk}/switch/", {"on": "no"}, follow=True).text
    assert "Disabled" in admin.get(f"/rules/?list={LIST}").text
    assert "reacts to changes" in admin.post(f"/rules/{rule.pk}/switch/", {"on": "yes"}, follow=True).text
    assert "Delete the rule Bankers?" in admin.get(f"/rules/{rule.pk}/delete/").text
    assert "is deleted" in admin.post(f"/rules/{rule.pk}/delete/", follow=True).text
    assert not Rule.objects.exists()
    assert admin.get(f"/rules/{rule.pk}/").status_code == 404


def test_without_salesforce_the_pages_say_so_and_keep_what_was_typed(admin: Client, opens: Opens) -> None:
    admin.post("/rules/new/", form(BANK))
    rule = Rule.objects.get()
    opens.refuses = True
    page = admin.post("/rules/new/", form(BANK, name="Other")).text
    assert "Salesforce is not connected." in page
    assert 'value="Other"' in page
    assert "Salesforce is not connected." in admin.get(f"/rules/{rule.pk}/preview/").text
    assert "Salesforce is not connected." in downloaded(admin, rule)


def test_commands_take_and_give_json(emulators: Emulators, org: Org, tmp_path: Path) -> None:
    """List, show, set (new, changed, stale, wrong), preview, enable, disable, run, delete."""
    line = emulators.line["salesforce"]
    SalesforceOrg.objects.create(org=org, login_url=line["url"])
    credentials.put(org, credentials.SALESFORCE, credentials.OrgApp(line["client_id"], line["client_secret"]))

    def invoke(*words: str, given: Any = None) -> Any:
        return CliRunner().invoke(commands.app, [*words, "--json"], input=given and json.dumps(given))

    def run(*words: str, given: Any = None) -> dict[str, Any]:
        ended = invoke(*words, given=given)
        assert ended.exit_code == 0, (ended.output, ended.exception)
        return dict(json.loads(ended.stdout.splitlines()[-1]))

    rule = {"list": LIST, "name": "Bankers", "criteria": [dict(zip(("field", "operator", "value"), BANK, strict=True))]}
    made = run("set", "-", given=rule)["rule"]
    number = str(made["id"])
    shown = run("show", number)["rule"]
    assert shown["criteria"] == rule["criteria"]
    assert (shown["version"], shown["enabled"]) == (1, False)
    file = tmp_path / "rule.json"
    file.write_text(json.dumps({**shown, "enabled": True}))
    assert run("set", str(file))["rule"]["version"] == 2
    assert isinstance(invoke("set", "-", given=shown).exception, ChangedMeanwhile)
    for wrong in ({"nothing": 1}, {"criteria": [{"field": "X"}]}, {"criteria": ["x"]}):
        assert isinstance(invoke("set", "-", given={**rule, **wrong}).exception, BadRule)
    assert invoke("set", "-", given=[1]).exit_code == 2
    remove = {**rule, "name": "All", "does": "remove", "criteria": [], "enabled": True}
    (conflict,) = run("set", "-", given=remove)["conflicts"]
    assert (conflict["rule"], conflict["records"]) == (made["id"], 3)
    assert [one["name"] for one in run("list")["rules"]] == ["Bankers", "All"]
    assert run("list", "--list", "other")["rules"] == []
    assert run("preview", number)["fates"] == {"add": 1, "opted out in Salesforce": 1, "is on the list already": 1}
    assert run("disable", number)["rule"]["enabled"] is False
    assert run("enable", number)["rule"]["enabled"] is True
    assert run("run", number, "--yes", "--no-wait")["job"]["kind"] == "subscriber_rule_run"
    assert CliRunner().invoke(commands.app, ["delete", number], input="n\n").exit_code == 1
    assert run("delete", number, "--yes")["ok"]
    assert isinstance(invoke("show", number).exception, keeping.NoSuchRule)
    for words in (["list"], ["show", str(conflict["rule"] + 1)], ["preview", str(conflict["rule"] + 1)]):
        told = CliRunner().invoke(commands.app, words)
        assert told.exit_code == 0, told.output
        assert "All" in told.output
