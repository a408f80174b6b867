"""What people choose about opt status: the options, with what each does and what is risky about it. Pure.

Sources: F30, F31, F90 and the options of the older package; the defaults are those of `docs/explanation/opt-status.md`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from fairlead.domain.setting import Choice, Flag, Setting, Values


class FromCampaignMonitor(StrEnum):
    """When an address counts as opted out in Campaign Monitor, and whether Fairlead writes that to Salesforce."""

    ALL_LISTS = "all-lists"
    ANY_LIST = "any-list"
    OFF = "off"


class ClearedTickBox(StrEnum):
    """What follows when somebody clears Email Opt Out and no consent is recorded."""

    RESTORE = "restore"
    ASK = "ask"
    TRUST = "trust"


OPT_OUT_FROM_SALESFORCE: Final = Flag(
    name="opt_status.opt_out_from_salesforce",
    title="Unsubscribe in Campaign Monitor when Email Opt Out is ticked",
    help=(
        "When Email Opt Out is ticked on any contact or lead with an address, the address is unsubscribed from all lists "
        "that Fairlead looks after. Risky to turn off: people who told you to stop are still mailed. Off also means that "
        "Fairlead brings nobody back in Campaign Monitor."
    ),
    default=True,
)

OPT_OUT_FROM_CAMPAIGN_MONITOR: Final = Choice(
    name="opt_status.opt_out_from_campaign_monitor",
    title="Tick Email Opt Out when somebody unsubscribed",
    help=(
        "All lists: ticked when an address is suppressed, or has unsubscribed and is active on no list that Fairlead looks "
        "after. Any list: one unsubscribe counts for the whole person, who then leaves the other lists too: risky where "
        "people choose between lists. Off: Fairlead never changes the tick box. Ticking starts your own automation on "
        "contacts and leads."
    ),
    default=FromCampaignMonitor.ALL_LISTS,
    choices=(
        (FromCampaignMonitor.ALL_LISTS, "When unsubscribed from all lists"),
        (FromCampaignMonitor.ANY_LIST, "When unsubscribed from any list"),
        (FromCampaignMonitor.OFF, "Never"),
    ),
)

BLOCK_ADDING_OPTED_OUT: Final = Flag(
    name="opt_status.block_adding_opted_out",
    title="Do not add people who opted out",
    help=(
        "Rules, imports and requests do not add a contact or lead to a list while Email Opt Out is ticked or the address "
        "is known to have opted out. Holds for later changes, not for who is on a list already. Risky to turn off: "
        "somebody who opted out is mailed until the next run takes them off again."
    ),
    default=True,
)

CLEARED_TICK_BOX: Final = Choice(
    name="opt_status.cleared_tick_box",
    title="When Email Opt Out is cleared without a recorded consent",
    help=(
        "Restore: the box is ticked again. Ask: nothing is written until somebody has decided on the review page; the "
        "box stays clear until then. Trust: clearing the box counts as consent and subscribes the person again. Trust is "
        "risky: a data load or a slip then mails people who told you to stop."
    ),
    default=ClearedTickBox.RESTORE,
    choices=(
        (ClearedTickBox.RESTORE, "Restore the tick"),
        (ClearedTickBox.ASK, "Ask on the review page"),
        (ClearedTickBox.TRUST, "Trust it as consent"),
    ),
)

HARD_BOUNCE_IS_OPT_OUT: Final = Flag(
    name="opt_status.hard_bounce_is_opt_out",
    title="Treat a hard bounce as an opt-out",
    help=(
        "A bounced address counts as unsubscribed and is ticked in Salesforce. Risky: a mailbox that was full or moved "
        "then looks like somebody who said no, and only a recorded consent brings it back."
    ),
    default=False,
)

SETTINGS: Final[tuple[Setting[Any], ...]] = (
    OPT_OUT_FROM_SALESFORCE,
    OPT_OUT_FROM_CAMPAIGN_MONITOR,
    BLOCK_ADDING_OPTED_OUT,
    CLEARED_TICK_BOX,
    HARD_BOUNCE_IS_OPT_OUT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options as they were chosen, for one run."""

    opt_out_from_salesforce: bool = True
    opt_out_from_campaign_monitor: FromCampaignMonitor = FromCampaignMonitor.ALL_LISTS
    block_adding_opted_out: bool = True
    cleared_tick_box: ClearedTickBox = ClearedTickBox.RESTORE
    hard_bounce_is_opt_out: bool = False


def options(settings: Values) -> Options:
    """The options of a run."""
    return Options(
        opt_out_from_salesforce=settings.of(OPT_OUT_FROM_SALESFORCE),
        opt_out_from_campaign_monitor=FromCampaignMonitor(settings.of(OPT_OUT_FROM_CAMPAIGN_MONITOR)),
        block_adding_opted_out=settings.of(BLOCK_ADDING_OPTED_OUT),
        cleared_tick_box=ClearedTickBox(settings.of(CLEARED_TICK_BOX)),
        hard_bounce_is_opt_out=settings.of(HARD_BOUNCE_IS_OPT_OUT),
    )
