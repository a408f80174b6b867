"""What a side shows before anything is compared, and which events of its history are opt-outs."""

from datetime import UTC, datetime, timedelta

import pytest

from fairlead.domain.consent import MISSING, Event, Opt, Shown, Side
from fairlead.domain.consent_settings import FromCampaignMonitor, Options
from fairlead.domain.consent_sides import (
    Membership,
    Write,
    campaign_monitor_side,
    not_ours,
    opt_outs,
    salesforce_side,
)

NINE = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
IN, OUT, PART = Shown(Opt.IN), Shown(Opt.OUT), Shown(Opt.OUT, partly=True)
ALL = Options()
ANY = Options(opt_out_from_campaign_monitor=FromCampaignMonitor.ANY_LIST)
BOUNCE = Options(hard_bounce_is_opt_out=True)
STATES = {"A": "Active", "U": "Unsubscribed", "B": "Bounced", "N": "Unconfirmed", "D": "Deleted"}


def on(states: str, minutes: int = 0) -> list[Membership]:
    since = NINE + timedelta(minutes=minutes)
    return [Membership(str(i), STATES[letter], since) for i, letter in enumerate(states)]


@pytest.mark.parametrize(
    ("ticks", "shown"),
    [([], MISSING), ([False, False], IN), ([True, False], PART), ([True], OUT), ([True, True], OUT)],
)
def test_one_tick_is_enough(ticks, shown):
    """A second record without the tick may still be mailed: it is to be completed."""
    assert salesforce_side(ticks) == shown


@pytest.mark.parametrize(
    ("states", "of_all", "of_any", "with_bounces"),
    [
        ("", MISSING, MISSING, MISSING),
        ("A", IN, IN, IN),
        ("U", OUT, OUT, OUT),
        ("UU", OUT, OUT, OUT),
        ("UA", IN, PART, IN),
        ("UB", OUT, OUT, OUT),
        ("UD", OUT, OUT, OUT),
        ("UN", OUT, OUT, OUT),
        ("B", MISSING, MISSING, OUT),
        ("BA", IN, IN, IN),
        ("N", MISSING, MISSING, MISSING),
        ("D", MISSING, MISSING, MISSING),
    ],
)
def test_lists_become_one_value_by_the_option(states, of_all, of_any, with_bounces):
    """Bounced, unconfirmed and deleted people have not opted out."""
    got = [campaign_monitor_side(on(states), suppressed=False, options=each) for each in (ALL, ANY, BOUNCE)]
    assert got == [of_all, of_any, with_bounces]


@pytest.mark.parametrize("states", ["", "A", "UA", "B"])
def test_a_suppressed_address_is_out(states):
    assert campaign_monitor_side(on(states), suppressed=True, options=ALL) == OUT


def left(place: str = "9", minutes: int = 0, side: Side = Side.CAMPAIGN_MONITOR, user: str = "") -> Event:
    return Event(side, f"{place} {minutes}".encode(), NINE + timedelta(minutes=minutes), place, user)


def test_leaving_one_list_is_no_opt_out_while_another_was_active():
    """Which list came first is told by one clock; an equal minute does not protect."""
    assert opt_outs([left(minutes=1)], on("A", 0), ALL) == []
    assert opt_outs([left(minutes=0)], on("A", 0), ALL) == [left(minutes=0)]
    assert opt_outs([left(minutes=1)], on("A", 2), ALL) == [left(minutes=1)]
    assert opt_outs([left(minutes=1)], on("UBN", 0), ALL) == [left(minutes=1)]
    assert opt_outs([left(minutes=1)], on("A", 0), ANY) == [left(minutes=1)]


def test_a_suppression_and_a_tick_are_always_opt_outs():
    events = [left(place="", minutes=1), left(place="003", minutes=1, side=Side.SALESFORCE)]
    assert opt_outs(events, on("A", 0), ALL) == events


def test_our_own_writes_are_no_opt_outs_and_doubt_counts():
    write = Write(Side.SALESFORCE, "003", "005us", NINE, NINE + timedelta(minutes=1))
    ours = left("003", 1, Side.SALESFORCE, "005us")
    others = [
        left("003", 2, Side.SALESFORCE, "005us"),
        left("003", -1, Side.SALESFORCE, "005us"),
        left("003", 1, Side.SALESFORCE, "005ada"),
        left("00Q", 1, Side.SALESFORCE, "005us"),
        left("003", 1, Side.SALESFORCE, ""),
        left("003", 1, Side.CAMPAIGN_MONITOR, "005us"),
    ]
    assert not_ours([ours, *others], [write]) == others
    unnamed = Write(Side.SALESFORCE, "003", "", NINE, NINE + timedelta(minutes=1))
    assert not_ours([left("003", 1, Side.SALESFORCE, "")], [unnamed]) != []
