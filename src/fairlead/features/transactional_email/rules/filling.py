"""An e-mail filled from a record as it is now: variables, recipients; or why it cannot be sent."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fairlead.domain import formats
from fairlead.domain.address import normal
from fairlead.features.transactional_email.rules.compiling import (
    PEOPLE,
    Child,
    Plan,
    is_address,
    parts_of,
    type_in,
    zone_of,
)
from fairlead.features.transactional_email.rules.failures import (
    BadRecipient,
    NoRecipient,
    TooManyRecipients,
    TooMuchData,
)
from fairlead.features.transactional_email.rules.words import (
    LARGEST_DATA,
    MOST_RECIPIENTS,
    Draft,
    Kind,
    Listing,
    Recipient,
    Source,
    Variable,
)

MARK: Final = "fairlead_request"
"""A value beside the variables by which a message of the log is recognised as that of one send. No template shows it."""
_SEVERAL: Final = re.compile(r"[;,]")
_PREFIXES: Final = {"003": PEOPLE[0], "00Q": PEOPLE[1]}


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail as it will be sent. In memory only, or sealed.

    `lines` are the addresses by line (To, CC, BCC), each address once; `joins` those of To that a record gave, who may be
    added to a list; `who` is the id of the first contact or lead among the recipients, blank for nobody.
    """

    data: Mapping[str, Any] = field(repr=False)
    lines: Mapping[str, tuple[str, ...]] = field(repr=False)
    joins: tuple[str, ...] = field(default=(), repr=False)
    who: str = ""

    @property
    def everybody(self) -> tuple[str, ...]:
        """All addresses."""
        return tuple(address for line in self.lines.values() for address in line)


def letter(draft: Draft, plan: Plan, record: Mapping[str, Any]) -> Letter:
    """The e-mail of a record. Raises BadRecipient, NoRecipient, TooManyRecipients, TooMuchData."""
    data = values(draft, plan, record)
    size = len(json.dumps(data, ensure_ascii=False).encode())
    if size > LARGEST_DATA - 200:  # room for the token
        raise TooMuchData(size)
    lines: dict[str, list[str]] = {kind: [] for kind in Kind}
    seen: set[str] = set()
    joins, who = [], ""
    order = list(Kind)
    for one in sorted(draft.recipients, key=lambda one: order.index(Kind(one.kind))):
        for address, person in _addresses(one, record):
            key = normal(address)
            who = who or person
            if key in seen:
                continue
            seen.add(key)
            lines[one.kind].append(address)
            if one.kind == Kind.TO and one.source != Source.ADDRESS:
                joins.append(address)
    if not lines[Kind.TO]:
        raise NoRecipient
    if len(seen) > MOST_RECIPIENTS:
        raise TooManyRecipients(len(seen))
    return Letter(data, {kind: tuple(found) for kind, found in lines.items()}, tuple(joins), who)


def values(draft: Draft, plan: Plan, record: Mapping[str, Any]) -> dict[str, Any]:
    """The variables: texts, and for children a list of texts or of objects of texts."""
    found: dict[str, Any] = {}
    for one in draft.variables:
        found[one.name] = _text(draft, one, record, plan.type_of(one.field))
    for listing in draft.listings:
        child = plan.child(listing.relationship)
        found[listing.name] = _rows(draft, listing, child, record) if child else []
    return found


def _text(draft: Draft, one: Variable, record: Mapping[str, Any], type: str) -> str:
    return formats.written(at(record, one.field), type, one.format, zone_of(draft)) or one.otherwise


def _rows(draft: Draft, listing: Listing, child: Child, record: Mapping[str, Any]) -> list[Any]:
    rows = children(record, child.relationship)
    told = [[_text(draft, column, row, type_in(child, column.field)) for column in listing.columns] for row in rows]
    names = [column.name for column in listing.columns]
    if names == [""]:
        return [row[0] for row in told]
    return [dict(zip(names, row, strict=True)) for row in told]


def at(record: Mapping[str, Any], path: str) -> Any:
    """The value at a path, whatever the case of its names; None where a parent is not there."""
    found: Any = record
    for part in path.split("."):
        wanted = part.strip().lower()
        if not isinstance(found, Mapping):
            return None
        found = next((value for name, value in found.items() if name.lower() == wanted), None)
    return found


def children(record: Mapping[str, Any], relationship: str) -> Sequence[Mapping[str, Any]]:
    """The children that were read with a record."""
    found = at(record, relationship)
    return found.get("records") or [] if isinstance(found, Mapping) else []


def _addresses(one: Recipient, record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(address, id of the contact or lead). Raises BadRecipient."""
    if one.source == Source.ADDRESS:
        yield one.value.strip(), ""
        return
    relationship, path = parts_of(one.value) if one.source == Source.CHILDREN else ("", one.value)
    for row in children(record, relationship) if relationship else [record]:
        person = str(at(row, ".".join([*path.split(".")[:-1], "Id"])) or "")
        for part in _SEVERAL.split(str(at(row, path) or "")):
            if not part.strip():
                continue
            if not is_address(part.strip()):
                raise BadRecipient(one.value)
            yield part.strip(), person if person[:3] in _PREFIXES else ""
