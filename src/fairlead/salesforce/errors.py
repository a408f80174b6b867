"""What Salesforce refuses, split by what happens next.

Every class carries `.code` (Salesforce's own error code, or one of ours in lower case) and `.next_step`.
Which code or status becomes which class stands in `error_codes.py`. Texts hold no record values, see `scrubbing.py`.
"""

from typing import ClassVar


class SalesforceError(Exception):
    """A call to Salesforce did not do what was asked. The text ends with the next step.

    `position` is the row and column (both from 1) of the fault in a refused query, where Salesforce names it.
    """

    next_step: ClassVar[str] = ""
    position: tuple[int, int] | None = None

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
