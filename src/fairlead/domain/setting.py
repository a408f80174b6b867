"""Settings that people change while the service runs: each typed, with a title, a default, a unit and a help hint.

Rooms declare theirs once; the pages, the command line, the API and the reference are made from the declaration. What is
chosen is kept as a row (`store.setting_rows`), of the org as a whole or of one client or list.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar

from fairlead.domain.failure import FixTheSettings

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_YES: Final = frozenset({"true", "yes", "on", "1"})
_NO: Final = frozenset({"false", "no", "off", "0"})
MAX_TEXT: Final = 2_000


class Of(StrEnum):
    """What a setting is chosen for."""

    ORG = "org"
    CLIENT = "client"
    LIST = "list"


class BadSetting(FixTheSettings):
    """A value that a setting cannot have. `setting` and `value` are named; the next step says what is possible."""

    code = "FL-360"

    def __init__(self, setting: str, value: object, possible: str) -> None:
        self.setting = setting
        super().__init__(f"“{setting}” cannot be {value!r}.", next_step=possible)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting(Generic[T]):
    """One setting. `name` is `room.word`; `help` is the hint beside it; `unit` stands behind the value.

    A value of a client or list that was not chosen is the default, not the org's.
    """

    name: str
    title: str
    help: str
    default: T
    unit: str = ""
    of: Of = Of.ORG
    kind: ClassVar[str] = ""

    def read(self, value: object) -> T:
        """The value as typed: from JSON, or from a text as a form or a command line gives it. Raises BadSetting."""
        raise NotImplementedError

    def as_json(self, value: T) -> Any:
        """The value as JSON holds it."""
        return value

    @property
    def possible(self) -> str:
        """What it can be, as a sentence."""
        raise NotImplementedError

    def refuse(self, value: object) -> BadSetting:
        """The refusal of a value."""
        return BadSetting(self.name, value, self.possible)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag(Setting[bool]):
    """On or off."""

    kind: ClassVar[str] = "flag"

    @property
    def possible(self) -> str:
        """What it can be, as a sentence."""
        return "Give on or off."

    def read(self, value: object) -> bool:
        """True or false, or one of the words for them. Raises BadSetting."""
        if isinstance(value, bool):
            return value
        word = str(value).strip().lower()
        if word not in _YES | _NO:
            raise self.refuse(value)
        return word in _YES


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Setting[int]):
    """A whole number from `least` to `most`."""

    least: int = 0
    most: int = 1_000_000
    kind: ClassVar[str] = "number"

    @property
    def possible(self) -> str:
        """What it can be, as a sentence."""
        return f"Give a whole number from {self.least:,} to {self.most:,}."

    def read(self, value: object) -> int:
        """A whole number. Raises BadSetting."""
        try:
            number = int(str(value).strip().replace(",", ""))
        except ValueError:
            raise self.refuse(value) from None
        if isinstance(value, bool) or not self.least <= number <= self.most:
            raise self.refuse(value)
        return number


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Setting[str]):
    """One of several; `choices` are (value, label)."""

    choices: tuple[tuple[str, str], ...]
    kind: ClassVar[str] = "choice"

    @property
    def possible(self) -> str:
        """What it can be, as a sentence."""
        return f"Choose one of {', '.join(repr(value) for value, _ in self.choices)}."

    def read(self, value: object) -> str:
        """One of the values. Raises BadSetting."""
        if value not in [choice for choice, _ in self.choices]:
            raise self.refuse(value)
        return str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Setting[str]):
    """A line of text of at most `most` characters."""

    most: int = 255
    kind: ClassVar[str] = "text"

    @property
    def possible(self) -> str:
        """What it can be, as a sentence."""
        return f"Give a line of at most {self.most} characters."

    def read(self, value: object) -> str:
        """The text without outer blanks. Raises BadSetting."""
        text = str(value).strip() if isinstance(value, str) else ""
        if not isinstance(value, str) or len(text) > self.most or "\n" in text:
            raise self.refuse(value)
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Several(Setting[tuple[str, ...]]):
    """Any of several, in the order given; `choices` are (value, label), or empty for free words.

    `ordered` says that the order matters: pages then ask for it.
    """

    choices: tuple[tuple[str, str], ...] = ()
    ordered: bool = False
    kind: ClassVar[str] = "several"

    @property
    def possible(self) -> str:
        """What it can be, as a sentence."""
        if not self.choices:
            return "Give words, separated by commas."
        return f"Give any of {', '.join(repr(value) for value, _ in self.choices)}, separated by commas."

    def read(self, value: object) -> tuple[str, ...]:
        """The values, each once. A text is split at commas. Raises BadSetting."""
        if isinstance(value, str):
            value = value.split(",")
        if not isinstance(value, list | tuple):
            raise self.refuse(value)
        words = [str(word).strip() for word in value]
        found = tuple(dict.fromkeys(word for word in words if word))
        allowed = {choice for choice, _ in self.choices}
        if (allowed and not allowed.issuperset(found)) or any(len(word) > MAX_TEXT for word in found):
            raise self.refuse(", ".join(found))
        return found

    def as_json(self, value: tuple[str, ...]) -> Any:
        """A list."""
        return list(value)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its key, its title, and what it may hold (`choices` empty: any line)."""

    name: str
    title: str
    choices: tuple[tuple[str, str], ...] = ()
    flag: bool = False
    required: bool = True


