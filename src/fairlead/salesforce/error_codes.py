"""Which class each of Salesforce's error codes and HTTP statuses belongs to, and the next step it asks for."""

from typing import Final, NamedTuple

from fairlead.salesforce.errors import (
    OutOfCalls,
    RecordRefused,
    RequestWrong,
    SalesforceError,
    SessionRefused,
    SetupRefused,
    Unavailable,
)


class _Meaning(NamedTuple):
    kind: type[SalesforceError]
    next_step: str = ""


_PERMISSION: Final = "Give the integration user's permission set access to this object and its fields."
_DUPLICATE: Final = "Merge or correct the duplicates, or let the duplicate rule allow the integration user's saves."

MEANINGS: Final[dict[str, _Meaning]] = {
    # Session, access, quota
    "INVALID_SESSION_ID": _Meaning(SessionRefused),
    "REQUEST_LIMIT_EXCEEDED": _Meaning(OutOfCalls),
    "Bad_OAuth_Token": _Meaning(SessionRefused),
    "Missing_OAuth_Token": _Meaning(SessionRefused),
    "Wrong_Org": _Meaning(SetupRefused, "Sign in to the org that this connection belongs to."),
    "FUNCTIONALITY_NOT_ENABLED": _Meaning(SetupRefused, "Turn the feature on in the org, or do without it."),
    "API_DISABLED_FOR_ORG": _Meaning(SetupRefused, "Use an edition with API access, or ask Salesforce to turn it on."),
    "API_CURRENTLY_DISABLED": _Meaning(SetupRefused, "Give the integration user the permission API Enabled."),
    "INSUFFICIENT_ACCESS": _Meaning(SetupRefused, _PERMISSION),
    "INSUFFICIENT_ACCESS_OR_READONLY": _Meaning(SetupRefused, _PERMISSION),
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": _Meaning(
        SetupRefused, "Give the integration user access to the records that this one points to."
    ),
    "STORAGE_LIMIT_EXCEEDED": _Meaning(SetupRefused, "Free data storage in the org, or buy more, then sync again."),
    "LIMIT_EXCEEDED": _Meaning(Unavailable, "Wait for the limit to recover; Setup > System Overview shows it."),
    "TXN_SECURITY_METERING_ERROR": _Meaning(
        SetupRefused, "Change the transaction security policy that stops the integration user."
    ),
    "UNSUPPORTED_API_VERSION": _Meaning(RequestWrong),
    # Row validation
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": _Meaning(
        RecordRefused, "Look at the trigger or flow of this object: it refused the record."
    ),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": _Meaning(RecordRefused, "Satisfy the validation rule, or change it."),
    "REQUIRED_FIELD_MISSING": _Meaning(RecordRefused, "Fill the required field, or map something to it."),
    "INVALID_FIELD": _Meaning(SetupRefused, "Check that the field exists and that the integration user may see it."),
    "INVALID_FIELD_FOR_INSERT_UPDATE": _Meaning(
        SetupRefused, "Map to a field that can be written, or give the integration user edit access to it."
    ),
    "INVALID_TYPE": _Meaning(SetupRefused, "Deploy the package, and give the integration user access to the object."),
    "INVALID_EMAIL_ADDRESS": _Meaning(RecordRefused, "Correct the address: Salesforce does not accept it."),
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": _Meaning(
        RecordRefused, "Add the value to the picklist, or map another."
    ),
    "STRING_TOO_LONG": _Meaning(RecordRefused, "Shorten the value, or map it to a longer field."),
    "FIELD_INTEGRITY_EXCEPTION": _Meaning(RecordRefused),
    "INVALID_CROSS_REFERENCE_KEY": _Meaning(RecordRefused, "The record it points to is gone: sync that one first."),
    "INACTIVE_OWNER_OR_USER": _Meaning(RecordRefused, "Choose an active user as the owner of the records."),
    "MALFORMED_ID": _Meaning(RecordRefused, "The id is not of this kind of record."),
    "CANNOT_UPDATE_CONVERTED_LEAD": _Meaning(RecordRefused, "Use the contact that the lead was converted to."),
    # Query
    "MALFORMED_QUERY": _Meaning(RequestWrong),
    "QUERY_TIMEOUT": _Meaning(Unavailable, "Try again; if it stays, narrow the query with an indexed field."),
    "QUERY_TOO_COMPLICATED": _Meaning(SetupRefused, "Ask for fewer fields: formulas across objects count double."),
    "OPERATION_TOO_LARGE": _Meaning(
        SetupRefused, "Give the integration user View All on the object, or narrow the query."
    ),
    "NUMBER_OUTSIDE_VALID_RANGE": _Meaning(RequestWrong),
    "INVALID_QUERY_LOCATOR": _Meaning(Unavailable, "Start the query again: its pages are kept two days at most."),
    # Request
    "JSON_PARSER_ERROR": _Meaning(RequestWrong),
    "NOT_FOUND": _Meaning(
        RecordRefused, "The record or the object is not there, or is hidden from the integration user."
    ),
    "ENTITY_IS_DELETED": _Meaning(RecordRefused, "The record is in the recycle bin: restore it, or sync again."),
    # Duplicates
    "DUPLICATE_VALUE": _Meaning(RecordRefused, "Another record holds this unique value: correct one of them."),
    "DUPLICATE_EXTERNAL_ID": _Meaning(RecordRefused, "Several records share this external id: keep one of them."),
    "DUPLICATES_DETECTED": _Meaning(RecordRefused, _DUPLICATE),
    # Concurrency, server
    "UNABLE_TO_LOCK_ROW": _Meaning(Unavailable, "Another process holds the record: try again."),
    "SERVER_UNAVAILABLE": _Meaning(Unavailable),
    "UNKNOWN_EXCEPTION": _Meaning(Unavailable, "Salesforce failed on its side: try again, then ask its support."),
    # Composite
    "ALL_OR_NONE_OPERATION_ROLLED_BACK": _Meaning(
        RecordRefused, "Another record of the same call was refused: correct that."
    ),
    "PROCESSING_HALTED": _Meaning(RecordRefused, "A record this one depends on was refused: correct that."),
    # Further refusals of rows
    "CANNOT_EXECUTE_FLOW_TRIGGER": _Meaning(RecordRefused, "Look at the flow of this object: it refused the record."),
    "DELETE_FAILED": _Meaning(RecordRefused, "Other records need this one: delete or change them first."),
    "UNDELETE_FAILED": _Meaning(RecordRefused, "The record is no longer in the recycle bin: make it anew."),
    "INVALID_STATUS": _Meaning(RecordRefused, "Choose a status that the object has."),
    "INVALID_TYPE_ON_FIELD_IN_RECORD": _Meaning(RecordRefused, "Map a value of the field's own type."),
    "MISSING_ARGUMENT": _Meaning(RecordRefused, "Fill the id or the key by which the record is found."),
    # Further refusals of requests
    "FORBIDDEN": _Meaning(SetupRefused, _PERMISSION),
    "API_ERROR": _Meaning(SetupRefused, "The org does not let this object be used this way: do without it."),
    "INVALID_REPORT_METADATA": _Meaning(SetupRefused, "Open the report in Salesforce, and correct what it asks for."),
    "INVALID_LOGIN": _Meaning(SessionRefused),
    "REQUEST_RUNNING_TOO_LONG": _Meaning(Unavailable, "Try again; if it stays, ask for less at once."),
    "TXN_LIMIT_EXCEEDED": _Meaning(Unavailable, "Try again with fewer records at once."),
    **dict.fromkeys(
        (
            "EXCEEDED_ID_LIMIT",
            "EXCEEDED_MAX_SIZE_REQUEST",
            "INVALID_FILTER_VALUE",
            "INVALID_ID_FIELD",
            "INVALID_INPUT",
            "INVALID_OPERATION",
            "INVALID_QUERY_FILTER_OPERATOR",
            "INVALID_REPLICATION_DATE",
            "INVALID_TYPE_FOR_OPERATION",
            "INVALID_VERSION",
            "METHOD_NOT_ALLOWED",
            "NOT_ACCEPTABLE",
            "REQUEST_ENTITY_TOO_LARGE",
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        _Meaning(RequestWrong),
    ),
    # Bulk
    "FeatureNotEnabled": _Meaning(SetupRefused, "Turn on the Bulk API for this org, and give the user API Enabled."),
    "EXCEEDEDQUOTA": _Meaning(Unavailable, "Wait: the org's bulk batches of the last 24 hours are spent."),
    "INVALIDENTITY": _Meaning(SetupRefused, "Deploy the package, and give the integration user access to the object."),
    "INVALIDJOB": _Meaning(RequestWrong),
    "INVALIDJOBSTATE": _Meaning(RequestWrong),
    # OAuth, as the token door spells them
    "invalid_grant": _Meaning(SessionRefused),
    "invalid_client": _Meaning(SetupRefused, "Copy the consumer key and secret from the External Client App again."),
    "invalid_client_id": _Meaning(SetupRefused, "Copy the consumer key from the External Client App again."),
    "invalid_app_access": _Meaning(SetupRefused, "Approve the user in the policies of the External Client App."),
    "redirect_uri_mismatch": _Meaning(
        SetupRefused, "Enter the callback address in the External Client App exactly as it is sent."
    ),
    "invalid_scope": _Meaning(SetupRefused, "Add the scopes api and refresh_token to the External Client App."),
    "unsupported_response_type": _Meaning(SetupRefused, "Turn on this OAuth flow in the External Client App."),
    "inactive_user": _Meaning(SetupRefused, "Activate the integration user."),
    "inactive_org": _Meaning(SetupRefused, "The org is locked or closed: ask Salesforce."),
    "unsupported_grant_type": _Meaning(SetupRefused, "Turn on this OAuth flow in the External Client App."),
    "rate_limit_exceeded": _Meaning(Unavailable),
}

