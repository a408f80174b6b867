"""The decision about one address, row by row, and what surrounds it: options, freezing, new addresses, adding."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fairlead.domain import consent_guard, consent_settings
from fairlead.domain.consent import (
    CONTESTED_AT,
    MISSING,
    RULES,
    Basis,
    Event,
    Evidence,
    Moved,
    Opt,
    Review,
    Shadow,
    Shown,
    Side,
    SourceNamesSomebody,
    after_address_change,
    decide,
    released,
    stands_in_the_way,
)
from fairlead.domain.consent_settings import ClearedTickBox, FromCampaignMonitor, Options
from fairlead.domain.setting import Given, defaults

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
IN, OUT = Opt.IN, Opt.OUT
SF, CM = Side.SALESFORCE, Side.CAMPAIGN_MONITOR
BOTH, NONE = frozenset(Side), frozenset()
SHOWN = {"in": Shown(IN), "out": Shown(OUT), "-": MISSING, "part": Shown(OUT, partly=True)}


def shadow(agreed: Opt | None, **more) -> Shadow:
    return Shadow(**({"agreed": agreed, "since": NOW - timedelta(days=2)} | more))


def consent(side: Side, ago: timedelta = timedelta(minutes=5), basis: Basis = Basis.WRITTEN) -> Evidence:
    return Evidence(side=side, basis=basis, source="fair 2026", at=NOW - ago, id=7)


def opt_out(side: Side) -> Event:
    return Event(side, side.encode(), NOW - timedelta(minutes=7))


def decided(before, salesforce, campaign_monitor, events=(), evidence=(), **chosen):
    """The decision; `before` is a shadow or what was agreed."""
    held = before if before is None or isinstance(before, Shadow) else shadow(before)
    heard = [opt_out(side) for side in events]
    given = [one if isinstance(one, Evidence) else consent(one) for one in evidence]
    return decide(held, SHOWN[salesforce], SHOWN[campaign_monitor], heard, given, Options(**chosen), now=NOW)


# agreed before; Salesforce, Campaign Monitor; opt-outs, consents; rule; written out, written in; agreed then; reviews
ROWS = [
    (None, "in", "in", "", "", 1, "", "", IN, []),
    (None, "out", "in", "", "", 1, "b", "", OUT, []),
    (None, "in", "out", "", "", 1, "a", "", OUT, []),
    (None, "out", "out", "", "", 1, "", "", OUT, []),
    (None, "in", "out", "", "a", 1, "a", "", OUT, [Review.CONSENT_SET_ASIDE]),
    (None, "in", "in", "", "a", 1, "", "", IN, []),
    (None, "in", "-", "", "", 1, "", "", IN, []),
    (None, "-", "out", "", "", 1, "", "", OUT, []),
    (IN, "in", "in", "", "", 2, "", "", IN, []),
    (IN, "in", "in", "", "b", 2, "", "", IN, []),
    (IN, "in", "in", "a", "", 3, "ab", "", OUT, [Review.SHOWS_IN_AGAIN]),
    (IN, "out", "in", "a", "", 3, "b", "", OUT, []),
    (OUT, "out", "in", "a", "", 3, "b", "", OUT, [Review.SHOWS_IN_AGAIN]),
    (None, "-", "-", "b", "", 3, "", "", OUT, []),
    (IN, "out", "in", "", "", 4, "b", "", OUT, []),
    (IN, "in", "out", "", "", 5, "a", "", OUT, []),
    (IN, "out", "out", "", "", 6, "", "", OUT, []),
    (OUT, "out", "out", "", "", 7, "", "", OUT, []),
    (OUT, "out", "out", "", "a", 7, "", "", OUT, [Review.CONSENT_SET_ASIDE]),
    (OUT, "in", "out", "", "a", 8, "", "b", IN, []),
    (OUT, "in", "-", "", "a", 8, "", "", IN, []),
    (OUT, "in", "out", "", "", 9, "a", "", OUT, []),
    (OUT, "in", "out", "", "b", 9, "a", "", OUT, [Review.CONSENT_SET_ASIDE]),
    (OUT, "in", "-", "", "", 9, "a", "", OUT, []),
    (OUT, "out", "in", "", "b", 10, "", "a", IN, []),
    (OUT, "out", "in", "", "", 11, "b", "", OUT, []),
    (OUT, "-", "in", "", "", 11, "b", "", OUT, []),
    (OUT, "in", "in", "", "b", 12, "", "", IN, []),
    (OUT, "in", "in", "", "", 13, "ab", "", OUT, [Review.BOTH_SHOW_IN]),
    (OUT, "-", "-", "", "", 14, "", "", OUT, []),
    (IN, "-", "-", "", "", 14, "", "", IN, []),
    (IN, "-", "in", "", "", 2, "", "", IN, []),
    (IN, "out", "-", "", "", 4, "", "", OUT, []),
    (OUT, "in", "out", "b", "a", 15, "a", "", OUT, [Review.CONSENT_SET_ASIDE]),
    (IN, "out", "in", "", "b", 15, "b", "", OUT, [Review.CONSENT_SET_ASIDE]),
    (OUT, "part", "out", "", "", 7, "a", "", OUT, []),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[5]}: {row[0]} {row[1]} {row[2]} {row[3]}/{row[4]}")
def test_every_row_of_the_table(row):
    agreed, a, b, events, evidence, rule, out, into, after, reviews = row
    sides = {"a": SF, "b": CM}
    made = decided(agreed, a, b, [sides[each] for each in events], [sides[each] for each in evidence])
    assert (made.rule, made.out, made.into) == (rule, {sides[s] for s in out}, {sides[s] for s in into})
    assert made.shadow.agreed is after
    assert list(made.reviews) == reviews
    assert made.why == RULES[rule]


def test_every_row_has_words_and_every_row_is_tried():
    assert {row[5] for row in ROWS} == set(RULES) - {0} == set(range(1, 16))


def test_what_nobody_knows_is_not_remembered():
    assert decided(None, "-", "-").shadow is None


def test_an_address_in_flight_is_not_compared():
    held = shadow(IN, job="750x")
    made = decided(held, "out", "in")
    assert (made.rule, made.shadow, made.out, made.into) == (0, held, NONE, NONE)


def test_a_first_write_in_flight_that_ended_without_outcome_is_a_first_sight():
    assert decided(shadow(None), "out", "in").rule == 1


def test_the_shadow_remembers_what_the_sides_return_and_who_let_in():
    made = decided(OUT, "in", "out", evidence=[SF])
    assert made.evidence.id == made.shadow.evidence == 7
    assert (made.shadow.salesforce, made.shadow.campaign_monitor, made.shadow.since) == (IN, IN, NOW)
    again = decide(made.shadow, Shown(IN), Shown(IN), [], [], Options(), now=NOW + timedelta(hours=1))
    assert again.shadow == made.shadow
    gone = decide(made.shadow, MISSING, Shown(IN), [], [], Options(), now=NOW + timedelta(hours=1))
    assert (gone.shadow.salesforce, gone.shadow.agreed) == (None, IN)
    left = decided(made.shadow, "out", "in")
    assert (left.shadow.evidence, left.evidence) == (0, None)


@pytest.mark.parametrize(
    ("side", "since_ago", "counts"), [(SF, 301, True), (SF, 299, False), (CM, 361, True), (CM, 359, False)]
)
def test_a_consent_counts_only_where_it_is_later_than_the_opt_out(side, since_ago, counts):
    """Campaign Monitor's minute is rounded, so its consents have to be later by a minute."""
    held = shadow(OUT, since=NOW - timedelta(seconds=since_ago))
    made = decided(held, "in", "in", evidence=[side])
    assert (made.shadow.agreed is IN) == counts
    assert (Review.CONSENT_SET_ASIDE in made.reviews) != counts


