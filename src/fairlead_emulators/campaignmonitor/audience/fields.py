"""Custom fields: their keys, and what writing values into them does."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.store import Store

TYPES: Final = ("Text", "Number", "MultiSelectOne", "MultiSelectMany", "Date", "Country", "USState")
LONGEST_VALUE: Final = 250
_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(2076, 6, 6)
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Field:
    """One custom field of a list; `key` is bracketed."""

    key: str
    name: str
    type: str
    options: tuple[str, ...]
    visible: bool


@dataclass(frozen=True)
class Sent:
    """One value that a call sends for a field."""

    key: str
    value: str
    clear: bool = False


@fact("custom-field-key")
def key_of(name: str) -> str:
    """The key that a field's name gets: bracketed, lower case, ASCII letters, digits and _ - only."""
    return f"[{re.sub(r'[^a-z0-9_-]', '', name.lower())}]"


def _bare(key_or_name: str) -> str:
    return key_or_name.strip().removeprefix("[").removesuffix("]").replace(" ", "").lower()


def fields_of(store: Store, list_n: int) -> list[Field]:
    """The custom fields of a list, in the order they were made."""
    found = store.db.execute(
        "SELECT key, name, type, options, visible FROM custom_fields WHERE list = ? ORDER BY position, rowid", (list_n,)
    )
    return [
        Field(key, name, kind, tuple(json.loads(options)), bool(visible)) for key, name, kind, options, visible in found
    ]


def add_field(
    store: Store, list_n: int, name: str, kind: str, options: Sequence[str] = (), visible: bool = True
) -> str:
    """Adds a field and returns its key. Raises Refusal 254, 255, 256, 257, 259."""
    types = {each.lower(): each for each in TYPES}
    if not name.strip():
        raise Refusal(254)
    if kind.lower() not in types:
        raise Refusal(259)
    kind = types[kind.lower()]
    if options and not kind.startswith("MultiSelect"):
        raise Refusal(256)
    if kind.startswith("MultiSelect") and not options:
        raise Refusal(257)
    known = fields_of(store, list_n)
    key = _free_key(name, known)
    store.db.execute(
        "INSERT INTO custom_fields VALUES (?, ?, ?, ?, ?, ?, ?)",
        (list_n, key, name.strip(), kind, json.dumps(list(options)), int(visible), len(known)),
    )
    return key


def _free_key(name: str, others: Sequence[Field]) -> str:
    if any(_bare(each.name) == _bare(name) for each in others):
        raise Refusal(255)
    taken = {each.key for each in others}
    key = base = key_of(name)
    number = 1
    while key in taken:  # names without any ASCII letter would share the key []
        number += 1
        key = f"{base[:-1]}{number}]"
    return key


def field_of(store: Store, list_n: int, key: str) -> Field:
    """A field by its bracketed key, whatever its case. Raises Refusal 253."""
    for each in fields_of(store, list_n):
        if each.key == key.strip().lower():
            return each
    raise Refusal(253)


def change_field(store: Store, list_n: int, old: Field, name: str, visible: bool) -> Field:
    """Renames a field, or changes whether it is shown to subscribers. Raises Refusal 254, 255.

    The subscribers' values are left as they are.
    """
    if not name.strip():
        raise Refusal(254)
    key = old.key
    if name.strip() != old.name:
        key = _free_key(name, [each for each in fields_of(store, list_n) if each.key != old.key])
    store.db.execute(
        "UPDATE custom_fields SET key = ?, name = ?, visible = ? WHERE list = ? AND key = ?",
        (key, name.strip(), int(visible), list_n, old.key),
    )
    return field_of(store, list_n, key)


def set_options(store: Store, list_n: int, of: Field, options: Sequence[str]) -> None:
    """Gives a field these options. Raises Refusal 256, 257."""
    if not of.type.startswith("MultiSelect"):
        raise Refusal(256)
    if not options:
        raise Refusal(257)
    store.db.execute(
        "UPDATE custom_fields SET options = ? WHERE list = ? AND key = ?", (json.dumps(list(options)), list_n, of.key)
    )


def drop_field(store: Store, list_n: int, of: Field) -> None:
    """Deletes a field; the subscribers' values are left as they are."""
    store.db.execute("DELETE FROM custom_fields WHERE list = ? AND key = ?", (list_n, of.key))


@fact("custom-values")
@fact("custom-values-ignored")
def merge(fields: Sequence[Field], old: Pairs, sent: Sequence[Sent]) -> Pairs:
    """The values after a write: absent fields stay, MultiSelectMany is replaced as a whole, unknown keys drop.

    Raises Refusal 810 for a value of more than 250 characters.
    """
    by_bare = {_bare(each.name): each for each in fields} | {_bare(each.key): each for each in fields}
    values: dict[str, list[str]] = {}
    for name, value in old:
        values.setdefault(name, []).append(value)
    begun: set[str] = set()
    for each in sent:
        if len(each.value) > LONGEST_VALUE:
            raise Refusal(810)
        field = by_bare.get(_bare(each.key))
        if field is None:
            continue
        now = values.setdefault(field.name, [])
        if each.clear:
            values[field.name] = [value for value in now if each.value and value != each.value]
        elif field.type == "MultiSelectMany":
            kept = now if field.name in begun else []
            begun.add(field.name)
            if each.value in field.options and each.value not in kept:
                kept.append(each.value)
            values[field.name] = kept
        else:
            _set_single(values, field, each.value)
    order = [each.name for each in fields]
    return tuple((name, value) for name in order for value in values.get(name, ()) if value != "")


def _set_single(values: dict[str, list[str]], field: Field, text: str) -> None:
    accepted = _accepted(field, text)
    if accepted is not None:
        values[field.name] = [accepted] if accepted else []


def _accepted(field: Field, text: str) -> str | None:
    """What is kept of a value: "" clears, None leaves what was there."""
    if text == "":
        return ""
    if field.type == "Number":
        return text if re.fullmatch(r"-?\d+(\.\d+)?", text.strip()) else None
    if field.type == "MultiSelectOne":
        return text if text in field.options else None
    if field.type == "Date":
        return _accepted_date(text)
    return text


@fact("custom-dates")
def _accepted_date(text: str) -> str | None:
    found = re.fullmatch(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ].*)?", text.strip())
    if found is None:
        return None
    year, month, day = (int(part) for part in found.groups())
    if (year, month, day) == (0, 0, 0):
        return ""
    try:
        value = date(year, month, day)
    except ValueError:
        return None
    return value.isoformat() if _FIRST_DAY <= value <= _LAST_DAY else None
