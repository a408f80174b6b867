"""Fields of both sides as tests describe them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Value:
    value: str
    active: bool = True


@dataclass(frozen=True)
class OrgField:
    name: str
    type: str = "string"
    label: str = ""
    length: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    calculated: bool = False
    defaulted_on_create: bool = False
    restricted_picklist: bool = False
    picklist_values: tuple[Value, ...] = ()
    reference_to: tuple[str, ...] = ()
    relationship_name: str | None = None


@dataclass(frozen=True)
class ListField:
    name: str
    data_type: str = "Text"
    options: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"[{self.name}]"


@dataclass(frozen=True)
class Object:
    fields: tuple[OrgField, ...]
