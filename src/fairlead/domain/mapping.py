"""Field mappings: which field of a contact or lead goes with which field of a list, which way, and who wins. Pure.

What a mapping may not be is refused before it is saved (`check`); what a value cannot be is refused when it comes
(`mapping_values`); which side is written is decided in `mapping_merge`.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

from fairlead.domain.failure import FixTheSettings
from fairlead.domain.field_values import Field

OBJECTS: Final = ("Contact", "Lead")
NAME: Final = "Name"
MOBILE: Final = "MobileNumber"
CONSENT_TO_TRACK: Final = "ConsentToTrack"
CONSENT_TO_SEND_SMS: Final = "ConsentToSendSms"
OWN_FIELDS: Final = (NAME, MOBILE, CONSENT_TO_TRACK, CONSENT_TO_SEND_SMS)
"""What every subscriber has beside custom fields and the address."""

ONLY_OUT: Final = frozenset({MOBILE, CONSENT_TO_TRACK, CONSENT_TO_SEND_SMS})
"""What only goes to Campaign Monitor (F58)."""

MOST_LINES: Final = 200
LONGEST_VALUE: Final = 250
"""Characters of one value of a custom field."""

KEPT_APART: Final = frozenset(
    {"id", "email", "hasoptedoutofemail", "ownerid", "recordtypeid", "isdeleted", "isconverted", "masterrecordid"}
)
"""Fields of contacts and leads that no mapping writes: addresses and opt status have ways of their own."""

_PATH: Final = re.compile(r"[A-Za-z]\w*(?:\.[A-Za-z]\w*){0,5}")


class Direction(StrEnum):
    """Which way a line's values go."""

    NONE = "none"
    TO_CAMPAIGN_MONITOR = "to_campaign_monitor"
    TO_SALESFORCE = "to_salesforce"
    BOTH = "both"

    @property
    def outward(self) -> bool:
        """Whether values go to Campaign Monitor."""
        return self in (Direction.TO_CAMPAIGN_MONITOR, Direction.BOTH)

    @property
    def inward(self) -> bool:
        """Whether values go to Salesforce."""
        return self in (Direction.TO_SALESFORCE, Direction.BOTH)


class Owner(StrEnum):
    """Whose value stays where both sides have one."""

    SALESFORCE = "salesforce"
    CAMPAIGN_MONITOR = "campaign_monitor"
    FILL_BLANKS = "fill_blanks"


class WrongMapping(FixTheSettings):
    """A mapping cannot work as it is written; nothing of it was saved. `problems` name each line's fields."""

    code = "FL-386"
    next_step = "Correct these lines and save again; the mapping that was there goes on as it was."

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"The mapping was not saved: {'; '.join(problems)}.")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a mapping.

    `source` is a field of the object, or a path to one of a parent (`Account.Industry`). `target` is one of `OWN_FIELDS`
    or a custom field's key in brackets. `default` is written outward where Salesforce has nothing. `create_only`: written
    once, and then left alone. `clear_blank`: emptied on one side, the field is emptied on the other.
    """

    object: str
    source: str
    target: str
    direction: Direction = Direction.TO_CAMPAIGN_MONITOR
    owner: Owner = Owner.SALESFORCE
    default: str = ""
    create_only: bool = False
    clear_blank: bool = False

    @property
    def key(self) -> str:
        """What tells the line apart from others, and from one that maps other fields."""
        return f"{self.object}\x1f{self.source}\x1f{self.target}".lower()

    @property
    def told(self) -> str:
        """The line as people call it."""
        return f"{self.object}.{self.source} and {self.target.strip('[]')}"

    def as_json(self) -> dict[str, Any]:
        """The line as it is kept."""
        return {
            "object": self.object,
            "source": self.source,
            "target": self.target,
            "direction": self.direction.value,
            "owner": self.owner.value,
            "default": self.default,
            "create_only": self.create_only,
            "clear_blank": self.clear_blank,
        }


def read(lines: object) -> tuple[Line, ...]:
    """Lines from what was kept or typed as JSON: a list of objects. Raises WrongMapping, naming the first wrong line."""
    if not isinstance(lines, list | tuple) or len(lines) > MOST_LINES:
        raise WrongMapping([f"give a list of at most {MOST_LINES} lines"])
    return tuple(_read(number, line) for number, line in enumerate(lines, 1))


def _read(number: int, given: object) -> Line:
    known = Line.__dataclass_fields__
    if not isinstance(given, Mapping) or not set(given) <= set(known):
        raise WrongMapping([f"line {number} is no object with {', '.join(known)}"])
    try:
        line = Line(
            object=str(given.get("object", "")).strip().capitalize(),
            source=str(given.get("source", "")).strip(),
            target=_target(str(given.get("target", "")).strip()),
            direction=Direction(given.get("direction", Direction.TO_CAMPAIGN_MONITOR)),
            owner=Owner(given.get("owner", Owner.SALESFORCE)),
            default=str(given.get("default", "")).strip(),
            create_only=given.get("create_only", False) is True,
            clear_blank=given.get("clear_blank", False) is True,
        )
    except ValueError as wrong:
        raise WrongMapping([f"line {number}: {wrong}"]) from None
    if line.object not in OBJECTS or not _PATH.fullmatch(line.source) or not line.target:
        raise WrongMapping([f"line {number} needs an object (Contact or Lead), a field of it, and a field of the list"])
    return line


def _target(given: str) -> str:
    own = {name.lower(): name for name in OWN_FIELDS}.get(given.lower())
    bare = given.strip("[] ")
    return own or (f"[{bare}]" if bare else "")


class Described(Protocol):
    """An object as the org describes it to the integration user: what it may not see is not there."""

    @property
    def fields(self) -> Sequence["OrgField"]: ...


class OrgField(Field, Protocol):
    """A field as the org describes it."""

    @property
    def label(self) -> str: ...
    @property
    def updateable(self) -> bool: ...
    @property
    def calculated(self) -> bool: ...
    @property
    def reference_to(self) -> Sequence[str]: ...
    @property
    def relationship_name(self) -> str | None: ...


class ListField(Protocol):
    """A custom field of a list. `key` has brackets; `options` are its choices."""

    @property
    def name(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def data_type(self) -> str: ...
    @property
    def options(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class OwnField:
    """A field that every subscriber has, as if it were a custom field."""

    name: str
    data_type: str
    options: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Its name stands for itself."""
        return self.name


