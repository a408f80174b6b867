"""What the primary sync decides: what a failure of one stage means for those that follow, and which failure to tell."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from fairlead.domain.failure import Failure, FixTheSettings, RefusedByGuard, SignInAgain, WaitAndRetry

KIND = "primary_sync"
TITLE = "Primary sync"
CLEAN = "clean"
"""Name of the stage that deletes Fairlead's own records first."""
CLEAN_WORDS = "start clean"
"""What a person types to confirm it."""


UNNAMED: Final = "Default"
"""What an org is called before somebody names it (`store.orgs`)."""
LABELS: Final = {
    "CM_Tracking__c": "Tracking history",
    "CM_Member__c": "Members",
    "CM_Suppression__c": "Suppressed addresses",
    "CM_Journey_Email__c": "Journey emails",
    "CM_Journey__c": "Journeys",
    "CM_Campaign__c": "Campaigns",
    "CM_List__c": "Lists",
    "CM_Client__c": "Clients",
}
"""What people call the objects whose records starting clean deletes."""


class NoSuchStage(FixTheSettings):
    """A stage was asked for that the primary sync does not have."""

    code = "FL-365"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"The primary sync has no stage “{name}”.", next_step=f"Its stages are {', '.join(known)}.")


class CannotStartClean(FixTheSettings):
    """To start clean was asked for together with something that would leave a part of the records away."""

    code = "FL-366"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"Starting clean {why}.", next_step="Start clean with all lists and stages of one client or of all."
        )


class NotConfirmed(FixTheSettings):
    """To start clean was asked for without the words that confirm it."""

    code = "FL-306"

    def __init__(self) -> None:
        step = f"Send `confirm` with “{CLEAN_WORDS}” or the org's name, if all of Fairlead's records are to be deleted."
        super().__init__("Starting clean was not confirmed.", next_step=step)


def check_clean(*, full: bool, of_list: str, stages: Sequence[str]) -> None:
    """Whether records may be deleted first: only where all of them are written anew afterwards. Raises CannotStartClean."""
    if not full:
        raise CannotStartClean("is a way of a full sync only")
    if of_list:
        raise CannotStartClean("does not work for a single list")
    if stages:
        raise CannotStartClean("does not work for single stages")


def confirmed(typed: str, org_name: str) -> bool:
    """Whether what was typed confirms that records are deleted first: the words for it, or the org's name."""
    said = " ".join(typed.lower().split())
    return bool(said) and said in {CLEAN_WORDS, " ".join(org_word(org_name).lower().split())}


def org_word(org_name: str) -> str:
    """The org's name as a word that confirms; blank where nobody gave it a name of its own."""
    return "" if org_name == UNNAMED else org_name


def to_run(needs: Mapping[str, Sequence[str]], asked: Sequence[str], *, clean: bool) -> list[str]:
    """Names of the stages to run, in their order: those asked for and what they need, all where nothing was asked for.

    `needs` names all stages in their order. The one that deletes records first is run when `clean` only.
    Raises NoSuchStage.
    """
    known = [name for name in needs if name != CLEAN]
    for name in asked:
        if name not in known:
            raise NoSuchStage(name, known)
    wanted = set(asked or known)
    for name in reversed(known):  # what a stage needs stands before it
        if name in wanted:
            wanted.update(needs[name])
    return [name for name in needs if name in wanted or (name == CLEAN and clean)]


def cannot_run(
    needs: Sequence[str], failures: Mapping[str, Failure], passable: Collection[str] = frozenset()
) -> str | None:
    """The failed stage because of which a stage that needs `needs` cannot run; None where it can.

    No stage can run once a side has refused the sign-in. What a guard refused left all there was, and those of `passable`
    have given what others need of them: others can go on.
    """
    refused = next((name for name, failure in failures.items() if isinstance(failure, SignInAgain)), None)
    stuck = {name for name, failure in failures.items() if not isinstance(failure, RefusedByGuard)} - set(passable)
    return refused or next((name for name in needs if name in stuck), None)


def skipped_because(missing: str, titles: Mapping[str, str]) -> str:
    """Why a stage was skipped, as a sentence."""
    return f"Not run, because “{titles.get(missing, missing)}” failed."


def the_one_to_tell(failures: Sequence[Failure]) -> Failure:
    """Of the stages' failures the one that a person must act on, before those that pass by themselves."""
    return next((failure for failure in failures if not isinstance(failure, WaitAndRetry)), failures[0])
