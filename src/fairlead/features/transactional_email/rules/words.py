"""The words of mappings and sends."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from fairlead.domain.criteria import Criterion

SENDS: Final = "smart_email_sends"
SENDS_TITLE: Final = "Sending of smart e-mails"
LOOK: Final = "smart_emails"
LOOK_TITLE: Final = "Smart e-mails and their messages"

MOST_RECIPIENTS: Final = 25
LARGEST_DATA: Final = 100 * 1024
"""Bytes. Both as Campaign Monitor says (codes 954 and 996)."""
MOST_ROWS: Final = 100
"""Children of one record that an e-mail shows: more do not come with one answer of Salesforce."""
MOST_LINES: Final = 60
LONGEST_NAME: Final = 120
TRACKS: Final = ("Unchanged", "Yes", "No")


class Kind(StrEnum):
    """In which line a recipient stands."""

    TO = "To"
    CC = "CC"
    BCC = "BCC"


class Source(StrEnum):
    """Where a recipient comes from: a field of the record or of its parents, of its children, or one fixed address."""

    FIELD = "field"
    CHILDREN = "children"
    ADDRESS = "address"


class State(StrEnum):
    """Where a send stands. SENDING: Campaign Monitor may have it; SENT: it has it, and what follows is still owed."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the e-mail: filled from a field, written by a format; `otherwise` where the field is blank."""

    name: str
    field: str
    format: str = ""
    otherwise: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A variable that lists child records: which, in what order, how many, and what each row says."""

    name: str
    relationship: str
    columns: tuple[Variable, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    logic: str = ""
    sort: str = ""
    descending: bool = False
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets it. `value` is a path (`Account.Email__c`), `Children/Path` of children, or an address."""

    kind: str
    source: str
    value: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Draft:
    """A mapping as somebody wants it. `id` is blank for a new one; `version` is what was shown, None to overwrite any.

    `list` is the id of the list that recipients are added to, blank for none; `track` is their consent to be tracked.
    """

    smart: str = ""
    object: str = ""
    name: str = ""
    description: str = ""
    list: str = ""
    track: str = TRACKS[0]
    zone: str = "UTC"
    task: bool = True
    message: bool = False
    variables: tuple[Variable, ...] = ()
    listings: tuple[Listing, ...] = ()
    recipients: tuple[Recipient, ...] = ()
    id: str = ""
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a mapping: where (`variables 2`, `recipients 1`, `items 3`; blank: the whole), and what."""

    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.where.capitalize()}: {self.text}" if self.where else self.text[:1].upper() + self.text[1:]
