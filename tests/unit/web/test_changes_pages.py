"""The page of changes in Salesforce and the banners of its switches; the same by the API and the command line."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from typer.testing import CliRunner

from fairlead.cli.main import app
from fairlead.domain.failure import FixTheSettings
from fairlead.domain.outward_settings import PAUSED, SETTINGS
from fairlead.features.org_changes import records, rules
from fairlead.features.org_changes.flow import Told
from fairlead.features.org_changes.models import AccountUse, Hearing
from fairlead.features.org_changes.offered import offer
from fairlead.jobs.models import Job
from fairlead.store import setting_rows
from fairlead.store.models import Org
from tests.faults.reacting import Remembers


@pytest.fixture(autouse=True)
def reacts() -> Any:
    """Two reactions, one of which is never paused."""
    offer([lambda: Remembers()], if_paused=[lambda: Remembers("opt_outs", "Opt-outs")])
    yield
    offer([])


def told(org: Org, **what: Any) -> None:
    records.note_reaction(org.pk, 7, Told("remembers", "Remembers", **what), lambda: None)


def command(*words: str) -> Any:
    return CliRunner().invoke(app, list(words))


def test_the_page_says_who_reacts_and_what_each_did(admin: Client, org: Org) -> None:
    """Counts, remarks with their code, and that nobody listens."""
    told(org, handed=1_204, left_out=3, failure=rules.FieldsMissing("Remembers", "Contact", ["X__c"]))
    page = admin.get("/changes/").content.decode()
    assert "1,204" in page
    assert "Contact does not show: X__c" in page
    assert "FL-390" in page
    assert "No worker listens" in page
    assert "Opt-outs" in page


def test_the_page_says_how_changes_are_heard_of_while_somebody_listens(admin: Client, org: Org) -> None:
    """Until the row is no longer renewed."""
    Hearing.objects.create(org=org, holder="x", held_until=timezone.now() + timedelta(minutes=1), way="events")
    assert "Change events" in admin.get("/changes/").content.decode()
    Hearing.objects.update(held_until=timezone.now() - timedelta(minutes=1))
    assert "No worker listens" in admin.get("/changes/").content.decode()


def test_one_job_waits_however_often_it_is_asked_for(admin: Client, org: Org) -> None:
    """By the page, the API and the command line; the last run stands on the page, and can be cancelled."""
    assert admin.post("/changes/run/").status_code == 302
    asked = json.loads(command("changes", "run", "--json").stdout)
    (job,) = Job.objects.filter(kind=rules.KIND)
    assert asked["job"]["number"] == job.number
    assert "Cancel" in admin.get("/changes/last/").content.decode()
    admin.post("/changes/cancel/")
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_the_switches_are_on_the_page_and_saved_from_it(admin: Client, org: Org) -> None:
    """All of them, with their hints."""
    page = admin.get("/changes/").content.decode()
    assert all(f'id="setting-{one.name.replace(".", "-")}"' in page for one in SETTINGS)


@pytest.mark.parametrize("switch", SETTINGS, ids=lambda one: one.name)
def test_each_switch_is_a_banner_on_every_page_while_it_is_on(admin: Client, org: Org, switch: Any) -> None:
    """And on none when it is as by default; who may not open the switches gets no link."""
    assert "fl-banner" not in admin.get("/jobs/").content.decode()
    setting_rows.put(org, switch, value=not switch.default, by="test")
    for path in ("/jobs/", "/changes/", "/account/", "/settings/"):
        page = admin.get(path).content.decode()
        assert page.count("fl-message_warning") == 1, path
        assert 'href="/changes/"' in page
    setting_rows.reset(org, switch, by="test")
    assert "fl-banner" not in admin.get("/jobs/").content.decode()


def test_nobody_who_is_not_signed_in_is_told_of_switches(org: Org) -> None:
    """The page for signing in says nothing of them."""
    setting_rows.put(org, PAUSED, value=True, by="test")
    assert "fl-banner" not in Client().get("/sign-in/").content.decode()


def test_the_command_line_shows_the_same_and_fails_where_one_failed(org: Org) -> None:
    """Exit code 1, as JSON and as a table. Commands know the reactions of the house."""
    assert command("changes", "status").exit_code == 0
    records.note_reaction(org.pk, 7, Told("departures", "D", failure=FixTheSettings("It cannot.")), lambda: None)
    shown = command("changes", "status", "--json")
    assert shown.exit_code == 1
    (found,) = [one for one in json.loads(shown.stdout)["reactions"] if one["name"] == "departures"]
    assert found["message"] == "It cannot."


def test_a_paused_reaction_is_refused_by_name(org: Org) -> None:
    """Nothing is asked for that would do nothing; nor for what there is not."""
    setting_rows.put(org, PAUSED, value=True, by="test")
    assert isinstance(command("changes", "run", "--reaction", "departures").exception, rules.Paused)
    assert isinstance(command("changes", "run", "--reaction", "nobody").exception, rules.NothingReacts)
    assert command("changes", "run").exit_code == 0


def test_programs_ask_and_are_told(admin: Client, org: Org) -> None:
    """What means nothing is refused."""
    assert admin.get("/api/v1/changes").json()["hearing"]["listening"] is False
    for body, status in (({"whole": True}, 200), ({"reactions": ["nobody"]}, 422), ({"more": 1}, 422)):
        assert admin.post("/api/v1/changes", body, content_type="application/json").status_code == status, body
    assert Job.objects.get(kind=rules.KIND).args == {"whole": True}


def test_a_held_sandbox_is_confirmed_on_the_page_or_by_the_command(admin: Client, org: Org) -> None:
    """Once; the second time there is nothing to confirm."""
    AccountUse.objects.create(org=org, salesforce="00D1", sandbox=True, used_by="00D5e00000009zzEAA")
    page = admin.get("/changes/").content.decode()
    assert page.count("00D5e00000009zzEAA") >= 2
    assert "fl-message_error" in page
    assert command("changes", "status").exit_code == 1
    admin.post("/changes/confirm-sandbox/")
    assert "00D5e00000009zzEAA" not in admin.get("/changes/").content.decode().replace("confirmed", "")
    assert isinstance(command("changes", "confirm-sandbox").exception, rules.NotHeld)
    AccountUse.objects.update(confirmed="")
    assert json.loads(command("changes", "confirm-sandbox", "--json").stdout)["used_by"] == "00D5e00000009zzEAA"
