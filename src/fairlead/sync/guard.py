"""Step 5: refuse a plan too large or too strange. Pure: no clock, no I/O."""

from dataclasses import dataclass
from typing import Final

from fairlead.domain.failure import RefusedByGuard
from fairlead.domain.setting import Number, Setting, Values

SWEEP_SHARE: Final = Number(
    name="primary_sync.sweep_share",
    title="Deletions allowed unasked, share of a list",
    help=(
        "A full sync deletes members that Campaign Monitor no longer lists. Where that is more than this share of the "
        "list and more than the number below, it stops and asks instead: the list may have been emptied by mistake."
    ),
    default=20,
    unit="%",
    most=100,
)
SWEEP_RECORDS: Final = Number(
    name="primary_sync.sweep_records",
    title="Deletions allowed unasked, number of records",
    help="So many members of a list may always be deleted by a full sync, however large their share of the list is.",
    default=500,
    unit="records",
)
SETTINGS: Final[tuple[Setting[int], ...]] = (SWEEP_SHARE, SWEEP_RECORDS)


@dataclass(frozen=True, slots=True)
class SweepLimits:
    """A full sync may delete at most this share of a list's records, or this number if that is more."""

    share: float = 0.2
    records: int = 500


def limits(settings: Values) -> SweepLimits:
    """The limits of a list's sweep as they were chosen."""
    return SweepLimits(settings.of(SWEEP_SHARE) / 100, settings.of(SWEEP_RECORDS))


class NothingListed(RefusedByGuard):
    """A side that lists nothing where something is known stops and asks."""

    code = "FL-501"
    next_step = (
        "Check the list in Campaign Monitor. If it really is empty now, run "
        "`fairlead sync --full --allow-large-changes` once."
    )

    def __init__(self, what: str, known: int) -> None:
        super().__init__(f"Campaign Monitor lists nothing for {what}, but Salesforce holds {known:,} records of it.")


class SweepTooLarge(RefusedByGuard):
    """A full sync that would delete much is not carried out unasked."""

    code = "FL-502"
    next_step = "If that is right, run `fairlead sync --full --allow-large-changes` once."

    def __init__(self, what: str, older: int, known: int) -> None:
        super().__init__(
            f"The full sync of {what} would delete {older:,} of {known:,} records, because Campaign Monitor no longer lists them."
        )


def check_sweep(what: str, *, read: int, older: int, known: int, limits: SweepLimits, allowed: bool) -> None:
    """Refuse to sweep `older` of `known` records after `read` rows were read; `allowed` overrides.

    Raises NothingListed or SweepTooLarge.
    """
    if allowed or older <= 0:
        return
    if read == 0:
        raise NothingListed(what, known)
    if older > max(limits.records, limits.share * known):
        raise SweepTooLarge(what, older, known)
