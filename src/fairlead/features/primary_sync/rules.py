"""What the primary sync decides: what a failure of one stage means for those that follow, and which failure to tell."""

from collections.abc import Mapping, Sequence

from fairlead.domain.failure import Failure, RefusedByGuard, SignInAgain, WaitAndRetry

KIND = "primary_sync"
TITLE = "Primary sync"


def cannot_run(needs: Sequence[str], failures: Mapping[str, Failure]) -> str | None:
    """The failed stage because of which a stage that needs `needs` cannot run; None where it can.

    No stage can run once a side has refused the sign-in. What a guard refused left all there was: others can go on.
    """
    refused = next((name for name, failure in failures.items() if isinstance(failure, SignInAgain)), None)
    stuck = {name for name, failure in failures.items() if not isinstance(failure, RefusedByGuard)}
    return refused or next((name for name in needs if name in stuck), None)


def skipped_because(missing: str, titles: Mapping[str, str]) -> str:
    """Why a stage was skipped, as a sentence."""
    return f"Not run, because “{titles.get(missing, missing)}” failed."


def the_one_to_tell(failures: Sequence[Failure]) -> Failure:
    """Of the stages' failures the one that a person must act on, before those that pass by themselves."""
    return next((failure for failure in failures if not isinstance(failure, WaitAndRetry)), failures[0])
