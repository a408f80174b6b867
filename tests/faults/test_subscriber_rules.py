"""Subscriber rules over both emulators: who is added and taken off, who never, and runs that die and are run again."""

from collections.abc import Iterator
from typing import Any

import pytest

from fairlead.domain.criteria import Criterion
from fairlead.domain.failure import Failure
from fairlead.domain.outward_settings import PAUSED
from fairlead.features.subscriber_rules import keeping, past, preview, settings
from fairlead.features.subscriber_rules.keeping import Draft
from fairlead.features.subscriber_rules.models import PastRun, Rule
from fairlead.features.subscriber_rules.rules.deciding import Fate, TooManyRemovals
from fairlead.jobs.context import Cancelled
from fairlead.jobs.models import Job
from fairlead.store.models import AuditEntry, SettingRow
from fairlead.store.setting_rows import ChangedMeanwhile
from tests.faults import whole as wholes
from tests.faults.rules_world import RulesWorld, address
from tests.faults.whole import CM, SF, Killed, Whole, client

SEED = {CM: {"clients": [client("One", 0)]}, SF: {"contacts": [{"first": 0, "count": 5, "second": False}]}}
BANKING = ("Department", "equals", "Banking")
GONE = ("Department", "equals", "Gone")


@pytest.fixture(scope="module")
def running(django_db_setup: None, django_db_blocker: Any) -> Iterator[Whole]:
    """A client's lists are synced."""
    with wholes.open_database(django_db_blocker), wholes.served(SEED) as whole:
        assert whole.sync().failure is None
        yield whole


@pytest.fixture
def world(running: Whole) -> Iterator[RulesWorld]:
    found = RulesWorld.of(running)
    yield found
    running.clear_faults()
    found.forget()
    SettingRow.objects.filter(org=running.org).delete()


def async_preview(world: RulesWorld, rule: Rule) -> preview.Preview:
    from asgiref.sync import async_to_sync

    return async_to_sync(preview.preview)(world.whole.org, rule.pk)


def counts(rule: Rule) -> tuple[int, int]:
    rule.refresh_from_db()
    return rule.fired, rule.left


def test_who_satisfies_a_rule_is_added_and_the_others_are_not(world: RulesWorld) -> None:
    """With name; whoever is told of twice is written once, and a second run writes nothing."""
    rule = world.rule("Bankers", BANKING)
    ids = [world.contact("Ada", Department="Banking", FirstName="A"), world.contact("Bo", Department="Energy")]
    world.whole.forget_requests()
    run = world.react(*ids, ids[0])
    assert (world.state("Ada"), world.state("Bo")) == ("Active", "")
    assert world.subscriber("Ada")["Name"] == "A Ada"
    assert run.totals["rules_added"] == 1
    assert counts(rule) == (1, 0)

    world.whole.forget_requests()
    world.react(*ids)
    assert [one["method"] for one in world.whole.requests(CM)["requests"] if one["method"] != "GET"] == []
    assert counts(rule) == (1, 0)


def test_a_rule_looks_at_new_or_edited_records_as_it_says(world: RulesWorld) -> None:
    """Created, edited, both."""
    world.rule("New", BANKING, when="created")
    first, second = world.contact("Cy", Department="Banking"), world.contact("Di", Department="Banking")
    world.react(first, second, created=[first])
    assert (world.state("Cy"), world.state("Di")) == ("Active", "")
    world.forget()
    world.rule("Edited", BANKING, when="edited")
    first, second = world.contact("Ed", Department="Banking"), world.contact("Flo", Department="Banking")
    world.react(first, second, created=[first])
    assert (world.state("Ed"), world.state("Flo")) == ("", "Active")


