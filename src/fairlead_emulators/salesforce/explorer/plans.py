"""Deployed layouts and list views, as the pages use them."""

import re
from dataclasses import dataclass
from typing import Any, Final
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from fairlead_emulators.salesforce.explorer.house import House
from fairlead_emulators.salesforce.explorer.reads import Wanted, like
from fairlead_emulators.salesforce.explorer.values import SYSTEM, sections
from fairlead_emulators.salesforce.metadata import package as metadata
from fairlead_emulators.salesforce.metadata.package import Component
from fairlead_emulators.salesforce.model.schema import Field, SObject
from fairlead_emulators.salesforce.state.storage import quoted

_LOGIC: Final = re.compile(r"\d+|AND|OR|NOT|[()]")
_SIGNS: Final = {"greaterThan": ">", "greaterOrEqual": ">=", "lessThan": "<", "lessOrEqual": "<="}
_STANDARD_COLUMNS: Final = {
    "NAME": "Name",
    "FULL_NAME": "Name",
    "CONTACT.EMAIL": "Email",
    "LEAD.EMAIL": "Email",
    "OWNER.ALIAS": "OwnerId",
    "CREATED_DATE": "CreatedDate",
    "LAST_UPDATE": "LastModifiedDate",
    "CREATEDBY_USER": "CreatedById",
}


@dataclass(frozen=True, slots=True)
class ListView:
    """A deployed list view: its columns and the rows it shows."""

    name: str
    label: str
    columns: list[Field]
    wanted: Wanted


def components(house: House, kind: str = "", name: str = "") -> list[Component]:
    """The deployed components of a type, with that full name when one is given."""
    with house.org.storage.lock:
        found = metadata.deployed(house.org.storage.connection)
    return [c for c in found if kind in ("", c.type) and name.lower() in ("", c.full_name.lower())]


def parsed(component: Component) -> Element | None:
    """The component's XML; None where it is none."""
    try:
        root: Element = fromstring(component.xml)
    except Exception:  # an asset, or a text that is no XML: shown as it is
        return None
    return root


def parts(element: Element, name: str) -> list[Element]:
    """The child elements of that name, whatever their namespace."""
    return [child for child in element if child.tag.rpartition("}")[2] == name]


def text(element: Element, name: str) -> str:
    """The text of a child element; empty when there is none."""
    found = parts(element, name)
    return (found[0].text or "").strip() if found else ""


def planned(house: House, sobject: SObject) -> list[tuple[str, list[Field]]]:
    """The sections of the object's deployed layout and what it leaves out; without one, the usual groups."""
    layouts = [c for c in components(house, "Layout") if c.full_name.partition("-")[0].lower() == sobject.name.lower()]
    root = parsed(layouts[0]) if layouts else None
    if root is None:
        return sections(sobject)
    found: list[tuple[str, list[Field]]] = []
    seen: set[str] = set()
    for section in parts(root, "layoutSections"):
        items = [item for column in parts(section, "layoutColumns") for item in parts(column, "layoutItems")]
        fields = [f for item in items if (f := sobject.field(text(item, "field"))) is not None and f.name not in seen]
        seen.update(f.name for f in fields)
        if fields:
            found.append((text(section, "label") or "Details", fields))
    rest = [f for f in sobject.fields.values() if f.name not in seen]
    groups = {
        "Not on the layout": [f for f in rest if f.name not in SYSTEM],
        "System": [f for f in rest if f.name in SYSTEM],
    }
    return found + [(name, fields) for name, fields in groups.items() if fields]


def list_views(house: House, sobject: SObject) -> list[ListView]:
    """The deployed list views of an object, by label."""
    found = []
    for component in components(house, "CustomObject", sobject.name):
        root = parsed(component)
        for element in parts(root, "listViews") if root is not None else ():
            name = text(element, "fullName")
            columns = [f for c in parts(element, "columns") if (f := _column(sobject, c.text or "")) is not None]
            found.append(ListView(name, text(element, "label") or name, columns, _rows(house, sobject, element)))
    return sorted(found, key=lambda view: view.label)


def _column(sobject: SObject, name: str) -> Field | None:
    given = _STANDARD_COLUMNS.get(name, name)
    return sobject.field(sobject.name_field if given == "Name" else given) or sobject.field(
        given.rpartition(".")[2].replace("_", "")
    )


def _rows(house: House, sobject: SObject, element: Element) -> Wanted:
    """The rows that pass the filters: all of them, or as the filter logic says. Filters on unknown fields let all pass."""
    tests: list[tuple[str, tuple[Any, ...]]] = []
    for item in parts(element, "filters"):
        field = _column(sobject, text(item, "field"))
        made = _condition(field, text(item, "operation"), text(item, "value")) if field else None
        tests.append((made[0], tuple(made[1:])) if made else ("1", ()))
    logic = text(element, "booleanFilter") or " AND ".join(str(n) for n in range(1, len(tests) + 1))
    wanted = _by_logic(logic, tests)
    if text(element, "filterScope") == "Mine" and sobject.field("OwnerId"):
        wanted = wanted.also("OwnerId = ?", house.org.identity.user_id)
    return wanted


def _by_logic(logic: str, tests: list[tuple[str, tuple[Any, ...]]]) -> Wanted:
    """`1 AND (2 OR NOT 3)` with the filters put in their places; every row where it names a filter that is not there."""
    where: list[str] = []
    values: list[Any] = []
    for word in _LOGIC.findall(logic.upper()):
        if not word.isdecimal():
            where.append(word)
        elif 1 <= int(word) <= len(tests):
            condition, given = tests[int(word) - 1]
            where.append(f"({condition})")
            values += given
        else:
            return Wanted()
    return Wanted(" ".join(where) or "1", tuple(values))


def _condition(field: Field, operation: str, value: str) -> tuple[Any, ...] | None:
    column = quoted(field.name)
    if field.type == "boolean":
        wanted = int(value.lower() in ("1", "true"))
        return (f"{column} {'<>' if operation == 'notEqual' else '='} ?", wanted)
    if operation in _SIGNS:
        return (f"{column} {_SIGNS[operation]} ?", value)
    if operation in ("equals", "notEqual"):
        options = [each.strip() for each in value.split(",")] if value else []
        same = f"{column} IN ({', '.join('?' * len(options))})" if options else f"coalesce({column}, '') = ''"
        return (same if operation == "equals" else f"NOT coalesce({same}, 0)", *options)
    pattern = {"startsWith": like(value)[1:], "contains": like(value), "notContain": like(value)}.get(operation)
    if pattern is None:
        return None
    test = f"coalesce({column}, '') LIKE ? ESCAPE '\\'"
    return (f"NOT {test}" if operation == "notContain" else test, pattern)
