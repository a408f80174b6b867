"""Which list views the org has: as data, and as rows of `ListView`."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.metadata.package import deployed
from fairlead_emulators.salesforce.model.batch import from_json
from fairlead_emulators.salesforce.model.schema import Schema
from fairlead_emulators.salesforce.records import writes
from fairlead_emulators.salesforce.state.org import Org

fact("list_view_standard")
fact("list_view_rows")

SCOPES: Final = {"Everything": "everything", "Mine": "mine", "Recent": "everything"}


@dataclass(frozen=True, slots=True)
class View:
    """One list view. `filters` are (column, operation, value); `scope` is Everything, Mine or Recent."""

    sobject: str
    name: str
    label: str
    columns: tuple[str, ...]
    filters: tuple[tuple[str, str, str], ...] = ()
    logic: str = ""
    scope: str = "Everything"


def views(org: Org, schema: Schema | None = None) -> dict[tuple[str, str], View]:
    """The list views of the objects that the user sees, or of that schema, by (object, developer name) in lower case.

    A deployed one replaces a standard one.
    """
    schema = schema or org.storage.schema
    found = [*_standard(), *_deployed(org)]
    return {_key(view.sobject, view.name): view for view in found if schema.object(view.sobject)}


def _key(sobject: str, name: str) -> tuple[str, str]:
    return sobject.lower(), name.lower()


@cache
def _standard() -> tuple[View, ...]:
    text = (resources.files(__package__) / "standard.toml").read_text(encoding="utf-8")
    return tuple(_from_toml(each) for each in tomllib.loads(text)["view"])


def _from_toml(each: dict[str, Any]) -> View:
    filters = tuple((field, operation, value) for field, operation, value in each.get("filters", ()))
    scope = each.get("scope", "Everything")
    return View(each["object"], each["name"], each["label"], tuple(each["columns"]), filters, "", scope)


def _deployed(org: Org) -> list[View]:
    with org.storage.lock:
        components = deployed(org.storage.connection)
    found = []
    for component in components:
        if component.type == "CustomObject" and "listViews" in component.xml:
            try:
                root = fromstring(component.xml)
            except ParseError:
                continue  # refused when it was deployed
            found += [_from_xml(component.full_name, each) for each in root if _tag(each) == "listViews"]
    return found


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _texts(element: Element, name: str) -> list[str]:
    return [(child.text or "").strip() for child in element if _tag(child) == name]


def _text(element: Element, name: str) -> str:
    return next(iter(_texts(element, name)), "")


def _from_xml(sobject: str, element: Element) -> View:
    filters = tuple(
        (_text(each, "field"), _text(each, "operation"), _text(each, "value"))
        for each in element
        if _tag(each) == "filters"
    )
    scope = "Mine" if _text(element, "filterScope") == "Mine" else "Everything"
    name, logic = _text(element, "fullName"), _text(element, "booleanFilter")
    columns = tuple(_texts(element, "columns")) or ("NAME",)
    return View(sobject, name, _text(element, "label") or name, columns, filters, logic, scope)


def follow(org: Org) -> None:
    """Makes the rows of `ListView` those of the org's list views; each keeps its id."""
    whole = org.storage.whole
    wanted, target = views(org, whole), whole.objects["listview"]
    with org.storage.transaction() as connection:
        rows = connection.execute("SELECT Id, SobjectType, DeveloperName FROM ListView WHERE IsDeleted = 0").fetchall()
        known = {_key(row[1], row[2]): row[0] for row in rows}
        gone = [known[key] for key in known.keys() - wanted.keys()]
        connection.executemany("DELETE FROM ListView WHERE Id = ?", [(each,) for each in gone])
        for key in known.keys() & wanted.keys():
            connection.execute("UPDATE ListView SET Name = ? WHERE Id = ?", (wanted[key].label, known[key]))
        new = [_row(view) for key, view in wanted.items() if key not in known]
        writes.write(org, "insert", from_json(whole, target, new), seeding=True)
        org.storage.recount("ListView")


def _row(view: View) -> dict[str, Any]:
    return {"Name": view.label, "DeveloperName": view.name, "SobjectType": view.sobject, "IsSoqlCompatible": True}
