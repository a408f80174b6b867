"""A client for the Campaign Monitor API v3.3. Knows nothing of Fairlead."""

from fairlead.campaignmonitor.account import CampaignMonitor, connect
from fairlead.campaignmonitor.errors import (
    AddedTooOften,
    CampaignMonitorError,
    OutcomeUnknown,
    RecordRefused,
    RequestWrong,
    SetupRefused,
    SignInRefused,
    Unavailable,
)
from fairlead.campaignmonitor.login import ApiKey, OAuth, Tokens
from fairlead.campaignmonitor.subscribers import STATES, Subscriber, SubscriberPage

__all__ = [
    "STATES",
    "AddedTooOften",
    "ApiKey",
    "CampaignMonitor",
    "CampaignMonitorError",
    "OAuth",
    "OutcomeUnknown",
    "RecordRefused",
    "RequestWrong",
    "SetupRefused",
    "SignInRefused",
    "Subscriber",
    "SubscriberPage",
    "Tokens",
    "Unavailable",
    "connect",
]
