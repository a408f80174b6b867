"""What people choose about hearing of changes in Salesforce, beside the switches of `domain.outward_settings`."""

from typing import Any, Final

from fairlead.domain import outward_settings
from fairlead.domain.setting import Choice, Flag, Number, Setting, Values

AUTO, ON, OFF = "auto", "on", "off"

CHANGE_CAPTURE: Final = Choice(
    name="org_changes.change_capture",
    title="Hear of changes at once",
    help=(
        "Salesforce's Change Data Capture tells of edits of contacts, leads and accounts within seconds. Automatic: used "
        "where the org offers it for contacts and leads, else the org is asked again and again. Each edit may count "
        "against the org's daily event deliveries; choose Never where other programs need them."
    ),
    default=AUTO,
    choices=((AUTO, "Automatic"), (ON, "Always; say so where the org does not offer it"), (OFF, "Never: ask instead")),
)
EVERY: Final = Number(
    name="org_changes.every",
    title="Ask for changes every",
    help=(
        "How often the org is asked for changed records where it does not tell of them by itself. Each time costs about "
        "five calls when nothing has changed."
    ),
    default=60,
    unit="seconds",
    least=10,
    most=86_400,
)
SWEEP: Final = Number(
    name="org_changes.sweep",
    title="Look for what was not told every",
    help="How often the org is asked for changed records although it tells of them by itself, in case something got lost.",
    default=30,
    unit="minutes",
    least=1,
    most=1_440,
)

MARK: Final = Flag(
    name="org_changes.mark_account",
    title="Mark the account as used by this org",
    help=(
        "Fairlead leaves a switched-off webhook on one list of each client, which names the Salesforce org. So a sandbox "
        "that is connected to the same account by another Fairlead is held before it changes anything. Nothing is ever "
        "posted to it."
    ),
    default=True,
)

SETTINGS: Final[tuple[Setting[Any], ...]] = (*outward_settings.SETTINGS, CHANGE_CAPTURE, EVERY, SWEEP, MARK)


def of_listening(chosen: Values) -> tuple[str, int, int]:
    """What the listener goes by: it begins anew when any of it changes."""
    return chosen.of(CHANGE_CAPTURE), chosen.of(EVERY), chosen.of(SWEEP)
