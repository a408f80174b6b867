"""Laws of several orgs in one installation: nothing of one is reached from another, by page, act, API, command or job."""

import asyncio
import json
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import Client
from django.urls import resolve, reverse
from django.utils import timezone
from typer.testing import CliRunner

from fairlead.cli.main import app
from fairlead.domain.role import Role
from fairlead.features.connections import connecting
from fairlead.jobs import api, registry
from fairlead.jobs.models import Job, State
from fairlead.jobs.run import run
from fairlead.store import orgs, tokens
from fairlead.store.models import Org
from fairlead.store.orgs import default_org
from fairlead.ui import standing
from fairlead.ui.models import Visit
from fairlead.ui.orgs import SESSION_ORG
from tests.unit.web import two_orgs
from tests.unit.web.test_addresses import EVERYTHING
from tests.unit.web.two_orgs import HIDDEN, KEY, NUMBER

KEPT_WORDS = frozenset({"room", "code", "side", "folder", "name", "token"})
"""Parts of addresses that name nothing of an org."""
EMPTY = frozenset({"mapping_undo"})
"""Pages that show that there is nothing, whatever the number."""
BODY = dict.fromkeys(("client", "client_id", "list", "list_id", "campaign", "record", "id", "target", "next_list"), KEY)
NUMBERS = {name: str(NUMBER) for name in ("number", "job", "rule", "run", "import", "review", "message", "user")}


@pytest.fixture
def other(db: None) -> Org:
    """The first org of the installation, with rows of every kind: what falls back on the first one would show them."""
    org = default_org()
    Org.objects.filter(pk=org.pk).update(name=f"{HIDDEN} org")
    two_orgs.filled(org)
    return Org.objects.get(pk=org.pk)


@pytest.fixture
def own(other: Org) -> Org:
    """The second org, in which people and programs of these tests are."""
    return orgs.add("Own")


@pytest.fixture
def user(own: Org) -> User:
    """A person of the second org, with Full Access there."""
    now = timezone.now()
    kept = standing.note(own, "005000000000001AAA", standing.Reading(Role.FULL), now)
    return kept.user


@pytest.fixture
def browser(own: Org, user: User) -> Client:
    """The person's browser."""
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def others_path(name: str) -> str:
    """The address with numbers and ids of the other org."""
    given = resolve(EVERYTHING[name][0]).captured_kwargs or {}
    kinds = {key: NUMBER if isinstance(value, int) else KEY for key, value in given.items()}
    return reverse(name, kwargs={key: given[key] if key in KEPT_WORDS else value for key, value in kinds.items()})


def whole(answer: Any) -> str:
    """Its text, also where it is streamed, and its headers."""

    async def gather() -> bytes:
        return b"".join([part async for part in answer.streaming_content])

    if answer.streaming:
        body = async_to_sync(gather)() if answer.is_async else b"".join(answer.streaming_content)
    else:
        body = answer.content
    return body.decode("utf-8", "replace") + str(answer.headers)


def test_every_table_belongs_to_an_org_or_says_why_not(db: None) -> None:
    """A new model is listed before it may be merged: the laws below hold for its rows, too."""
    for model in two_orgs.ours():
        label = model._meta.label
        assert (two_orgs.way_to_org(model) is not None) != (label in two_orgs.OF_THE_INSTALLATION), label


def test_the_other_org_has_a_row_of_every_kind(own: Org, other: Org) -> None:
    """So that the tests below have something to find."""
    rows = two_orgs.contents(other)
    assert {label for label, found in rows.items() if not found} == set()
    assert len(rows) > 40
    assert any(HIDDEN in str(row) for found in rows.values() for row in found)


def asked(client: Client, name: str, method: str) -> list[str]:
    """What is wrong with the answer to the other org's address: it tells something, or does not refuse its number."""
    path = others_path(name)
    answer = client.generic(method, path, **_form(name, method))
    wrong = []
    if answer.status_code >= 500 and answer.status_code not in (502, 503):  # no side is connected in the own org
        wrong.append(f"{method} {path}: {answer.status_code}")
    if HIDDEN in whole(answer):
        wrong.append(f"{method} {path}: shows the other org")
    if str(NUMBER) in path and answer.status_code < 300 and name not in EMPTY:
        wrong.append(f"{method} {path}: takes the other org's number")
    return wrong


def _form(name: str, method: str) -> dict[str, Any]:
    body = {**BODY, **NUMBERS}
    if method == "GET":
        return {}
    if name.startswith("api_"):
        return {"data": json.dumps(body), "content_type": "application/json"}
    text = "&".join(f"{name}={value}" for name, value in body.items())
    return {"data": text, "content_type": "application/x-www-form-urlencoded"}