_OWN: Final = {
    NAME: OwnField(NAME, "Text"),
    MOBILE: OwnField(MOBILE, MOBILE),
    CONSENT_TO_TRACK: OwnField(CONSENT_TO_TRACK, "Consent"),
    CONSENT_TO_SEND_SMS: OwnField(CONSENT_TO_SEND_SMS, "Consent"),
}


@dataclass(frozen=True, slots=True)
class Fitted:
    """A line with both its fields as the sides describe them."""

    line: Line
    source: OrgField
    target: ListField


def parents(lines: Sequence[Line], described: Mapping[str, Described]) -> set[str]:
    """Objects whose description is still missing to know what the paths lead to."""
    missing: set[str] = set()
    for line in lines:
        at = line.object
        for step in line.source.split(".")[:-1]:
            if at not in described:
                break
            at = _parent(described[at], step)
            if not at:
                break
        if at and at not in described:
            missing.add(at)
    return missing


def field_of(path: str, of: str, described: Mapping[str, Described]) -> OrgField | None:
    """The field at the end of a path; None where some step of it is not there or is hidden."""
    *steps, last = path.split(".")
    for step in steps:
        of = _parent(described[of], step) if of in described else ""
    return _named(described[of], last) if of in described else None


def _parent(info: Described, relationship: str) -> str:
    """The object that a relationship leads to. Of several it may lead to, users are what people have."""
    for field in info.fields:
        if (field.relationship_name or "").lower() == relationship.lower():
            targets = tuple(field.reference_to)
            return "User" if "User" in targets else targets[0] if len(targets) == 1 else ""
    return ""


def _named(info: Described, name: str) -> OrgField | None:
    return next((field for field in info.fields if field.name.lower() == name.lower()), None)


def target_of(line: Line, fields: Sequence[ListField]) -> ListField | None:
    """The list's field of a line, by key or name; None where the list has none such."""
    if line.target in _OWN:
        return _OWN[line.target]
    bare = line.target.strip("[]").lower()
    words = [(field, {field.key.strip("[]").lower(), field.name.lower()}) for field in fields]
    return next((field for field, names in words if bare in names), None)


def duplicates(lines: Sequence[Line]) -> list[str]:
    """What two lines would write into: each field once, on either side."""
    problems: list[str] = []
    active = [line for line in lines if line.direction is not Direction.NONE]
    for words, keys in (
        (
            "is the target of",
            [f"{line.object} → {line.target.strip('[]')}" for line in active if line.direction.outward],
        ),
        ("is filled by", [f"{line.object}.{line.source}" for line in active if line.direction.inward]),
    ):
        lower = [key.lower() for key in keys]
        twice = dict.fromkeys(key for key in keys if lower.count(key.lower()) > 1)
        problems += [f"{key} {words} more than one line" for key in _once(twice)]
    return problems


def _once(keys: Collection[str]) -> list[str]:
    seen: dict[str, str] = {}
    for key in keys:
        seen.setdefault(key.lower(), key)
    return list(seen.values())
