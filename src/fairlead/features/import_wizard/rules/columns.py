"""Which column of a source goes where on a list: what is suggested, and what is refused before anything is saved."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from fairlead.domain.words import noop

EMAIL: Final = "EmailAddress"
NAME: Final = "Name"
MOBILE: Final = "MobileNumber"
CONSENT_TO_TRACK: Final = "ConsentToTrack"
CONSENT_TO_SEND_SMS: Final = "ConsentToSendSms"
FIXED: Final = {
    EMAIL: noop("E-mail address"),
    NAME: noop("Name"),
    CONSENT_TO_TRACK: noop("Consent to track"),
    MOBILE: noop("Mobile number"),
    CONSENT_TO_SEND_SMS: noop("Consent to send SMS"),
}
"""Where a column can go on every list, and what people call that."""

NEW: Final = "new:"
"""Before the name of a custom field that is yet to be created."""
TYPES: Final = ("Text", "Number", "Date", "MultiSelectOne", "MultiSelectMany")
"""Types of custom fields that an import may create."""
ID_NAME: Final = "Salesforce ID"
"""How the custom field with the Id of a contact or lead is called, where the list has none yet."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a source. `type` is Salesforce's word: `string`, `email`, `id`, `date`, `boolean` …, blank if unknown."""

    name: str
    label: str = ""
    type: str = ""

    @property
    def title(self) -> str:
        """As people read it."""
        return self.label or self.name


@dataclass(frozen=True, slots=True)
class ListField:
    """One custom field of a list. `key` is in square brackets."""

    key: str
    name: str
    type: str = "Text"


@dataclass(frozen=True, slots=True)
class Line:
    """A column and where it goes: a word of `FIXED`, the key of a custom field, or `new:Name` with the type to create."""

    column: str
    to: str
    type: str = ""

    @property
    def new_name(self) -> str:
        """Name of the custom field to create; blank where none is to be."""
        return self.to.removeprefix(NEW).strip() if self.to.startswith(NEW) else ""

    def as_json(self) -> dict[str, str]:
        """As it is kept."""
        return {"column": self.column, "to": self.to} | ({"type": self.type} if self.type else {})


def lines_of(kept: Sequence[Any]) -> tuple[Line, ...]:
    """Lines as they were kept."""
    return tuple(Line(str(one["column"]), str(one["to"]), str(one.get("type", ""))) for one in kept)


def plain(text: str) -> str:
    """A name without what differs between systems: case, blanks, underscores, the end of a custom field's name."""
    text = re.sub(r"__[cr]$", "", text.rpartition(".")[2])
    return re.sub(r"[\W_]+", "", text).casefold()


_SAID: Final = {
    EMAIL: ("email", "emailaddress", "personemail", "mail"),
    NAME: ("name", "fullname"),
    MOBILE: ("mobilephone", "mobile", "mobilenumber", "personmobilephone", "cell", "cellphone"),
    CONSENT_TO_TRACK: ("consenttotrack", "trackingconsent"),
    CONSENT_TO_SEND_SMS: ("consenttosendsms", "smsconsent", "consenttosms"),
}
_FIRST: Final = ("firstname",)
_LAST: Final = ("lastname",)
_PERSON_IDS: Final = ("contactid", "leadid", "contactorleadid", "leadorcontactid", "salesforceid")
_MADE_BY_TYPE: Final = {
    "date": "Date",
    "datetime": "Date",
    "int": "Number",
    "double": "Number",
    "currency": "Number",
    "percent": "Number",
    "multipicklist": "MultiSelectMany",
}


def suggest(columns: Sequence[Column], fields: Sequence[ListField]) -> tuple[Line, ...]:
    """Where each column probably goes, in the order of the columns; what is not clear goes nowhere.

    Nothing is suggested twice (but first and last name for the name), and no custom field is created by a suggestion but
    that of the Id.
    """
    taken: set[str] = set()
    lines: dict[str, Line] = {}

    def put(column: Column, to: str, kind: str = "") -> None:
        if column.name not in lines and to not in taken:
            lines[column.name] = Line(column.name, to, kind)
            taken.add(to)

    for to, words in _SAID.items():
        for column in _ranked(columns, words):
            put(column, to)
    for column in columns:
        if column.type == "email":
            put(column, EMAIL)
    if NAME not in taken:
        parts = [each for words in (_FIRST, _LAST) for each in _ranked(columns, words)[:1] if each.name not in lines]
        lines |= {each.name: Line(each.name, NAME) for each in parts}
    for column in columns:
        for one in fields:
            if plain(one.name) and plain(one.name) in (plain(column.name), plain(column.label)):
                put(column, one.key)
    person = next((each for each in columns if _is_person_id(each)), None)
    if person is not None:
        known = next((one.key for one in fields if plain(one.name) == plain(ID_NAME)), "")
        put(person, known or NEW + ID_NAME, "" if known else "Text")
    return tuple(lines[column.name] for column in columns if column.name in lines)


def type_for(column: Column) -> str:
    """The type of a custom field that holds what the column holds."""
    return _MADE_BY_TYPE.get(column.type, "Text")


def _ranked(columns: Sequence[Column], words: Sequence[str]) -> list[Column]:
    """The columns that are called so; those by their own name before those by their label, the shorter path first."""
    by_name = [each for word in words for each in columns if plain(each.name) == word]
    by_label = [each for word in words for each in columns if plain(each.label) == word and each not in by_name]
    return sorted(by_name, key=lambda each: each.name.count(".")) + by_label


def _is_person_id(column: Column) -> bool:
    return plain(column.name) in _PERSON_IDS or plain(column.label) in _PERSON_IDS


def problems(lines: Sequence[Line], columns: Sequence[Column], fields: Sequence[ListField]) -> tuple[str, ...]:
    """Why these lines cannot be kept, a sentence each; empty where they can."""
    there = {column.name for column in columns}
    keys = {one.key for one in fields}
    names = {one.name.strip().casefold() for one in fields}
    found = [f"The source has no column {each.column}." for each in lines if each.column not in there]
    if not any(each.to == EMAIL for each in lines):
        found.append("No column goes to the e-mail address: choose the one that holds it.")
    found += [f"{_called(to, fields)} is chosen for several columns." for to in _twice(lines)]
    for line in lines:
        if line.to.startswith(NEW):
            found += _of_new(line, names)
        elif line.to not in FIXED and line.to not in keys:
            found.append(f"The list has no custom field {line.to}.")
    return tuple(found)


def _twice(lines: Sequence[Line]) -> list[str]:
    said = [(each.new_name.casefold() or each.to, each.to) for each in lines if each.to != NAME]
    count: dict[str, int] = {}
    for word, _ in said:
        count[word] = count.get(word, 0) + 1
    return list(dict.fromkeys(to for word, to in said if count[word] > 1))


def _of_new(line: Line, names: set[str]) -> list[str]:
    if not line.new_name:
        return [f"The new custom field for {line.column} has no name."]
    if line.new_name.casefold() in names:
        return [f"The list has a custom field “{line.new_name}” already: choose it."]
    if line.type not in TYPES:
        return [f"The new custom field “{line.new_name}” cannot be of the type {line.type or '(none)'}."]
    return []


def _called(to: str, fields: Sequence[ListField]) -> str:
    names = {one.key: f"“{one.name}”" for one in fields}
    return FIXED.get(to) or names.get(to) or (f"“{to.removeprefix(NEW)}”" if to.startswith(NEW) else to)
