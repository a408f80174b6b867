"""What people do with an e-mail: the words, and which of two activities counts as the later."""

from enum import StrEnum
from typing import Final


class Activity(StrEnum):
    """An activity as the org names it (`CM_Tracking__c.Activity__c`)."""

    SENT = "Sent"
    OPENED = "Opened"
    CLICKED = "Clicked"
    BOUNCED = "Bounced"
    UNSUBSCRIBED = "Unsubscribed"
    COMPLAINED = "Spam complaint"


KIND_OF: Final[dict[Activity, str]] = {
    Activity.SENT: "recipients",
    Activity.OPENED: "opens",
    Activity.CLICKED: "clicks",
    Activity.BOUNCED: "bounces",
    Activity.UNSUBSCRIBED: "unsubscribes",
    Activity.COMPLAINED: "spam",
}
"""What Campaign Monitor calls the report that lists them."""

RANK: Final[dict[Activity, int]] = {
    Activity.SENT: 0,
    Activity.BOUNCED: 1,
    Activity.OPENED: 2,
    Activity.CLICKED: 3,
    Activity.UNSUBSCRIBED: 4,
    Activity.COMPLAINED: 5,
}
"""Of two activities of one minute, the one of the higher rank counts as the later: times are told to the minute."""