RETRYABLE_CODES: Final = frozenset(
    {
        "UNABLE_TO_LOCK_ROW",
        "QUERY_TIMEOUT",
        "SERVER_UNAVAILABLE",
        "UNKNOWN_EXCEPTION",
        "REQUEST_RUNNING_TOO_LONG",
        "TXN_LIMIT_EXCEEDED",
    }
)

STATUSES: Final[dict[int, _Meaning]] = {
    300: _Meaning(RecordRefused, "Several records share this external id: keep one of them."),
    400: _Meaning(RequestWrong),
    401: _Meaning(SessionRefused),
    403: _Meaning(SetupRefused, _PERMISSION),
    404: _Meaning(RecordRefused, "The record or the object is not there, or is hidden from the integration user."),
    405: _Meaning(RequestWrong),
    409: _Meaning(Unavailable, "The record or job is changing at this moment: read it, then try again."),
    410: _Meaning(RecordRefused, "What was asked for is no longer kept: start again."),
    412: _Meaning(RequestWrong),
    414: _Meaning(RequestWrong, "The address is too long: split the query, or report this."),
    415: _Meaning(RequestWrong),
    420: _Meaning(
        Unavailable, "Salesforce cannot reach the org at the moment; check the My Domain address if it stays."
    ),
    428: _Meaning(RequestWrong),
    429: _Meaning(Unavailable, "Wait until other requests to the org have ended."),
    431: _Meaning(RequestWrong),
    500: _Meaning(Unavailable, "Salesforce failed on its side: try again, then ask its support."),
    502: _Meaning(Unavailable),
    503: _Meaning(Unavailable, "Try again in a few minutes; status.salesforce.com tells of maintenance."),
}
"""What a status means where the answer has no code that is known."""


def _meaning(code: str, status: int | None) -> _Meaning:
    known = MEANINGS.get(code)
    if known is not None:
        return known
    if status is None:
        return _Meaning(RecordRefused)
    return STATUSES.get(status) or _Meaning(Unavailable if status >= 500 else RequestWrong)


def kind_of(code: str, status: int | None = None) -> type[SalesforceError]:
    """The class a code (else an HTTP status) belongs to."""
    return _meaning(code, status).kind


def next_step_of(code: str, status: int | None = None) -> str:
    """What a person should do about a code; never empty."""
    found = _meaning(code, status)
    return found.next_step or found.kind.next_step


WRITTEN_IN_THE_ORG: Final = frozenset(
    {"FIELD_CUSTOM_VALIDATION_EXCEPTION", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "CANNOT_EXECUTE_FLOW_TRIGGER"}
)
"""Codes whose messages the org's own rules, flows and triggers write: they may name anybody, without any quotes."""
