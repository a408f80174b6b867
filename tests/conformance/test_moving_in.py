"""Moving in from the older package over the emulated org and account: look, take over, twice is once, and the hold."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from typer.testing import CliRunner

from fairlead import wiring
from fairlead.cli import doctor
from fairlead.cli import move_in as commands
from fairlead.features.field_mappings import kept
from fairlead.features.field_mappings.models import MappingVersion
from fairlead.features.import_wizard.models import Import
from fairlead.features.moving_in import acts, hold, settings
from fairlead.features.moving_in.flow import run_move_in
from fairlead.features.moving_in.models import MoveIn, OldPackage, Outcome
from fairlead.features.moving_in.rules import holding
from fairlead.features.moving_in.rules.planning import NothingThere
from fairlead.features.moving_in.rules.words import Item, Kind, Verdict
from fairlead.features.record_creation import settings as creation
from fairlead.features.subscriber_rules import keeping
from fairlead.features.subscriber_rules.models import Rule
from fairlead.features.transactional_email.models import SmartMapping
from fairlead.features.transactional_email.rules.words import LOOK
from fairlead.features.transactional_email.running import run_look
from fairlead.jobs.models import Job
from fairlead.store import orgs, setting_rows
from fairlead.store.models import AuditEntry, SettingRow
from fairlead_emulators import seeds
from tests.faults import whole as wholes
from tests.faults.whole import CM, SF, Killed, Whole

SPECS = {side: seeds.spec("old-package", side) for side in (CM, SF)}


def give_profile(whole: Whole, name: str) -> None:
    """The sync user gets another profile."""
    found = next(row["Id"] for row in whole.rows("Profile", "Id", "Name") if row["Name"] == name)
    whole.act(act="edit", object="User", id=whole.user_id(), fields={"ProfileId": found})


@pytest.fixture(scope="module")
def running(django_db_setup: None, django_db_blocker: Any) -> Iterator[Whole]:
    """An org of somebody who used the older package, synced once; the sync user is an admin, so that it may read all."""
    for client in SPECS[CM]["clients"]:
        for one in client["lists"]:
            one["people"] = [[0, 5]]
        client["campaigns"] = client["campaigns"][:1]
        client["journeys"] = []
    SPECS[SF] |= {"contacts": [], "leads": []}
    with wholes.open_database(django_db_blocker), wholes.served(SPECS) as whole:
        give_profile(whole, "System Administrator")
        assert whole.sync().failure is None
        assert whole.work(LOOK, run_look, {}).failure is None
        yield whole


@pytest.fixture
def whole(running: Whole) -> Whole:
    for model in (OldPackage, Outcome, MoveIn, Rule, Import, MappingVersion, SmartMapping, SettingRow):
        model.objects.all().delete()
    return running


def item(items: list[Item], title: str) -> Item:
    return next(one for one in items if one.title == title)


def take(whole: Whole, keys: list[str], dies_at: int = 0) -> wholes.Told:
    job = acts.apply(whole.org, keys, "tests")
    args = dict(job.args)
    Job.objects.filter(pk=job.pk).delete()
    return whole.work(acts.KIND, run_move_in, args, dies_at)


def test_all_that_is_there_is_told_with_its_reason(whole: Whole) -> None:
    """Every record of the seed is an item; what cannot be read for certain is a person's."""
    items = acts.look(whole.org)
    assert all(one.reason for one in items)
    assert {one.kind for one in items} == set(Kind)
    assert item(items, "Bankers").verdict is Verdict.TAKE
    assert item(items, "Not any more").verdict is Verdict.DECIDE
    assert not item(items, "Not any more").can_be_taken
    assert item(items, "Contact.Email and Email").verdict is Verdict.NOTHING
    assert item(items, "Old list").verdict is Verdict.DECIDE
    assert item(items, "Subscriber list members: 3").verdict is Verdict.NOTHING


