"""What Salesforce refuses, split by what happens next, and the scrubbing of its messages.

Every class carries `.code` (Salesforce's own error code, or one of ours in lower case) and `.next_step`.
Texts hold no record values: `scrub` takes addresses, quoted values and numbers of phone length out.
"""

import re
from typing import ClassVar, Final, NamedTuple

import msgspec


class SalesforceError(Exception):
    """A call to Salesforce did not do what was asked. The text ends with the next step."""

    next_step: ClassVar[str] = ""

    def __init__(self, text: str, *, code: str, status: int | None = None, next_step: str = "") -> None:
        self.code = code
        self.status = status
        self.step = next_step or self.next_step
        self.text = text
        super().__init__(f"{text} {self.step}".strip())


class Unavailable(SalesforceError):
    """Nothing is wrong but the moment: the same request may succeed later."""

    next_step = "Try again in a few minutes."


class AnswerLost(Unavailable):
    """The connection died before the answer came: whether the request was carried out is unknown."""

    next_step = "Read the present state before repeating the request."


class OutOfCalls(Unavailable):
    """The org's API calls are spent; every further call is refused until older ones leave the 24-hour window."""

    next_step = "Wait: calls return as those of the last 24 hours grow old. Setup > Company Information shows them."


class TooManyAtOnce(Unavailable):
    """Too many long requests run in the org at this moment; the daily calls are not spent."""

    next_step = "Wait until other requests to the org have ended."


class SessionRefused(SalesforceError):
    """The credentials no longer work."""

    next_step = "Sign in to Salesforce again."


class SessionRenewed(Unavailable):
    """The session ended during a call whose body cannot be made again; the next call has a new one."""

    next_step = "Start the transfer again."


class SetupRefused(SalesforceError):
    """A setting of the org, or a permission of the integration user, stands in the way."""

    next_step = "Ask a Salesforce admin to check the integration user's permissions."


class RecordRefused(SalesforceError):
    """One record cannot be written as it is; others are not concerned."""

    next_step = "Correct the record, or the mapping that made it."


class RequestWrong(SalesforceError):
    """The request itself is malformed: a fault of the caller's code, not of data or settings."""

    next_step = "Please report this with the code."


class _Meaning(NamedTuple):
    kind: type[SalesforceError]
    next_step: str = ""


_PERMISSION: Final = "Give the integration user's permission set access to this object and its fields."
_DUPLICATE: Final = "Merge or correct the duplicates, or let the duplicate rule allow the integration user's saves."

