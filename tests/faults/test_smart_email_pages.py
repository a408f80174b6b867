"""Pages, commands and requests of transactional e-mail, over both emulators."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from typer.testing import CliRunner

from fairlead import wiring
from fairlead.cli import transactional as commands
from fairlead.domain.failure import Failure
from fairlead.domain.role import Role
from fairlead.features.flow_requests import rules as requests
from fairlead.features.flow_requests import taking
from fairlead.features.flow_requests.models import FlowRequest
from fairlead.features.transactional_email import keeping, queue
from fairlead.features.transactional_email.models import Send, SmartEmail, SmartMapping
from fairlead.features.transactional_email.rules.notation import as_json
from fairlead.features.transactional_email.settings import SETTLE_MINUTES
from fairlead.jobs.models import Job
from fairlead.store import tokens
from fairlead.store.models import AuditEntry, Org, SettingRow
from fairlead.store.orgs import default_org
from fairlead.wiring.run_requests import run_requests
from tests.faults import smart_world as world
from tests.faults import whole as wholes
from tests.faults.whole import CM, Whole


@pytest.fixture(scope="module")
def served(django_db_setup: None, django_db_blocker: Any) -> Iterator[Whole]:
    """Both sides connected; the org is that of the installation, whose pages are opened."""
    with wholes.open_database(django_db_blocker):
        Org.objects.all().delete()
        with wholes.served(world.SEED) as whole:
            assert default_org().pk == whole.org.pk
            assert whole.sync().failure is None
            yield whole
        User.objects.filter(username="admin").delete()


@pytest.fixture
def whole(served: Whole) -> Iterator[Whole]:
    served.clear_faults()
    for model in (SettingRow, Send, SmartMapping, FlowRequest, Job):
        model.objects.filter(org=served.org).delete()
    wiring.register_runners()
    served.choose(SETTLE_MINUTES, value=0)
    yield served
    served.clear_faults()


@pytest.fixture
def admin(whole: Whole) -> Client:
    person, _ = User.objects.get_or_create(username="admin", defaults={"is_superuser": True, "is_staff": True})
    browser = Client()
    browser.force_login(person)
    return browser


def form(whole: Whole, **more: Any) -> dict[str, Any]:
    """What the form of a mapping sends."""
    return {
        "name": "Receipt", "smart": world.smart_id(whole), "object": "Opportunity", "zone": "UTC", "track": "Unchanged",
        "task": "yes", "v_name": ["name", "total"], "v_field": ["Account.Name", "Amount"], "v_format": ["", "$#,##0.00"],
        "v_otherwise": ["you", ""], "listings": "1", "l1_name": "items", "l1_relationship": "OpportunityLineItems",
        "l1_c_name": ["what"], "l1_c_field": ["Description"], "l1_c_format": [""], "l1_c_otherwise": [""],
        "l1_f_field": ["TotalPrice"], "l1_f_operator": ["greater"], "l1_f_value": ["10"], "l1_sort": "TotalPrice",
        "l1_limit": "5", "l1_logic": "", "r_kind": ["To"], "r_source": ["field"], "r_value": ["NextStep"], "act": "save",
        **more,
    }  # fmt: skip


def test_an_empty_page_says_what_to_do_and_the_button_reads_smart_emails(whole: Whole, admin: Client) -> None:
    """Then each smart e-mail stands there with its state, variables, previews and id, to be mapped."""
    SmartEmail.objects.filter(org=whole.org).delete()
    assert "No smart e-mail is known yet." in admin.get("/transactional/").text
    answer = admin.post("/transactional/refresh/", follow=True)
    assert "reads the smart e-mails" in answer.text
    world.look(whole)
    page = admin.get("/transactional/").text
    assert "There are no mappings yet." in page
    assert re.search(r"Order.*?Active.*?name, day, total, items.*?https://preview.example.com", page, re.DOTALL)
    assert world.smart_id(whole) in page
    new = admin.get(f"/transactional/new/?smart={world.smart_id(whole)}").text
    assert new.count('name="v_name"') == 4


def test_a_mapping_is_built_without_javascript_tested_cloned_and_deleted(whole: Whole, admin: Client) -> None:
    """What is wrong is told with what was typed; then Run test shows variables, and sends to one address."""
    world.look(whole)
    page = admin.post("/transactional/new/", form(whole, act="add-listing")).text
    assert 'name="l2_relationship"' in page
    assert '<option value="Account.Name">' in page
    assert '<option value="OpportunityLineItems">OpportunityLineItem</option>' in page
    page = admin.post("/transactional/new/", form(whole, act="fill")).text
    assert 'value="day"' in page
    page = admin.post("/transactional/new/", form(whole, v_field=["Nothing", "Amount"])).text
    assert "Variable 1: Opportunity has no field “Nothing”" in page
    assert 'value="Receipt"' in page
    assert not SmartMapping.objects.exists()
    answer = admin.post("/transactional/new/", form(whole), follow=True)
    assert "The mapping “Receipt” is saved." in answer.text
    mapping = SmartMapping.objects.get()
    record, address = world.order(whole)
    here = f"/transactional/{mapping.uid}/"
    page = admin.post(f"{here}test/", {"record": record, "act": "look"}).text
    assert "Acme" in page
    assert "<li>what: Rope</li><li>what: Sail</li>" in page
    assert address in page
    page = admin.post(f"{here}test/", {"record": record, "act": "send", "address": "me@example.org"}).text
    assert "The test is sent, as message" in page
    assert (world.sent_to(whole, "me@example.org"), world.sent_to(whole, address)) == (1, 0)
    assert not Send.objects.exists()
    page = admin.post(f"{here}test/", {"record": "nonsense", "act": "look"}).text
    assert "There is no such record of Opportunity." in page
    page = admin.post(f"{here}test/", {"record": record, "act": "send", "address": "nobody"}).text
    assert "What stands in the test address is no e-mail address." in page
    answer = admin.post(f"{here}clone/", follow=True)
    assert "“Receipt (2)” is a copy of its own now." in answer.text
    copy = SmartMapping.objects.get(name="Receipt (2)")
    assert keeping.draft_of(whole.org, copy.uid).listings == keeping.draft_of(whole.org, mapping.uid).listings
    assert "Delete the mapping Receipt (2)?" in admin.get(f"/transactional/{copy.uid}/delete/").text
    admin.post(f"/transactional/{copy.uid}/delete/")
    assert not SmartMapping.objects.filter(pk=copy.pk).exists()
    assert admin.get(f"/transactional/{copy.uid}/").status_code == 404
    assert "me@example.org" not in str(list(AuditEntry.objects.filter(org=whole.org).values()))


def test_two_who_change_one_mapping_do_not_overwrite_each_other(whole: Whole, admin: Client) -> None:
    """The second is told who was first."""
    uid = world.mapping(whole)
    draft = as_json(keeping.draft_of(whole.org, uid))
    admin.post(f"/transactional/{uid}/", form(whole, name=draft["name"], version="1"))
    page = admin.post(f"/transactional/{uid}/", form(whole, name=draft["name"], version="1")).text
    assert "admin" in page
    assert "FL-" in page


def test_a_record_is_sent_from_the_page_once_and_what_is_refused_can_be_sent_again(whole: Whole, admin: Client) -> None:
    """Pressed twice it is one send; the queue shows what became of it."""
    uid = world.mapping(whole)
    record, address = world.order(whole)
    for _ in range(2):
        answer = admin.post(f"/transactional/{uid}/send/", {"record": record, "once": "abc"}, follow=True)
        assert "It is in the queue, and is sent once." in answer.text
    bad, _ = world.order(whole, NextStep=None)
    admin.post(f"/transactional/{uid}/send/", {"record": bad, "once": "def"})
    world.run(whole)
    page = admin.get("/transactional/").text
    assert world.sent_to(whole, address) == 1
    assert "No recipient is left" in page
    assert "FL-615" in page
    row = Send.objects.get(record_id=bad)
    whole.act(act="edit", object="Opportunity", id=bad, fields={"NextStep": "again@example.com"})
    assert "It waits in the queue again." in admin.post(f"/transactional/queue/{row.pk}/again/", follow=True).text
    assert "FL-609" in admin.get("/help/codes/FL-609/").text
    world.run(whole)
    assert world.sent_to(whole, "again@example.com") == 1
    assert "was not refused" in admin.post(f"/transactional/queue/{row.pk}/again/", follow=True).text
    assert "no such record" in admin.post(f"/transactional/{uid}/send/", {"record": "x"}, follow=True).text


def invoke(*words: str, given: Any = None) -> Any:
    """A command in this process."""
    return CliRunner().invoke(
        commands.app, [*words, "--json"], input=given if isinstance(given, str) else json.dumps(given)
    )


def told(*words: str, given: Any = None) -> dict[str, Any]:
    """What a command that is done prints."""
    ended = invoke(*words, given=given)
    assert ended.exit_code == 0, (ended.output, ended.exception)
    return dict(json.loads(ended.stdout.splitlines()[-1]))


def test_commands_list_map_test_and_send(whole: Whole) -> None:
    """JSON in and out; a mapping that is shown can be set; attachments are refused with the reason."""
    world.look(whole)
    assert {one["name"] for one in told("list")["smart_emails"]} == {"Order", "Draft"}
    draft = {**as_json(world.draft(whole)), "id": ""}
    uid = told("map", "set", "-", given=draft)["mapping"]["id"]
    shown = told("map", "show", uid)["mapping"]
    assert shown["listings"] == draft["listings"]
    assert told("map", "set", "-", given={"mapping": shown})["mapping"]["version"] == 2
    assert [one["id"] for one in told("map", "list")["mappings"]] == [uid]
    refused = invoke("map", "set", "-", given={**shown, "attachments": ["x"]})
    assert isinstance(refused.exception, Failure)
    assert refused.exception.code == "FL-611"
    assert invoke("map", "set", "-", given="no json").exit_code == 2
    assert invoke("map", "set", "-", given=[]).exit_code == 2
    record, address = world.order(whole)
    found = told("test", uid, record)
    assert found["variables"]["total"] == "$1,234.50"
    assert found["recipients"]["To"] == [address]
    assert told("test", uid, record, "--to", given="cli@example.org\n")["message"]
    assert world.sent_to(whole, "cli@example.org") == 1
    empty, _ = world.order(whole, NextStep=None)
    assert invoke("test", uid, empty).exit_code == 1
    sent = told("send", uid, record, "--request-id", "cli 1", "--no-wait")["send"]
    assert sent["state"] == "waiting"
    world.run(whole)
    assert told("send", uid, record, "--request-id", "cli 1")["send"]["state"] == "done"
    assert [one["state"] for one in told("queue")["sends"]] == ["done"]
    assert isinstance(invoke("again", str(Send.objects.get().pk)).exception, Failure)
    copy = told("map", "clone", uid)["mapping"]["id"]
    assert CliRunner().invoke(commands.app, ["map", "delete", copy], input="n\n").exit_code == 1
    assert told("map", "delete", copy, "--yes")["ok"]
    for words in (["list"], ["map", "list"], ["map", "show", uid], ["queue"], ["test", uid, record]):
        ended = CliRunner().invoke(commands.app, words)
        assert ended.exit_code == 0, ended.output


def carry_out(whole: Whole) -> None:
    """The job that tells what became of requests."""
    Job.objects.filter(org=whole.org, kind=requests.KIND).delete()
    assert whole.work(requests.KIND, run_requests, {}).failure is None


def test_programs_and_flows_ask_by_ids_and_hear_of_the_end(whole: Whole) -> None:
    """Waiting until it is sent, then done; a refusal has its code. Values are those of the moment of sending."""
    uid = world.mapping(whole)
    record, _ = world.order(whole)
    token = tokens.create(whole.org, "flows", "command line", expires_at=None, role=Role.STANDARD)
    browser = Client(headers={"Authorization": f"Bearer {token}"})

    def post(**given: Any) -> Any:
        body = {"request_id": "api 1", "action": "send_smart_email", "record_id": record, "mapping_id": uid, **given}
        return browser.post("/api/v1/requests", body, content_type="application/json")

    assert post().json()["request"]["outcome"] == "waiting"
    bad, _ = world.order(whole, NextStep=None)
    assert post(request_id="api 2", record_id=bad).status_code == 200
    whole.act(act="edit", object="Opportunity", id=record, fields={"NextStep": "late@example.net"})
    carry_out(whole)  # nothing to tell yet
    assert browser.get("/api/v1/requests/api 1").json()["request"]["outcome"] == "waiting"
    world.run(whole)
    carry_out(whole)
    first, second = (browser.get(f"/api/v1/requests/api {n}").json()["request"] for n in (1, 2))
    assert first["outcome"] == "done"
    assert (second["outcome"], second["code"]) == ("refused", "FL-615")
    assert world.sent_to(whole, "late@example.net") == 1
    assert not FlowRequest.objects.filter(sealed__isnull=False).exists()
    assert post(request_id="api 3", mapping_id="f" * 32).status_code == 404
    assert post(record_id=bad).status_code == 409
    assert "spam filters" in post(request_id="api 4", attachments=[]).json()["error"]["text"]
    assert Send.objects.filter(org=whole.org).count() == 2
    taking.take(
        whole.org, {"request_id": "x", "action": "send_smart_email", "record_id": record, "mapping_id": uid}, "t"
    )
    assert queue.find(whole.org, "x").state == "waiting"


def test_a_test_whose_answer_is_lost_says_so(whole: Whole, admin: Client) -> None:
    """Nobody knows, and nothing is repeated; a draft says that it is none."""
    uid = world.mapping(whole)
    record, _ = world.order(whole)
    whole.fault(CM, fault="lost_answer", match={"path": "/send"})
    page = admin.post(
        f"/transactional/{uid}/test/", {"record": record, "act": "send", "address": "me@example.org"}
    ).text
    assert "FL-606" in page
    whole.clear_faults()
    draft = world.mapping(whole, smart=world.smart_id(whole, "Draft"), variables=(), listings=())
    page = admin.post(
        f"/transactional/{draft}/test/", {"record": record, "act": "send", "address": "me@example.org"}
    ).text
    assert "FL-607" in page
