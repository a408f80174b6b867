"""What the primary sync decides: what a failure of one stage means for those that follow."""

from fairlead.domain.failure import Failure, RefusedByGuard, SignInAgain

KIND = "primary_sync"
TITLE = "Primary sync"


def stops_the_run(failure: Failure, stage: str) -> bool:
    """Whether later stages would only fail alike: no sign-in, or nothing to hang the members on."""
    return isinstance(failure, SignInAgain) or (
        stage in {"clients", "lists"} and not isinstance(failure, RefusedByGuard)
    )
