"""`package.xml` and `destructiveChanges.xml`: components by type and name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self
from xml.etree.ElementTree import Element, SubElement

from fairlead_emulators.salesforce.metadata.kinds import PARENTS, TYPES
from fairlead_emulators.salesforce.metadata.markup import child_text, children, document, named, parse, tag_of


class BadManifest(ValueError):
    """A manifest that is not one; the text says why."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Names by type, as written; `*` stands for all. Types that the org does not know are kept in `unknown`."""

    types: dict[str, list[str]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    version: str = ""

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Reads a manifest. Raises BadXml, or BadManifest."""
        root = parse(content).root
        if tag_of(root) != "Package":
            raise BadManifest(f"Element {tag_of(root)} invalid at this location; Package is expected")
        return cls.of(root)

    @classmethod
    def of(cls, root: Element) -> Self:
        """The manifest of a Package element, or of `unpackaged` in a retrieve call."""
        types: dict[str, list[str]] = {}
        unknown: list[str] = []
        for entry in children(root, "types"):
            name = child_text(entry, "name")
            kind = TYPES.get(name.lower())
            if kind is None:
                unknown.append(name)
            else:
                # A folder is named with or without a slash at its end.
                members = [(member.text or "").strip().rstrip("/") for member in children(entry, "members")]
                types.setdefault(kind, []).extend(member for member in members if member)
        return cls(types, unknown, child_text(root, "version"))

    def names(self, kind: str, full_name: str) -> bool:
        """Whether the component is named, by its name, by `*`, or with the whole file that it stands in."""
        members = {member.lower() for member in self.types.get(kind, ())}
        if "*" in members or full_name.lower() in members:
            return True
        parent = PARENTS.get(kind)
        whole, dot, _ = full_name.partition(".")
        return parent is not None and self.names(parent.type, whole if dot else parent.type)

    def listed(self) -> list[tuple[str, str]]:
        """Type and name of every component that is named, without wildcards, each once."""
        pairs = [(kind, member) for kind, members in self.types.items() for member in members if member != "*"]
        return list(dict.fromkeys(pairs))


def write_manifest(members: Mapping[str, Iterable[str]], version: str) -> str:
    """A `package.xml` that names these components."""
    root = Element(named("Package"))
    for kind in sorted(members):
        entry = SubElement(root, named("types"))
        for member in sorted(members[kind]):
            SubElement(entry, named("members")).text = member
        SubElement(entry, named("name")).text = kind
    SubElement(root, named("version")).text = version
    return document(root)