Line = Mapping[str, str | bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Setting[tuple[Line, ...]]):
    """Lines of several columns, such as which activity gives which status. `unique` names the column that tells lines apart."""

    columns: tuple[Column, ...]
    unique: str = ""
    most: int = 200
    kind: ClassVar[str] = "table"

    @property
    def possible(self) -> str:
        """What it can be, as a sentence."""
        names = ", ".join(column.name for column in self.columns)
        once = f", each {self.unique} once" if self.unique else ""
        return f"Give at most {self.most} lines as JSON: objects with {names}{once}."

    def read(self, value: object) -> tuple[Line, ...]:
        """The lines, from a list of objects, or from a text that is one in JSON. Raises BadSetting."""
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                raise self.refuse(value) from None
        if not isinstance(value, list | tuple) or len(value) > self.most:
            raise self.refuse(value)
        lines = tuple(self._line(line) for line in value)
        if self.unique and len({line[self.unique] for line in lines}) < len(lines):
            raise self.refuse(value)
        return lines

    def as_json(self, value: tuple[Line, ...]) -> Any:
        """A list of objects."""
        return [dict(line) for line in value]

    def _line(self, given: object) -> Line:
        names = {column.name for column in self.columns}
        if not isinstance(given, Mapping) or not names.issuperset(given):
            raise self.refuse(given)
        return {column.name: self._cell(column, given.get(column.name, "")) for column in self.columns}

    def _cell(self, column: Column, given: object) -> str | bool:
        if column.flag:
            return str(given).strip().lower() in _YES
        text = str(given).strip()
        allowed = [choice for choice, _ in column.choices]
        if len(text) > MAX_TEXT or (column.required and not text) or (allowed and text and text not in allowed):
            raise BadSetting(f"{self.name}, {column.title}", given, self.possible)
        return text


class Values(Protocol):
    """What was chosen, as a run reads it: the same from its beginning to its end."""

    def of(self, setting: Setting[T], subject: str = "") -> T:
        """The value; `subject` is the id of the client or list, blank for the org."""
        ...


@dataclass(frozen=True, slots=True)
class Given:
    """Values held in memory, by (name, subject); what is not there has its default."""

    rows: Mapping[tuple[str, str], object]

    def of(self, setting: Setting[T], subject: str = "") -> T:
        """The value. Raises BadSetting where what is kept is not possible (any more)."""
        key = (setting.name, "" if setting.of is Of.ORG else subject)
        return setting.read(self.rows[key]) if key in self.rows else setting.default


def defaults() -> Given:
    """Everything as it is where nobody chose."""
    return Given({})


def find(settings: Sequence[Setting[Any]], name: str) -> Setting[Any]:
    """The setting of that name. Raises BadSetting."""
    for setting in settings:
        if setting.name == name:
            return setting
    known = ", ".join(setting.name for setting in settings)
    raise BadSetting(name, "asked for", f"There is no such setting; there are {known}.")
