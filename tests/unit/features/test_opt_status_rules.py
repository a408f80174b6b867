"""Which changes are worth a look, and how a side is held against what it last returned."""

from datetime import UTC, datetime, timedelta

import pytest

from fairlead.domain.consent import Opt, Shadow, Side
from fairlead.domain.consent_guard import Comparison
from fairlead.domain.consent_settings import Options
from fairlead.features.opt_status import rules

NOW = datetime(2026, 3, 10, tzinfo=UTC)
IN, OUT = Opt.IN, Opt.OUT


def shadow(agreed: Opt | None = IN, crm: Opt | None = IN, account: Opt | None = IN, job: str = "") -> Shadow:
    return Shadow(agreed=agreed, since=NOW, salesforce=crm, campaign_monitor=account, job=job)


@pytest.mark.parametrize(
    ("state", "known", "counts"),
    [
        ("Active", None, True),
        ("Active", shadow(), False),
        ("Active", shadow(OUT, OUT, OUT), True),
        ("Active", shadow(job="run:1"), True),
        ("Unsubscribed", None, True),
        ("Unsubscribed", shadow(OUT, OUT, OUT), True),
        ("Deleted", None, False),
        ("Deleted", shadow(), True),
        ("Bounced", shadow(IN, IN, None), False),
        ("Bounced", shadow(IN, IN, None, "run:1"), True),
    ],
)
def test_a_state_counts_where_it_may_tell_something_new(state: str, known: Shadow | None, counts: bool) -> None:
    assert rules.account_change_counts(state, known) is counts


@pytest.mark.parametrize(
    ("known", "ticked", "deleted", "counts"),
    [
        (None, False, False, False),
        (None, True, False, True),
        (shadow(), False, False, False),
        (shadow(), True, False, True),
        (shadow(OUT, OUT, OUT), True, False, False),
        (shadow(OUT, None, OUT), True, False, True),
        (shadow(OUT, OUT, OUT), False, False, True),
        (shadow(job="run:1"), False, False, True),
        (shadow(), False, True, True),
        (shadow(IN, None, IN), False, True, False),
        (shadow(IN, None, IN), True, True, True),
    ],
)
def test_a_record_counts_where_its_box_may_tell_something_new(
    known: Shadow | None, ticked: bool, deleted: bool, counts: bool
) -> None:
    assert rules.org_change_counts(known, ticked=ticked, deleted=deleted) is counts


def test_addresses_are_asked_for_one_by_one_while_that_costs_fewer_calls() -> None:
    assert rules.one_by_one(20, 0)
    assert not rules.one_by_one(21, 62)
    assert rules.one_by_one(21, 63)


def test_everything_is_read_now_and_then() -> None:
    assert rules.sweep_due(None, NOW, 7)
    assert not rules.sweep_due(NOW - timedelta(days=6), NOW, 7)
    assert rules.sweep_due(NOW - timedelta(days=7, minutes=-30), NOW, 7)


def test_a_side_is_held_against_what_it_last_returned() -> None:
    """Read whole, what was not seen has changed; from changes alone it has not."""
    seen = [(IN, IN), (IN, OUT), (OUT, None), (None, IN)]
    assert rules.comparison(10, seen, whole=True) == Comparison(3, 10, 9)
    assert rules.comparison(10, seen, whole=False) == Comparison(9, 10, 2)


def test_the_scope_is_about_what_changes_the_meaning_of_out() -> None:
    assert set(rules.scope_settings(Options())) == {
        "opt_out_from_salesforce",
        "opt_out_from_campaign_monitor",
        "cleared_tick_box",
        "hard_bounce_is_opt_out",
    }


def test_decisions_are_counted_by_rule_and_by_what_is_written() -> None:
    told = rules.tally([(4, [Side.CAMPAIGN_MONITOR], [], []), (8, [], [Side.CAMPAIGN_MONITOR], ["look"])])
    assert told == {"rule_4": 1, "out_campaign_monitor": 1, "reviews": 1, "rule_8": 1, "in_campaign_monitor": 1}
    assert rules.returned(shadow(IN, OUT, IN), Side.SALESFORCE) is OUT
    assert rules.returned(shadow(IN, OUT, IN), Side.CAMPAIGN_MONITOR) is IN
    assert "c1" in str(rules.NoSuchClient("c1"))
