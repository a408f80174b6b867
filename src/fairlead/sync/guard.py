"""Step 5: refuse a plan too large or too strange. Pure: no clock, no I/O."""

from dataclasses import dataclass

from fairlead.domain.failure import RefusedByGuard


@dataclass(frozen=True, slots=True)
class SweepLimits:
    """A full sync may delete at most this share of a list's records, or this number if that is more."""

    share: float = 0.2
    records: int = 500


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
