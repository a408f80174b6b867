"""What refuses a run of opt status that is too large or too strange to be carried out unasked. Pure.

A refusal stops the run before anything is written. What one lets pass once is said in its next step.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fairlead.domain.consent import Decision, Opt, Side
from fairlead.domain.failure import RefusedByGuard
from fairlead.domain.setting import Number, Setting, Values

ALLOW: Final = "fairlead opt-status run --allow-large-changes"
BASELINE: Final = "fairlead opt-status run --baseline"
PREVIEW: Final = "fairlead opt-status run --preview"

MANY: Final = 10
"""Below so many known addresses, nothing listed and everything changed may be true."""

NAMES: Final[Mapping[Side, str]] = {Side.SALESFORCE: "Salesforce", Side.CAMPAIGN_MONITOR: "Campaign Monitor"}

OUTS_SHARE: Final = Number(
    name="opt_status.outs_share",
    title="New opt-outs allowed unasked, share of the known addresses",
    help=(
        "A run that would opt out more than this share stops and asks first: a data load may have ticked a column by "
        "mistake. Look soon when it does: opt-outs wait until then."
    ),
    default=5,
    unit="%",
    most=100,
)
OUTS_RECORDS: Final = Number(
    name="opt_status.outs_records",
    title="New opt-outs allowed unasked, number of addresses",
    help="A run that would opt out more addresses than this stops and asks first, however small their share is.",
    default=500,
    unit="addresses",
)
OUTS_ALWAYS: Final = Number(
    name="opt_status.outs_always",
    title="New opt-outs always allowed",
    help="So few new opt-outs never stop a run by their share: in a small account each one is a large share.",
    default=20,
    unit="addresses",
)
SETTINGS: Final[tuple[Setting[int], ...]] = (OUTS_SHARE, OUTS_RECORDS, OUTS_ALWAYS)


class ListsNothing(RefusedByGuard):
    """A side that lists nobody where many are known stops and asks."""

    code = "FL-580"
    next_step = f"Look whether it answers as it should. If nobody really is left there, run `{ALLOW}` once."

    def __init__(self, side: Side, known: int) -> None:
        super().__init__(f"{NAMES[side]} lists nobody, but the opt status of {known:,} addresses is known.")


class TooManyOuts(RefusedByGuard):
    """More addresses would be opted out than one run may opt out unasked."""

    code = "FL-581"
    next_step = f"`{PREVIEW}` says which. If that is right, run `{ALLOW}` once."

    def __init__(self, outs: int, known: int) -> None:
        super().__init__(f"The run would opt out {outs:,} of {known:,} addresses.")


class InWithoutEvidence(RefusedByGuard):
    """An address would be written in with no consent behind it. Nothing overrides that but a consent."""

    code = "FL-582"
    next_step = "Record the consent with `fairlead opt-status consent`; it lets that one address in, once."

    def __init__(self, count: int) -> None:
        super().__init__(f"The run would write in {count:,} addresses without a recorded consent.")


class EverythingChanged(RefusedByGuard):
    """A side shows every known address otherwise than it last did: more likely a fault than a day's work."""

    code = "FL-583"
    next_step = f"`{PREVIEW}` says how they changed. If that is right, run `{ALLOW}` once."

    def __init__(self, side: Side, known: int) -> None:
        super().__init__(f"{NAMES[side]} shows all {known:,} known addresses otherwise than before.")


class ScopeChanged(RefusedByGuard):
    """Lists, mapping or settings are not those of the last run: what was agreed then was agreed about something else."""

    code = "FL-584"
    next_step = f"`{PREVIEW}` says what would be written. If that is right, run `{BASELINE}` once."

    def __init__(self) -> None:
        super().__init__("The lists, the mapping or the options of opt status were changed since the last run.")


@dataclass(frozen=True, slots=True)
class Limits:
    """New opt-outs that a run may write unasked: at most `records`, and more than `always` only up to `share`."""

    share: float = 0.05
    records: int = 500
    always: int = 20


def limits(settings: Values) -> Limits:
    """The limits as they were chosen."""
    return Limits(settings.of(OUTS_SHARE) / 100, settings.of(OUTS_RECORDS), settings.of(OUTS_ALWAYS))


@dataclass(frozen=True, slots=True)
class Judged:
    """An address as a run saw it: what was agreed before, and the decision."""

    before: Opt | None
    decision: Decision


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a side shows now of known addresses, against what it last returned: how many it has, how many differ."""

    listed: int
    known: int
    changed: int


def check_sides(sides: Mapping[Side, Comparison], *, allowed: bool) -> None:
    """Refuse a side that lists nothing or shows everything otherwise. `known` are those that it last returned a value of.

    Raises ListsNothing, EverythingChanged.
    """
    for side, seen in sides.items():
        if allowed or seen.known < MANY:
            continue
        if seen.listed == 0:
            raise ListsNothing(side, seen.known)
        if seen.changed >= seen.known:
            raise EverythingChanged(side, seen.known)


def check_decisions(judged: Iterable[Judged], known: int, limits: Limits, *, allowed: bool) -> None:
    """Refuse too many new opt-outs, and any in without evidence. `known` is how many addresses have a shadow.

    An address seen for the first time is a new opt-out where a side would be written, so a first run asks too.
    Raises InWithoutEvidence, which `allowed` does not override, and TooManyOuts.
    """
    outs = without = 0
    for each in judged:
        shadow = each.decision.shadow
        turns_out = each.before is Opt.IN or (each.before is None and bool(each.decision.out))
        outs += turns_out and shadow is not None and shadow.agreed is Opt.OUT
        unproved = each.decision.evidence is None or not each.decision.evidence.id
        let_in = each.before is Opt.OUT and shadow is not None and shadow.agreed is Opt.IN
        without += unproved and bool(each.decision.into or let_in)
    if without:
        raise InWithoutEvidence(without)
    if not allowed and (outs > limits.records or outs > max(limits.always, limits.share * known)):
        raise TooManyOuts(outs, known)


def scope_hash(lists: Collection[str], mapping: Any, settings: Mapping[str, Any]) -> str:
    """SHA-256 of what opt status is about: the lists, the field it stands in, the options. Hexadecimal, 64 characters."""
    text = json.dumps([sorted(lists), mapping, settings], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def check_scope(before: str, now: str, *, allowed: bool) -> None:
    """Refuse a run about something else than the last; the first has nothing to compare with. Raises ScopeChanged."""
    if before and before != now and not allowed:
        raise ScopeChanged
