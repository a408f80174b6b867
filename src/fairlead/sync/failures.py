"""The clients' errors as failures of the flow: the one place where a library's word becomes Fairlead's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from fairlead.domain.failure import Failure, FixTheSettings, FixThisRecord, OurBug, SignInAgain, WaitAndRetry
from fairlead.salesforce import errors as sf


class SalesforceUnavailable(WaitAndRetry):
    code = "FL-121"


class SalesforceCallsSpent(WaitAndRetry):
    code = "FL-122"


class SalesforceSignIn(SignInAgain):
    code = "FL-221"
    next_step = "Connect Salesforce again: `fairlead connect salesforce`."


class SalesforceSetup(FixTheSettings):
    code = "FL-321"


class SalesforceRecord(FixThisRecord):
    code = "FL-421"


class SalesforceRequest(OurBug):
    code = "FL-921"


_SALESFORCE: Final[list[tuple[type[sf.SalesforceError], type[Failure]]]] = [
    (sf.OutOfCalls, SalesforceCallsSpent),
    (sf.Unavailable, SalesforceUnavailable),
    (sf.SessionRefused, SalesforceSignIn),
    (sf.SetupRefused, SalesforceSetup),
    (sf.RecordRefused, SalesforceRecord),
    (sf.RequestWrong, SalesforceRequest),
]


@contextmanager
def salesforce_failures(doing: str) -> Iterator[None]:
    """Raise Salesforce's errors inside the block as Failures whose text says what was being done."""
    try:
        yield
    except sf.SalesforceError as error:
        kind = next((mine for theirs, mine in _SALESFORCE if isinstance(error, theirs)), SalesforceRequest)
        text = f"Salesforce would not let Fairlead {doing}: {error.text}"
        raise kind(text, next_step=_step(kind, error.step)) from error


def _step(kind: type[Failure], theirs: str) -> str:
    """Our own next step where we know a command; else the library's."""
    return "" if kind.next_step else theirs
