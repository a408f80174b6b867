"""Opt status both ways over both emulated sides: what is read, decided, written and remembered."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import transaction

from fairlead.campaignmonitor.timezones import wall_clock, zone
from fairlead.domain.consent import Basis, Evidence, Review, Side
from fairlead.domain.consent_guard import ListsNothing, ScopeChanged, TooManyOuts
from fairlead.domain.consent_settings import CLEARED_TICK_BOX, OPT_OUT_FROM_CAMPAIGN_MONITOR
from fairlead.domain.outward_settings import PAUSED
from fairlead.features.opt_status import hearing, records
from fairlead.features.opt_status.flow import REACTIONS
from fairlead.features.opt_status.models import OptWaiting
from fairlead.store import known as store_known
from fairlead.store.consent import PostgresConsentBook
from fairlead.sync import known
from fairlead.sync.heard import Heard
from fairlead.sync.memory import MemoryLedger
from fairlead.sync.outward import Gone, OrgPage, OutwardRun
from tests.conformance import emulated, opt_world
from tests.conformance.opt_world import ZONE, Killed, OptWorld, Steps


@pytest.fixture(scope="module")
def running(django_db_setup: None, django_db_blocker: Any) -> Iterator[OptWorld]:
    with opt_world.world_of(django_db_blocker, "First") as world:
        yield world


@pytest.fixture
def world(running: OptWorld) -> OptWorld:
    """Somebody else's world left nothing undone: everything is in step."""
    running.settings = {}
    running.run(sweep=True, baseline=True, allow_large_changes=True)
    return running


def test_an_unsubscribe_is_ticked_and_a_cleared_tick_is_restored(world: OptWorld) -> None:
    ann = world.person()
    record, lead = world.add(ann), world.add(ann, "Lead")
    world.subscribe(ann, 0)
    world.subscribe(ann, 1)
    world.run()
    assert world.shadow(ann) == "in"
    world.leave(ann, 0)
    world.run()
    assert world.records(ann) == {record: False, lead: False}
    world.leave(ann, 1)
    world.run()
    assert world.records(ann) == {record: True, lead: True}
    assert world.shadow(ann) == "out"
    world.run()
    assert world.writes == []
    world.check(record, ticked=False)
    world.run()
    assert world.records(ann) == {record: True, lead: True}
    world.run()
    assert world.writes == []


def test_a_tick_unsubscribes_from_all_lists(world: OptWorld) -> None:
    ann = world.person()
    record = world.add(ann)
    world.subscribe(ann, 0)
    world.subscribe(ann, 1)
    world.run()
    world.check(record)
    world.run()
    assert set(world.states(ann).values()) == {"Unsubscribed"}
    world.run()
    assert world.writes == []


def test_a_recorded_consent_brings_back_on_both_sides(world: OptWorld) -> None:
    ann = world.person()
    record = world.add(ann)
    world.subscribe(ann)
    world.run()
    world.check(record)
    world.run()
    world.run()
    world.tick(60)
    world.consent(ann)
    world.run()
    assert world.records(ann) == {record: False}
    assert world.active(ann)
    assert world.shadow(ann) == "in"
    world.run()
    assert world.writes == []


def test_a_form_is_a_consent_and_an_import_is_none(world: OptWorld) -> None:
    ann, bob = world.person(), world.person()
    for each in (ann, bob):
        world.add(each)
        world.subscribe(each)
    world.run()
    for each in (ann, bob):
        world.leave(each)
    world.run()
    world.run()
    world.tick(60)
    world.subscribe(ann, person=True)
    world.subscribe(bob)
    world.run()
    assert list(world.records(ann).values()) == [False]
    assert world.active(ann)
    assert list(world.records(bob).values()) == [True]
    assert not world.active(bob)
    world.run()
    assert world.writes == []


