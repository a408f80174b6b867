"""What Salesforce said against a row, as a refusal that the ledger keeps."""

from fairlead.domain.records import RowFailure
from fairlead.salesforce.bulk import FailedRow
from fairlead.salesforce.collections import RowResult
from fairlead.salesforce.error_codes import WRITTEN_IN_THE_ORG, next_step_of
from fairlead.sync.org_sink import sentences

BLOCKING = frozenset(
    {
        "STORAGE_LIMIT_EXCEEDED",
        "LIMIT_EXCEEDED",
        "INSUFFICIENT_ACCESS",
        "INSUFFICIENT_ACCESS_OR_READONLY",
        "INVALID_FIELD",
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "INVALID_TYPE",
    }
)
"""Refusals that no other member would escape either."""


def refused(key: str, row: RowResult | FailedRow) -> RowFailure:
    """The refusal of the row `key`. What rules and triggers of the org wrote may name anybody, and is left out."""
    message = "A rule, flow or trigger of the org refused it." if row.code in WRITTEN_IN_THE_ORG else row.message
    reason = sentences(message, next_step_of(row.code))
    return RowFailure(key, row.code, reason, retryable=row.retryable, blocks=row.code in BLOCKING)