def state(whole: Whole) -> Any:
    """All that moving in wrote here, and in the org."""
    rules = [keeping.draft_of(rule) for rule in Rule.objects.order_by("name")]
    named = ("name", "list_id", "kind", "source", "lines", "refresh", "hours", "days", "next_run_at")
    return (
        sorted(SettingRow.objects.values_list("name", "subject")),
        kept.current(whole.org.pk),
        list(MappingVersion.objects.values_list("list", "version")),
        [(one.name, one.list, one.does, one.when, one.criteria, one.enabled) for one in rules],
        list(Import.objects.order_by("name").values_list(*named)),
        list(SmartMapping.objects.values_list("name", "object", "version")),
        [(row["Name"], bool(row["CM_Campaign__c"])) for row in whole.rows("Campaign", "Name", "CM_Campaign__c")],
    )


def test_what_was_ticked_is_there_and_twice_is_once(whole: Whole) -> None:
    """Settings, lines, a rule switched off, a paused import, a smart-e-mail mapping, a link; again changes nothing."""
    items = acts.look(whole.org)
    keys = acts.usual(items)
    told = take(whole, keys)
    assert told.failure is None
    refused = Outcome.objects.filter(state="refused").values_list("key", "text")
    assert not refused, list(refused)
    first = state(whole)
    names, mapped, _, rules, imports, smart, campaigns = first
    assert {"members.prevent_sync", "record_creation.rule", "record_creation.values"} <= {name for name, _ in names}
    assert sorted(len(lines) for lines in mapped.values()) == [1, 2]
    assert [(name, does, when, on) for name, _, does, when, _, on in rules] == [("Bankers", "add", "created", False)]
    assert [(one[5], one[6], one[7], one[8]) for one in imports] == [("update", [1, 13], [], None)]
    assert smart == [("Welcome a contact", "Contact", 1)]
    assert campaigns == [("Spring offer", True)]

    again = take(whole, keys)
    assert again.failure is None
    assert state(whole) == first
    assert again.counts["written"] == 0
    assert set(Outcome.objects.values_list("state", flat=True)) == {"there"}
    assert AuditEntry.objects.filter(what="move in").count() == 2


def test_what_was_chosen_here_stays(whole: Whole) -> None:
    """A setting, rule or line that a person changed since is not put back by doing it again."""
    keys = acts.usual(acts.look(whole.org))
    assert take(whole, keys).failure is None
    newsletter = whole.list_called("Newsletter")
    whole.choose(creation.RULE, creation.CONTACT, newsletter)
    rule = Rule.objects.get()
    keeping.switch(whole.org, rule.pk, "tests", on=True)
    before = state(whole)
    assert take(whole, keys).failure is None
    assert state(whole) == before
    told = Outcome.objects.get(key=f"list:{newsletter}:{creation.RULE.name}")
    assert (told.state, "that stays" in told.text) == ("there", True)
    assert setting_rows.value(whole.org, creation.RULE, newsletter) == creation.CONTACT


@pytest.mark.parametrize("dies_at", [9, *(pytest.param(at, marks=pytest.mark.slow) for at in (4, 14))])
def test_killed_and_begun_again_is_as_never_killed(whole: Whole, dies_at: int) -> None:
    """Wherever it dies, its second attempt ends with each thing there once."""
    keys = acts.usual(acts.look(whole.org))
    with pytest.raises(Killed):
        take(whole, keys, dies_at)
    assert whole.work(acts.KIND, run_move_in, {}).failure is None
    assert Outcome.objects.count() == len(keys)
    assert not Outcome.objects.filter(state="refused").exists()
    assert Rule.objects.count() == Import.objects.count() == SmartMapping.objects.count() == 1


def test_writes_are_held_until_fairlead_is_chosen_and_the_choice_can_be_taken_back(whole: Whole) -> None:
    """The stages that write opt-outs, contacts and leads say why they wait; the rest of the sync goes on."""
    told = whole.sync()
    assert told.failure is None
    for name in ("records", "mapping", "opt_status"):
        assert "FL-680" in told.message(name)
    assert hold.held(whole.org)
    refused = whole.work("org_changes", wiring.run_org_changes, {})
    assert isinstance(refused.failure, holding.OldPackageDecides)
    hold.decide(whole.org, holding.FAIRLEAD, "tests")
    assert not hold.held(whole.org)
    assert "FL-680" not in whole.sync().message("records")
    hold.decide(whole.org, holding.OLD_PACKAGE, "tests")
    assert "FL-680" in whole.sync().message("records")
    assert AuditEntry.objects.filter(subject=settings.DECIDES.name).count() == 2


