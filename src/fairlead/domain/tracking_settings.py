"""What is kept of single events, as people choose it: read by the rooms that write them and by the one that deletes them."""

from typing import Final

from fairlead.domain.activity import Activity
from fairlead.domain.setting import Flag, Number, Several

DAYS_TO_KEEP: Final = Number(
    name="tracking_history.days_to_keep",
    title="Days to keep",
    help=(
        "Email tracking history older than this is not written, and is deleted from the org. 0 keeps none. Every record "
        "takes about 2 KB of storage. Totals on members and campaigns stay as they are."
    ),
    default=180,
    unit="days",
    most=3_650,
)

TYPES: Final = Several(
    name="tracking_history.types",
    title="Kinds of activity",
    help="Only these are written as email tracking history. Fewer kinds take less storage.",
    default=tuple(activity.value for activity in Activity),
    choices=tuple((activity.value, activity.value) for activity in Activity),
)

JOURNEYS: Final = Flag(
    name="tracking_history.journeys",
    title="E-mails of journeys",
    help="Whether what becomes of the e-mails of journeys is read and written as well.",
    default=True,
)

MEMBER_TOTALS: Final = Flag(
    name="tracking_history.member_totals",
    title="Totals on members",
    help=(
        "Count what every member was sent, opened and clicked, of all time. Events that are not kept are then still read "
        "once, to be counted. Off, only what is kept is read."
    ),
    default=True,
)

SUSPICIOUS: Final = Flag(
    name="tracking_history.suspicious",
    title="Mark suspicious activity",
    help="Mark opens by mail-privacy proxies and clicks by scanners, and count them apart on the campaign.",
    default=True,
)

SCANNER_LINKS: Final = Number(
    name="tracking_history.scanner_links",
    title="Links of a scanner",
    help="Who clicks so many different links of one e-mail within a minute is taken for a scanner.",
    default=4,
    unit="links",
    least=2,
    most=100,
)

ALL: Final = (DAYS_TO_KEEP, TYPES, JOURNEYS, MEMBER_TOTALS, SUSPICIOUS, SCANNER_LINKS)
