"""The exhaustive model of opt status: no reachable state is unsafe with the table, and each of its parts is needed."""

from functools import partial
from itertools import product

import pytest

from fairlead.domain.consent_settings import ClearedTickBox, FromCampaignMonitor, Options
from tests.laws import consent_model as model
from tests.laws.consent_model import IN, OUT, explore, table


def test_the_table_is_safe_in_every_state_that_can_be_reached():
    """After an undisturbed run nobody who last said out is shown in; a second run writes nothing; both sides are equal."""
    found = explore(table)
    assert len(found.reached) == 290
    assert (found.unsafe, found.restless, found.differing) == ([], [], [])


def test_the_table_is_safe_even_where_writes_in_do_not_read_again():
    """Reading again just before writing somebody in is a second belt: the history alone would find the race."""
    found = explore(table, fresh=False)
    assert (found.unsafe, found.restless, found.differing) == ([], [], [])


@pytest.mark.parametrize(
    ("policy", "states", "unsafe", "shortest"),
    [
        (model.snapshots_only, 278, 38, ["leaves in a", "clears a"]),
        (model.three_way, 292, 8, ["clears a"]),
        (model.no_shadow, 299, 9, ["clears a"]),
        (model.forgetful, 303, 32, ["clears a"]),
    ],
)
def test_leaving_out_any_part_is_unsafe(policy, states, unsafe, shortest):
    """The same model finds a way to mail somebody who said no: without history, evidence, shadow or tombstone."""
    found = explore(policy)
    assert (len(found.reached), len(found.unsafe), found.shortest()) == (states, unsafe, shortest)
    assert (found.restless, found.differing) == ([], [])


def test_freezing_a_contested_address_is_safe():
    """Where all happens within a day and changes count, an address freezes at out and is safe in every state."""
    found = explore(partial(table, counting=True))
    frozen = [one for one in found.reached if one.frozen]
    assert len(found.reached) > 290
    assert frozen
    assert {model.undisturbed(one, partial(table, counting=True))[0].agreed for one in frozen} == {OUT}
    assert (found.unsafe, found.restless, found.differing) == ([], [], [])


@pytest.mark.parametrize("ask", [True, False])
def test_a_run_repeated_writes_nothing_whatever_the_options_say(ask):
    """Every combination of the options that decide is at rest after one run, and agrees on in only where both show in."""
    for to_b, from_b in product([True, False], [FromCampaignMonitor.ALL_LISTS, FromCampaignMonitor.OFF]):
        box = ClearedTickBox.ASK if ask else ClearedTickBox.RESTORE
        chosen = Options(opt_out_from_salesforce=to_b, opt_out_from_campaign_monitor=from_b, cleared_tick_box=box)
        found = explore(partial(table, options=chosen))
        assert found.restless == []
        for one in found.reached:
            after, _ = model.undisturbed(one, partial(table, options=chosen))
            assert after.agreed is not IN or OUT not in (after.a, after.b)


def test_a_side_that_may_be_written_is_safe_where_the_other_may_not():
    """With the tick box left alone, nobody who said out stays in in Campaign Monitor; and the other way round."""
    for chosen, side in (
        (Options(opt_out_from_campaign_monitor=FromCampaignMonitor.OFF), "b"),
        (Options(opt_out_from_salesforce=False), "a"),
    ):
        policy = partial(table, options=chosen)
        found = explore(policy)
        after = [model.undisturbed(one, policy)[0] for one in found.reached]
        assert [one for one in after if one.asked is OUT and getattr(one, side) is IN] == []


def test_asking_leaves_campaign_monitor_out():
    """Where a cleared box waits for a person, the box stays clear; Campaign Monitor mails nobody meanwhile."""
    policy = partial(table, options=Options(cleared_tick_box=ClearedTickBox.ASK))
    after = [model.undisturbed(one, policy)[0] for one in explore(policy).reached]
    assert [one for one in after if one.asked is OUT and one.b is IN] == []
    assert [one for one in after if one.asked is OUT and one.a is IN]


def test_the_price_of_caution():
    """Half of the states that hold fresh consent are set aside, because an opt-out was recorded in the same cycle."""
    quiet = [one for one in _without_races() if one.asked is IN and (one.consent_a or one.consent_b)]
    honoured = [one for one in quiet if model.undisturbed(one, table)[0].agreed is IN]
    assert (len(quiet), len(honoured)) == (35, 17)


def _without_races() -> set[model.State]:
    first = [model.State(a, b, None, asked=OUT if OUT in (a, b) else IN) for a, b in product(model.VALUES, repeat=2)]
    seen = {model.undisturbed(one, table)[0] for one in first}
    waiting = list(seen)
    while waiting:
        one = waiting.pop()
        for moved in (*(moved for _, moved in model.acts(one)), model.undisturbed(one, table)[0]):
            if moved not in seen:
                seen.add(moved)
                waiting.append(moved)
    return seen
