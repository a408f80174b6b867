"""What people choose about subscriber rules: how many may be taken off a list unasked."""

from typing import Final

from fairlead.domain.setting import Number, Setting

REMOVALS_SHARE: Final = Number(
    name="subscriber_rules.removals_share",
    title="Removals allowed unasked, share of a list",
    help=(
        "Running a rule over the past that would take more than this share of the list off it, and more than the number "
        "below, stops and asks instead: the rule may say something else than was meant."
    ),
    default=20,
    unit="%",
    most=100,
)
REMOVALS_RECORDS: Final = Number(
    name="subscriber_rules.removals_records",
    title="Removals allowed unasked, number of subscribers",
    help="So many subscribers may always be taken off by running a rule over the past, however large their share is.",
    default=100,
    unit="subscribers",
)
SETTINGS: Final[tuple[Setting[int], ...]] = (REMOVALS_SHARE, REMOVALS_RECORDS)
