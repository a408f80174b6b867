"""Opt status of two clients that share an org, and the room's pages and commands over both emulated sides."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import Client
from typer.testing import CliRunner

from fairlead.cli import opt_status as cli
from fairlead.domain.consent import Basis, Evidence, Review, Side
from fairlead.domain.consent_guard import ScopeChanged
from fairlead.features.opt_status import acts, explaining
from fairlead.features.opt_status.flow import keep_in_step
from fairlead.features.opt_status.models import OptReading, OptWaiting
from fairlead.jobs.models import Job
from fairlead.store.consent import PostgresConsentBook
from fairlead.store.consent_models import ConsentScope, OptReview, OptShadow
from fairlead.sync import stage as sync_stage
from fairlead.sync.explaining import Asked
from fairlead.sync.limits import SMALL_DOOR
from fairlead.sync.memory import MemoryLedger
from fairlead.sync.org_matcher import OrgMatcher
from fairlead.sync.stage import Run
from tests.conformance import emulated, opt_world
from tests.conformance.opt_world import Killed, OptWorld, Steps


@pytest.fixture(scope="module")
def running(django_db_setup: None, django_db_blocker: Any) -> Iterator[OptWorld]:
    with opt_world.world_of(django_db_blocker, "First", "Second") as world:
        world.connect()
        yield world


@pytest.fixture
def world(running: OptWorld) -> Iterator[OptWorld]:
    """Both clients in step, and nothing waits."""
    running.settings = {}
    for client in (0, 1):
        running.run(client, sweep=True, baseline=True, allow_large_changes=True)
    yield running
    OptWaiting.objects.filter(org=running.org).delete()


def on_both(world: OptWorld) -> tuple[str, str]:
    ann = world.person()
    record = world.add(ann)
    for client in (0, 1):
        world.subscribe(ann, client=client)
        world.run(client)
    return ann, record


def test_an_opt_out_of_one_client_is_one_of_all(world: OptWorld) -> None:
    """The tick box is shared."""
    ann, record = on_both(world)
    world.leave(ann, client=0)
    world.run(0)
    assert world.records(ann) == {record: True}
    world.run(1)
    assert not world.active(ann, 1)


def test_a_consent_for_one_client_does_not_clear_the_box_of_all(world: OptWorld) -> None:
    """The address is looked at instead; a consent that is recorded counts for all."""
    ann, record = on_both(world)
    world.leave(ann, client=0)
    for client in (0, 1, 0, 1):
        world.run(client)
    world.tick(60)
    world.subscribe(ann, client=0, person=True)
    world.run(0)
    assert world.records(ann) == {record: True}
    assert not world.active(ann, 0)
    book = PostgresConsentBook(world.org.pk, lambda: None)
    assert async_to_sync(book.reviews)(world.clients[0].id)[-1].reason is Review.CONSENT_SET_ASIDE
    world.run(0)
    world.tick(60)
    world.consent(ann)
    world.run(0)
    world.run(1)
    assert world.records(ann) == {record: False}
    assert (world.active(ann, 0), world.active(ann, 1)) == (True, True)
    world.run(0)
    assert world.writes == []


def test_a_run_that_died_with_a_bulk_job_is_asked_for_it_first(world: OptWorld) -> None:
    """Many boxes go by a bulk job, whose id is noted before anything is sent; whenever it dies, the next run ends it."""
    world.settings = {SMALL_DOOR.name: 1}
    for dies_at in range(20, 45):
        people = [world.person() for _ in range(3)]
        for each in people:
            world.add(each)
            world.subscribe(each)
        world.run()
        for each in people:
            world.leave(each)
        steps = Steps(dies_at=dies_at)
        try:
            world.run(steps=steps)
        except Killed:
            world.run()
        else:
            assert any("/jobs/ingest" in write for write in world.writes)
            break
        assert all(all(world.records(each).values()) for each in people), dies_at
        assert not OptShadow.objects.filter(org=world.org).exclude(job="").exists()
    else:
        pytest.fail("Every run died.")


@pytest.fixture
def browser(world: OptWorld) -> Iterator[Client]:
    """An admin of this world's org."""
    user = User.objects.create_superuser(f"admin {world.number}")
    client = Client()
    client.force_login(user)
    yield client
    Job.objects.filter(org=world.org).delete()
    user.delete()


