"""Laws of the path: what is done is told by what is there, nothing is asked for before what it builds on."""

from dataclasses import fields, replace

from fairlead.features.primary_sync import rules as primary_sync
from fairlead.features.setup import state
from fairlead.features.setup.rules import steps
from fairlead.features.setup.rules.steps import Known, Step

EVERYTHING = Known(**{each.name: True for each in fields(Known)})
BUT_SYNCED = replace(EVERYTHING, synced=False)


def test_the_kind_of_the_first_sync_is_the_one_of_the_primary_sync() -> None:
    assert state.SYNC_KIND == primary_sync.KIND


def test_nothing_there_means_to_begin_at_the_beginning() -> None:
    assert steps.done(Known()) == frozenset()
    assert steps.go_on(steps.done(Known())) is Step.SALESFORCE


def test_one_goes_on_with_the_first_step_that_is_not_done() -> None:
    """Whatever was done out of order stays done."""
    known = Known(salesforce=True, campaign_monitor=True)
    assert steps.done(known) == {Step.SALESFORCE, Step.CAMPAIGN_MONITOR}
    assert steps.go_on(steps.done(known)) is Step.CHECK


def test_a_first_sync_proves_all_steps() -> None:
    assert steps.done(Known(synced=True)) == frozenset(Step)
    assert steps.go_on(frozenset(Step)) is Step.READY


def test_what_depends_on_a_side_is_not_done_without_it() -> None:
    """A check, an installation or a choice counts only with the side that it is about."""
    assert steps.done(replace(BUT_SYNCED, salesforce=False)) == {Step.CAMPAIGN_MONITOR, Step.CLIENTS, Step.WHAT}
    assert steps.done(replace(BUT_SYNCED, campaign_monitor=False)) == {Step.SALESFORCE, Step.CHECK, Step.INSTALL}


def test_every_step_needs_only_steps_before_it() -> None:
    order = list(Step)
    for step, needed in steps.NEEDS.items():
        assert all(order.index(each) < order.index(step) for each in needed)
        assert steps.missing(step, frozenset()) == list(needed)
        assert steps.missing(step, frozenset(Step)) == []


def test_the_first_sync_waits_for_everything_before_it() -> None:
    assert steps.missing(Step.SYNC, steps.done(BUT_SYNCED)) == []
    unchecked = steps.done(replace(BUT_SYNCED, checked=False))
    assert steps.missing(Step.SYNC, unchecked) == [Step.CHECK]
    assert steps.missing(Step.READY, unchecked) == [Step.SYNC]


def test_the_path_shows_every_step_once_and_where_one_is() -> None:
    shown = steps.path({Step.SALESFORCE}, Step.CHECK)
    assert [stop.number for stop in shown] == list(range(1, len(Step) + 1))
    assert [stop.step for stop in shown if stop.done] == [Step.SALESFORCE]
    assert [stop.step for stop in shown if stop.here] == [Step.CHECK]
    assert not any(stop.here for stop in steps.path((), None))


def test_back_and_next_are_each_others_opposite() -> None:
    for step in Step:
        following = steps.after(step)
        assert following is None or steps.before(following) is step
    assert steps.before(Step.SALESFORCE) is None
    assert steps.after(Step.READY) is None
