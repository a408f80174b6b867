"""What can be chosen about field mappings."""

from typing import Any, Final

from fairlead.domain.setting import Flag, Number, Setting

FOLLOW_ADDRESSES: Final = Flag(
    name="field_mappings.follow_addresses",
    title="Follow changed addresses",
    help="A new address of a contact or lead renames its subscriber, and a new address of a subscriber is written to its "
    "contact or lead. Where the new address is taken or has opted out, the change waits on the page of field mappings.",
    default=True,
)
LOG_DAYS: Final = Number(
    name="field_mappings.log_days",
    title="Keep the log of written values",
    help="How long it is remembered which field of which record a run wrote; values are kept as hashes. A run can be undone "
    "as long as it is in the log.",
    default=30,
    unit="days",
    least=1,
    most=365,
)
SETTINGS: Final[tuple[Setting[Any], ...]] = (FOLLOW_ADDRESSES, LOG_DAYS)
