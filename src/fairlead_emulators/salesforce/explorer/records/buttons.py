"""Custom buttons of a record: those on the object's deployed layout that lead to an address, with the record's values in it."""

import re
from typing import Final
from urllib.parse import quote
from xml.etree.ElementTree import Element

from fairlead_emulators.salesforce.explorer import markup as m
from fairlead_emulators.salesforce.explorer import plans, reads
from fairlead_emulators.salesforce.explorer.house import House
from fairlead_emulators.salesforce.explorer.reads import Record, Wanted
from fairlead_emulators.salesforce.facts import fact

_MERGED: Final = re.compile(r"\{!(?:\$Setup\.)?(\w+)\.(\w+)\}")
_SETTING: Final = "$Setup."


@fact("url_buttons")
def buttons(house: House, one: Record) -> list[m.Markup]:
    """A link for each; those that lead into the org itself, such as to flows, are left out: this org has no such pages."""
    made = {plans.text(each, "fullName"): each for each in _made(house, one)}
    found = []
    for name in _on_the_layout(house, one):
        link = made.get(name)
        if link is None or plans.text(link, "displayType") != "button" or plans.text(link, "linkType") != "url":
            continue
        address = address_of(house, one, plans.text(link, "url"))
        if address.startswith(("http://", "https://")):
            new = {"target": "_blank", "rel": "noopener"} if plans.text(link, "openType") == "newWindow" else {}
            found.append(m.link(address, plans.text(link, "masterLabel"), class_="button", **new))
    return found


def _made(house: House, one: Record) -> list[Element]:
    files = plans.components(house, "CustomObject", one.sobject.name)
    return [
        each for file in files if (root := plans.parsed(file)) is not None for each in plans.parts(root, "webLinks")
    ]


def _on_the_layout(house: House, one: Record) -> list[str]:
    name = one.sobject.name.lower()
    layouts = [c for c in plans.components(house, "Layout") if c.full_name.partition("-")[0].lower() == name]
    root = plans.parsed(layouts[0]) if layouts else None
    return [(each.text or "").strip() for each in plans.parts(root, "customButtons")] if root is not None else []


def address_of(house: House, one: Record, url: str) -> str:
    """The address with merge fields filled: `{!Contact.Id}`, and `{!$Setup.Setting__c.Field__c}` of the org's defaults."""

    def value(match: re.Match[str]) -> str:
        if _SETTING in match.group(0):
            return _of_setting(house, *match.groups())
        sobject, name = match.groups()
        field = one.sobject.field(name) if sobject.lower() == one.sobject.name.lower() else None
        found = one.values.get(field.name) if field is not None else None
        return quote(str(found if found is not None else ""), safe="")

    return _MERGED.sub(value, url)


def _of_setting(house: House, name: str, field: str) -> str:
    setting = house.org.storage.schema.object(name)
    if setting is None or setting.field(field) is None:
        return ""
    known = reads.rows(house, setting, Wanted("SetupOwnerId LIKE ?", ("00D%",)), [field], 1)
    return str(known[0].values[field] or "") if known else ""