def test_nobody_who_is_out_is_added(world: RulesWorld) -> None:
    """A tick box, an unsubscribe, a deletion, no address: each is kept as a reason, and nobody comes back."""
    rule = world.rule("Bankers", BANKING)
    ticked = world.contact("Gil", Department="Banking", HasOptedOutOfEmail=True)
    nobody = world.contact("Hal", Department="Banking", Email=None)
    left, deleted = world.contact("Ida", Department="Banking"), world.contact("Jan", Department="Banking")
    for name in ("Ida", "Jan"):
        world.subscribe(name)
    world.whole.api("POST", f"subscribers/{world.list_id}/unsubscribe", {"EmailAddress": address("Ida")})
    world.whole._api("DELETE", f"/api/v3.3/subscribers/{world.list_id}.json?email={address('Jan')}", None)
    world.react(ticked, nobody, left, deleted)
    assert [world.state(name) for name in ("Gil", "Ida", "Jan")] == ["", "Unsubscribed", "Deleted"]
    assert world.reasons() == ["205", "206", "NO_ADDRESS", "OPTED_OUT_SALESFORCE"]
    assert counts(rule) == (0, 4)

    assert world.whole.sync().failure is None  # now the members tell, and Campaign Monitor is not asked
    world.whole.forget_requests()
    world.react(ticked, nobody, left, deleted)
    assert world.reasons() == ["DELETED", "NO_ADDRESS", "OPTED_OUT_SALESFORCE", "UNSUBSCRIBED"]
    assert world.whole.requests(CM)["requests"] == []


def test_who_is_taken_off_is_deleted_unless_opted_out(world: RulesWorld) -> None:
    """Also somebody whom a rule added a moment ago; who unsubscribed meanwhile stays known as that."""
    world.rule("Bankers", BANKING)
    remove = world.rule("Leavers", GONE, does="remove")
    ids = [world.contact(name, Department="Banking") for name in ("Kim", "Lea", "Max")]
    world.react(*ids)
    world.whole.api("POST", f"subscribers/{world.list_id}/unsubscribe", {"EmailAddress": address("Lea")})
    for one in ids[:2]:
        world.whole.act(act="edit", object="Contact", id=one, fields={"Department": "Gone"})
    stranger = world.contact("Nat", Department="Gone")
    world.whole.forget_requests()
    world.react(*ids, stranger)
    assert [world.state(name) for name in ("Kim", "Lea", "Max", "Nat")] == ["Deleted", "Unsubscribed", "Active", ""]
    assert counts(remove) == (1, 0)
    deletes = [one for one in world.whole.requests(CM)["requests"] if one["method"] == "DELETE"]
    assert len(deletes) == 1


def test_taking_off_wins_over_adding(world: RulesWorld) -> None:
    """Both are true of one contact: nothing is written, as nobody is on the list; of two records with one address, too."""
    saved = world.save(Draft(world.list_id, name="All", enabled=True))
    conflict = world.save(
        Draft(world.list_id, does="remove", name="Leavers", criteria=(Criterion(*GONE),), enabled=True)
    )
    first = world.contact("Odo", Department="Gone")
    assert [one.rule for one in conflict.conflicts] == [saved.rule.pk]
    world.react(first)
    assert world.state("Odo") == ""
    second = world.contact("Odo2", Email=address("Odo"))
    world.react(first, second)
    assert world.state("Odo") == ""
    assert world.reasons() == ["REMOVED_BY_RULE"]


def test_conflicts_are_told_in_numbers_and_contradictions_are_none(world: RulesWorld) -> None:
    """Two rules that can hold together are told with the records of which both hold now; others are not."""
    first = world.rule("Bankers", BANKING)
    world.contact("Pia", Department="Banking", LeadSource="Web")
    web = Draft(
        world.list_id, does="remove", name="Web", criteria=(Criterion("LeadSource", "equals", "Web"),), enabled=True
    )
    (conflict,) = world.save(web).conflicts
    assert (conflict.rule, conflict.both) == (first.pk, 1)
    assert not world.save(
        Draft(world.list_id, does="remove", name="Gone", criteria=(Criterion(*GONE),), enabled=True)
    ).conflicts


