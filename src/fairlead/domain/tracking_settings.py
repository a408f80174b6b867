"""Which tracking events are kept in Salesforce, and for how long (F23–F25): shared by who writes and who deletes them."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

from fairlead.domain.activity import Activity
from fairlead.domain.setting import Flag, Number, Several

DAYS_TO_KEEP: Final = Number(
    name="tracking_history.days_to_keep",
    title="Tracking history – days to keep",
    help="Events older than this are not written, and are deleted by the next sync. 0 keeps none. Each event takes about "
    "2 KB of your Salesforce storage. Counts on members and campaigns stay, whatever is deleted.",
    default=180,
    unit="days",
    most=3_650,
)
TYPES: Final = Several(
    name="tracking_history.types",
    title="Tracking types",
    help="The kinds of events that become records in Salesforce. Kinds that are left out are not written, and what is "
    "there of them is deleted by the next sync. Sent events are the most numerous.",
    default=tuple(activity.value for activity in Activity),
    choices=tuple((activity.value, activity.value) for activity in Activity),
)
JOURNEYS: Final = Flag(
    name="tracking_history.journeys",
    title="Events of journey e-mails",
    help="Whether events of journeys' e-mails are kept as well as those of campaigns.",
    default=True,
)
SETTINGS: Final = (DAYS_TO_KEEP, TYPES, JOURNEYS)


def oldest_kept(today: date, days: int) -> datetime:
    """The first moment (UTC) of which events are kept: midnight of the day `days` before today."""
    return datetime.combine(today - timedelta(days=days), datetime.min.time(), UTC)
