"""The table at the edge: any error as one sentence, its next step, its code and its exit code."""

import os
from dataclasses import dataclass
from enum import IntEnum


class Exit(IntEnum):
    """What the shell is told."""

    DONE = 0
    FAILED = 1
    WRONG_USE = 2
    REFUSED_BY_GUARD = 3


@dataclass(frozen=True, slots=True)
class Problem:
    """What a person reads. Holds no address, name or phone number."""

    text: str
    next_step: str
    code: str
    exit_code: Exit = Exit.FAILED


GUARD_CODES = "FL-5"
"""Support codes of guards begin so."""


def exit_of(code: str) -> Exit:
    """The exit code of a failure with this support code."""
    return Exit.REFUSED_BY_GUARD if code.startswith(GUARD_CODES) else Exit.FAILED


def explain(error: BaseException) -> Problem:
    """Never raises. Of several errors raised together the first that is expected speaks."""
    if isinstance(error, BaseExceptionGroup):
        problems = [explain(part) for part in error.exceptions]
        return next((problem for problem in problems if problem.code != "FL-900"), problems[0])
    return _ours(error) or _of_a_client(error) or _of_the_database(error) or _of_the_system(error) or _unexpected(error)


def _ours(error: BaseException) -> Problem | None:
    from fairlead.domain.failure import Failure

    if isinstance(error, Failure):
        return Problem(error.text, error.step, error.code, exit_of(error.code))
    return None


def _of_a_client(error: BaseException) -> Problem | None:
    from fairlead.campaignmonitor.errors import CampaignMonitorError
    from fairlead.salesforce.errors import SalesforceError
    from fairlead.salesforce.package import PackageError

    if isinstance(error, SalesforceError):
        return Problem(error.text, error.step, f"SF-{error.code}")
    if isinstance(error, CampaignMonitorError):
        return Problem(error.text, error.step, f"CM-{error.code or error.status}")
    if isinstance(error, PackageError):
        return Problem(str(error).removesuffix(error.next_step).strip(), error.next_step, "FL-330")
    return None


def _of_the_database(error: BaseException) -> Problem | None:
    import psycopg
    from django.core.exceptions import ImproperlyConfigured
    from django.db.utils import DatabaseError

    if isinstance(error, (DatabaseError, ImproperlyConfigured, psycopg.Error)):
        own = bool(os.environ.get("FAIRLEAD_DATABASE_URL") or os.environ.get("FAIRLEAD_DATABASE_URL_FILE"))
        step = "Check FAIRLEAD_DATABASE_URL and that the server is up." if own else "Run `fairlead doctor`."
        return Problem(f"The database cannot be used ({type(error).__name__}).", step, "FL-315")
    return None


def _of_the_system(error: BaseException) -> Problem | None:
    if isinstance(error, OSError):
        what = f"{error.filename}: " if error.filename else ""
        return Problem(f"{what}{error.strerror or type(error).__name__}.", "Correct this, then try again.", "FL-340")
    return None


def _unexpected(error: BaseException) -> Problem:
    """The message is left out: it could hold a person's data."""
    from fairlead.domain.failure import OurBug
    from fairlead.store import scrub

    return Problem(f"An error in Fairlead: {scrub.location(error)}.", OurBug.next_step, OurBug.code)
