"""Whom an import may take off a list, and when it must not take off anybody (C9). Also: which imports go together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from fairlead.domain.failure import FixTheSettings, RefusedByGuard
from fairlead.domain.setting import Number, Setting, Values

SHARE: Final = Number(
    name="import_wizard.removal_share",
    title="Removals allowed unasked, share of those whom the import added",
    help=(
        "An import that takes off who is missing stops and asks where that is more than this share of all whom it has "
        "added, and more than the number below: the source may have been changed by mistake."
    ),
    default=20,
    unit="%",
    most=100,
)
RECORDS: Final = Number(
    name="import_wizard.removal_records",
    title="Removals allowed unasked, number of people",
    help="So many people may always be taken off a list by one run, however large their share is.",
    default=100,
    unit="people",
)
SETTINGS: Final[tuple[Setting[int], ...]] = (SHARE, RECORDS)


class EmptySource(RefusedByGuard):
    """A source that lists nobody takes nobody off."""

    code = "FL-555"
    next_step = "Look at the source in Salesforce. To take all of them off, delete them in Campaign Monitor."

    def __init__(self, name: str, added: int) -> None:
        super().__init__(f"The source of “{name}” lists nobody, but the import has added {added:,} people to the list.")


class TooManyRemovals(RefusedByGuard):
    """A run that would take off many people is not carried out unasked."""

    code = "FL-556"

    def __init__(self, name: str, missing: int, added: int) -> None:
        super().__init__(
            f"“{name}” would take {missing:,} of the {added:,} people off the list whom it has added.",
            next_step="Look at the preview. If it is right, run the import with “allow large changes” once.",
        )


class TwoRemove(FixTheSettings):
    """A second import that takes people off the same list; each would miss those of the other."""

    code = "FL-470"

    def __init__(self, other: str) -> None:
        super().__init__(
            f"“{other}” takes people off this list already.",
            next_step="Choose another refresh type here or there, or put both sources into one.",
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """What is remembered of an address of one import. `added`: this import put it on the list; `seen`: it was listed now.

    `elsewhere`: another import of the same list listed it in its last run.
    """

    address: bytes
    added: bool
    seen: bool
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """At most this share of those whom the import added, or this number if that is more."""

    share: float = 0.2
    records: int = 100


def limits(settings: Values) -> Limits:
    """The limits as they were chosen."""
    return Limits(settings.of(SHARE) / 100, settings.of(RECORDS))


def missing(kept: Iterable[Kept]) -> list[bytes]:
    """The addresses to take off: added by this import, not listed now, and not wanted by another import."""
    return [one.address for one in kept if one.added and not one.seen and not one.elsewhere]


def check(name: str, *, read: int, missing: int, added: int, limits: Limits, allowed: bool) -> None:
    """Refuse to take off `missing` of `added` after `read` rows were read.

    Raises EmptySource, which `allowed` does not override, and TooManyRemovals.
    """
    if not missing:
        return
    if read == 0:
        raise EmptySource(name, added)
    if not allowed and missing > max(limits.records, limits.share * added):
        raise TooManyRemovals(name, missing, added)


def check_others(removes: bool, others: Sequence[tuple[str, bool]]) -> None:
    """`others` are the other imports of the list: name, and whether they take people off. Raises TwoRemove."""
    for name, also in others:
        if removes and also:
            raise TwoRemove(name)


def surely_added(candidates: Sequence[bytes], told_new: int) -> list[bytes]:
    """Of the addresses that were not on the list before a call, those that it added.

    Campaign Monitor only tells how many were new. Where that is another number than those that were not there, somebody
    joined meanwhile by themselves: then none counts as added, so that nobody is taken off who came of their own accord.
    """
    return list(candidates) if len(candidates) == told_new else []