def test_leads_have_rules_of_their_own_and_converted_ones_are_left(world: RulesWorld) -> None:
    """A converted lead is a contact by now."""
    world.rule("Leads", ("LastName", "starts with", "Q"), object="Lead")
    lead = world.contact("Quin", "Lead")
    contact = world.contact("Quax")
    world.react_to([("Contact", [contact]), ("Lead", [lead])])
    assert (world.state("Quin"), world.state("Quax")) == ("Active", "")


def test_a_rule_that_no_longer_fits_is_told_and_the_others_go_on(world: RulesWorld) -> None:
    """Salesforce refuses its condition: the failure names the rule, the cursor stays, the other rule has done its work."""
    broken = world.rule("Broken", BANKING)
    from fairlead.store import secrets

    secrets.put(world.whole.org, f"subscriber_rule.{broken.pk}", '{"criteria": [], "where": "Gone__c = 1"}')
    world.rule("Fine", BANKING)
    one = world.contact("Rex", Department="Banking")
    with pytest.raises(Failure, match="“Broken” does not fit") as told:
        world.react(one)
    assert told.value.code == "FL-465"
    assert world.state("Rex") == "Active"
    broken.refresh_from_db()
    assert "FL-465" in broken.problem


@pytest.mark.parametrize("dies_at", [1, 2, 3])
def test_a_run_that_dies_is_as_if_it_had_not(world: RulesWorld, dies_at: int) -> None:
    """The same run again: everybody is there once, and is counted once."""
    rule = world.rule("Bankers", BANKING)
    remove = world.rule("Leavers", GONE, does="remove")
    names = [f"Sam{dies_at}", f"Tim{dies_at}"]
    ids = [world.contact(name, Department="Banking") for name in names]
    ids.append(world.contact(f"Uma{dies_at}", Department="Gone"))
    world.subscribe(f"Uma{dies_at}")
    assert world.whole.sync().failure is None
    before = counts(rule), counts(remove)
    assert before == ((0, 0), (0, 0))
    try:
        world.react(*ids, dies_at=dies_at, number=77)
    except Killed:
        pass
    else:
        assert dies_at > 2  # it has fewer words than that
    world.react(*ids, number=77)
    assert [world.state(name) for name in names] == ["Active", "Active"]
    assert world.state(f"Uma{dies_at}") == "Deleted"
    assert counts(rule) == (2, 0)
    assert counts(remove) == (1, 0)


def test_a_preview_tells_what_the_run_over_the_past_does(world: RulesWorld) -> None:
    """Nothing is written by looking; the run does what was shown, once, and running it again does nothing."""
    ids = [world.contact(name, Department="Banking") for name in ("Vic", "Wes", "Xia")]
    world.whole.act(act="edit", object="Contact", id=ids[2], fields={"HasOptedOutOfEmail": True})
    world.contact("Vic2", Department="Banking", Email=address("Vic"))
    rule = world.rule("Bankers", BANKING, enabled=False)
    world.whole.forget_requests()
    found = async_preview(world, rule)
    assert found.fates == {Fate.ADD: 2, Fate.TICK_BOX: 1, Fate.SAME_ADDRESS: 1}
    assert {one.id for one, _ in found.shown} <= set(ids)
    assert world.whole.requests(CM)["requests"] == []

    job = world.ask_past(rule)
    world.run_past(job)
    assert [world.state(name) for name in ("Vic", "Wes", "Xia")] == ["Active", "Active", ""]
    assert (job.counts["rules_written"], job.counts["rules_refused"]) == (2, 1)
    assert counts(rule) == (2, 1)
    assert job.stages[1]["done"] == 4
    assert world.whole.sync().failure is None
    assert async_preview(world, rule).changes == 0


