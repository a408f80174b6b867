"""The clients' errors as failures of the flow: the one place where a library's word becomes Fairlead's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from fairlead.campaignmonitor import errors as cm
from fairlead.domain.failure import Failure, FixTheSettings, FixThisRecord, OurBug, SignInAgain, WaitAndRetry
from fairlead.salesforce import errors as sf


class CampaignMonitorUnavailable(WaitAndRetry):
    code = "FL-111"


class CampaignMonitorSignIn(SignInAgain):
    code = "FL-211"
    next_step = "Connect Campaign Monitor again: `fairlead connect campaign-monitor`."


class CampaignMonitorSetup(FixTheSettings):
    code = "FL-312"


class CampaignMonitorRecord(FixThisRecord):
    code = "FL-411"


class CampaignMonitorRequest(OurBug):
    code = "FL-911"


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


_CAMPAIGN_MONITOR: Final[list[tuple[type[cm.CampaignMonitorError], type[Failure]]]] = [
    (cm.Unavailable, CampaignMonitorUnavailable),
    (cm.SignInRefused, CampaignMonitorSignIn),
    (cm.SetupRefused, CampaignMonitorSetup),
    (cm.RecordRefused, CampaignMonitorRecord),
    (cm.RequestWrong, CampaignMonitorRequest),
]


@contextmanager
def salesforce_failures(doing: str) -> Iterator[None]:
    """Raise Salesforce's errors inside the block as Failures whose text says what was being done."""
    try:
        yield
    except sf.SalesforceError as error:
        kind = next((mine for theirs, mine in _SALESFORCE if isinstance(error, theirs)), SalesforceRequest)
        raise _failure(kind, f"Salesforce would not let Fairlead {doing}: {error.text}", error.step) from error


@contextmanager
def campaign_monitor_failures(doing: str) -> Iterator[None]:
    """Raise Campaign Monitor's errors inside the block as Failures whose text says what was being done."""
    try:
        yield
    except cm.CampaignMonitorError as error:
        kind = next((mine for theirs, mine in _CAMPAIGN_MONITOR if isinstance(error, theirs)), CampaignMonitorRequest)
        raise _failure(kind, f"Campaign Monitor would not let Fairlead {doing}: {error.text}", error.step) from error


def _failure(kind: type[Failure], text: str, their_step: str) -> Failure:
    """Our own next step where the class knows a command; else the library's."""
    return kind(text, next_step="" if kind.next_step else their_step)
