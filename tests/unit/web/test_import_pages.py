"""The wizard's pages and the commands of imports over both local sides: each step without a script, and what it refuses."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from typer.testing import CliRunner

from fairlead.cli.demo_emulators import Emulators
from fairlead.cli.main import app
from fairlead.domain.outward_settings import PAUSED
from fairlead.features.import_wizard import acts
from fairlead.features.import_wizard.models import Import
from fairlead.jobs import api
from fairlead.jobs.models import Job
from fairlead.store import setting_rows
from fairlead.store.models import AuditEntry, Org
from tests.conformance import emulated
from tests.conformance.import_world import CM, SPEC, ImportPlace

SOQL = "SELECT Id, Name, Email, Title FROM Contact"
PEOPLE = [{"LastName": f"Berg{n}", "Email": f"ada{n}@example.com", "Title": "Dr"} for n in range(3)]


@pytest.fixture(scope="module")
def emulators() -> Iterator[Emulators]:
    with emulated.served(campaign_monitor=SPEC, salesforce={"records": {"Contact": PEOPLE}}) as running:
        yield running


@pytest.fixture
def place(emulators: Emulators, org: Org) -> ImportPlace:
    return ImportPlace(emulators, org, "One")


@pytest.fixture
def made(place: ImportPlace) -> Import:
    return place.make("soql", {"soql": SOQL}, ("Email", "EmailAddress"), ("Name", "Name"), name="People of the org")


@pytest.mark.django_db(transaction=True)
def test_the_whole_wizard_from_the_source_to_the_start(place: ImportPlace, admin: Client) -> None:
    """Source → columns → refresh and schedule → preview → start, by plain forms."""
    assert "There is no import yet." in admin.get("/imports/").text
    first = admin.get("/imports/new/?kind=soql").text
    assert f'<option value="{place.list_id}"' in first
    sent = {"kind": "soql", "list": place.list_id, "soql": SOQL, "name": "People"}
    second = admin.post("/imports/new/", sent, follow=True)
    owner = Import.objects.get()
    assert second.redirect_chain[-1][0] == f"/imports/{owner.pk}/columns/"
    assert "These are suggestions" in second.text
    form = {f"to-{number}": to for number, to in re.findall(r'name="to-(\d+)".*?<option value="([^"]*)" selected>', second.text, re.DOTALL)}  # fmt: skip
    assert set(form.values()) >= {"EmailAddress", "Name"}
    titles = re.findall(r'id="column-(\d+)">(\w+)', second.text)
    title = next(number for number, name in titles if name == "Title")
    form |= {f"to-{title}": "new:", f"new-{title}": "Job title", f"type-{title}": "Text", "track": "Yes"}
    third = admin.post(f"/imports/{owner.pk}/columns/", form, follow=True)
    assert third.redirect_chain[-1][0] == f"/imports/{owner.pk}/refresh/"
    chosen = {"refresh": "remove", "hours": ["1", "13"], "days": ["0"], "timezone": "Europe/London"}
    fourth = admin.post(f"/imports/{owner.pk}/refresh/", chosen, follow=True)
    assert "<dt>To be written</dt><dd>3</dd>" in fourth.text
    assert "ada0@example.com" in fourth.text
    owner.refresh_from_db()
    assert (owner.hours, owner.days, owner.refresh, owner.track) == ([1, 13], [0], "remove", "Yes")
    assert owner.next_run_at is not None
    assert place.members() == {}
    last = admin.post(f"/imports/{owner.pk}/start/", follow=True)
    job = Job.objects.get(kind="import")
    assert (job.args, job.key, job.requested_by) == ({"import": owner.pk}, place.list_id, "admin")
    assert "Queued" in last.text
    job.attempt = 1
    job.state = "running"
    job.save()
    assert place.go_on(job) is None
    details = admin.get(f"/imports/{owner.pk}/").text
    assert "Completed" in details
    assert "At 01:00, 13:00, on Monday" in details
    assert len(place.members()) == 3
    assert {"create import", "change import", "run import"} <= set(AuditEntry.objects.values_list("what", flat=True))
    for address in place.members():
        place.emulators.post(CM, "/_control/act", {"list": place.list_id, "email": address, "do": "delete"})


def test_a_wrong_query_keeps_what_was_typed_and_says_where(place: ImportPlace, admin: Client) -> None:
    """Nothing is lost, nothing is kept."""
    wrong = {"kind": "soql", "list": place.list_id, "soql": "SELECT Nonsense FROM Contact"}
    text = admin.post("/imports/new/", wrong).text
    assert "row 1, column 8" in text
    assert "SELECT Nonsense FROM Contact</textarea>" in text
    assert not Import.objects.exists()


@pytest.mark.parametrize(
    ("kind", "shown"), [("report", "All Contacts"), ("list-view", "All Contacts"), ("campaign", "none of this kind")]
)
def test_each_kind_of_source_offers_what_the_org_has(place: ImportPlace, admin: Client, kind: str, shown: str) -> None:
    assert shown in admin.get(f"/imports/new/?kind={kind}").text


def test_columns_that_cannot_be_kept_are_told_and_stay_chosen(made: Import, admin: Client) -> None:
    text = admin.post(f"/imports/{made.pk}/columns/", {"to-1": "Name"}).text
    assert "No column goes to the e-mail address" in text
    assert re.search(r'name="to-1".*?<option value="Name" selected>', text, re.DOTALL)
    made.refresh_from_db()
    assert len(made.lines) == 2


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"hours": ["1"]}, "needs both"),
        ({"timezone": "Nowhere", "hours": ["1"], "days": ["1"]}, "no time zone"),
        ({"refresh": "everything"}, "no refresh type"),
    ],
)
def test_a_refresh_that_cannot_be_is_told(made: Import, admin: Client, change: dict[str, Any], told: str) -> None:
    assert told in admin.post(f"/imports/{made.pk}/refresh/", change).text
    made.refresh_from_db()
    assert (made.hours, made.refresh) == ([], "update")


@pytest.mark.parametrize("step", ["source", "columns", "refresh"])
def test_the_second_of_two_people_is_told_and_nothing_is_overwritten(made: Import, admin: Client, step: str) -> None:
    """The form bears what it showed; somebody else has changed the import since."""
    page = f"/imports/{made.pk}/{step}/"
    (seen,) = re.findall(r'name="seen" value="(\w+)"', admin.get(page).text)
    acts.change(made, "first", timezone="Europe/London")
    sent = {"seen": seen, "kind": "soql", "soql": SOQL, "to-0": "EmailAddress", "timezone": "UTC"}
    assert "was changed by first meanwhile" in admin.post(page, sent).text
    made.refresh_from_db()
    assert (made.timezone, len(made.lines)) == ("Europe/London", 2)


@pytest.mark.django_db(transaction=True)
def test_refused_rows_are_shown_only_on_request_and_nothing_of_them_is_kept(
    made: Import, place: ImportPlace, admin: Client
) -> None:
    place.join("ada1@example.com", "unsubscribe")
    job, _ = place.run(made)
    page = f"/imports/{made.pk}/runs/{job.pk}/"
    assert "The person unsubscribed from the list." in admin.get(page).text
    assert "ada1@example.com" not in admin.get(page).text
    shown = admin.get(f"{page}?read=1&code=206").text
    assert "ada1@example.com" in shown
    assert "ada0@example.com" not in shown
    assert admin.get(f"/imports/{made.pk}/runs/999/").status_code == 404


def test_a_run_can_be_cancelled_and_an_import_deleted(made: Import, place: ImportPlace, admin: Client) -> None:
    admin.post(f"/imports/{made.pk}/start/")
    admin.post(f"/imports/{made.pk}/cancel/")
    assert Job.objects.get(kind="import").state == "cancelled"
    assert "Cancelled" in admin.get(f"/imports/{made.pk}/status/").text
    assert "stays on the list" in admin.get(f"/imports/{made.pk}/delete/").text
    admin.post(f"/imports/{made.pk}/delete/")
    assert not Import.objects.exists()
    assert admin.get(f"/imports/{made.pk}/").status_code == 404


def test_a_pause_is_said_on_every_page_of_imports(made: Import, org: Org, admin: Client) -> None:
    setting_rows.put(org, PAUSED, True, "tests")
    for page in ("/imports/", f"/imports/{made.pk}/"):
        assert "Everything to Campaign Monitor is paused" in admin.get(page).text


def test_a_side_that_does_not_answer_is_told_on_each_step(made: Import, admin: Client, place: ImportPlace) -> None:
    Import.objects.filter(pk=made.pk).update(source={"soql": "SELECT Gone FROM Contact"})
    assert "does not understand the query" in admin.get(f"/imports/{made.pk}/columns/").text
    assert "does not understand the query" in admin.get(f"/imports/{made.pk}/preview/").text


def command(*words: str, code: int = 0) -> dict[str, Any]:
    """One command in this process, its answer as JSON."""
    told = CliRunner().invoke(app, ["imports", *words, "--json"], catch_exceptions=False)
    assert told.exit_code == code, told.output
    return dict(json.loads(told.stdout.splitlines()[-1]))


def test_commands_make_change_preview_run_and_delete(place: ImportPlace) -> None:
    """What pages do, commands do, with the same words."""
    place.connect()
    new = command(
        "set", "--list", place.list_id, "--soql", SOQL, "--name", "By command", "--hours", "1", "--days", "mon"
    )
    number = str(new["import"]["number"])
    assert {one["to"] for one in new["import"]["columns"]} >= {"EmailAddress", "Name"}
    changed = command("set", number, "--refresh", "add-deleted", "--map", "Email=EmailAddress", "--clear-blank")
    assert (changed["import"]["refresh"], changed["import"]["clear_blank"]) == ("add-deleted", True)
    assert command("list")["imports"][0]["status"] == "Not run yet"
    seen = command("preview", number)
    assert (seen["read"], seen["cut"]) == (3, False)
    assert command("preview", number, "--rows", "1")["cut"] is True
    job = command("run", number)["job"]
    assert command("show", number)["import"]["version"] > 1
    api.cancel(job, "tests")
    assert command("delete", number, "--yes")["deleted"] == int(number)
    assert command("list")["imports"] == []


@pytest.mark.django_db(transaction=True)
def test_commands_show_tables_to_people(made: Import, place: ImportPlace) -> None:
    place.run(made)
    place.connect()
    for words in (["list"], ["show", str(made.pk)], ["preview", str(made.pk)]):
        told = CliRunner().invoke(app, ["imports", *words], catch_exceptions=False)
        assert told.exit_code == 0
        assert told.output
    assert "People of the org" in CliRunner().invoke(app, ["imports", "list"]).output