def test_no_page_shows_or_changes_anything_of_another_org(user: User, other: Org) -> None:
    """Each address, with the other org's numbers and ids in it and in the form: nothing is told, nothing is done."""
    before, wrong, looked = two_orgs.contents(other), [], 0
    for name in [name for name, row in EVERYTHING.items() if row[1] == 302]:
        for method in EVERYTHING[name][2].split():
            client = Client(raise_request_exception=False)
            client.force_login(user)
            wrong += asked(client, name, method)
            looked += 1
    assert wrong == [], "\n".join(wrong)
    assert looked > 140
    assert two_orgs.contents(other) == before


def test_no_endpoint_shows_or_changes_anything_of_another_org(own: Org, other: Org) -> None:
    """A token opens its own org only, whichever org is the first."""
    before, wrong, looked = two_orgs.contents(other), [], 0
    for name in [name for name, row in EVERYTHING.items() if row[1] == 401]:
        sent = tokens.create(own, name, "command line", expires_at=None)
        client = Client(raise_request_exception=False, headers={"authorization": f"Bearer {sent}"})
        for method in EVERYTHING[name][2].split():
            wrong += asked(client, name, method)
            looked += 1
    assert wrong == [], "\n".join(wrong)
    assert looked > 25
    assert two_orgs.contents(other) == before


COMMANDS: dict[str, int] = {
    f"jobs show {NUMBER}": 1,
    f"jobs cancel {NUMBER}": 1,
    f"jobs retry {NUMBER}": 1,
    "jobs list": 0,
    f"messages show {NUMBER}": 1,
    f"messages resolve {NUMBER}": 1,
    f"messages retry {NUMBER}": 1,
    "messages list": 0,
    f"imports show {NUMBER}": 1,
    f"imports run {NUMBER}": 1,
    f"imports delete {NUMBER} --yes": 1,
    "imports list": 0,
    f"rules show {NUMBER}": 1,
    f"rules enable {NUMBER}": 1,
    f"rules disable {NUMBER}": 1,
    f"rules delete {NUMBER} --yes": 1,
    "rules list": 0,
    f"opt-status review {NUMBER} --stays-out": 1,
    f"mappings undo {NUMBER} --yes": 1,
    f"mappings addresses {NUMBER} --leave": 1,
    "mappings list": 0,
    f"clients pause {KEY}": 1,
    f"clients select {KEY}": 1,
    f"clients disconnect {KEY}": 1,
    f"clients remove {KEY} --yes": 1,
    "clients list": 0,
    "token list": 0,
    f"token revoke {HIDDEN}": 1,
    "members lists": 0,
    "campaigns list": 1,
    "settings list": 0,
    "storage show": 1,
    "webhooks status": 0,
    "changes status": 0,
    "notifications show": 0,
    "audit": 0,
    "status": 0,
}


@pytest.mark.django_db(transaction=True)
def test_no_command_shows_or_changes_anything_of_another_org(own: Org, other: Org) -> None:
    """With `--org`, numbers and ids of the other org are unknown."""
    before, wrong = two_orgs.contents(other), []
    for words, expected in COMMANDS.items():
        told = CliRunner().invoke(app, ["--org", str(own.pk), *words.split(), "--json"], env={"FAIRLEAD_ORG": ""})
        orgs._current.set(None)
        if HIDDEN in told.output.replace(f"“{HIDDEN}”", ""):
            wrong.append(f"{words}: {told.output}")
        if (told.exit_code != 0) != bool(expected) or isinstance(told.exception, (TypeError, AttributeError)):
            wrong.append(f"{words}: {told.exit_code} {told.exception!r} {told.output[-300:]}")
    assert wrong == [], "\n".join(wrong)
    assert two_orgs.contents(other) == before


@pytest.mark.django_db(transaction=True)
def test_a_command_that_does_not_say_which_org_does_nothing(own: Org) -> None:
    """The first one is no better guess than another; an org that is not there is none."""
    orgs._current.set(None)
    told = CliRunner().invoke(app, ["status", "--json"], env={"FAIRLEAD_ORG": ""})
    assert isinstance(told.exception, orgs.WhichOrg)
    told = CliRunner().invoke(app, ["--org", "99999", "status", "--json"])
    assert isinstance(told.exception, orgs.NoSuchOrg)
    told = CliRunner().invoke(app, ["status", "--json"], env={"FAIRLEAD_ORG": "Own"})
    orgs._current.set(None)
    assert told.exit_code == 0, told.output


