"""What the sink keeps of a refusal's words."""

import pytest

from fairlead.salesforce.error_reading import error_of
from fairlead.sync.org_sink import without_values

ROW = ("l1:ann@example.com", "Ann Bergström", "+12025550142", '[{"Key":"Town","Value":"Ely, east side"}]', "")


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("Ann Bergström is known already", "‹value› is known already"),
        ("Mr BERGSTRÖM may not be saved", "Mr ‹value› may not be saved"),
        ("Nobody from Ely, east side please", "Nobody from ‹value› please"),
        ("Call +12025550142.", "Call ‹value›."),
        ("Annually only: the anniversary", "Annually only: the anniversary"),
    ],
)
def test_a_message_of_the_orgs_own_rules_loses_the_rows_values(message: str, kept: str) -> None:
    """Whole values and single words of them go, in any case; other words stay."""
    assert without_values(message, ROW) == kept


def test_a_row_without_values_leaves_the_message_alone() -> None:
    """Blank cells hide nothing."""
    assert without_values("Satisfy the rule.", ("", "")) == "Satisfy the rule."


def test_a_request_refused_by_the_orgs_own_rules_tells_nobody() -> None:
    """Where no row is known whose values could be taken out, the org's own words are left out, but not the code."""
    error = error_of("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Ann Bergström is known already", status=400)
    assert "Ann" not in str(error)
    assert "FIELD_CUSTOM_VALIDATION_EXCEPTION" in str(error)
    assert error.step in str(error)
