"""Laws of an org that is renamed or removed: nothing of it stays, nothing of the others goes, and nothing runs on."""

import json

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from typer.testing import CliRunner

from fairlead.cli.main import app
from fairlead.domain.role import Role
from fairlead.features.billing.models import Customer
from fairlead.jobs.models import Job, State
from fairlead.store import leaving, orgs, secrets
from fairlead.store.models import AuditEntry, Org
from fairlead.ui import standing
from tests.unit.web import two_orgs
from tests.unit.web.test_two_admins import Form

NAME = "Sandbox of sales"


@pytest.fixture
def first(db: None) -> Org:
    return orgs.default_org()


@pytest.fixture
def leaver(first: Org) -> Org:
    """The second org, with rows of every kind, at rest."""
    org = orgs.add(NAME)
    two_orgs.filled(org)
    Job.objects.filter(org=org).update(state=State.DONE)
    return org


@pytest.fixture
def browser(leaver: Org) -> Client:
    """Of whoever runs the installation."""
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return client


def came_in(org: Org, user_id: str) -> User:
    return standing.note(org, user_id, standing.Reading(Role.FULL), timezone.now()).user


def test_an_org_that_is_removed_leaves_nothing_and_takes_nothing_else(first: Org, leaver: Org) -> None:
    """A row of every table of it goes; not a row of the other org does, but for the entry in its audit log."""
    came_in(first, "005000000000001AAA")
    before = two_orgs.contents(first)
    assert all(two_orgs.contents(leaver).values())
    going = leaving.remove(leaver, NAME, "admin")
    assert (going.settings, going.opt_statuses, going.audit_entries) == (1, 1, 1)
    assert not Org.objects.filter(name=NAME).exists()
    of_orgs = [model for model in two_orgs.ours() if two_orgs.way_to_org(model) is not None]
    assert [model for model in of_orgs if model._base_manager.filter(pk=two_orgs.NUMBER).exists()] == []
    entry = AuditEntry.objects.get(org=first, what="remove org")
    assert (entry.who, entry.subject.endswith(NAME)) == ("admin", True)
    entry.delete()
    assert two_orgs.contents(first) == before


def test_who_came_in_through_it_alone_becomes_no_local_account(first: Org, leaver: Org) -> None:
    """Somebody without a standing in any org would be one, and see all orgs."""
    only, both = came_in(leaver, "005000000000002AAA"), came_in(leaver, "005000000000003AAA")
    came_in(first, "005000000000003AAA")
    local = User.objects.create_superuser("admin")
    leaving.remove(leaver, NAME, "admin")
    assert not User.objects.filter(pk=only.pk).exists()
    assert not standing.is_local(both)
    assert standing.is_local(local)


def objection(org: Org) -> str:
    with pytest.raises(leaving.OrgInUse) as refused:
        leaving.remove(org, NAME, "admin")
    assert two_orgs.contents(org)["store.Digest"], "something was deleted"
    return str(refused.value)


def test_an_org_in_use_stays_whole_and_says_what_uses_it(leaver: Org) -> None:
    """Connected sides, unfinished jobs, a subscription that goes on: each is named, and looking tells it before."""
    secrets.put(leaver, "campaign_monitor", "{}")
    assert "It is connected to Campaign Monitor. Nothing" in objection(leaver)
    secrets.put(leaver, "salesforce", "{}")
    assert "It is connected to Campaign Monitor and Salesforce." in objection(leaver)
    Job.objects.filter(org=leaver).update(state=State.RUNNING)
    assert "jobs that have not ended: 1." in objection(leaver)
    Customer.objects.filter(org=leaver).update(subscription="sub_1", status="past_due", ends_at=None)
    assert "cancel that on the page Billing" in objection(leaver)
    assert len(leaving.look(leaver).objections) == 3
    Customer.objects.filter(org=leaver).update(ends_at=timezone.now())
    assert len(leaving.look(leaver).objections) == 2


def test_the_only_org_and_a_mistyped_name_remove_nothing(first: Org) -> None:
    with pytest.raises(leaving.OnlyOrg, match="only org"):
        leaving.remove(first, first.name, "admin")
    assert leaving.look(first).only
    other = orgs.add(NAME)
    assert not leaving.look(first).only
    with pytest.raises(leaving.OtherOrgName):
        leaving.remove(other, NAME.lower(), "admin")
    assert Org.objects.count() == 2


