"""What the members room decides: which clients and lists a run concerns, and what a link count is."""

from collections.abc import Sequence
from typing import Final, Protocol

from fairlead.domain.failure import Failure, FixTheSettings, WaitAndRetry

OPT_IN: Final = {False: "Single opt-in", True: "Confirmed opt-in"}
UNSUBSCRIBE: Final = {"AllClientLists": "All client lists", "OnlyThisList": "Only this list"}
MAX_NAME: Final = 80
MAX_URL: Final = 255


class NothingSelected(FixTheSettings):
    """The run was asked for a client or list that is not among those synced."""

    code = "FL-317"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"No {what} with the id that was asked for is synced.",
            next_step="`fairlead status` lists what is; `fairlead connect campaign-monitor` selects clients.",
        )


def linked(contacts: Sequence[str], leads: Sequence[str]) -> dict[str, int]:
    """How many members are linked to a contact only, a lead only, both, or neither."""
    both = sum(1 for contact, lead in zip(contacts, leads, strict=True) if contact and lead)
    contact_only = sum(1 for contact in contacts if contact) - both
    lead_only = sum(1 for lead in leads if lead) - both
    return {
        "linked_contact": contact_only,
        "linked_lead": lead_only,
        "linked_both": both,
        "unlinked": len(contacts) - both - contact_only - lead_only,
    }


class Counters(Protocol):
    """How many subscribers a list has, by state, as far as Campaign Monitor counts them."""

    @property
    def active(self) -> int: ...
    @property
    def unsubscribed(self) -> int: ...
    @property
    def deleted(self) -> int: ...
    @property
    def bounced(self) -> int: ...


def subscribers(counters: Counters) -> int:
    """All subscribers that the counters know of; the unconfirmed are not counted there."""
    return counters.active + counters.unsubscribed + counters.deleted + counters.bounced


def unsubscribe_setting(value: str) -> str:
    """Campaign Monitor's word as the picklist has it; blank for a word that is not known."""
    return UNSUBSCRIBE.get(value, "")


def the_one_to_tell(failures: Sequence[Failure], lists: int) -> Failure:
    """Of the failures of several lists the one that a person must act on, before those that pass by themselves.

    Where several lists failed, its text says how many of `lists` did not come to their end.
    """
    first = next((failure for failure in failures if not isinstance(failure, WaitAndRetry)), failures[0])
    if len(failures) > 1:
        first.tell_more(f"{len(failures)} of {lists} lists did not come to their end; the first says:")
    return first
