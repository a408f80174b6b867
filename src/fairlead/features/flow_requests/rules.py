"""What flows and programs may ask for, and when it is refused. Requests name records by id; nobody is brought back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from fairlead.domain.consent import Side
from fairlead.domain.failure import FixTheSettings, FixThisRecord
from fairlead.domain.record_id import to_18
from fairlead.domain.setting import Number, Setting

KIND: Final = "flow_requests"
TITLE: Final = "Requests of flows and programs"
LONGEST_ID: Final = 64
LONGEST_VALUE: Final = 250

KEEP_DAYS: Final = Number(
    name="flow_requests.keep_days",
    title="Remember requests for",
    help="A request of an id that is remembered is not carried out a second time. What it asked for is forgotten at once.",
    default=30,
    unit="days",
    least=1,
    most=365,
)
SETTINGS: Final[tuple[Setting[Any], ...]] = (KEEP_DAYS,)


class Action(StrEnum):
    """What can be asked for; `send_smart_email` is carried out by another room."""

    ADD = "add_to_list"
    UPDATE = "update"
    SET_FIELD = "set_field"
    REMOVE = "remove_from_list"
    UNSUBSCRIBE = "unsubscribe"
    SEND = "send_smart_email"


OFFERED: Final = tuple(Action)
NEEDS_LIST: Final = frozenset({Action.ADD, Action.UPDATE, Action.SET_FIELD, Action.REMOVE})


class BadRequest(FixTheSettings):
    """A request that nobody can carry out as it is."""

    code = "FL-392"
    next_step = "Correct the flow or program that asks."


class RequestIdTaken(FixTheSettings):
    """Two different requests bear one id."""

    code = "FL-393"
    status = 409
    next_step = "Give each request an id of its own; repeat one only as it was."

    def __init__(self) -> None:
        super().__init__("Another request had this id, and asked for something else.")


class NoSuchRequest(FixTheSettings):
    """No request of that id is remembered."""

    code = "FL-394"
    status = 404
    next_step = "Requests are forgotten after some days; ask again under a new id."

    def __init__(self) -> None:
        super().__init__("No request of this id is remembered.")


class NobodyThere(FixThisRecord):
    """The contact or lead of a request is gone, hidden, or has no address."""

    code = "FL-460"
    next_step = "Look at the record in Salesforce: it needs an e-mail address."

    def __init__(self) -> None:
        super().__init__("The contact or lead has no address, or is not there.")


class OptedOut(FixThisRecord):
    """Somebody who opted out was to be added."""

    code = "FL-461"
    next_step = "Only a recorded consent brings somebody back: see the review page."

    def __init__(self, side: Side) -> None:
        where = "Salesforce" if side is Side.SALESFORCE else "Campaign Monitor"
        super().__init__(f"The person has opted out in {where}.")


class RequestRefused(FixThisRecord):
    """Campaign Monitor would not do it for this subscriber."""

    code = "FL-462"
    next_step = "Look at the subscriber in Campaign Monitor."


class UnknownList(FixThisRecord):
    """The list of a request is not one of a selected client's."""

    code = "FL-463"
    next_step = "Use the List Id of a list's record in Salesforce; its client must be selected in Fairlead."

    def __init__(self) -> None:
        super().__init__("The list is not one that Fairlead looks after.")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `record` has 18 characters; `list` is blank for all lists; `value` is blank to empty `custom_field`.

    `mapping` is the id of the smart e-mail mapping to send by.
    """

    action: Action
    record: str
    list: str = ""
    custom_field: str = ""
    value: str = field(default="", repr=False)
    mapping: str = ""


def read(given: Mapping[str, Any]) -> Asked:
    """A request from what was sent: action, record_id, list_id, mapping_id, field, value. Raises BadRequest."""
    names = ("action", "record_id", "list_id", "mapping_id", "field", "value")
    texts = {name: _text(given, name) for name in names}
    try:
        action = Action(texts["action"])
    except ValueError:
        raise BadRequest(f"The action is none of {', '.join(OFFERED)}.") from None
    record = texts["record_id"]
    is_id = len(record) in (15, 18) and record.isascii() and record.isalnum()
    if action is Action.SEND:
        return _send(texts, record, is_id=is_id)
    if not is_id or record[:3] not in ("003", "00Q"):
        raise BadRequest("The record id is not that of a contact or lead.")
    if action in NEEDS_LIST and not texts["list_id"]:
        raise BadRequest(f"{action} needs a list id.")
    if len(texts["list_id"]) > LONGEST_ID or (texts["list_id"] and not texts["list_id"].isalnum()):
        raise BadRequest("The list id is none.")
    if action is Action.SET_FIELD and not texts["field"].strip("[] "):
        raise BadRequest("set_field needs the name of a field.")
    if len(texts["value"]) > LONGEST_VALUE or len(texts["field"]) > LONGEST_VALUE:
        raise BadRequest(f"Fields and values have {LONGEST_VALUE} characters at most.")
    return Asked(action, to_18(record), texts["list_id"], texts["field"], texts["value"])


def _send(texts: Mapping[str, str], record: str, *, is_id: bool) -> Asked:
    """A request to send: it carries ids only, values are read when it is sent."""
    if not is_id:
        raise BadRequest("The record id is none.")
    mapping = texts["mapping_id"]
    if not mapping or len(mapping) > LONGEST_ID or not (mapping.isascii() and mapping.isalnum()):
        raise BadRequest("send_smart_email needs the id of a smart e-mail mapping.")
    if texts["list_id"] or texts["field"] or texts["value"]:
        raise BadRequest("send_smart_email takes no list, field or value: the mapping says all that.")
    return Asked(Action.SEND, to_18(record), mapping=mapping)


def request_id(given: Mapping[str, Any]) -> str:
    """The id under which a request is carried out once. Raises BadRequest."""
    found = _text(given, "request_id")
    if not found or len(found) > LONGEST_ID:
        raise BadRequest(f"The request id is missing, or longer than {LONGEST_ID} characters.")
    return found


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise BadRequest(f"{name} is no text.")
    return (value or "").strip()
