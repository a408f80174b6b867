"""What Campaign Monitor refuses, split by what happens next. The texts are ours: the wire's message is never repeated.

The codes, their words and classes are data: `errors.toml`.
"""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar, Final, NamedTuple

import msgspec


class CampaignMonitorError(Exception):
    """A call to Campaign Monitor did not do what was asked. The text ends with the next step and holds no record values.

    `code` is Campaign Monitor's own number, 0 where it gave none; `status` is the HTTP status, 0 where no answer came.
    """

    next_step: ClassVar[str] = ""

    def __init__(self, text: str, *, code: int = 0, status: int = 0, next_step: str = "") -> None:
        self.text = text
        self.code = code
        self.status = status
        self.step = next_step or self.next_step
        super().__init__(f"{text} {self.step}".strip())


class Unavailable(CampaignMonitorError):
    """Nothing is wrong but the moment. `retry_after` is the wait in seconds that the server asked for, if it did."""

    next_step = "Try again in a few minutes."

    def __init__(
        self, text: str, *, code: int = 0, status: int = 0, next_step: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(text, code=code, status=status, next_step=next_step)
        self.retry_after = retry_after


class NotSent(Unavailable):
    """The call was not carried out, for sure: no connection came about, or no sign-in."""


class AddedTooOften(Unavailable):
    """The same address was added again and again in a short time. Other addresses are not concerned."""

    next_step = "Wait some minutes before adding this address again."


class OutcomeUnknown(Unavailable):
    """A write got no answer that says whether it was done. It is not tried again: done twice, it would count twice.

    Catch it before Unavailable: whoever does the write again must have looked first.
    """

    next_step = "Look in Campaign Monitor whether it was done before doing it again."


class SignInRefused(CampaignMonitorError):
    """The credentials no longer work."""

    next_step = "Connect Campaign Monitor again."


class SetupRefused(CampaignMonitorError):
    """A setting or a right in the account stands in the way."""

    next_step = "Correct this in Campaign Monitor."


class RecordRefused(CampaignMonitorError):
    """One record cannot be read or written as it is; others are not concerned."""

    next_step = "Correct the record."


class RequestWrong(CampaignMonitorError):
    """The request itself is malformed: a fault of the caller's code, not of data or settings."""

    next_step = "Please report this with the code."


class Meaning(NamedTuple):
    """What a code says, the class of its error, and what to do about it."""

    kind: type[CampaignMonitorError]
    says: str
    next_step: str
    documented: bool


_KINDS: Final[dict[str, type[CampaignMonitorError]]] = {
    "wait": Unavailable,
    "sign_in": SignInRefused,
    "setup": SetupRefused,
    "record": RecordRefused,
    "request": RequestWrong,
}
_BY_STATUS: Final[dict[int, type[CampaignMonitorError]]] = {
    401: SignInRefused,
    403: SetupRefused,
    404: SetupRefused,
    408: Unavailable,
    410: RecordRefused,
    429: Unavailable,
}


@cache
def meanings() -> dict[int, Meaning]:
    """Every code that is known, with its meaning."""
    table = tomllib.loads(files(__package__).joinpath("errors.toml").read_text("utf-8"))
    return {
        int(code): Meaning(
            kind := _KINDS[entry["kind"]],
            entry["says"],
            entry.get("step") or kind.next_step,
            entry.get("documented", True),
        )
        for code, entry in table.items()
    }


class _Envelope(msgspec.Struct):
    """The body of an error. The message only tells two kinds of one code apart; the result data are not read."""

    Code: int = 0
    Message: Any = ""


_ENVELOPE = msgspec.json.Decoder(_Envelope, strict=False)
BOM: Final = b"\xef\xbb\xbf"

# Campaign Monitor's words where one address is added again and again; calls too many at once get the same code.
_TOO_OFTEN: Final = "added too many times"


def is_momentary(status: int) -> bool:
    """Whether an HTTP status says that the same request may succeed later, whatever the code beside it."""
    return status in {408, 429} or status >= 500


def error_from(status: int, body: bytes, *, retry_after: float | None = None) -> CampaignMonitorError:
    """The error that an answer with this HTTP status and body means. Never raises."""
    try:
        said = _ENVELOPE.decode(body.removeprefix(BOM))
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = _Envelope()
    if status == 429 and _TOO_OFTEN in str(said.Message).lower():
        return AddedTooOften(
            "Campaign Monitor refused to add the same address so often.", code=said.Code, status=status
        )
    return error_of(said.Code, status=status, retry_after=retry_after)


def error_of(code: int, *, status: int = 0, retry_after: float | None = None) -> CampaignMonitorError:
    """The error of a code; of its HTTP status where the code is unknown or the status is one of the moment."""
    meaning = meanings().get(code) if code else None  # 0 says that all went well
    kind = meaning.kind if meaning else _BY_STATUS.get(status, RequestWrong)
    text = f"Campaign Monitor refused the request: {meaning.says} (code {code})." if meaning else ""
    text = text or f"Campaign Monitor answered with HTTP status {status}" + (f" and code {code}." if code else ".")
    if is_momentary(status) or kind is Unavailable:
        step = meaning.next_step if meaning and meaning.kind is Unavailable else ""
        return Unavailable(text, code=code, status=status, next_step=step, retry_after=retry_after)
    return kind(text, code=code, status=status, next_step=meaning.next_step if meaning else "")
