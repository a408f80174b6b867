"""The types of components that this org takes: `kinds.toml` as data."""

import tomllib
from dataclasses import dataclass, field
from importlib import resources
from typing import Final

PART_PREFIXES: Final = {
    "CustomField": "00N",
    "ListView": "00B",
    "RecordType": "012",
    "ValidationRule": "03d",
    "WebLink": "00b",
    "CompactLayout": "0AH",
    "FieldSet": "0IX",
    "BusinessProcess": "019",
    "Index": "0Id",
    "SharingReason": "02c",
    "CustomLabel": "101",
}
"""How the ids of components begin that stand inside another's file."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of component. `children` maps a tag inside its file to the type of the component that the tag holds."""

    type: str
    folder: str
    prefix: str
    suffix: str = ""
    in_folder: bool = False
    meta_file: bool = False
    bundle: bool = False
    children: dict[str, str] = field(default_factory=dict)

    def path(self, full_name: str) -> str:
        """Where the component's file lies in a package."""
        return f"{self.folder}/{full_name}.{self.suffix}"


def _kinds() -> tuple[Kind, ...]:
    text = (resources.files(__package__) / "kinds.toml").read_text(encoding="utf-8")
    return tuple(Kind(**entry) for entry in tomllib.loads(text)["kind"])


KINDS: Final = _kinds()
BY_TYPE: Final = {kind.type: kind for kind in KINDS}
BY_FOLDER: Final = {kind.folder: kind for kind in KINDS}
PARENTS: Final = {child: kind for kind in KINDS for child in kind.children.values()}
"""Types whose components stand inside another's file, with the type of that file."""
TAGS: Final = {child: tag for kind in KINDS for tag, child in kind.children.items()}
TYPES: Final = {**{name.lower(): name for name in BY_TYPE}, **{name.lower(): name for name in PARENTS}}
"""Every type by its lower-case name."""


def prefix_of(type_name: str) -> str:
    """How the ids of that type's components begin."""
    kind = BY_TYPE.get(type_name)
    return kind.prefix if kind else PART_PREFIXES[type_name]
