"""The clients' errors as failures of the flow: the one place where a library's word becomes Fairlead's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from fairlead.campaignmonitor import errors as cm
from fairlead.domain.failure import Failure, FixTheSettings, FixThisRecord, OurBug, SignInAgain, WaitAndRetry
from fairlead.salesforce import errors as sf


class CampaignMonitorUnavailable(WaitAndRetry):
    """Campaign Monitor does not answer well at the moment, and repeating at once did not help."""

    code = "FL-111"


class CampaignMonitorSignIn(SignInAgain):
    """Campaign Monitor no longer takes the API key or the tokens."""

    code = "FL-211"
    next_step = "Connect Campaign Monitor again: `fairlead connect campaign-monitor`."


class CampaignMonitorSetup(FixTheSettings):
    """A setting or a right in the Campaign Monitor account stands in the way."""

    code = "FL-316"


class CampaignMonitorRecord(FixThisRecord):
    """Campaign Monitor refuses one subscriber or list as asked for."""

    code = "FL-411"


class CampaignMonitorRequest(OurBug):
    """Campaign Monitor does not understand what Fairlead asked."""

    code = "FL-911"


class SalesforceUnavailable(WaitAndRetry):
    """Salesforce does not answer well at the moment, and repeating at once did not help."""

    code = "FL-121"


class SalesforceCallsSpent(WaitAndRetry):
    """The org's API calls of the last 24 hours are spent, or the share that Fairlead may use is."""

    code = "FL-122"


class SalesforceSignIn(SignInAgain):
    """Salesforce no longer takes the credentials."""

    code = "FL-221"
    next_step = "Connect Salesforce again: `fairlead connect salesforce`."


class SalesforceSetup(FixTheSettings):
    """A setting of the org, or a permission of the user Fairlead signs in as, stands in the way."""

    code = "FL-323"


class SalesforceRecord(FixThisRecord):
    """Salesforce refuses one record as asked for."""

    code = "FL-421"


class SalesforceRequest(OurBug):
    """Salesforce does not understand what Fairlead asked."""

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
