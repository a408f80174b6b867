"""What managing a person's lists may do: each act is planned list by list, with what it will do or why not. Pure.

Nobody is brought back: who unsubscribed, bounced, opted out or is suppressed is refused, whoever asks.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from fairlead.domain.consent import MISSING, Opt, Shadow, Shown, Side, stands_in_the_way
from fairlead.domain.consent_settings import Options
from fairlead.domain.failure import Failure, FixTheSettings, FixThisRecord
from fairlead.domain.words import noop

ACTIVE: Final = "Active"
UNCONFIRMED: Final = "Unconfirmed"
UNSUBSCRIBED: Final = "Unsubscribed"
BOUNCED: Final = "Bounced"
DELETED: Final = "Deleted"
MAILED: Final = frozenset({ACTIVE, UNCONFIRMED})
"""States that may be taken off a list."""


class Act(StrEnum):
    """What somebody may ask for."""

    ADD = "add"
    REMOVE = "remove"
    UNSUBSCRIBE = "unsubscribe"
    UNSUBSCRIBE_ALL = "unsubscribe_all"

    @property
    def label(self) -> str:
        """As pages and commands call it."""
        return _TITLES[self]


_TITLES: Final = {
    Act.ADD: noop("Add to lists"),
    Act.REMOVE: noop("Remove from lists"),
    Act.UNSUBSCRIBE: noop("Unsubscribe from lists"),
    Act.UNSUBSCRIBE_ALL: noop("Unsubscribe from all lists"),
}


class OptedOut(FixThisRecord):
    """Somebody who opted out was to be added to a list."""

    code = "FL-620"
    next_step = "Only a recorded consent brings somebody back: see the page Opt status."

    def __init__(self, side: Side) -> None:
        where = "Salesforce" if side is Side.SALESFORCE else "Campaign Monitor"
        super().__init__(f"The person has opted out in {where}.")


class UnknownList(FixThisRecord):
    """A list that is not one of a selected client's."""

    code = "FL-621"
    next_step = "Choose one of the lists that are shown; its client must be selected in Fairlead."

    def __init__(self) -> None:
        super().__init__("The list is not one that Fairlead looks after.")


class NotMailed(FixThisRecord):
    """Somebody was to be taken off a list that does not mail to them."""

    code = "FL-622"

    def __init__(self, state: str) -> None:
        found = f"is {state} there already" if state else "is not on the list"
        super().__init__(f"The person {found}: nothing is changed.")


class MailCameBack(FixThisRecord):
    """Somebody whose mail came back was to be added."""

    code = "FL-623"
    next_step = "Correct the address on the contact or lead, or let the person subscribe by a form."

    def __init__(self) -> None:
        super().__init__("Mail to this address came back, so Campaign Monitor mails it no more.")


class IsSuppressed(FixThisRecord):
    """Somebody whom a client does not mail to was to be added to one of its lists."""

    code = "FL-624"
    next_step = "Look at the suppression list of the client in Campaign Monitor."

    def __init__(self, client: str) -> None:
        super().__init__(f"The address is on the suppression list of “{client}”.")


class Paused(FixTheSettings):
    """Somebody was to be added to or removed from a list while everything to Campaign Monitor is paused."""

    code = "FL-625"
    next_step = "Turn the pause off on the page General options, then try again. Unsubscribing works all the same."

    def __init__(self) -> None:
        super().__init__("Everything to Campaign Monitor is paused.")


class NothingChosen(FixTheSettings):
    """No list, or nothing to do, was chosen."""

    code = "FL-628"
    next_step = "Choose at least one list, then press the button again."

    def __init__(self) -> None:
        super().__init__("No list was chosen.")


@dataclass(frozen=True, slots=True)
class Place:
    """A list as it stands for the person. `state` is blank where the address is not on it.

    `asks` tells that whoever is added is asked by e-mail to confirm; `shared` that to unsubscribe here is to unsubscribe
    from every list of the client.
    """

    list: str
    name: str
    client: str
    client_name: str
    state: str = ""
    asks: bool = False
    shared: bool = False
    suppressed: bool = False


@dataclass(frozen=True, slots=True)
class Consent:
    """What stands for or against mail to the person: shadows by client, and the tick boxes of the records at hand."""

    shadows: Mapping[str, Shadow] = field(default_factory=dict)
    box: Shown = MISSING
    options: Options = field(default_factory=Options)


@dataclass(frozen=True, slots=True)
class Step:
    """One list of a plan. `will` says what will be done, blank for nothing; `refused` why not."""

    act: Act
    place: Place
    will: str = ""
    refused: Failure | None = None

    @property
    def why(self) -> str:
        """What will be done, or why nothing is."""
        return str(self.refused) if self.refused is not None else self.will or noop("Is on it already.")

    @property
    def changes(self) -> bool:
        """Whether anything is to be done."""
        return bool(self.will) and self.refused is None


def chosen(act: Act, lists: Collection[str], places: Sequence[Place]) -> list[str]:
    """Ids of the lists that an act is about: those asked for, else, for all, those that mail to the person.

    Raises NothingChosen.
    """
    if act is Act.UNSUBSCRIBE_ALL:
        return [one.list for one in places if one.state in MAILED]
    if not lists:
        raise NothingChosen
    return list(dict.fromkeys(lists))


def plan(
    act: Act, lists: Collection[str], places: Sequence[Place], consent: Consent, *, paused: bool = False
) -> list[Step]:
    """A step for each list that is asked for, in the order of asking. Raises NothingChosen."""
    known = {one.list: one for one in places}
    steps = []
    for list_id in chosen(act, lists, places):
        place = known.get(list_id)
        if place is None:
            steps.append(Step(act, Place(list_id, list_id, "", ""), refused=UnknownList()))
            continue
        refused = _refusal(act, place, consent, paused=paused)
        steps.append(Step(act, place, "" if refused else _will(act, place), refused))
    return steps


def _refusal(act: Act, place: Place, consent: Consent, *, paused: bool) -> Failure | None:
    if paused and act in (Act.ADD, Act.REMOVE):
        return Paused()
    if act is not Act.ADD:
        return None if place.state in MAILED else NotMailed(place.state)
    left = Shown(Opt.OUT) if place.state == UNSUBSCRIBED else MISSING
    side = stands_in_the_way(consent.shadows.get(place.client), consent.box, left, consent.options)
    if side is not None:
        return OptedOut(side)
    if place.suppressed:
        return IsSuppressed(place.client_name)
    return MailCameBack() if place.state == BOUNCED else None


def _will(act: Act, place: Place) -> str:
    if act is Act.ADD:
        if place.state in MAILED:
            return ""
        asked = noop("Is asked by e-mail to confirm, and counts from then on.")
        return asked if place.asks else _ADDS.get(place.state, noop("Will be added."))
    if act is Act.REMOVE:
        return noop("Will be removed from the list. This is no opt-out: a rule or an import may add the person again.")
    if place.shared:
        return noop(
            "Will be unsubscribed, and with it from all other lists of this client: the list's setting says so."
        )
    return noop("Will be unsubscribed. Nothing but a new consent of the person brings them back.")


_ADDS: Final = {DELETED: noop("Was removed from it before, and will be added again.")}
