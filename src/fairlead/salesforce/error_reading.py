"""Salesforce's refusals as they come over the wire, read as the classes of `errors.py`; one row's as a RowError."""

import re
from typing import Final

import msgspec

from fairlead.salesforce.error_codes import MEANINGS, RETRYABLE_CODES, WRITTEN_IN_THE_ORG, kind_of, next_step_of
from fairlead.salesforce.errors import SalesforceError, SetupRefused, TooManyAtOnce, Unavailable
from fairlead.salesforce.scrubbing import scrub


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


_ABOUT_NAMES: Final = frozenset({"INVALID_FIELD", "INVALID_TYPE"})
# The part of the query around the fault, and the advice at the end, tell people nothing: the name does.
_OF_A_QUERY = re.compile(
    r"\A.*^ERROR at Row:\d+:Column:\d+\s*|\s*If you are attempting to use a custom .*\Z", re.DOTALL | re.MULTILINE
)
_POSITION = re.compile(r"^ERROR at Row:(\d{1,6}):Column:(\d{1,6})", re.MULTILINE)


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
    error = error_of(code, message or f"Salesforce answered with HTTP status {status}.", status=status)
    if found := _POSITION.search(message):
        error.position = (int(found[1]), int(found[2]))
    return error


def error_of(code: str, message: str, *, status: int | None = None) -> SalesforceError:
    """The error of a code, with Salesforce's message scrubbed of record values, or left out where that is no matter of form."""
    if code in _ABOUT_NAMES:
        message = _OF_A_QUERY.sub("", message)
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
        return SetupRefused(text, code=code, status=status, next_step=MEANINGS["INVALID_FIELD"].next_step)
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