def test_the_pages_tell_and_take_what_people_decide(world: OptWorld, browser: Client) -> None:
    """Overview, review, consent, history, report, file: what is refused is said, and what was typed stays."""
    ann, record = on_both(world)
    world.check(record)
    world.tick(1)
    world.check(record, ticked=False)
    world.run(0)
    page = browser.get("/opt-status/").content.decode()
    assert "Addresses by what is agreed" in page
    assert ann not in page
    assert ann in browser.get("/opt-status/review/").content.decode()
    home = browser.get("/").content.decode()
    assert "for a person to look at the opt status" in home
    assert ann not in home
    number = OptReview.objects.filter(org=world.org, decided_at=None).latest("id").pk
    shown = browser.get(f"/opt-status/review/{number}/").content.decode()
    assert "An opt-out was recorded since the last run" in shown
    wrong = browser.post(
        f"/opt-status/review/{number}/", {"answer": "consent recorded", "basis": "written", "source": "me"}
    )
    assert (wrong.status_code, "FL-452" in wrong.content.decode(), 'value="me"' in wrong.content.decode()) == (
        400,
        True,
        True,
    )
    assert browser.post(f"/opt-status/review/{number}/", {"answer": "stays out"}).status_code == 302
    assert browser.get(f"/opt-status/review/{number}/").status_code == 302
    told = browser.post("/opt-status/history/", {"address": ann.upper()}).content.decode()
    assert "First: out" in told.replace("\n", " ")
    assert (
        "Nothing is remembered" in browser.post("/opt-status/history/", {"address": "x@example.com"}).content.decode()
    )
    assert ann in browser.get("/opt-status/report/?read=1").content.decode()

    refused = browser.post(
        "/opt-status/consent/",
        {"address": "nobody@example.com", "basis": "written", "source": "paper", "at": "2026-01-01T10:00"},
    )
    assert "FL-451" in refused.content.decode()
    form = {"address": ann, "basis": "written", "source": "paper", "at": "2026-01-01T10:00"}
    assert browser.post("/opt-status/consent/", form).status_code == 302
    assert OptWaiting.objects.filter(org=world.org).count() == 2
    assert Job.objects.filter(org=world.org, kind="opt_status", args={"waiting": True}).exists()
    for what in ("now", "sweep", "preview", "baseline", "allow"):
        assert browser.post("/opt-status/run/", {"what": what, "client": world.clients[0].id}).status_code == 302
    assert Job.objects.filter(org=world.org, args__baseline=True, args__allow_large_changes=True).exists()
    browser.post("/opt-status/run/", {"what": "now", "client": "c1"})
    assert "FL-383" in str(acts.rules.NoSuchClient.code)


def test_who_asks_about_a_person_hears_what_is_agreed_and_the_last_decision(world: OptWorld) -> None:
    """Of each client that knows the address; nothing of a stranger."""
    ann, _ = on_both(world)
    world.leave(ann, client=0)
    world.run(0)
    told = async_to_sync(explaining.say)(Asked(world.org.pk, ann))
    first, second = sorted(one.text for one in told)
    assert first.startswith("Opt status at “First”: the address has opted out, agreed ")
    assert "rule 3: An opt-out was recorded since the last run" in first
    assert "“Second”: the address may be mailed" in second
    assert async_to_sync(explaining.say)(Asked(world.org.pk, "nobody@example.com")) == []


