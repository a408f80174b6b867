"""The guards of opt status: what stops a run, what lets it pass once, and what nothing lets pass."""

from datetime import UTC, datetime

import pytest

from fairlead.domain.consent import Basis, Decision, Evidence, Opt, Shadow, Side
from fairlead.domain.consent_guard import (
    ALLOW,
    BASELINE,
    MANY,
    PREVIEW,
    Comparison,
    EverythingChanged,
    InWithoutEvidence,
    Judged,
    Limits,
    ListsNothing,
    ScopeChanged,
    TooManyOuts,
    check_decisions,
    check_scope,
    check_sides,
    scope_hash,
)

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
SF, CM = Side.SALESFORCE, Side.CAMPAIGN_MONITOR
WELL = Comparison(MANY, MANY, 1)


def judged(before: Opt | None, after: Opt, evidence: int | None = None, **writes) -> Judged:
    given = Evidence(side=SF, basis=Basis.WRITTEN, source="", at=NOW, id=evidence) if evidence is not None else None
    return Judged(before, Decision(1, Shadow(agreed=after, since=NOW), evidence=given, **writes))


OUT = judged(Opt.IN, Opt.OUT)


@pytest.mark.parametrize("side", Side)
def test_a_side_that_lists_nothing_where_many_are_known_stops(side):
    sides = {SF: WELL, CM: WELL, side: Comparison(0, MANY, 0)}
    with pytest.raises(ListsNothing, match=f"10 addresses is known.*{ALLOW}"):
        check_sides(sides, allowed=False)
    check_sides(sides, allowed=True)
    check_sides({side: Comparison(0, MANY - 1, 0)}, allowed=False)


def test_a_side_that_shows_everything_otherwise_stops():
    check_sides({SF: Comparison(MANY + 5, MANY, MANY - 1)}, allowed=False)
    with pytest.raises(EverythingChanged, match=f"all 10 known.*{PREVIEW}.*{ALLOW}"):
        check_sides({SF: Comparison(MANY + 5, MANY, MANY)}, allowed=False)
    check_sides({SF: Comparison(MANY, MANY, MANY)}, allowed=True)


@pytest.mark.parametrize(
    ("outs", "known", "stops"),
    [
        (20, 20, False),
        (21, 20, True),
        (50, 1_000, False),
        (51, 1_000, True),
        (500, 100_000, False),
        (501, 100_000, True),
    ],
)
def test_more_than_a_share_or_a_number_of_new_opt_outs_stops(outs, known, stops):
    if not stops:
        check_decisions([OUT] * outs, known, Limits(), allowed=False)
        return
    with pytest.raises(TooManyOuts, match=f"{outs} of .*{ALLOW}"):
        check_decisions([OUT] * outs, known, Limits(), allowed=False)
    check_decisions([OUT] * outs, known, Limits(), allowed=True)


def test_only_new_opt_outs_count_and_on_first_sight_those_that_are_written():
    few = Limits(0, 500, 0)
    check_decisions([judged(Opt.OUT, Opt.OUT, out=frozenset({SF})), judged(None, Opt.OUT)], 9, few, allowed=False)
    with pytest.raises(TooManyOuts):
        check_decisions([judged(None, Opt.OUT, out=frozenset({CM}))], 9, few, allowed=False)


@pytest.mark.parametrize(
    "bad",
    [
        judged(Opt.OUT, Opt.IN),
        judged(Opt.OUT, Opt.IN, 0),
        judged(Opt.OUT, Opt.IN, into=frozenset({CM})),
        judged(None, Opt.IN, into=frozenset({CM})),
    ],
)
def test_nothing_lets_in_without_evidence(bad):
    with pytest.raises(InWithoutEvidence, match="1 addresses"):
        check_decisions([OUT, bad], 9, Limits(), allowed=True)


def test_who_has_evidence_or_was_in_passes():
    fine = [judged(Opt.OUT, Opt.IN, 7, into=frozenset({CM})), judged(Opt.IN, Opt.IN), judged(None, Opt.IN)]
    check_decisions(fine, 9, Limits(), allowed=False)
    check_decisions([Judged(None, Decision(14, None))], 0, Limits(), allowed=False)


def test_a_changed_scope_needs_a_baseline():
    before = scope_hash(["b", "a"], "HasOptedOutOfEmail", {"x": True})
    assert before == scope_hash(["a", "b"], "HasOptedOutOfEmail", {"x": True})
    assert len(before) == 64
    for changed in (
        scope_hash(["a"], "HasOptedOutOfEmail", {"x": True}),
        scope_hash(["a", "b"], "Other__c", {"x": True}),
        scope_hash(["a", "b"], "HasOptedOutOfEmail", {"x": False}),
    ):
        with pytest.raises(ScopeChanged, match=f"{PREVIEW}.*{BASELINE}"):
            check_scope(before, changed, allowed=False)
        check_scope(before, changed, allowed=True)
    check_scope("", before, allowed=False)
    check_scope(before, before, allowed=False)
