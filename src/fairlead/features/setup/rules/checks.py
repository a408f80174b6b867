"""Whether an org is fit for Fairlead: each finding says what it means and where to change it. Warnings do not block."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """How well it stands."""

    OK = "ok"
    WARN = "warning"
    FAIL = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. `fix` is blank where all is well."""

    name: str
    state: State
    text: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Right:
    """A right that the user lacks: what Salesforce calls it, what needs it, where to give it."""

    what: str
    why: str
    fix: str
    vital: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What the org told of itself. None stands for what it does not tell this user. Storage is in MB."""

    name: str = ""
    edition: str | None = None
    sandbox: bool | None = None
    trial_ends: date | None = None
    time_zone: str = ""
    api_version: str = ""
    person: str = ""
    profile: str = ""
    missing: tuple[Right, ...] = ()
    not_told: tuple[str, ...] = ()
    calls_used: int | None = None
    calls_most: int = 0
    calls_share: float = 1.0
    storage_left: int | None = None
    storage_most: int = 0
    other_objects: int = 0


WITH_API: Final = ("Enterprise", "Unlimited", "Performance", "Developer", "Einstein 1", "Agentforce 1", "Partner")
"""Editions that come with access by the API."""
INTEGRATION_ONLY: Final = "Salesforce API Only System Integrations"
"""The profile of Salesforce's integration licence (F87)."""
FEW: Final = 0.1
"""Part of a limit below which a warning is due."""
LITTLE_STORAGE: Final = 50
"""MB below which a warning is due, whatever the whole is: 25,000 records."""
_SETUP: Final = "Give the sync user the permission View Setup and Configuration, then check again."
_MORE_CALLS: Final = "Wait until calls of the last 24 hours grow old, or ask Salesforce for more calls."


def fit(checks: Iterable[Check]) -> bool:
    """Whether set-up may go on."""
    return all(check.state is not State.FAIL for check in checks)


def checks(facts: Facts) -> list[Check]:
    """Every finding, in the order in which people read them."""
    return [
        _edition(facts),
        Check("API access", State.OK, f"The org answers by its API, version {facts.api_version}."),
        _kind(facts),
        Check("Time zone", State.OK, f"The org's time zone is {facts.time_zone or 'not set'}. Schedules go by it."),
        _person(facts),
        *_rights(facts),
        _calls(facts),
        _storage(facts),
        _others(facts),
    ]


def _edition(facts: Facts) -> Check:
    if facts.edition is None:
        return Check("Edition", State.WARN, "The org does not tell its edition.", _SETUP)
    if facts.edition.startswith(WITH_API):
        return Check("Edition", State.OK, f"{facts.edition} comes with access by the API.")
    text = f"{facts.edition} has access by the API only as an extra; this org answers, so it has it."
    return Check("Edition", State.WARN, text, "Keep the API access booked: without it the sync stops.")


def _kind(facts: Facts) -> Check:
    if facts.sandbox:
        fix = "Members find contacts and leads by address: correct the addresses of those you want to see linked."
        return Check("Kind of org", State.WARN, "It is a sandbox. Its copied addresses usually end with .invalid.", fix)
    if facts.trial_ends is not None:
        fix = "Buy it before, or set up another org."
        return Check("Kind of org", State.WARN, f"It is a trial that ends on {facts.trial_ends:%-d %b %Y}.", fix)
    return Check("Kind of org", State.OK, "It is no sandbox and no trial.")


def _person(facts: Facts) -> Check:
    if facts.profile == INTEGRATION_ONLY:
        text = "The sync user has Salesforce's integration licence: it sees nothing but what permission sets give it."
        fix = "Give it what is missing below, or sign in as an administrator."
        return Check("Sync user", State.WARN, text, fix)
    return Check("Sync user", State.OK, f"Fairlead acts as {facts.person}{_with(facts.profile)}.")


def _with(profile: str) -> str:
    return f", profile {profile}" if profile else ""


def _rights(facts: Facts) -> Iterator[Check]:
    for right in sorted(facts.missing, key=lambda each: not each.vital):
        state = State.FAIL if right.vital else State.WARN
        needed = "Without it nothing works" if right.vital else "Without it this does not work"
        yield Check(f"Right: {right.what}", state, f"Missing. {needed}: {right.why}.", f"Setup > {right.fix}")
    if facts.not_told:
        text = f"The org does not tell whether the sync user has: {', '.join(facts.not_told)}."
        yield Check("Rights", State.WARN, text, _SETUP)
    if not facts.missing and not facts.not_told:
        yield Check("Rights", State.OK, "The sync user has every right that Fairlead uses.")


def _calls(facts: Facts) -> Check:
    name = "API calls"
    if facts.calls_used is None:
        return Check(name, State.WARN, "The org does not tell how many are left.", _SETUP)
    stop = int(facts.calls_most * facts.calls_share)
    left = max(0, stop - facts.calls_used)
    text = (
        f"{facts.calls_used:,} of {facts.calls_most:,} in 24 hours are used, by all programs; "
        f"Fairlead stops at {stop:,} ({facts.calls_share:.0%})."
    )
    if not left:
        return Check(name, State.FAIL, text, _MORE_CALLS)
    return Check(name, State.WARN, text, _MORE_CALLS) if left < FEW * stop else Check(name, State.OK, text)


def _storage(facts: Facts) -> Check:
    name, fix = "Data storage", "Free data storage, or buy more: each record takes about 2 KB."
    if facts.storage_left is None:
        return Check(name, State.WARN, "The org does not tell how much is left.", _SETUP)
    text = f"{facts.storage_left:,} of {facts.storage_most:,} MB are free."
    if facts.storage_left <= 0:
        return Check(name, State.FAIL, text, fix)
    low = facts.storage_left < max(LITTLE_STORAGE, FEW * facts.storage_most)
    return Check(name, State.WARN, text, fix) if low else Check(name, State.OK, text)


def _others(facts: Facts) -> Check:
    name = "Other integrations"
    if not facts.other_objects:
        return Check(name, State.OK, "No other Campaign Monitor integration is installed.")
    text = f"Another Campaign Monitor integration is installed ({facts.other_objects} objects named wbsendit__…)."
    return Check(
        name,
        State.WARN,
        f"{text} Both can stay side by side: Fairlead never changes its records. While it works, Fairlead writes no "
        "opt-outs, contacts, leads and lists until you choose that Fairlead decides.",
        "The page Moving in takes over what it holds, and lets you choose who decides.",
    )


def summary(found: Sequence[Check]) -> dict[State, int]:
    """How many findings there are of each state."""
    return {state: sum(check.state is state for check in found) for state in State}
