"""A client for the Campaign Monitor API v3.3. Knows nothing of Fairlead."""

from fairlead.campaignmonitor.account import CampaignMonitor, connect
from fairlead.campaignmonitor.errors import (
    AddedTooOften,
    CampaignMonitorError,
    NotSent,
    OutcomeUnknown,
    RecordRefused,
    RequestWrong,
    SetupRefused,
    SignInRefused,
    Unavailable,
)
from fairlead.campaignmonitor.login import ApiKey, KeptOAuth, MemoryKeeper, OAuth, TokenKeeper, Tokens
from fairlead.campaignmonitor.subscribers import STATES, Subscriber, SubscriberPage
from fairlead.campaignmonitor.wishes import ConsentEvidence, ConsentToTrack, FieldValue, SubscriberWish

__all__ = [
    "STATES",
    "AddedTooOften",
    "ApiKey",
    "CampaignMonitor",
    "CampaignMonitorError",
    "ConsentEvidence",
    "ConsentToTrack",
    "FieldValue",
    "KeptOAuth",
    "MemoryKeeper",
    "NotSent",
    "OAuth",
    "OutcomeUnknown",
    "RecordRefused",
    "RequestWrong",
    "SetupRefused",
    "SignInRefused",
    "Subscriber",
    "SubscriberPage",
    "SubscriberWish",
    "TokenKeeper",
    "Tokens",
    "Unavailable",
    "connect",
]