def test_a_cleared_tick_box_counts_only_where_it_is_trusted():
    cleared = consent(SF, basis=Basis.CLEARED_TICK_BOX)
    rules = {box: decided(OUT, "in", "out", evidence=[cleared], cleared_tick_box=box).rule for box in ClearedTickBox}
    assert rules == {ClearedTickBox.RESTORE: 9, ClearedTickBox.ASK: 9, ClearedTickBox.TRUST: 8}


def test_asking_writes_nothing_until_somebody_decided():
    made = decided(OUT, "in", "out", cleared_tick_box=ClearedTickBox.ASK)
    assert (made.out, made.shadow.agreed, made.reviews) == (NONE, OUT, (Review.CLEARED_TICK_BOX,))
    assert made.shadow.changes == ()


@pytest.mark.parametrize(
    ("chosen", "row", "rule", "out", "into"),
    [
        ({"opt_out_from_salesforce": False}, (IN, "out", "in", ()), 4, NONE, NONE),
        ({"opt_out_from_salesforce": False}, (OUT, "out", "in", ()), 11, NONE, NONE),
        ({"opt_out_from_salesforce": False}, (OUT, "in", "out", [SF]), 9, {SF}, NONE),
        ({"opt_out_from_salesforce": False}, (OUT, "in", "in", [SF]), 12, NONE, NONE),
        ({"opt_out_from_campaign_monitor": FromCampaignMonitor.OFF}, (IN, "in", "out", ()), 5, NONE, NONE),
        ({"opt_out_from_campaign_monitor": FromCampaignMonitor.OFF}, (OUT, "out", "in", [CM]), 11, {CM}, NONE),
    ],
)
def test_a_side_that_is_off_is_written_neither_out_nor_in(chosen, row, rule, out, into):
    """What cannot be carried out there is not agreed either: a consent that cannot reach it does not count."""
    agreed, a, b, evidence = row
    made = decided(agreed, a, b, evidence=evidence, **chosen)
    assert (made.rule, made.out, made.into) == (rule, out, into)


