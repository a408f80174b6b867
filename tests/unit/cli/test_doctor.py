"""What the doctor says about the org's API calls."""

import pytest

from fairlead.cli.doctor import FAIL, OK, WARN, api_calls
from fairlead.salesforce.limits import Budget


def org_with(used: int | None) -> Budget:
    budget = Budget(0.8)
    if used is not None:
        budget.observe(f"api-usage={used}/115000")
    return budget


@pytest.mark.parametrize(
    ("used", "state"),
    [(0, OK), (73_000, OK), (74_000, WARN), (91_999, WARN), (92_000, FAIL), (115_000, FAIL), (None, WARN)],
)
def test_calls_are_well_until_they_are_spaced_and_fail_when_the_share_is_spent(used, state):
    found = api_calls(org_with(used))
    assert found.state == state
    assert bool(found.fix) == (state != OK)


def test_use_and_share_are_told():
    text = api_calls(org_with(74_000)).text
    assert "74,000 of 115,000" in text
    assert "stops at 92,000 (80%)" in text
    assert "slower" in text
    assert "FAIRLEAD_SALESFORCE_CALL_SHARE" in api_calls(org_with(92_000)).fix