@pytest.mark.django_db(transaction=True)
def test_a_job_is_about_its_org_whatever_its_arguments_say(own: Org) -> None:
    """What a runner asks for is its own org; nothing in the arguments can lead to another."""
    seen: list[int] = []

    async def runner(context: Any) -> None:
        from asgiref.sync import sync_to_async

        seen.extend([(await sync_to_async(default_org)()).pk, context.org_id])

    registry.register("test", "A test", runner)
    job = api.ask(own, "test", args={"org": default_org().pk, "org_id": default_org().pk})
    asyncio.run(run(job.pk, delivery=job.engine_id))
    assert seen == [own.pk, own.pk]
    assert default_org().pk != own.pk


def test_who_came_in_through_one_org_cannot_change_to_another(browser: Client, other: Org, user: User) -> None:
    """Neither by the page, nor by a session that says so: a sandbox has users of the same ids as its production org."""
    assert browser.post(f"/orgs/{other.pk}/switch/").status_code == 404
    assert HIDDEN not in browser.get("/orgs/").text
    assert browser.post("/orgs/", {"name": "One more"}).status_code == 200
    assert Org.objects.count() == 2
    session = browser.session
    session[SESSION_ORG] = other.pk
    session.save()
    assert HIDDEN not in browser.get("/").text
    assert standing.role_now(other, user.get_username()) is Role.NONE


def test_a_role_in_one_org_is_no_role_in_another(own: Org, other: Org, user: User, browser: Client) -> None:
    """Full Access in the own org, Limited Access in the other: each session has the role of its org."""
    standing.note(other, user.get_username(), standing.Reading(Role.LIMITED))
    assert browser.post(f"/orgs/{own.pk}/switch/").status_code == 302
    assert browser.get("/storage/").status_code == 200
    assert browser.post(f"/orgs/{other.pk}/switch/").status_code == 302
    assert browser.get("/storage/").status_code == 403
    assert browser.get("/people/").status_code == 200


def test_a_local_account_changes_between_orgs_and_adds_one(own: Org, other: Org) -> None:
    """It is given out by whoever runs the installation. The header says where one is."""
    person = User.objects.create_superuser("admin")
    browser = Client()
    browser.force_login(person)
    assert f"{HIDDEN} org" in browser.get("/orgs/").text  # the first one
    browser.post(f"/orgs/{own.pk}/switch/")
    page = browser.get("/jobs/").text
    assert 'class="fl-org"' in page
    assert ">Own</a>" in page
    assert HIDDEN not in page
    assert browser.post("/orgs/", {"name": "Own"}).status_code == 400
    assert browser.post("/orgs/", {"name": "Third"})["Location"] == "/setup/"
    assert browser.session[SESSION_ORG] == Org.objects.get(name="Third").pk
    assert Visit.objects.filter(user=person).count() == 1  # one session, bound to one org after the other


def test_where_there_is_one_org_nothing_speaks_of_several(admin: Client) -> None:
    """The header is as it always was."""
    assert "fl-org" not in admin.get("/jobs/").text


def test_what_is_streamed_stays_in_its_org(browser: Client, own: Org) -> None:
    """A list is read while it is sent, after the request has ended."""
    Job.objects.create(org=own, kind="primary_sync", state=State.DONE)
    from fairlead.store import audit

    audit.record(own, "somebody", "own act", "x")
    for path in ("/maintenance/audit.csv", "/maintenance/messages.csv", "/lists.csv", "/campaigns.csv"):
        assert HIDDEN not in whole(browser.get(path)), path
    assert "own act" in whole(browser.get("/maintenance/audit.csv"))


@pytest.mark.django_db(transaction=True)
def test_two_orgs_never_write_to_one_salesforce_org(own: Org, other: Org) -> None:
    """Each would undo the other's work; one that was disconnected there may be connected here."""
    from fairlead.features.connections.models import SalesforceOrg
    from fairlead.features.connections.models import State as Side

    ids = "00D000000000001", "005000000000001"
    SalesforceOrg.objects.filter(org=other).update(org_id_18="00D000000000001EAA", state=Side.CONNECTED)
    found = connecting.FoundOrg("https://own.example.com", ids[0], "60.0", ids[1])
    with pytest.raises(connecting.ConnectedElsewhere):
        connecting._check_org(own, None, found, "tests")
    SalesforceOrg.objects.filter(org=other).update(state=Side.DISCONNECTED)
    assert connecting._check_org(own, None, found, "tests") == "connect"
