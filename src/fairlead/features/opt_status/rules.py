"""What the opt status room decides beside the table: which changes are worth a look, and how the sides are read. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from fairlead.domain import consent_guard
from fairlead.domain.consent import Opt, Shadow, Side
from fairlead.domain.consent_guard import Comparison
from fairlead.domain.consent_settings import SETTINGS as CONSENT_SETTINGS
from fairlead.domain.consent_settings import Options
from fairlead.domain.consent_sides import ACTIVE, UNSUBSCRIBED
from fairlead.domain.failure import FixTheSettings
from fairlead.domain.setting import Number, Setting

KIND: Final = "opt_status"
TITLE: Final = "Opt status"
OPT_OUT_FIELD: Final = "HasOptedOutOfEmail"
ACCOUNT_OVERLAP: Final = timedelta(days=1)
"""Campaign Monitor tells whole minutes of a wall clock, and filters by day: a day is read again."""
ORG_OVERLAP: Final = timedelta(minutes=10)
FEW: Final = 20
"""So many addresses are always asked for one by one."""
CALLS_FOR_ONE: Final = 3

SWEEP_DAYS: Final = Number(
    name="opt_status.sweep_days",
    title="Read everything anew every",
    help=(
        "Runs look at what changed. Now and then everything is read and compared, which finds what changes did not tell: "
        "an entry taken off the suppression list, a record restored from the recycle bin."
    ),
    default=7,
    unit="days",
    least=1,
    most=90,
)
SETTINGS: Final[tuple[Setting[Any], ...]] = (*CONSENT_SETTINGS, *consent_guard.SETTINGS, SWEEP_DAYS)


class NoSuchClient(FixTheSettings):
    """A run was asked for of a client that is not synced."""

    code = "FL-383"
    next_step = "Choose one of the clients on the Connections page."

    def __init__(self, client: str) -> None:
        super().__init__(f"No client {client!r} is chosen for the sync.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked of a run. `baseline`: a changed scope is accepted. `sweep`: read everything, whatever changed."""

    client: str = ""
    preview: bool = False
    baseline: bool = False
    allow_large_changes: bool = False
    sweep: bool = False


def account_change_counts(state: str, shadow: Shadow | None) -> bool:
    """Whether a subscriber's change of state can tell anything new of the address."""
    if state == ACTIVE:
        return shadow is None or bool(shadow.job) or (shadow.agreed, shadow.campaign_monitor) != (Opt.IN, Opt.IN)
    if state == UNSUBSCRIBED:
        return True
    return shadow is not None and (bool(shadow.job) or shadow.campaign_monitor is not None)


def org_change_counts(shadow: Shadow | None, *, ticked: bool, deleted: bool) -> bool:
    """Whether a changed contact or lead can tell anything new of its address. Most edits cannot, and cost no call."""
    if shadow is None:
        return ticked
    if shadow.job or deleted:
        return bool(shadow.job) or ticked or shadow.salesforce is not None
    if ticked:
        return (shadow.agreed, shadow.salesforce) != (Opt.OUT, Opt.OUT)
    return shadow.agreed is not Opt.IN


def one_by_one(addresses: int, whole: int) -> bool:
    """Whether asking for each address costs fewer calls than reading all lists, which took `whole` calls the last time."""
    return addresses <= FEW or addresses * CALLS_FOR_ONE <= whole


def sweep_due(swept_at: datetime | None, now: datetime, days: int) -> bool:
    """Whether everything is to be read. An hour early counts, so that runs by the hour keep their day."""
    return swept_at is None or now - swept_at >= timedelta(days=days) - timedelta(hours=1)


def scope_settings(options: Options) -> Mapping[str, Any]:
    """The options that a scope is about: a change of them needs a baseline."""
    return {
        "opt_out_from_salesforce": options.opt_out_from_salesforce,
        "opt_out_from_campaign_monitor": options.opt_out_from_campaign_monitor.value,
        "cleared_tick_box": options.cleared_tick_box.value,
        "hard_bounce_is_opt_out": options.hard_bounce_is_opt_out,
    }


def returned(shadow: Shadow, side: Side) -> Opt | None:
    """What a side last returned."""
    return shadow.salesforce if side is Side.SALESFORCE else shadow.campaign_monitor


def comparison(known: int, seen: Iterable[tuple[Opt | None, Opt | None]], *, whole: bool) -> Comparison:
    """A side against what it last returned: pairs of what it returned and shows now, of the addresses that were read.

    `known` counts all addresses of which it returned a value. Those not read have changed (`whole`: everything was read),
    or have not (only changes were).
    """
    listed = same = other = gone = 0
    for before, now in seen:
        listed += now is not None
        if before is not None:
            same += before is now
            other += before is not now
            gone += now is None
    if whole:
        return Comparison(listed, known, known - same)
    return Comparison(max(listed, known - gone), known, other)


def tally(decided: Iterable[tuple[int, Iterable[Side], Iterable[Side], Iterable[Any]]]) -> dict[str, int]:
    """Counts of decisions: by what is written where, by rule (`rule_5`), and how many are to be looked at."""
    counts: Counter[str] = Counter()
    for rule, out, into, reviews in decided:
        counts[f"rule_{rule}"] += 1
        counts.update(f"out_{side.value}" for side in out)
        counts.update(f"in_{side.value}" for side in into)
        counts["reviews"] += bool(list(reviews))
    return dict(counts)
