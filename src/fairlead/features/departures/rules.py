"""What follows for subscribers when contacts and leads go (C13). Nothing here brings anybody back.

A merge is a merge: what the losing address had moves to the one that is kept, and the strongest opt-out stays.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from fairlead.domain.consent import Opt, Shadow, after_address_change
from fairlead.domain.failure import RefusedByGuard

ACTIVE, UNCONFIRMED, UNSUBSCRIBED, BOUNCED, DELETED = "Active", "Unconfirmed", "Unsubscribed", "Bounced", "Deleted"
ON_A_LIST: Final = frozenset({ACTIVE, UNCONFIRMED})


class TooManyLeave(RefusedByGuard):
    """More addresses would leave their lists at once than may without asking."""

    code = "FL-546"

    def __init__(self, count: int, most: int) -> None:
        super().__init__(
            f"{count:,} addresses would leave their lists because their contacts or leads were deleted or emptied; "
            f"{most:,} may at once.",
            next_step="Look whether the deletion was meant. If so, raise “Ask before more than” and look again.",
        )


class OnDelete(StrEnum):
    """What happens to the subscriber of a deleted record."""

    NOTHING = "nothing"
    DELETE = "delete"
    UNSUBSCRIBE = "unsubscribe"


class Why(StrEnum):
    """How an address lost its record."""

    DELETED = "deleted"
    EMPTIED = "emptied"
    MERGED = "merged"


class Do(StrEnum):
    """What is done about one membership."""

    MOVE = "move"
    DELETE = "delete"
    UNSUBSCRIBE = "unsubscribe"


@dataclass(frozen=True, slots=True)
class Options:
    """The options as they were chosen, for one run."""

    on_delete: OnDelete = OnDelete.NOTHING
    on_empty: bool = False
    on_merge: bool = True


@dataclass(frozen=True, slots=True)
class Act:
    """One thing to do on one list; with MOVE the subscriber gets the address `to`."""

    do: Do
    list: str
    address: str = field(repr=False)
    to: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Departure:
    """An address that lost its record; `to` is the address of the record it was merged into.

    `out`: the record that went had Email Opt Out ticked; `to_out`: the one that stays has.
    """

    why: Why
    address: str = field(repr=False)
    to: str = field(default="", repr=False)
    out: bool = False
    to_out: bool = False


def wanted(departure: Departure, options: Options, *, shared: bool) -> bool:
    """Whether anything follows at all. `shared`: another contact or lead has the address."""
    if not departure.address or shared:
        return False
    if departure.why is Why.MERGED:
        return options.on_merge and bool(departure.to) and departure.to != departure.address
    return options.on_empty if departure.why is Why.EMPTIED else options.on_delete is not OnDelete.NOTHING


def leaves(departure: Departure, memberships: Mapping[str, str], options: Options) -> list[Act]:
    """What follows from a deletion, list by list. Who has unsubscribed or bounced keeps that state."""
    unsubscribe = departure.why is Why.DELETED and options.on_delete is OnDelete.UNSUBSCRIBE
    do = Do.UNSUBSCRIBE if unsubscribe else Do.DELETE
    return [Act(do, one, departure.address) for one, state in sorted(memberships.items()) if state in ON_A_LIST]


def joins(
    departure: Departure, old: Mapping[str, str], new: Mapping[str, str], *, out: bool, blocked: bool
) -> list[Act]:
    """What follows from a merge: `old` and `new` are states by list of the two addresses.

    `out`: the losing address is out as a person; `blocked`: an opt-out stands in the way of adding the kept one.
    """
    acts: list[Act] = []
    for one in sorted({*old, *new}):
        state, there = old.get(one, ""), new.get(one, "")
        opted_out = out or state == UNSUBSCRIBED
        if there in ON_A_LIST and opted_out:
            acts.append(Act(Do.UNSUBSCRIBE, one, departure.to))
        if state == ACTIVE and not there and not out and not blocked:
            acts.append(Act(Do.MOVE, one, departure.address, departure.to))
        elif state in ON_A_LIST:
            acts.append(Act(Do.DELETE, one, departure.address))
    return acts


def is_out(shadow: Shadow | None) -> bool:
    """Whether an address is known to have opted out."""
    return shadow is not None and shadow.agreed is Opt.OUT


def remembered(
    old: Shadow | None, new: Shadow | None, departure: Departure, states: Iterable[str], *, now: datetime
) -> Shadow | None:
    """What holds for the kept address after a merge; None where nothing is to be kept.

    The losing address counts as out by what is known of it, by its record's tick box, or where it left every list.
    """
    here = set(states)
    left = UNSUBSCRIBED in here and not here & ON_A_LIST
    if old is None and (departure.out or left):
        old = Shadow(agreed=Opt.OUT, since=now)
    after = after_address_change(old, new, now=now)
    return after.shadow if after.review is not None else None


def check_leaving(addresses: Collection[str], most: int) -> None:
    """Refuse a plan that takes too many off their lists. Raises TooManyLeave."""
    if len(addresses) > most:
        raise TooManyLeave(len(addresses), most)