def test_the_commands_tell_the_same(world: OptWorld) -> None:
    """Preview, report, history, review, consent: as JSON, with the exit codes of all commands."""
    ann, record = on_both(world)
    world.leave(ann, client=0)

    def run(*words: str, typed: str = "") -> Any:
        ended = CliRunner().invoke(cli.app, [*words, "--json"], input=typed)
        return ended.exit_code, [
            json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")
        ] or ended

    code, (told,) = run("run", "--preview", "--client", world.clients[0].id)
    assert (code, told["preview"][world.clients[0].id]["out_salesforce"]) == (0, 1)
    code, lines = run("report")
    assert (code, [line["rule"] for line in lines if line["address"] == ann and line["client"] == "First"]) == (0, [3])
    assert world.records(ann) == {record: False}
    world.run(0)
    code, (told,) = run("history", "-", typed=f"{ann}\n")
    assert (code, told["clients"][0]["history"][0]["after"]) == (0, "out")
    assert run("history", "nobody@example.com")[0] == 1
    code, (told,) = run("review")
    assert code == 0
    code, (told,) = run(
        "consent", "-", "--basis", "written", "--source", "paper", "--date", "2026-01-01", "--no-wait", typed=f"{ann}\n"
    )
    assert (code, told["job"]["args"]) == (0, {"waiting": True})
    assert ann not in json.dumps(told)
    assert run("review", "1")[0] == 2
    Job.objects.filter(org=world.org).delete()


def test_a_consent_needs_basis_source_and_a_moment_that_is_past() -> None:
    """What is not said is refused in words."""
    from datetime import UTC, datetime, timedelta

    now = datetime.now(UTC)
    for basis, source, at in (
        ("cleared tick box", "paper", now),
        ("written", " ", now),
        ("written", "paper", now + timedelta(days=1)),
        ("written", "paper", now.replace(tzinfo=None)),
    ):
        with pytest.raises(acts.BadConsent):
            acts.consent_of(basis, source, at, "1")
    given = acts.consent_of("written", " paper ", now, "1")
    assert given == Evidence(side=Side.SALESFORCE, basis=Basis.WRITTEN, source="paper", at=now, user="1")


async def _stage(world: OptWorld, steps: Steps, **wanted: Any) -> Run:
    async with emulated.org_of(world.emulators) as crm, emulated.account_of(world.emulators) as account:
        run = Run(
            8_000, world.org.pk, sync_stage.Wanted(**wanted), world.clients, account, crm,
            OrgMatcher(crm, read_all=False), MemoryLedger(), steps,
        )  # fmt: skip
        await keep_in_step(run)
        return run


def test_the_primary_sync_keeps_clients_in_step_that_somebody_has_begun(world: OptWorld) -> None:
    """All clients with a baseline; one without is named, and nothing of it is read; a sync of one list is of no concern."""
    ann, record = on_both(world)
    world.leave(ann, client=0)
    steps = Steps()
    run = async_to_sync(_stage)(world, steps)
    assert world.records(ann) == {record: True}
    assert not world.active(ann, 1)
    assert run.totals["opt_out_salesforce"] == 1
    ConsentScope.objects.filter(org=world.org, client=world.clients[1].id).update(scope="")
    async_to_sync(_stage)(world, steps)
    assert "1 of 2 clients wait for their first run" in steps.told[-1]["message"]
    async_to_sync(_stage)(world, steps, list="l1")
    assert "all lists" in steps.told[-1]["message"]


def test_a_refusal_of_one_client_does_not_hold_up_the_other_and_is_kept_for_the_page(world: OptWorld) -> None:
    """The way out is told with it."""
    ann, record = on_both(world)
    ConsentScope.objects.filter(org=world.org, client=world.clients[0].id).update(scope="x" * 64)
    world.leave(ann, client=1)
    with pytest.raises(ScopeChanged, match="First"):
        async_to_sync(_stage)(world, Steps())
    assert world.records(ann) == {record: True}
    assert OptReading.objects.get(org=world.org, client=world.clients[0].id).problem_code == "FL-584"
    world.run(0, baseline=True)
    assert OptReading.objects.get(org=world.org, client=world.clients[0].id).problem == ""
