"""The page layouts that an org has from the beginning, one for each object whose pages people use."""

import io
import zipfile
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.metadata import package
from fairlead_emulators.salesforce.model.schema import Field, SObject
from fairlead_emulators.salesforce.state.org import API_VERSION, Org

fact("standard_layouts")

NAMESPACE: Final = "http://soap.sforce.com/2006/04/metadata"
OBJECTS: Final = ("Account", "Campaign", "Contact", "Event", "Lead", "Task")
RELATED: Final = {
    "Account": ("RelatedContactList", "RelatedActivityList", "RelatedHistoryList"),
    "Campaign": ("RelatedCampaignList", "RelatedActivityList", "RelatedHistoryList"),
    "Contact": ("RelatedCampaignList", "RelatedActivityList", "RelatedHistoryList"),
    "Lead": ("RelatedCampaignList", "RelatedActivityList", "RelatedHistoryList"),
}


def lay(org: Org) -> None:
    """Puts the layouts of the org's standard objects into its Setup."""
    found = {name: org.storage.whole.object(name) for name in OBJECTS}
    texts = {f"{name}-{name} Layout": _layout(sobject) for name, sobject in found.items() if sobject is not None}
    with org.storage.transaction() as connection:
        package.apply(package.read_package(_zip(texts)), org.storage.whole, connection)


def _zip(texts: dict[str, bytes]) -> bytes:
    manifest = Element("Package", xmlns=NAMESPACE)
    types = SubElement(manifest, "types")
    for name in texts:
        SubElement(types, "members").text = name
    SubElement(types, "name").text = "Layout"
    SubElement(manifest, "version").text = API_VERSION
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("package.xml", _document(manifest))
        for name, text in texts.items():
            archive.writestr(f"layouts/{name}.layout", text)
    return buffer.getvalue()


def _layout(sobject: SObject) -> bytes:
    root = Element("Layout", xmlns=NAMESPACE)
    shown = [field for field in sobject.fields.values() if field.createable or field.updateable]
    half = (len(shown) + 1) // 2
    _section(root, f"{sobject.label} Information", (shown[:half], shown[half:]), "TwoColumnsTopToBottom")
    if sobject.name == "Campaign":
        _section(root, "Custom Links", ([], [], []), "CustomLinks")
    for name in RELATED.get(sobject.name, ()):
        SubElement(SubElement(root, "relatedLists"), "relatedList").text = name
    return _document(root)


def _section(root: Element, label: str, columns: tuple[list[Field], ...], style: str) -> None:
    section = SubElement(root, "layoutSections")
    for name, value in (
        ("customLabel", "false"),
        ("detailHeading", "false"),
        ("editHeading", "true"),
        ("label", label),
    ):
        SubElement(section, name).text = value
    for fields in columns:
        column = SubElement(section, "layoutColumns")
        for field in fields:
            item = SubElement(column, "layoutItems")
            SubElement(item, "behavior").text = "Required" if field.required else "Edit"
            SubElement(item, "field").text = field.name
    SubElement(section, "style").text = style


def _document(root: Element) -> bytes:
    indent(root, "    ")
    text: str = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()