def test_a_name_is_one_orgs_only(first: Org, leaver: Org) -> None:
    """It may be given anew as it is; another's, a number, a blank or a long one may not."""
    orgs.rename(leaver, f" {NAME} ")
    for name in (first.name, "", "  ", "7", "x" * 121):
        with pytest.raises(orgs.OrgNameTaken):
            orgs.rename(leaver, name)
    orgs.rename(leaver, "Service")
    assert orgs.find("Service").pk == leaver.pk


def test_whoever_runs_the_installation_renames_and_removes_on_the_page(
    first: Org, leaver: Org, browser: Client
) -> None:
    """What was typed stands after a refusal; who is in the org that goes finds themselves in the first."""
    here = f"/orgs/{leaver.pk}/"
    assert f'href="{here}"' in browser.get("/orgs/").text
    answer = browser.post(here, {"name": "7"})
    assert (answer.status_code, 'value="7"' in answer.text, "[FL-651]" in answer.text) == (400, True, True)
    assert browser.post(here, {"name": "Service"})["Location"] == "/orgs/"
    assert (AuditEntry.objects.get(org=leaver, what="rename org").before) == NAME
    browser.post(f"{here}switch/")
    answer = browser.post(f"{here}remove/", {"name": "Sales"})
    assert (answer.status_code, 'value="Sales"' in answer.text, "[FL-656]" in answer.text) == (400, True, True)
    secrets.put(leaver, "salesforce", "{}")
    assert "It is connected to Salesforce." in browser.get(here).text
    assert f'action="{here}remove/"' not in browser.get(here).text
    assert "[FL-655]" in browser.post(f"{here}remove/", {"name": "Service"}).text
    secrets.delete(leaver, "salesforce")
    assert browser.post(f"{here}remove/", {"name": "Service"})["Location"] == "/orgs/"
    assert "Service is removed." in browser.get("/orgs/").text
    assert browser.get(here).status_code == 404


def test_of_two_who_rename_an_org_the_second_is_told(first: Org, leaver: Org, browser: Client) -> None:
    """What the first has chosen stands, until the second has seen it."""
    here = f"/orgs/{leaver.pk}/"
    sent = Form(browser.get(here).text, here).sent(name="Support")
    orgs.rename(leaver, "Service")
    kind = "application/x-www-form-urlencoded"
    assert "meanwhile" in browser.post(here, sent, content_type=kind).text
    assert orgs.find("Service").pk == leaver.pk
    sent = Form(browser.get(here).text, here).sent(name="Support")
    assert browser.post(here, sent, content_type=kind)["Location"] == "/orgs/"
    assert orgs.find("Support").pk == leaver.pk


def test_the_page_of_the_only_org_offers_no_removal(first: Org, admin: Client) -> None:
    """It says why, and what to do instead."""
    page = admin.get(f"/orgs/{first.pk}/").text
    assert "It is the only org" in page
    assert "Remove this org" not in page
    assert "[FL-654]" in admin.post(f"/orgs/{first.pk}/remove/", {"name": first.name}).text


def test_for_people_of_an_org_there_is_no_page_of_it(first: Org, leaver: Org) -> None:
    """Full Access in an org is no right over the installation."""
    client = Client()
    client.force_login(came_in(leaver, "005000000000002AAA"))
    assert "Rename or remove" not in client.get("/orgs/").text
    for org in (first, leaver):
        assert client.get(f"/orgs/{org.pk}/").status_code == 404
        assert client.post(f"/orgs/{org.pk}/", {"name": "Mine"}).status_code == 404
        assert client.post(f"/orgs/{org.pk}/remove/", {"name": org.name}).status_code == 404
    assert orgs.find(NAME).pk == leaver.pk


@pytest.mark.django_db(transaction=True)
def test_the_command_line_looks_asks_and_removes(first: Org, leaver: Org) -> None:
    """Where nobody can type the name, `--yes` says that it is meant; `--check` only looks."""

    def ran(*words: str) -> dict[str, object]:
        told = CliRunner().invoke(app, ["orgs", *words, "--json"])
        assert told.exit_code == 0, told.output
        return dict(json.loads(told.stdout))

    number = str(leaver.pk)
    assert ran("rename", number, "Service") == {"ok": True, "number": leaver.pk, "name": "Service"}
    assert ran("remove", number, "--check")["opt_statuses"] == 1
    assert "opt statuses" in CliRunner().invoke(app, ["orgs", "remove", number, "--check"]).stdout
    assert CliRunner().invoke(app, ["orgs", "remove", number]).exit_code == 2
    assert orgs.find(number).name == "Service"
    assert ran("remove", "Service", "--yes")["objections"] == []
    assert [one.pk for one in orgs.every()] == [first.pk]