def _moments(count: int, hours: float = 1) -> tuple[datetime, ...]:
    return tuple(NOW - timedelta(hours=hours) for _ in range(count))


def test_the_fourth_change_within_a_day_freezes_at_out():
    held = shadow(OUT, changes=_moments(CONTESTED_AT - 1))
    made = decided(held, "in", "out", evidence=[SF])
    assert (made.shadow.agreed, made.shadow.contested, made.evidence) == (OUT, True, None)
    assert (made.out, made.into, made.reviews) == ({SF}, NONE, (Review.CONTESTED,))
    frozen = decide(made.shadow, Shown(IN), Shown(OUT), [], [consent(SF, -timedelta(hours=1))], Options(), now=NOW)
    assert (frozen.rule, frozen.shadow.agreed, frozen.out) == (9, OUT, {SF})
    assert frozen.reviews == (Review.CONSENT_SET_ASIDE,)
    assert len(frozen.shadow.changes) == CONTESTED_AT


@pytest.mark.parametrize(("changes", "hours"), [(CONTESTED_AT - 2, 1), (CONTESTED_AT, 24)])
def test_fewer_changes_or_older_ones_do_not_freeze(changes, hours):
    made = decided(shadow(OUT, changes=_moments(changes, hours)), "in", "out", evidence=[SF])
    assert (made.shadow.agreed, made.shadow.contested) == (IN, False)


def test_a_person_releases_a_contested_address_and_it_stays_out():
    free = released(shadow(OUT, contested=True, changes=_moments(4)))
    assert (free.agreed, free.contested, free.changes) == (OUT, False, ())
    assert decided(free, "in", "out", evidence=[SF]).shadow.agreed is IN


def test_the_new_addresss_own_row_decides_and_else_out_stays_out():
    out, known = shadow(OUT), shadow(IN)
    assert after_address_change(out, known, now=NOW) == Moved(known)
    assert after_address_change(known, None, now=NOW) == Moved(None)
    assert after_address_change(None, None, now=NOW) == Moved(None)
    moved = after_address_change(out, None, now=NOW)
    assert (moved.shadow.agreed, moved.review) == (OUT, Review.ADDRESS_CHANGED)
    first = after_address_change(out, shadow(None, job="7"), now=NOW)
    assert (first.shadow.agreed, first.shadow.job) == (OUT, "7")


def test_who_opted_out_is_not_added():
    def way(agreed, a, b, *, block=True):
        held = shadow(agreed) if agreed else None
        return stands_in_the_way(held, SHOWN[a], SHOWN[b], Options(block_adding_opted_out=block))

    assert way(None, "in", "-") is None
    assert way(IN, "out", "-") is SF
    assert way(OUT, "in", "-") is SF
    assert way(OUT, "out", "-", block=False) is None
    assert way(IN, "in", "out", block=False) is CM


def test_a_source_that_names_somebody_is_refused():
    with pytest.raises(SourceNamesSomebody, match="cannot hold"):
        replace(consent(SF), source="told us as ada@example.com")


def test_the_options_are_read_and_explain_themselves():
    assert consent_settings.options(defaults()) == Options()
    rows = {
        "opt_out_from_salesforce": False,
        "opt_out_from_campaign_monitor": "any-list",
        "block_adding_opted_out": False,
        "cleared_tick_box": "trust",
        "hard_bounce_is_opt_out": True,
    }
    chosen = consent_settings.options(Given({(f"opt_status.{name}", ""): value for name, value in rows.items()}))
    assert chosen == Options(
        opt_out_from_salesforce=False,
        opt_out_from_campaign_monitor=FromCampaignMonitor.ANY_LIST,
        block_adding_opted_out=False,
        cleared_tick_box=ClearedTickBox.TRUST,
        hard_bounce_is_opt_out=True,
    )
    assert [setting.name.partition(".")[2] for setting in consent_settings.SETTINGS] == list(rows)
    for setting in consent_settings.SETTINGS:
        assert "isky" in setting.help, setting.name
    assert consent_guard.limits(defaults()) == consent_guard.Limits()
