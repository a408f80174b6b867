"""`docs/reference/org.md`: what is installed in the org, told from its metadata."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import parse

from fairlead.cli.salesforce import project

SPACE: Final = "{http://soap.sforce.com/2006/04/metadata}"
HEAD: Final = """# What is installed in the org

`fairlead salesforce deploy` puts these into the connected org. Fields on standard objects begin with `CM_`; nothing else of
the org changes. How to deploy, lay out, keep private and remove: [Install in the org](../howto/install-in-the-org.md).
"""
RIGHTS: Final = (
    ("allowRead", "read"), ("allowCreate", "create"), ("allowEdit", "edit"), ("allowDelete", "delete"),
    ("viewAllRecords", "all records"),
)  # fmt: skip


def page() -> str:
    """The whole page, without the note at its head."""
    root = project() / "force-app" / "main" / "default"
    parts = [HEAD, *_objects(root), _permission_sets(root), _flows(root), _named(root)]
    return "\n".join(parts)


def _roots(folder: Path) -> Iterator[tuple[str, Element]]:
    for path in sorted(folder.rglob("*-meta.xml")):
        if "Folder-meta" not in path.name:
            root: Any = parse(path).getroot()
            yield path.name.removesuffix("-meta.xml").rpartition(".")[0], root


def _text(element: Element, name: str) -> str:
    return " ".join(element.findtext(SPACE + name, "").split()).replace("|", "\\|")


def _table(head: str, rows: Sequence[tuple[str, ...]]) -> str:
    ruler = "| " + " | ".join("---" for _ in head.split("|")) + " |"
    return "\n".join([f"| {head} |", ruler, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"


def _objects(root: Path) -> Iterator[str]:
    for folder in sorted((root / "objects").iterdir(), key=lambda each: ("__" not in each.name, each.name)):
        own = dict(_roots(folder)).get(folder.name) if (folder / f"{folder.name}.object-meta.xml").is_file() else None
        title = f"{_text(own, 'label')}: `{folder.name}`" if own is not None else f"On `{folder.name}`"
        yield f"## {title}\n"
        if own is not None:
            yield _text(own, "description") + "\n"
        if fields := [_field(name, each) for name, each in _roots(folder / "fields")]:
            yield _table("field | label | type | ", fields)
        if buttons := [(_text(e, "masterLabel"), _text(e, "description")) for _, e in _roots(folder / "webLinks")]:
            yield _table("button | ", buttons)
        if views := [_text(each, "label") for _, each in _roots(folder / "listViews")]:
            yield f"List views: {', '.join(views)}.\n"


def _field(name: str, root: Element) -> tuple[str, ...]:
    return f"`{name}`", _text(root, "label"), _type(root), _text(root, "inlineHelpText")


def _type(root: Element) -> str:
    kind, target = _text(root, "type"), _text(root, "referenceTo")
    marks = [f"to `{target}`"] if target else [f"of {length}"] if (length := _text(root, "length")) else []
    values = [_text(value, "fullName") for value in root.iter(f"{SPACE}value")]
    marks += [f": {', '.join(values)}"] if values else []
    flags = (("required", "required"), ("unique", "unique"), ("externalId", "external id"))
    marks += [f", {word}" for flag, word in flags if _text(root, flag) == "true"]
    marks += [", worked out"] if root.find(f"{SPACE}formula") is not None else []
    return " ".join([kind, *marks]).replace(" ,", ",").replace(" :", ":")


def _permission_sets(root: Path) -> str:
    parts = ["## Permission sets\n"]
    for name, each in _roots(root / "permissionsets"):
        rows = []
        for right in each.findall(f"{SPACE}objectPermissions"):
            given = ", ".join(word for tag, word in RIGHTS if _text(right, tag) == "true")
            rows.append((f"`{_text(right, 'object')}`", given))
        apps = [_text(app, "application") for app in each.findall(f"{SPACE}applicationVisibilities")]
        custom = [_text(one, "name") for one in each.findall(f"{SPACE}customPermissions")]
        shown = f" Apps: {', '.join(apps)}." if apps else " No app."
        shown += f" Custom permission: {', '.join(custom)}." if custom else ""
        parts += [f"### {_text(each, 'label')}: `{name}`\n", _text(each, "description") + shown + "\n"]
        parts += [_table("object | rights", rows)]
    return "\n".join(parts)


def _flows(root: Path) -> str:
    parts = ["## Flows\n", "Each asks for work by publishing `CM_Request__e`; Fairlead reads it and does it.\n"]
    for name, each in _roots(root / "flows"):
        screens = _text(each, "processType") == "Flow"
        kind = "People start it by a button." if screens else "For your own flows: call it as a subflow."
        parts += [f"### {_text(each, 'label')}: `{name}`\n", f"{_text(each, 'description')} {kind}\n"]
        inputs = [
            (f"`{_text(one, 'name')}`", _text(one, "description"))
            for one in each.findall(f"{SPACE}variables")
            if _text(one, "isInput") == "true"
        ]
        parts += [_table("input | ", inputs)]
    return "\n".join(parts)


def _named(root: Path) -> str:
    rows = [("app", _text(e, "label"), _text(e, "description")) for _, e in _roots(root / "applications")]
    rows += [
        ("custom permission", _text(e, "label"), _text(e, "description")) for _, e in _roots(root / "customPermissions")
    ]
    rows += [
        ("notification", _text(e, "masterLabel"), _text(e, "description"))
        for _, e in _roots(root / "notificationtypes")
    ]
    rows += [("report type", _text(e, "label"), _text(e, "description")) for _, e in _roots(root / "reportTypes")]
    rows += [("report", _text(e, "name"), _text(e, "description")) for _, e in _roots(root / "reports")]
    rows += [("dashboard", _text(e, "title"), _text(e, "description")) for _, e in _roots(root / "dashboards")]
    return "## Apps, reports and the rest\n\n" + _table("kind | name | ", rows)
