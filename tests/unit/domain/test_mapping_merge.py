"""Who is written: laws over every line and everything that both sides can show."""

from itertools import product

import pytest

from fairlead.domain.mapping import Direction, Line, Owner
from fairlead.domain.mapping_merge import Act, Seen, decide

LINES = [
    Line("Contact", "A", "[B]", direction, owner, "", once, clear)
    for direction, owner, once, clear in product(Direction, Owner, (True, False), (True, False))
]
SEEN = [
    Seen(equal, org, listed, first, not first and org_changed, not first and list_changed)
    for equal, org, listed, first, org_changed, list_changed in product((True, False), repeat=6)
    if equal or not (org and listed)
]
EVERY = [(line, seen, decide(line, seen)) for line, seen in product(LINES, SEEN)]


def blank_written(seen: Seen, act: Act) -> bool:
    return seen.org_blank if act is Act.TO_CAMPAIGN_MONITOR else seen.list_blank


def blank_overwritten(seen: Seen, act: Act) -> bool:
    return seen.list_blank if act is Act.TO_CAMPAIGN_MONITOR else seen.org_blank


def test_nothing_is_written_against_the_direction_or_where_both_agree() -> None:
    for line, seen, act in EVERY:
        if act is Act.TO_CAMPAIGN_MONITOR:
            assert line.direction.outward
            assert not seen.equal
        if act is Act.TO_SALESFORCE:
            assert line.direction.inward
            assert not seen.equal


def test_a_blank_is_written_only_where_the_line_says_so_and_never_the_first_time() -> None:
    for line, seen, act in EVERY:
        if act is not Act.NOTHING and blank_written(seen, act):
            assert line.clear_blank
            assert not seen.first
            assert line.owner is not Owner.FILL_BLANKS


def test_filling_blanks_never_takes_a_value_away() -> None:
    for line, seen, act in EVERY:
        if line.owner is Owner.FILL_BLANKS and act is not Act.NOTHING:
            assert blank_overwritten(seen, act)


def test_once_means_once() -> None:
    for line, seen, act in EVERY:
        if line.create_only and not seen.first:
            assert act is Act.NOTHING


def test_where_nothing_changed_nothing_is_written() -> None:
    for _, seen, act in EVERY:
        if not seen.first and not seen.org_changed and not seen.list_changed:
            assert act is Act.NOTHING


def test_where_both_have_changed_the_owner_s_value_is_never_overwritten() -> None:
    for line, seen, act in EVERY:
        if seen.org_changed and seen.list_changed:
            if line.owner is Owner.SALESFORCE:
                assert act is not Act.TO_SALESFORCE or line.direction is Direction.TO_SALESFORCE
            if line.owner is Owner.CAMPAIGN_MONITOR:
                assert act is not Act.TO_CAMPAIGN_MONITOR
    one_way = Line("Contact", "A", "[B]", Direction.TO_SALESFORCE, Owner.SALESFORCE)
    assert decide(one_way, Seen(False, False, False, False, True, True)) is Act.NOTHING


@pytest.mark.parametrize("owner", Owner)
def test_the_first_time_a_value_fills_the_blank_of_the_other_side(owner: Owner) -> None:
    both = Line("Contact", "A", "[B]", Direction.BOTH, owner)
    assert decide(both, Seen(False, True, False, True)) is Act.TO_SALESFORCE
    assert decide(both, Seen(False, False, True, True)) is Act.TO_CAMPAIGN_MONITOR


def test_a_change_of_one_side_reaches_the_other() -> None:
    for owner in (Owner.SALESFORCE, Owner.CAMPAIGN_MONITOR):
        both = Line("Contact", "A", "[B]", Direction.BOTH, owner)
        assert decide(both, Seen(False, False, False, False, True, False)) is Act.TO_CAMPAIGN_MONITOR
        assert decide(both, Seen(False, False, False, False, False, True)) is Act.TO_SALESFORCE
    out = Line("Contact", "A", "[B]", Direction.TO_CAMPAIGN_MONITOR)
    assert decide(out, Seen(False, False, False, False, True, False)) is Act.TO_CAMPAIGN_MONITOR
    assert decide(out, Seen(False, False, False, False, False, True)) is Act.TO_CAMPAIGN_MONITOR


def test_both_changed_and_one_is_blank_then_filling_blanks_fills_it() -> None:
    fill = Line("Contact", "A", "[B]", Direction.BOTH, Owner.FILL_BLANKS)
    assert decide(fill, Seen(False, True, False, False, True, True)) is Act.TO_SALESFORCE
    assert decide(fill, Seen(False, False, True, False, True, True)) is Act.TO_CAMPAIGN_MONITOR
