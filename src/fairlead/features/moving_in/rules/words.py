"""The words of moving in: what the older package holds, and what becomes of each thing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from fairlead.domain.words import noop

PREFIX: Final = "wbsendit__"
"""The older package's namespace. Names below are told without it (section 3 of the facts)."""

CLIENT: Final = "Client__c"
LIST: Final = "Subscriber_List__c"
MEMBER: Final = "Subscription__c"
LINE: Final = "Custom_Field__c"
RULE: Final = "AutoSubscription__c"
IMPORT: Final = "Subscriber_Import__c"
TEMPLATE: Final = "Smart_Email_Template__c"
SMART: Final = "Smart_Email__c"
VARIABLE: Final = "Smart_Email_Variable__c"
RECIPIENT: Final = "Smart_Email_Recipient__c"
CAMPAIGN: Final = "Campaign_Monitor_Campaign__c"
CRM_CAMPAIGN: Final = "Campaign"
SETTINGS: Final = "senditsettings__c"

Row = Mapping[str, Any]


class Kind(StrEnum):
    """What an item is about, in the order in which pages show them."""

    CLIENT = noop("Clients")
    LIST = noop("Settings of lists")
    MAPPING = noop("Field mappings")
    RULE = noop("Subscriber rules")
    IMPORT = noop("Imports")
    SMART_EMAIL = noop("Smart e-mail mappings")
    CAMPAIGN = noop("Links of campaigns")
    OPTION = noop("General options")
    OTHER = noop("What else there is")


class Verdict(StrEnum):
    """What becomes of an item."""

    TAKE = noop("Is taken over")
    DECIDE = noop("Needs your decision")
    NOTHING = noop("Has no counterpart")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing of the older package and what becomes of it.

    `key` is the same each time it is read; `list` is the id of the list it belongs to, blank for none. `writes` says in
    words what is written, `payload` what the room's own act gets: without one there is nothing to tick. `assumed` says
    what of it is not known for certain.
    """

    key: str
    kind: Kind
    verdict: Verdict
    title: str
    reason: str
    list: str = ""
    list_name: str = ""
    writes: tuple[str, ...] = ()
    payload: Mapping[str, Any] = field(default_factory=dict, repr=False)
    assumed: str = ""

    @property
    def can_be_taken(self) -> bool:
        """Whether it can be ticked."""
        return bool(self.payload)

    @property
    def ticked(self) -> bool:
        """Whether it is ticked unasked."""
        return self.can_be_taken and self.verdict is Verdict.TAKE

    def as_json(self) -> dict[str, Any]:
        """As commands print it: without what the act gets."""
        return {
            "key": self.key,
            "kind": self.kind.name.lower(),
            "verdict": self.verdict.name.lower(),
            "title": self.title,
            "reason": self.reason,
            "list": self.list,
            "list_name": self.list_name,
            "writes": list(self.writes),
            "assumed": self.assumed,
            "can_be_taken": self.can_be_taken,
        }


@dataclass(frozen=True, slots=True)
class Old:
    """What an org holds of the older package: rows by object, names without the prefix, ids of 18 characters.

    `objects` are those that are there, `unreadable` those that are hidden from the sync user; `unseen` are fields that the
    facts tell of and the org does not show; `counts` are numbers of records that are not read one by one.
    """

    objects: frozenset[str] = frozenset()
    unreadable: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    rows: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)

    def of(self, name: str) -> Sequence[Row]:
        """The rows of an object; none where it is not there."""
        return self.rows.get(name, ())

    def by_id(self, name: str) -> dict[str, Row]:
        """The rows of an object by their ids."""
        return {text(row, "Id"): row for row in self.of(name)}


@dataclass(frozen=True, slots=True)
class Here:
    """What Fairlead knows: names of lists and of clients by id, and ids of smart e-mails."""

    lists: Mapping[str, str] = field(default_factory=dict)
    clients: Mapping[str, str] = field(default_factory=dict)
    smart_emails: frozenset[str] = frozenset()


def text(row: Row, name: str) -> str:
    """A field as text, without outer blanks; blank where it is not there."""
    value = row.get(name)
    return "" if value is None else str(value).strip()


def yes(row: Row, name: str, *, otherwise: bool = False) -> bool:
    """A tick box; `otherwise` where the org does not show it."""
    value = row.get(name)
    return otherwise if value is None else value is True


def same(one: str, other: str) -> bool:
    """Whether two picklist values say the same."""
    return one.casefold() == other.casefold()


UNKNOWN_LIST: Final = (
    "Fairlead knows no such list: it was deleted in Campaign Monitor, or its client is not synced. Select the client and "
    "run a sync, then look again."
)


@dataclass(frozen=True, slots=True)
class ListOf:
    """The list that a row belongs to: its id, its name, and whether Fairlead knows it."""

    id: str
    name: str
    known: bool


def list_of(row: Row, old: Old, here: Here, *fields: str) -> ListOf:
    """The list by an id that stands in one of the row's own fields, or by the list record that it points to."""
    found = next((text(row, name) for name in fields if text(row, name)), "")
    record = old.by_id(LIST).get(text(row, "Subscriber_List__c"), {})
    id_ = found or text(record, "List_Id__c")
    name = here.lists.get(id_) or text(record, "List_Name__c") or text(row, "Subscriber_List_Name__c") or id_
    return ListOf(id_, name, id_ in here.lists)
