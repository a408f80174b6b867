"""Failures, split by what happens next. The concrete class stands beside the code that raises it."""

from collections.abc import Sequence
from typing import ClassVar


class Failure(Exception):
    """Something went wrong that a person may have to know. The text ends with the next step.

    `code` is the support code shown to people; texts hold no address, name or phone number.
    """

    code: ClassVar[str] = "FL-000"
    next_step: ClassVar[str] = ""

    def __init__(self, text: str, *, next_step: str = "") -> None:
        self.text = text
        self.step = next_step or self.next_step
        super().__init__(f"{text} {self.step}".strip())

    @property
    def told(self) -> str:
        """The text with the support code: for where several failures stand side by side."""
        return f"{self} ({self.code})"

    def tell_more(self, before: str) -> None:
        """Put a sentence before the text."""
        self.text = f"{before} {self.text}"
        self.args = (f"{self.text} {self.step}".strip(),)


class WaitAndRetry(Failure):
    """Nothing is wrong but the moment: the same request may succeed later."""

    code = "FL-100"

    def __init__(self, text: str, *, next_step: str = "", after: float | None = None) -> None:
        super().__init__(text, next_step=next_step)
        self.after = after


class SignInAgain(Failure):
    """The stored credentials no longer work."""

    code = "FL-200"


class FixTheSettings(Failure):
    """A setting here or on the other side stands in the way."""

    code = "FL-300"


class FixThisRecord(Failure):
    """One record cannot be written as it is; the others go on."""

    code = "FL-400"


class RefusedByGuard(Failure):
    """The plan is too large or too strange to be carried out unasked."""

    code = "FL-500"


class OurBug(Failure):
    """Neither side is to blame."""

    code = "FL-900"
    next_step = "Please report this with the support code."


def the_one_to_act_on(failures: Sequence[Failure], what: str, of: int) -> Failure:
    """Of several failures the one that a person must act on, before those that pass by themselves.

    Where there are several, its text says how many of `of` things (`what`, in the plural) did not come to their end.
    """
    first = next((failure for failure in failures if not isinstance(failure, WaitAndRetry)), failures[0])
    if len(failures) > 1:
        first.tell_more(f"{len(failures)} of {of} {what} did not come to their end; the first says:")
    return first
