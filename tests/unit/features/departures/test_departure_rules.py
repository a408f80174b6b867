"""Laws of what follows when records go, over every pair of states: nobody comes back, the strongest opt-out stays."""

from datetime import UTC, datetime
from itertools import product

import pytest

from fairlead.domain.consent import Opt, Shadow
from fairlead.domain.member import STATES
from fairlead.features.departures import rules
from fairlead.features.departures.rules import Departure, Do, OnDelete, Options, Why

NOW = datetime(2026, 3, 1, tzinfo=UTC)
OUT, IN = Shadow(agreed=Opt.OUT, since=NOW), Shadow(agreed=Opt.IN, since=NOW)
MERGE = Departure(Why.MERGED, "old@example.com", "new@example.com")
ALL = ("", *STATES)


def after(states: dict[str, str], acts: list[rules.Act]) -> dict[str, str]:
    """The states of both addresses on one list once it is done."""
    states = dict(states)
    for act in sorted(acts, key=lambda act: list(Do).index(act.do)):
        if act.do is Do.UNSUBSCRIBE:
            states[act.address] = "Unsubscribed"
        elif act.do is Do.DELETE:
            states[act.address] = "Deleted"
        else:
            states[act.to], states[act.address] = states[act.address], ""
    return states


@pytest.mark.parametrize(("old", "new", "out", "blocked"), list(product(ALL, ALL, [False, True], [False, True])))
def test_a_merge_of_any_two_memberships_brings_nobody_back(old, new, out, blocked):
    before = {MERGE.address: old, MERGE.to: new}
    acts = rules.joins(MERGE, {"l": old} if old else {}, {"l": new} if new else {}, out=out, blocked=blocked)
    then = after(before, acts)
    mailed = {"Active", "Unconfirmed"}
    assert then[MERGE.address] not in mailed
    if then[MERGE.to] in mailed:
        assert new in mailed or (old == "Active" and not new and not out and not blocked)
        assert not out
        assert old != "Unsubscribed"
    if old == "Unsubscribed":
        assert then[MERGE.address] == old
    if new in mailed and not out and old != "Unsubscribed":
        assert then[MERGE.to] == new
    again = rules.joins(
        MERGE,
        {"l": then[MERGE.address]} if then[MERGE.address] else {},
        {"l": then[MERGE.to]} if then[MERGE.to] else {},
        out=out,
        blocked=blocked,
    )
    assert not [act for act in again if act.do is not Do.UNSUBSCRIBE]


@pytest.mark.parametrize(("why", "choice", "state"), list(product([Why.DELETED, Why.EMPTIED], OnDelete, STATES)))
def test_only_who_is_on_a_list_leaves_it(why, choice, state):
    acts = rules.leaves(Departure(why, "a@example.com"), {"l": state}, Options(choice))
    assert bool(acts) is (state in {"Active", "Unconfirmed"})
    if acts:
        unsubscribe = why is Why.DELETED and choice is OnDelete.UNSUBSCRIBE
        assert acts[0].do is (Do.UNSUBSCRIBE if unsubscribe else Do.DELETE)


@pytest.mark.parametrize(
    ("departure", "options", "shared", "wanted"),
    [
        (Departure(Why.DELETED, "a"), Options(), False, False),
        (Departure(Why.DELETED, "a"), Options(OnDelete.DELETE), False, True),
        (Departure(Why.DELETED, "a"), Options(OnDelete.DELETE), True, False),
        (Departure(Why.DELETED, ""), Options(OnDelete.DELETE), False, False),
        (Departure(Why.EMPTIED, "a"), Options(), False, False),
        (Departure(Why.EMPTIED, "a"), Options(on_empty=True), False, True),
        (MERGE, Options(), False, True),
        (MERGE, Options(on_merge=False), False, False),
        (Departure(Why.MERGED, "a", "a"), Options(), False, False),
        (Departure(Why.MERGED, "a", ""), Options(), False, False),
    ],
)
def test_what_follows_at_all(departure, options, shared, wanted):
    assert rules.wanted(departure, options, shared=shared) is wanted


@pytest.mark.parametrize(
    ("old", "new", "out", "states", "kept"),
    [
        (None, None, False, [], False),
        (OUT, None, False, [], True),
        (IN, None, False, [], False),
        (OUT, IN, False, [], False),
        (None, None, True, [], True),
        (None, None, False, ["Unsubscribed"], True),
        (None, None, False, ["Unsubscribed", "Active"], False),
    ],
)
def test_an_opt_out_is_remembered_for_the_kept_address_that_nothing_is_known_of(old, new, out, states, kept):
    """Where the kept address has a row of its own, its own decides; on lists the strongest opt-out stays all the same."""
    departure = Departure(Why.MERGED, "a", "b", out=out)
    found = rules.remembered(old, new, departure, states, now=NOW)
    assert (found is not None) is kept
    if found is not None:
        assert rules.is_out(found)


def test_many_are_held():
    rules.check_leaving(["a"], 1)
    with pytest.raises(rules.TooManyLeave, match="2 addresses"):
        rules.check_leaving(["a", "b"], 1)
    assert not rules.is_out(None)