@pytest.mark.parametrize("dies_at", [1, 2, 4, 6, 8])
def test_a_run_over_the_past_that_dies_goes_on(world: RulesWorld, dies_at: int) -> None:
    """Wherever it is cut short, the next attempt of the job ends as if nothing had been."""
    names = [f"Yan{dies_at}", f"Zoe{dies_at}"]
    for name in names:
        world.contact(name, Department="Banking")
        world.subscribe(name)
    assert world.whole.sync().failure is None
    rule = world.rule("Leavers", BANKING, does="remove")
    job = world.ask_past(rule)
    with pytest.raises(Killed):
        world.run_past(job, dies_at)
    world.run_past(job)
    assert [world.state(name) for name in names] == ["Deleted", "Deleted"]
    assert PastRun.objects.get(job=job.pk).records == 2


def test_a_cancelled_run_notes_what_it_did(world: RulesWorld) -> None:
    """Cancelled between two pages: nothing more is done, and what was done is counted."""
    rule = world.rule("Bankers", BANKING)
    world.contact("Finn", Department="Banking")
    job = world.ask_past(rule)
    Job.objects.filter(pk=job.pk).update(cancel_requested=True)
    with pytest.raises(Cancelled):
        world.run_past(job)
    assert world.state("Finn") == ""
    assert PastRun.objects.get(job=job.pk).records == 0


def test_many_removals_are_refused_unasked(world: RulesWorld) -> None:
    """More than the share and the number: nobody is taken off before somebody lets it pass."""
    world.whole.choose(settings.REMOVALS_SHARE, 1)
    world.whole.choose(settings.REMOVALS_RECORDS, 1)
    for name in ("Abe", "Bea"):
        world.contact(name, Department="Banking")
        world.subscribe(name)
    assert world.whole.sync().failure is None
    rule = world.rule("Leavers", BANKING, does="remove")
    with pytest.raises(TooManyRemovals, match="would take 2 of"):
        world.run_past(world.ask_past(rule))
    assert world.state("Abe") == "Active"
    world.run_past(world.ask_past(rule, allow=True))
    assert (world.state("Abe"), world.state("Bea")) == ("Deleted", "Deleted")


def test_a_run_is_of_the_rule_that_was_seen_and_not_while_paused(world: RulesWorld) -> None:
    """A rule that was changed meanwhile is looked at again; nothing goes out while all is paused."""
    rule = world.rule("Bankers", BANKING)
    with pytest.raises(past.ChangedSince):
        past.ask(world.whole.org, rule.pk, "tests", version=rule.version + 1)
    job = world.ask_past(rule)
    keeping.switch(world.whole.org, rule.pk, "tests", on=False)
    with pytest.raises(past.ChangedSince):
        world.run_past(job)
    world.whole.choose(PAUSED, value=True)
    with pytest.raises(past.NothingGoesOut):
        world.run_past(world.ask_past(rule))


def test_of_two_who_edit_a_rule_the_second_is_told(world: RulesWorld) -> None:
    """Nothing is overwritten unseen; what changed is in the audit log, without values of criteria."""
    rule = world.rule("Bankers", BANKING)
    shown = keeping.draft_of(rule)
    world.save(shown)
    with pytest.raises(ChangedMeanwhile, match="“Bankers” was changed by tests"):
        world.save(shown)
    entries = AuditEntry.objects.filter(what="change rule")
    assert entries.count() == 1
    assert "Banking" not in str([(one.before, one.after) for one in entries])
    assert "Department equals" in str(entries[0].after)


def test_explain_says_why_a_rule_did_not_add_somebody(world: RulesWorld) -> None:
    """Which rules are true of the person's records, and what stood in the way when one tried."""
    from asgiref.sync import async_to_sync

    from fairlead.features.people.flow import explain

    world.rule("Bankers", BANKING)
    world.rule("Leavers", GONE, does="remove")
    one = world.contact("Cleo", Department="Banking", HasOptedOutOfEmail=True)
    world.react(one)
    (found,) = async_to_sync(explain)(world.whole.org, address("Cleo"))
    said = [each.text for each in found.facts.said]
    assert f"The rule “Bankers” adds Contact {one}: it is true of it now." in said
    assert f"The rule “Leavers” does not take off Contact {one}: it is not true of it now." in said
    assert any("(OPTED_OUT_SALESFORCE): The person opted out in Salesforce" in text for text in said)
