"""Fields as the org describes them, found by path: what is typed never reaches a query, only the names of the org do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from fairlead.domain.criteria import NotThis

MOST_PARENTS: Final = 5
"""SOQL follows so many relationships from child to parent."""


class Choice(Protocol):
    @property
    def value(self) -> str: ...
    @property
    def label(self) -> str | None: ...


class Field(Protocol):
    """A field as the org describes it."""

    @property
    def name(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def filterable(self) -> bool: ...
    @property
    def reference_to(self) -> Sequence[str]: ...
    @property
    def relationship_name(self) -> str | None: ...
    @property
    def restricted_picklist(self) -> bool: ...
    @property
    def picklist_values(self) -> Sequence[Choice]: ...


class Described(Protocol):
    """An object as the org describes it."""

    @property
    def name(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def fields(self) -> Sequence[Field]: ...


Objects = Mapping[str, Described]
"""Descriptions by API name in lower case."""


@dataclass(frozen=True, slots=True)
class Found:
    """A field, and its path by the org's own names."""

    path: str
    field: Field


def needed(path: str, base: str, objects: Objects) -> str:
    """The object whose description is wanted next to follow a path; blank where none is, or the path leads nowhere."""
    at = base
    for part in path.split(".")[:-1]:
        if at.lower() not in objects:
            return at
        parent = _parent(objects[at.lower()], part)
        if parent is None or len(parent.reference_to) != 1:
            return ""
        at = parent.reference_to[0]
    return "" if at.lower() in objects else at


def find(path: str, base: str, objects: Objects, *, filters: bool = True) -> Found:
    """The field of a path; `filters`: one that Salesforce can filter by. Raises NotThis."""
    parts = [part.strip() for part in path.split(".")]
    if not path.strip():
        raise NotThis("no field is chosen")
    if len(parts) > MOST_PARENTS + 1:
        raise NotThis(f"a path follows at most {MOST_PARENTS} parents")
    at, names = base, []
    for part in parts[:-1]:
        parent = _parent(objects[at.lower()], part)
        if parent is None:
            raise NotThis(f"{at} has no parent “{part}”, or hides it from the user Fairlead signs in as")
        if len(parent.reference_to) != 1:
            raise NotThis(f"{part} of {at} may be records of several objects; they cannot be looked into")
        names.append(str(parent.relationship_name))
        at = parent.reference_to[0]
        if at.lower() not in objects:
            raise NotThis(f"{at} is hidden from the user Fairlead signs in as")
    wanted = parts[-1].lower()
    field = next((one for one in objects[at.lower()].fields if one.name.lower() == wanted), None)
    if field is None:
        raise NotThis(f"{at} has no field “{parts[-1]}”, or hides it from the user Fairlead signs in as")
    if filters and not field.filterable:
        raise NotThis(f"Salesforce cannot filter by {field.name} (a {field.type} field)")
    return Found(".".join([*names, field.name]), field)


def _parent(object: Described, name: str) -> Field | None:
    wanted = name.strip().lower()
    return next((one for one in object.fields if (one.relationship_name or "").lower() == wanted), None)


def choices(base: str, objects: Objects, *, filters: bool = True) -> list[tuple[str, str]]:
    """(path, label) of the fields of an object, and of those of its parents that are described, by label."""
    found = [(one.name, one.label or one.name) for one in objects[base.lower()].fields if one.filterable or not filters]
    for field in objects[base.lower()].fields:
        parent = field.reference_to[0].lower() if len(field.reference_to) == 1 else ""
        if field.relationship_name and parent in objects and parent != base.lower():
            title = objects[parent].label or field.relationship_name
            found += [
                (f"{field.relationship_name}.{one.name}", f"{title}: {one.label or one.name}")
                for one in objects[parent].fields
                if one.filterable or not filters
            ]
    return sorted(found, key=lambda one: ("." in one[0], one[1].lower(), one[0]))
