"""Laws of the check of an org: what blocks, what only warns, and that every finding which is not well says what to do."""

from dataclasses import replace
from datetime import date

import pytest

from fairlead.features.setup.rules import checks
from fairlead.features.setup.rules.checks import Check, Facts, Right, State

GOOD = Facts(
    name="Example", edition="Enterprise Edition", sandbox=False, time_zone="Europe/London", api_version="67.0",
    person="Ada Admin", profile="System Administrator", calls_used=100, calls_most=100_000, calls_share=0.8,
    storage_left=9_000, storage_most=10_000,
)  # fmt: skip
VITAL = Right("Read on Contact", "matching", "Object Settings > Contact", vital=True)
OTHER = Right("Run Reports", "importing from reports", "System Permissions", vital=False)


def named(facts: Facts, name: str) -> Check:
    return next(each for each in checks.checks(facts) if each.name == name)


def test_a_good_org_is_fit_and_leaves_nothing_to_do() -> None:
    found = checks.checks(GOOD)
    assert checks.fit(found)
    assert {each.state for each in found} == {State.OK}
    assert not any(each.fix for each in found)
    assert checks.summary(found) == {State.OK: len(found), State.WARN: 0, State.FAIL: 0}


@pytest.mark.parametrize(
    ("change", "name", "state", "words"),
    [
        ({"edition": None}, "Edition", State.WARN, "does not tell its edition"),
        ({"edition": "Professional Edition"}, "Edition", State.WARN, "only as an extra"),
        ({"sandbox": True}, "Kind of org", State.WARN, ".invalid"),
        ({"trial_ends": date(2026, 3, 4)}, "Kind of org", State.WARN, "4 Mar 2026"),
        ({"profile": checks.INTEGRATION_ONLY}, "Sync user", State.WARN, "integration licence"),
        ({"missing": (VITAL,)}, "Right: Read on Contact", State.FAIL, "Without it nothing works: matching"),
        ({"missing": (OTHER,)}, "Right: Run Reports", State.WARN, "importing from reports"),
        ({"not_told": ("API Enabled",)}, "Rights", State.WARN, "API Enabled"),
        ({"calls_used": None}, "API calls", State.WARN, "does not tell"),
        ({"calls_used": 79_000}, "API calls", State.WARN, "79,000 of 100,000"),
        ({"calls_used": 80_000}, "API calls", State.FAIL, "stops at 80,000 (80%)"),
        ({"storage_left": None}, "Data storage", State.WARN, "does not tell"),
        ({"storage_left": 900}, "Data storage", State.WARN, "900 of 10,000 MB"),
        ({"storage_left": 0}, "Data storage", State.FAIL, "0 of 10,000 MB"),
        ({"storage_left": 49, "storage_most": 50}, "Data storage", State.WARN, "49 of 50 MB"),
        ({"other_objects": 16}, "Other integrations", State.WARN, "16 objects named wbsendit__"),
    ],
)
def test_what_is_not_well_says_so_and_what_to_do(
    change: dict[str, object], name: str, state: State, words: str
) -> None:
    """Warnings do not block, failures do."""
    facts = replace(GOOD, **change)  # type: ignore[arg-type]
    found = named(facts, name)
    assert (found.state, bool(found.fix)) == (state, True)
    assert words in found.text
    assert checks.fit(checks.checks(facts)) == (state is not State.FAIL)


def test_what_blocks_is_told_before_what_does_not() -> None:
    found = checks.checks(replace(GOOD, missing=(OTHER, VITAL)))
    rights = [each.name for each in found if each.name.startswith("Right")]
    assert rights == ["Right: Read on Contact", "Right: Run Reports"]
    assert "Setup > Object Settings > Contact" in [each.fix for each in found]


def test_a_user_without_a_profile_that_is_told_is_named_alone() -> None:
    assert named(replace(GOOD, profile=""), "Sync user").text == "Fairlead acts as Ada Admin."
    assert "not set" in named(replace(GOOD, time_zone=""), "Time zone").text