@pytest.mark.parametrize("stride", [11, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_at_any_step_and_run_again_is_never_killed(world: OptWorld, stride: int) -> None:
    """Somebody leaves, somebody is ticked, somebody consents: wherever the run dies, the next ends as if it had not."""
    steps, died = 0, True
    while died:
        steps += stride
        ann, bob, cleo = people = [world.person() for _ in range(3)]
        boxes = {each: world.add(each) for each in people}
        for each in people:
            world.subscribe(each)
        world.run()
        world.check(boxes[cleo])
        world.run()
        world.run()
        world.tick(60)
        world.leave(ann)
        world.check(boxes[bob])
        world.consent(cleo)
        try:
            world.run(steps=Steps(dies_at=steps))
            died = False
        except Killed:
            world.run()
        assert [world.shadow(each) for each in people] == ["out", "out", "in"], steps
        assert [list(world.records(each).values()) for each in people] == [[True], [True], [False]]
        assert [world.active(each) for each in people] == [False, False, True]
        world.run()
        assert world.writes == []
    assert steps > 12


def test_what_is_ticked_and_cleared_between_two_runs_is_out_all_the_same(world: OptWorld) -> None:
    """Field history tells; the address is looked at by a person."""
    ann = world.person()
    record = world.add(ann)
    world.subscribe(ann)
    world.run()
    world.check(record)
    world.tick(1)
    world.check(record, ticked=False)
    world.run()
    assert world.records(ann) == {record: True}
    assert not world.active(ann)
    assert [one.reason for one in reviews(world)][-1] is Review.SHOWS_IN_AGAIN


def reviews(world: OptWorld) -> Sequence[Any]:
    book = PostgresConsentBook(world.org.pk, lambda: None)
    return async_to_sync(book.reviews)(world.clients[0].id)


def test_a_tick_that_is_merged_away_is_not_lost(world: OptWorld) -> None:
    """The tick of the loser is read from the recycle bin."""
    ann = world.person()
    winner, loser = world.add(ann), world.add(ann)
    world.subscribe(ann)
    world.run()
    world.check(loser)
    world.act(act="merge", object="Contact", id=winner, losers=[loser])
    world.run()
    assert world.records(ann) == {winner: True}
    assert not world.active(ann)


def test_somebody_who_was_deleted_and_comes_back_is_still_out(world: OptWorld) -> None:
    """The shadow stays when all records are gone."""
    ann = world.person()
    record = world.add(ann)
    world.check(record)
    world.run()
    world.act(act="delete", object="Contact", id=record)
    world.run(sweep=True)
    again = world.add(ann)
    world.subscribe(ann)
    world.run()
    assert world.records(ann) == {again: True}
    assert not world.active(ann)


def test_most_changes_cost_no_further_call(world: OptWorld) -> None:
    """Edits of other fields, and what an overlap reads again."""
    people = [world.person() for _ in range(5)]
    boxes = [world.add(each) for each in people]
    for each in people:
        world.subscribe(each)
    world.run()
    world.run()
    before = world.reads
    for record in boxes:
        world.act(act="edit", object="Contact", id=record, fields={"LastName": "Other"})
    world.run()
    assert world.reads == before
    assert world.writes == []


def test_many_at_once_ask_first(world: OptWorld) -> None:
    """More than a guard lets pass unasked: nothing is written before somebody has said so."""
    people = [world.person() for _ in range(25)]
    for each in people:
        world.add(each)
        world.subscribe(each)
    world.run()
    for each in people:
        world.leave(each)
    with pytest.raises(TooManyOuts):
        world.run()
    assert not any(any(world.records(each).values()) for each in people[:3])
    world.run(allow_large_changes=True)
    assert all(all(world.records(each).values()) for each in people)
    world.run()
    assert world.writes == []


def test_other_lists_or_options_want_a_baseline(world: OptWorld) -> None:
    """A preview is always possible, and writes nothing."""
    ann = world.person()
    world.add(ann)
    world.subscribe(ann, 0)
    world.subscribe(ann, 1)
    world.run()
    world.leave(ann, 0)
    world.settings = {OPT_OUT_FROM_CAMPAIGN_MONITOR.name: "any-list"}
    with pytest.raises(ScopeChanged):
        world.run()
    counts = world.run(preview=True)
    assert (counts["out_salesforce"], world.writes) == (1, [])
    world.run(baseline=True)
    assert list(world.records(ann).values()) == [True]
    assert not world.active(ann)


def test_a_side_that_lists_nobody_stops_the_run(world: OptWorld) -> None:
    """All contacts gone at once: nothing is written."""
    everybody = [row["Id"] for row in world.emulators.get("salesforce", "/_control/records?object=Contact&fields=Id")]
    leads = [row["Id"] for row in world.emulators.get("salesforce", "/_control/records?object=Lead&fields=Id")]
    for kind, ids in (("Contact", everybody), ("Lead", leads)):
        for each in ids:
            world.act(act="delete", object=kind, id=each)
    with pytest.raises(ListsNothing):
        world.run(sweep=True)
    assert world.writes == []
    world.run(sweep=True, allow_large_changes=True)


def test_a_refused_write_waits_with_its_reason(world: OptWorld) -> None:
    """The address stays as it was, and the next run tries again."""
    ann = world.person()
    record = world.add(ann)
    world.subscribe(ann)
    world.run()
    world.leave(ann)
    fault = {"fault": "row_lock", "match": {"object": "Contact"}, "data": {"rows": 1}, "times": None}
    world.emulators.post("salesforce", "/_control/faults", [fault])
    try:
        world.run()
    finally:
        world.clear_faults("salesforce")
    (waiting,) = OptWaiting.objects.filter(org=world.org)
    assert waiting.code == "UNABLE_TO_LOCK_ROW"
    assert (world.shadow(ann), world.records(ann)) == ("in", {record: False})
    world.run()
    assert (world.shadow(ann), world.records(ann)) == ("out", {record: True})
    assert not OptWaiting.objects.filter(org=world.org).exists()


def test_an_older_consent_does_not_bring_back_and_goes_to_review(world: OptWorld) -> None:
    """It was given before the opt-out."""
    ann = world.person()
    record = world.add(ann)
    world.subscribe(ann)
    world.run()
    given = Evidence(side=Side.SALESFORCE, basis=Basis.WRITTEN, source="paper", at=world.now())
    world.tick(60)
    world.check(record)
    world.run()
    with transaction.atomic():
        records.put_waiting(world.org.pk, world.clients[0].id, ann, given)
    world.run()
    assert world.records(ann) == {record: True}
    assert not world.active(ann)
    assert [one.reason for one in reviews(world)][-1] is Review.CONSENT_SET_ASIDE


def test_while_everything_is_paused_opt_outs_go_on_and_nobody_is_brought_back(world: OptWorld) -> None:
    """The consent waits."""
    ann, bob = world.person(), world.person()
    first, second = world.add(ann), world.add(bob)
    for each in (ann, bob):
        world.subscribe(each)
    world.run()
    world.check(first)
    world.run()
    world.run()
    world.tick(60)
    world.settings = {PAUSED.name: True}
    world.consent(ann)
    world.check(second)
    world.run()
    assert (world.active(ann), world.active(bob)) == (False, False)
    world.settings = {}
    world.run()
    assert (world.active(ann), world.active(bob)) == (True, False)


def test_asked_first_a_cleared_tick_waits_for_a_person(world: OptWorld) -> None:
    """The box stays clear until somebody decides; nobody is mailed meanwhile."""
    ann = world.person()
    record = world.add(ann)
    world.subscribe(ann)
    world.settings = {CLEARED_TICK_BOX.name: "ask"}
    world.run(baseline=True)
    world.check(record)
    world.run()
    world.run()
    world.check(record, ticked=False)
    world.run()
    assert world.records(ann) == {record: False}
    assert not world.active(ann)
    with transaction.atomic():
        records.put_waiting(world.org.pk, world.clients[0].id, ann, restores=True)
    world.run()
    assert world.records(ann) == {record: True}


def test_trusted_a_cleared_tick_is_a_consent(world: OptWorld) -> None:
    """The option that is risky."""
    ann = world.person()
    record = world.add(ann)
    world.subscribe(ann)
    world.settings = {CLEARED_TICK_BOX.name: "trust"}
    world.run(baseline=True)
    world.check(record)
    world.run()
    world.run()
    world.tick(60)
    world.check(record, ticked=False)
    world.run()
    assert world.records(ann) == {record: False}
    assert world.active(ann)


def test_who_leaves_or_signs_up_by_a_form_is_looked_at_at_once(world: OptWorld) -> None:
    """As a webhook tells it: the sign-up is a consent, and told twice it is one."""
    ann = world.person()
    record = world.add(ann)
    world.subscribe(ann)
    world.run()
    client, list_id = world.clients[0], world.lists[world.clients[0].id][0]
    store_known.note(world.org.pk, client.id, client.name, [(list_id, "One")])
    known.provide(lambda org_id: [known.KnownClient(client, selected=True)])
    world.leave(ann)
    told = [Heard(ann, "2026-01-01 00:00:00", signed_up=False)]
    hearing.listen(world.org.pk, list_id, told)
    world.run(only=())
    assert world.records(ann) == {record: True}
    world.tick(60)
    world.subscribe(ann)
    at = wall_clock(world.now(), zone(ZONE))
    for _ in range(2):
        hearing.listen(world.org.pk, list_id, [Heard(ann.upper(), at, signed_up=True)])
    world.run(only=())
    assert world.records(ann) == {record: False}
    assert world.active(ann)
    assert not OptWaiting.objects.filter(org=world.org).exists()


async def _react(world: OptWorld, *records: dict[str, Any], gone: Sequence[Gone] = ()) -> OutwardRun:
    async with emulated.org_of(world.emulators) as crm, emulated.account_of(world.emulators) as account:
        run = OutwardRun(9_000, world.org.pk, world.clients, account, crm, MemoryLedger(), Steps(), world.now())
        reaction = REACTIONS[0]()
        assert "HasOptedOutOfEmail" in (await reaction.fields(run))["Contact"]
        await reaction.page(run, OrgPage("Contact", records, gone=gone))
        await reaction.end(run)
        return run


def test_a_tick_reaches_campaign_monitor_without_waiting_for_a_run(world: OptWorld) -> None:
    """The reaction to a change in Salesforce; a change of something else costs no call."""
    ann = world.person()
    record = world.add(ann)
    world.subscribe(ann)
    world.run()
    world.run()
    async_to_sync(_react)(world, {"Id": record, "Email": ann, "HasOptedOutOfEmail": False})
    assert world.active(ann)
    world.check(record)
    run = async_to_sync(_react)(world, {"Id": record, "Email": ann, "HasOptedOutOfEmail": True})
    assert run.totals == {"opt_out_campaign_monitor": 1}
    assert not world.active(ann)
    world.run()
    assert world.writes == []


def test_who_left_and_was_imported_again_before_a_run_is_out_where_a_webhook_told_it(world: OptWorld) -> None:
    """The state tells nothing any more; what was heard does."""
    ann = world.person()
    record = world.add(ann)
    world.subscribe(ann)
    world.run()
    world.told = True
    world.leave(ann)
    world.told = False
    world.subscribe(ann)
    world.run()
    assert (world.records(ann), world.active(ann)) == ({record: True}, False)
    world.run()
    assert world.writes == []