def test_an_org_that_hides_the_package_is_told_as_that_too(whole: Whole, here: Client) -> None:
    """Salesforce shows objects only to who may read them: the refusal and the page say so."""
    give_profile(whole, "Standard User")
    try:
        with pytest.raises(NothingThere, match="may not read them"):
            acts.look(whole.org)
        assert "may not read them" in here.get("/moving-in/found/").text
    finally:
        give_profile(whole, "System Administrator")


@pytest.fixture
def here(whole: Whole) -> Iterator[Client]:
    """Pages and commands of this org, for an admin."""
    wiring.register_runners()
    usual = orgs.default_org()
    assert usual == whole.org or usual.pk is not None
    client = Client()
    client.force_login(User.objects.create_superuser("mover"))
    yield client
    User.objects.filter(username="mover").delete()


def test_the_page_shows_ticks_applies_them_and_gives_a_report(whole: Whole, here: Client) -> None:
    page = here.get("/moving-in/found/").text
    assert "Held: Fairlead writes no opt-outs" in page
    assert page.count('name="take"') == len([one for one in acts.look(whole.org) if one.can_be_taken])
    rule = item(acts.look(whole.org), "Bankers")
    answer = here.post("/moving-in/apply/", {"take": [rule.key]}, follow=True).text
    assert "takes over what you ticked" in answer
    assert "Nothing that can be taken over has the key" in here.post("/moving-in/apply/", {"take": ["x"]}).text
    assert "Nothing is ticked" in here.post("/moving-in/apply/", {}, follow=True).text
    file = downloaded(here, "/moving-in/report.csv?only=left")
    assert file.startswith("Kind,List,What,Verdict,Why")
    assert "Not any more" in file
    assert "Prevent member sync" not in file
    here.post("/moving-in/decide/", {"who": "fairlead"})
    assert "Let the older package decide again" in here.get("/moving-in/found/").text


def downloaded(client: Client, path: str) -> str:
    from asgiref.sync import async_to_sync

    answer: Any = client.get(path)

    async def read() -> bytes:
        return b"".join([part async for part in answer.streaming_content])

    return async_to_sync(read)().decode()


def test_commands_look_apply_report_and_decide(whole: Whole, here: Client) -> None:
    def run(*words: str) -> Any:
        done = CliRunner().invoke(commands.app, [*words, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    looked = run("look")
    assert looked["held"]
    rule = next(one for one in looked["items"] if one["title"] == "Bankers")
    assert (rule["kind"], rule["verdict"], rule["can_be_taken"]) == ("rule", "take", True)
    asked = run("apply", "--all", "--except", rule["key"])
    assert rule["key"] not in MoveIn.objects.get().keys
    assert asked["state"] in ("queued", "holding")
    assert "Bankers" not in [one["title"] for one in run("report", "--left")["items"]]
    assert not run("decide", "fairlead")["held"]


def test_doctor_says_who_decides(whole: Whole, here: Client) -> None:
    """Held: what to do; chosen: to switch the other off; no longer working: all is well; not there: nothing."""
    hold.decide(whole.org, holding.OLD_PACKAGE, "tests")
    acts.look(whole.org)
    seen = hold.kept(whole.org)
    (check,) = doctor.older_package()
    assert (check.state, "move-in decide fairlead" in check.fix) == (doctor.WARN, True)
    hold.decide(whole.org, holding.FAIRLEAD, "tests")
    (check,) = doctor.older_package()
    assert (check.state, "Fairlead decides" in check.text) == (doctor.WARN, True)
    OldPackage.objects.filter(pk=seen.pk).update(changed_at=datetime(2020, 1, 1, tzinfo=UTC))
    (check,) = doctor.older_package()
    assert check.state == doctor.OK
    OldPackage.objects.filter(pk=seen.pk).update(objects_there=0)
    assert list(doctor.older_package()) == []