_MEANINGS: Final[dict[str, _Meaning]] = {
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

_BY_STATUS: Final[dict[int, type[SalesforceError]]] = {
    300: RecordRefused,
    401: SessionRefused,
    403: SetupRefused,
    404: RecordRefused,
    409: Unavailable,
    410: RecordRefused,
    420: Unavailable,
    429: Unavailable,
}


def kind_of(code: str, status: int | None = None) -> type[SalesforceError]:
    """The class a code (else an HTTP status) belongs to."""
    meaning = _MEANINGS.get(code)
    if meaning is not None:
        return meaning.kind
    if status is None:
        return RecordRefused
    if status >= 500:
        return Unavailable
    return _BY_STATUS.get(status, RequestWrong)


def next_step_of(code: str, status: int | None = None) -> str:
    """What a person should do about a code; never empty."""
    meaning = _MEANINGS.get(code)
    return (meaning.next_step if meaning else "") or kind_of(code, status).next_step


_ADDRESS = re.compile(r"[^\s@'\"<>(),:;]+@[^\s@'\"<>(),:;]+")
_SINGLE = re.compile(r"(?<!\w)'(?:\\.|[^'\\]|'(?=\w))*(?:'|$)", re.DOTALL)
_DOUBLE = re.compile(r'"(?:\\.|[^"\\])*(?:"|$)', re.DOTALL)
_NUMBER = re.compile(r"(?<![\w=-])\+?\(?\d[\d ().-]{5,}\d(?![\w-])")
# Salesforce repeats the refused value behind these words, unquoted.
_VALUE_AFTER = re.compile(
    r"(data value too large: |restricted picklist field: |invalid email address: |Foreign key external ID: "
    r"|id value of incorrect type: |is not a valid value for the type [\w:]+: |value not of required type: )"
    r"(.+?)(?= \(max length=| not found for field| in entity |$)",
    re.DOTALL | re.IGNORECASE,
)


def scrub(text: str) -> str:
    """`text` without record values: what is quoted, addressed or dialled becomes a word in ‹ ›."""
    text = _VALUE_AFTER.sub(r"\1‹value›", text)
    text = _DOUBLE.sub("‹value›", text)
    text = _SINGLE.sub("‹value›", text)
    text = _ADDRESS.sub("‹address›", text)
    return _NUMBER.sub("‹number›", text)


class _ErrorItem(msgspec.Struct):
    """One item of an error body; each door spells its keys a little differently."""

    message: str = ""
    errorCode: str = ""
    exceptionCode: str = ""
    exceptionMessage: str = ""
    error: str = ""
    error_description: str = ""
    fields: list[str] = []


# The identity door refuses by a word of plain text.
_WORDS: Final = frozenset({b"Bad_OAuth_Token", b"Missing_OAuth_Token", b"Wrong_Org"})
_ITEMS = msgspec.json.Decoder(list[_ErrorItem] | _ErrorItem)


def error_from(status: int, body: bytes) -> SalesforceError:
    """The error that an answer with this HTTP status and body means. Never raises."""
    if body in _WORDS:
        return error_of(body.decode(), "the session is not accepted", status=status)
    try:
        decoded = _ITEMS.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        decoded = []
    items = decoded if isinstance(decoded, list) else [decoded]
    item = items[0] if items else _ErrorItem()
    code = item.errorCode or item.exceptionCode or item.error or f"HTTP_{status}"
    message = item.message or item.exceptionMessage or item.error_description
    return error_of(code, message or f"Salesforce answered with HTTP status {status}.", status=status)


WRITTEN_IN_THE_ORG: Final = frozenset(
    {"FIELD_CUSTOM_VALIDATION_EXCEPTION", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "CANNOT_EXECUTE_FLOW_TRIGGER"}
)
"""Codes whose messages the org's own rules, flows and triggers write: they may name anybody, without any quotes."""


def error_of(code: str, message: str, *, status: int | None = None) -> SalesforceError:
    """The error of a code, with Salesforce's message scrubbed of record values, or left out where that is no matter of form."""
    told = "a rule, flow or trigger of the org refused the request" if code in WRITTEN_IN_THE_ORG else scrub(message)
    text = f"{code}: {told}"
    if not text.endswith((".", "!", "?")):
        text += "."
    if code == "REQUEST_LIMIT_EXCEEDED" and "concurrent" in message.lower():
        return TooManyAtOnce(text, code=code, status=status)
    if code == "FORBIDDEN" and "every 60 minutes" in message:
        return Unavailable(
            text, code=code, status=status, next_step="Wait an hour, or run the report in the background."
        )
    if code == "NOT_FOUND" and "external id field" in message.lower():
        # not the record but the key field is missing: no record of the object can be written
        return SetupRefused(text, code=code, status=status, next_step=_MEANINGS["INVALID_FIELD"].next_step)
    return kind_of(code, status)(text, code=code, status=status, next_step=next_step_of(code, status))


class RowError(msgspec.Struct, frozen=True):
    """Why one record was refused. `message` is scrubbed; `fields` are API names."""

    code: str
    message: str
    fields: tuple[str, ...] = ()

    @property
    def retryable(self) -> bool:
        """Whether the same record may be accepted later: locks, time-outs, server faults."""
        return self.code in RETRYABLE_CODES

    @property
    def next_step(self) -> str:
        return next_step_of(self.code)


_SF_ERROR = re.compile(r"([A-Za-z][A-Za-z0-9_]*):(.*?)(?::([\w.,\s]*))?\s*-*\s*", re.DOTALL)


def parse_row_error(text: str) -> RowError:
    """The `sf__Error` cell of a Bulk result, `CODE:message:fields --`, in parts."""
    match = _SF_ERROR.fullmatch(text)
    if match is None:
        return RowError("UNKNOWN", scrub(text.strip()))
    code, message, fields = match.group(1), match.group(2), match.group(3) or ""
    return RowError(code, scrub(message.strip()), tuple(f for f in re.split(r"[,\s]+", fields) if f))
