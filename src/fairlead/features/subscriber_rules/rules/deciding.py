"""What becomes of one person of whom a rule is true: added, taken off, or left, and why."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fairlead.domain.consent import Side
from fairlead.domain.failure import RefusedByGuard
from fairlead.domain.records import RowFailure
from fairlead.features.subscriber_rules.rules.words import When

ACTIVE: Final = "Active"
UNCONFIRMED: Final = "Unconfirmed"
UNSUBSCRIBED: Final = "Unsubscribed"
BOUNCED: Final = "Bounced"
DELETED: Final = "Deleted"
_ON_IT: Final = frozenset({ACTIVE, UNCONFIRMED})
_ADDRESS: Final = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


class Fate(StrEnum):
    """What becomes of a person."""

    ADD = "add"
    REMOVE = "remove"
    ON_IT_ALREADY = "is on the list already"
    NOT_ON_IT = "is not on the list"
    NO_ADDRESS = "has no e-mail address"
    BAD_ADDRESS = "has an address that is none"
    TICK_BOX = "opted out in Salesforce"
    OPTED_OUT = "opted out in Campaign Monitor"
    UNSUBSCRIBED = "unsubscribed from the list"
    BOUNCED = "bounced on the list"
    DELETED = "was deleted from the list"
    REMOVED_BY_RULE = "another rule takes it off the list"
    SAME_ADDRESS = "another record has the same address"


REASONS: Final[Mapping[Fate, tuple[str, str]]] = {
    Fate.NO_ADDRESS: ("NO_ADDRESS", "The record has no e-mail address. Fill it in."),
    Fate.BAD_ADDRESS: ("BAD_ADDRESS", "What the record has as its e-mail address is none. Correct it."),
    Fate.TICK_BOX: (
        "OPTED_OUT_SALESFORCE",
        "The person opted out in Salesforce (Email Opt Out). A rule adds nobody who opted out.",
    ),
    Fate.OPTED_OUT: (
        "OPTED_OUT_CAMPAIGN_MONITOR",
        "The person opted out in Campaign Monitor. Only a recorded consent brings somebody back.",
    ),
    Fate.UNSUBSCRIBED: (
        "UNSUBSCRIBED",
        "The person unsubscribed from this list. Only a recorded consent brings somebody back.",
    ),
    Fate.BOUNCED: ("BOUNCED", "Mail to the address bounced on this list. Correct the address."),
    Fate.DELETED: (
        "DELETED",
        "The person was deleted from this list. A rule brings nobody back; an import that adds deleted people again can.",
    ),
    Fate.REMOVED_BY_RULE: ("REMOVED_BY_RULE", "Another rule of the list takes the person off: removing wins."),
}
"""Code and reason of those who should be added and are not."""

_STATES: Final = {UNSUBSCRIBED: Fate.UNSUBSCRIBED, BOUNCED: Fate.BOUNCED, DELETED: Fate.DELETED}


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an address on a list before anything is written.

    `state` is the member's in Salesforce, blank for none; `ours`: a rule added it lately, and no member tells otherwise.
    `stands` is the side whose opt-out forbids adding.
    """

    state: str = ""
    ours: bool = False
    stands: Side | None = None


def to_add(address: str, known: Known) -> Fate:
    """What becomes of somebody whom a rule adds."""
    if not address.strip():
        return Fate.NO_ADDRESS
    if not _ADDRESS.fullmatch(address.strip()):
        return Fate.BAD_ADDRESS
    if known.state in _ON_IT:
        return Fate.ON_IT_ALREADY
    if known.state in _STATES:
        return _STATES[known.state]
    if known.stands is not None:
        return Fate.TICK_BOX if known.stands is Side.SALESFORCE else Fate.OPTED_OUT
    return Fate.ON_IT_ALREADY if known.ours else Fate.ADD


def to_remove(address: str, known: Known) -> Fate:
    """What becomes of somebody whom a rule takes off. Who unsubscribed or bounced stays as it is: it must stay known."""
    if not address.strip():
        return Fate.NO_ADDRESS
    if known.state in _ON_IT or (known.ours and not known.state):
        return Fate.REMOVE
    return _STATES.get(known.state, Fate.NOT_ON_IT)


def refusal(key: str, fate: Fate) -> RowFailure | None:
    """Why somebody was not added, as the ledger keeps it; None where nothing is amiss."""
    if fate not in REASONS:
        return None
    code, reason = REASONS[fate]
    return RowFailure(key, code, reason, retryable=False)


def looks_at(when: str, *, created: bool) -> bool:
    """Whether a rule looks at a change of a record: one that is new, or one that was edited."""
    return when == When.BOTH or (when == When.CREATED) == created


class TooManyRemovals(RefusedByGuard):
    """A rule that would take many off a list at once is not carried out unasked (C9)."""

    code = "FL-550"
    next_step = "Look at the preview. If that is right, run the rule again and let the guard pass, this once."

    def __init__(self, name: str, removed: int, there: int) -> None:
        super().__init__(f"The rule “{name}” would take {removed:,} of {there:,} subscribers off its list.")


def check_removals(name: str, *, removed: int, there: int, share: float, records: int, allowed: bool) -> None:
    """Refuse to take so many of those on the list off it. `share` of 0 to 1. Raises TooManyRemovals."""
    if not allowed and removed > max(records, share * there):
        raise TooManyRemovals(name, removed, there)
