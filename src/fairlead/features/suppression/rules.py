"""What is decided about suppressed addresses: whether to read them, how much of them, and the words for the reasons. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from fairlead.domain.address import normal
from fairlead.domain.records import Kind, Rows
from fairlead.domain.setting import Flag

SYNC: Final = Flag(
    name="suppression.sync",
    title="Sync the suppression lists",
    help=(
        "Keep a record in Salesforce of each address that a client does not mail to. Turning it off leaves the records "
        "there; `fairlead suppression remove` deletes them."
    ),
    default=False,
)

WHOLE_EVERY: Final = timedelta(days=1)
UNKNOWN: Final = "Reason unavailable"
REASONS: Final = ("Bounced", "Unsubscribed", UNKNOWN)
FIELDS: Final = (
    "Suppression_Key__c",
    "Client__r.Client_Id__c",
    "Email__c",
    "Suppressed_Date__c",
    "Reason__c",
    "Contact__c",
    "Lead__c",
    "Sync_Run__c",
)
KINDS: Final = (Kind.TEXT, Kind.TEXT, Kind.TEXT, Kind.DATETIME, Kind.TEXT, Kind.TEXT, Kind.TEXT, Kind.NUMBER)


class Entry(Protocol):
    """A suppressed address as Campaign Monitor gives it; the date is naive, in the client's time zone, with seconds."""

    @property
    def email(self) -> str: ...
    @property
    def date(self) -> str: ...
    @property
    def reason(self) -> str: ...


class Reading(StrEnum):
    """How much of a client's list to read."""

    NOTHING = "nothing"
    NEWEST = "newest"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Known:
    """What the last reading of a client's list noted."""

    total: int
    newest: bytes
    whole_at: datetime | None


def how_much(known: Known | None, total: int, newest: bytes, now: datetime, *, full: bool) -> Reading:
    """What to read, as the first page tells: the list has `total` entries now, and its newest page digests to `newest`.

    The list has no filter by date. Unchanged, it costs the one call that told so. Grown, only its newest pages are read;
    shrunken, or a day after the last whole reading, all of it, since entries may leave anywhere. What the first page
    cannot show, an entry that left while another came, is found by that daily reading at the latest.
    """
    if full or known is None or known.whole_at is None or now - known.whole_at >= WHOLE_EVERY or total < known.total:
        return Reading.WHOLE
    if total == known.total and newest == known.newest:
        return Reading.NOTHING
    return Reading.NEWEST if total > known.total else Reading.WHOLE


def reason(word: str) -> str:
    """Campaign Monitor's word as the picklist has it."""
    found = {known.lower(): known for known in REASONS}
    return found.get(word.strip().lower(), UNKNOWN)


def key(client: str, address: str) -> str:
    """The external id of an entry: client id, a colon, the normal form of the address."""
    return f"{client}:{normal(address)}"


def fingerprint(entries: Sequence[Entry]) -> str:
    """Equal for equal pages."""
    return "\n".join(f"{one.email}\t{one.date}\t{one.reason}" for one in entries)


def rows(
    entries: Sequence[Entry],
    client: str,
    contacts: list[str],
    leads: list[str],
    to_utc: Callable[[list[str]], list[str]],
    number: int,
) -> Rows:
    """Entries as rows of CM_Suppression__c; `number` is that of the sync."""
    return Rows(
        FIELDS,
        KINDS,
        (
            [key(client, one.email) for one in entries],
            [client] * len(entries),
            [one.email for one in entries],
            to_utc([one.date for one in entries]),
            [reason(one.reason) for one in entries],
            contacts,
            leads,
            [str(number)] * len(entries),
        ),
    )


def explain(*, wanted: bool, suppressed: bool) -> str:
    """Why an address has, or has not, a record of its suppression: a sentence that names the setting."""
    if not wanted:
        return f"No record of it is kept: “{SYNC.title}” is off."
    return "It is suppressed, and a record says so." if suppressed else "It is not on the client's suppression list."
