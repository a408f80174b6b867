"""Switches for what goes from Salesforce to Campaign Monitor (F33 to F35, F95): shared by all rooms that write there."""

from typing import Any, Final

from fairlead.domain.setting import Flag, Setting

PAUSED: Final = Flag(
    name="outward.paused",
    title="Pause everything to Campaign Monitor",
    help=(
        "While this is on, nothing is written to Campaign Monitor: no mapping, rule, import or request. Opt-outs are "
        "written all the same: people who told you to stop must not be mailed. What waits is done when you turn it off."
    ),
    default=False,
)
TRIGGER_JOURNEYS: Final = Flag(
    name="outward.trigger_journeys",
    title="Trigger “joins a list” journeys when adding subscribers",
    help="When Fairlead adds somebody to a list, Campaign Monitor starts the journeys that begin with joining it.",
    default=True,
)
ACCOUNT_TRIGGER: Final = Flag(
    name="outward.account_trigger",
    title="React to changes of accounts",
    help="A change of an account counts as a change of its contacts, so that their rules and mappings look again.",
    default=True,
)
SINGLE_CHANGES: Final = Flag(
    name="outward.single_changes",
    title="React to single changes in Salesforce",
    help=(
        "Somebody edits a few contacts or leads: rules, mappings and the Email Opt Out box follow. Turn it off to find "
        "a fault only: imports go on, the others wait."
    ),
    default=True,
)
BULK_CHANGES: Final = Flag(
    name="outward.bulk_changes",
    title="React to bulk changes in Salesforce",
    help=(
        "A data load changes many contacts or leads at once: rules, mappings and the Email Opt Out box follow. Turn it "
        "off before a load that must not reach Campaign Monitor; what was left out then is not made up for."
    ),
    default=True,
)
SETTINGS: Final[tuple[Setting[Any], ...]] = (PAUSED, TRIGGER_JOURNEYS, ACCOUNT_TRIGGER, SINGLE_CHANGES, BULK_CHANGES)
