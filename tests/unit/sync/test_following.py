"""What comes of records that should follow their addresses."""

import pytest

from fairlead.salesforce.collections import RowResult
from fairlead.salesforce.error_reading import RowError
from fairlead.sync.failures import SalesforceUnavailable
from fairlead.sync.following import refused_for_good


def test_records_that_are_locked_are_tried_again_and_those_refused_for_good_stop_nobody() -> None:
    """A row that never can be renamed is counted; the new address then has a record of its own."""
    good, never = (
        RowResult("a", True),
        RowResult(None, False, error=RowError("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Refused.")),
    )
    assert refused_for_good([good, never]) == 1
    with pytest.raises(SalesforceUnavailable, match="UNABLE_TO_LOCK_ROW"):
        refused_for_good([good, never, RowResult(None, False, error=RowError("UNABLE_TO_LOCK_ROW", "Locked."))])
