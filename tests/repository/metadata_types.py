"""The Metadata API's own type definitions, and what a metadata file has against them.

`metadata_types.json` is a digest (names, kinds, enumerations) of Salesforce's published definitions, the npm package
`@salesforce/types` (BSD-3-Clause). To renew it:

    npm pack @salesforce/types && tar xzf salesforce-types-*.tgz
    python -m tests.repository.metadata_types package/lib/metadata.d.ts
"""

import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element

DIGEST: Final = Path(__file__).with_name("metadata_types.json")
# Types that begin a file of the project; the digest holds these and what they are made of.
ROOTS: Final = (
    "CustomObject", "CustomField", "ListView", "WebLink", "Layout", "PermissionSet", "CustomPermission", "CustomTab",
    "CustomApplication", "CustomNotificationType", "Flow", "ReportType", "Report", "ReportFolder", "Dashboard",
    "DashboardFolder", "LightningComponentBundle", "ApexClass", "FlowDefinition", "QuickAction", "FlexiPage",
    "GlobalValueSet", "CustomMetadata", "CustomLabels", "PermissionSetGroup", "Package",
    "ExternalCredential", "NamedCredential",
)  # fmt: skip


@cache
def types() -> dict[str, Any]:
    """Type → {"fields": {name: [type, required, repeated]}} or {"values": [...]}."""
    found: dict[str, Any] = json.loads(DIGEST.read_text("utf-8"))
    return found


def problems(element: Element, kind: str, where: str = "") -> list[str]:
    """What an element of a file has against the type of that name, as sentences."""
    where = where or kind
    definition = types()[kind]
    if "values" in definition:
        text = (element.text or "").strip()
        return [] if text in definition["values"] else [f"{where} is {text!r}, which {kind} does not know"]
    fields, found = definition["fields"], []
    seen: dict[str, int] = {}
    for child in element:
        name = child.tag.rpartition("}")[2]
        seen[name] = seen.get(name, 0) + 1
        if name not in fields:
            found.append(f"{where} has {name}, which {kind} does not know")
            continue
        inner, _, repeated = fields[name]
        if seen[name] > 1 and not repeated:
            found.append(f"{where}.{name} stands more than once")
        found += _value_problems(child, inner, f"{where}.{name}")
    # The name of a file is its fullName.
    missing = [name for name, (_, needed, _) in fields.items() if needed and name not in seen and name != "fullName"]
    return found + [f"{where} has no {name}" for name in missing]


def _value_problems(element: Element, kind: str, where: str) -> list[str]:
    text = (element.text or "").strip()
    if kind in types():
        return problems(element, kind, where)
    if len(element):
        return [f"{where} has parts, and is a {kind}"]
    if kind == "boolean" and text not in ("true", "false"):
        return [f"{where} is {text!r}, and should be true or false"]
    if kind == "number" and re.fullmatch(r"-?\d+(\.\d+)?", text) is None:
        return [f"{where} is {text!r}, and should be a number"]
    return []


def digest(source: str) -> dict[str, Any]:
    """The digest of a `metadata.d.ts`."""
    known = _enumerations(source) | _structures(source)
    kept: dict[str, Any] = {}
    wanted = [root for root in ROOTS if root in known]
    while wanted:
        name = wanted.pop()
        if name in kept:
            continue
        kept[name] = known[name]
        wanted += [kind for kind, _, _ in known[name].get("fields", {}).values() if kind in known]
    return dict(sorted(kept.items()))


def _enumerations(source: str) -> dict[str, Any]:
    found = re.findall(r"export type (\w+) = ((?:\s*\|?\s*(?:'[^']*'|\"[^\"]*\"))+);", source)
    return {name: {"values": re.findall(r"['\"]([^'\"]*)['\"]", body)} for name, body in found}


def _structures(source: str) -> dict[str, Any]:
    own: dict[str, tuple[list[str], dict[str, Any]]] = {}
    for name, bases, body in re.findall(
        r"export type (\w+) = ((?:\w+ & )*)\{(.*?)^\};", source, re.MULTILINE | re.DOTALL
    ):
        fields = re.findall(r"^ {4}(\w+)(\?)?: (\w+)(\[\])?;", body, re.MULTILINE)
        own[name] = (
            re.findall(r"\w+", bases),
            {field: [kind, not optional and not many, bool(many)] for field, optional, kind, many in fields},
        )
    own |= {
        name: ([base], {})
        for name, base in re.findall(r"export type (\w+) = (\w+);", source)
        if base not in ("string", "number")
    }

    def whole(name: str) -> dict[str, Any]:
        bases, fields = own.get(name, ([], {}))
        return {key: value for base in bases for key, value in whole(base).items()} | fields

    return {name: {"fields": whole(name)} for name in own}


if __name__ == "__main__":
    made = digest(Path(sys.argv[1]).read_text("utf-8"))
    lines = [f"{json.dumps(name)}: {json.dumps(each, sort_keys=True)}" for name, each in made.items()]
    DIGEST.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    print(f"{len(made)} types")
