"""The steps of the path, in order, and which of them is done: told by what is there, so that leaving it loses nothing."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fairlead.domain.words import noop


class Step(StrEnum):
    """One page of the path; the value is the last part of its address."""

    SALESFORCE = "salesforce"
    CHECK = "check"
    INSTALL = "install"
    CAMPAIGN_MONITOR = "campaign-monitor"
    CLIENTS = "clients"
    WHAT = "what"
    SYNC = "sync"
    READY = "ready"


TITLES: Final = {
    Step.SALESFORCE: noop("Sign in to Salesforce"),
    Step.CHECK: noop("Check the org"),
    Step.INSTALL: noop("Install in the org"),
    Step.CAMPAIGN_MONITOR: noop("Connect Campaign Monitor"),
    Step.CLIENTS: noop("Choose clients"),
    Step.WHAT: noop("Choose what to sync"),
    Step.SYNC: noop("First sync"),
    Step.READY: noop("What you have now"),
}
NEEDS: Final[dict[Step, tuple[Step, ...]]] = {
    Step.SALESFORCE: (),
    Step.CHECK: (Step.SALESFORCE,),
    Step.INSTALL: (Step.SALESFORCE, Step.CHECK),
    Step.CAMPAIGN_MONITOR: (),
    Step.CLIENTS: (Step.CAMPAIGN_MONITOR,),
    Step.WHAT: (Step.CAMPAIGN_MONITOR, Step.CLIENTS),
    Step.SYNC: (
        Step.SALESFORCE,
        Step.CHECK,
        Step.INSTALL,
        Step.CAMPAIGN_MONITOR,
        Step.CLIENTS,
        Step.WHAT,
    ),
    Step.READY: (Step.SYNC,),
}
"""What must be done before a step can do its work. Its page can be looked at all the same."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is there. `clients` and `what` are confirmed choices: both have defaults, so that only a person can say so."""

    salesforce: bool = False
    checked: bool = False
    installed: bool = False
    campaign_monitor: bool = False
    clients: bool = False
    what: bool = False
    synced: bool = False


@dataclass(frozen=True, slots=True)
class Stop:
    """One step as the path shows it."""

    step: Step
    title: str
    number: int
    done: bool
    here: bool


def done(known: Known) -> frozenset[Step]:
    """The steps that are done. A first sync that came to its end proves all of them."""
    if known.synced:
        return frozenset(Step)
    found = {
        Step.SALESFORCE: known.salesforce,
        Step.CHECK: known.salesforce and known.checked,
        Step.INSTALL: known.salesforce and known.installed,
        Step.CAMPAIGN_MONITOR: known.campaign_monitor,
        Step.CLIENTS: known.campaign_monitor and known.clients,
        Step.WHAT: known.campaign_monitor and known.what,
    }
    return frozenset(step for step, is_done in found.items() if is_done)


def missing(step: Step, finished: Collection[Step]) -> list[Step]:
    """What must be done first, in the order of the path."""
    return [each for each in NEEDS[step] if each not in finished]


def go_on(finished: Collection[Step]) -> Step:
    """The step with which to go on: the first that is not done, at last the one that shows what there is."""
    return next((step for step in Step if step not in finished), Step.READY)


def path(finished: Collection[Step], here: Step | None) -> list[Stop]:
    """The steps as the path shows them on the page of `here`."""
    return [Stop(step, TITLES[step], number, step in finished, step is here) for number, step in enumerate(Step, 1)]


def before(step: Step) -> Step | None:
    """The step before this one."""
    order = list(Step)
    return order[order.index(step) - 1] if order.index(step) else None


def after(step: Step) -> Step | None:
    """The step after this one."""
    order = list(Step)
    return order[order.index(step) + 1] if step is not order[-1] else None
