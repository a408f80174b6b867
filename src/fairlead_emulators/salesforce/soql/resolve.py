"""Names of a query against the describe model, and the joins to parents that they need."""

from dataclasses import dataclass, field, replace
from typing import Final

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.acting import seen
from fairlead_emulators.salesforce.model.schema import Field, Schema, SObject
from fairlead_emulators.salesforce.soql.tokens import SoqlError

MAX_LEVELS: Final = 5
MAX_PARENTS: Final = 55
NAME: Final = "Name"
"""The object that stands for a parent of one of several kinds."""
_NAME_FIELDS: Final = (
    "Alias", "Email", "FirstName", "IsActive", "LastName", "Phone", "ProfileId", "Title", "UserRoleId", "Username",
)  # fmt: skip

fact("soql_polymorphic")
fact("hidden_parents")


@dataclass(frozen=True, slots=True)
class Resolved:
    """A field, where it stands in SQL, and its path in the case that describe gives.

    `parents` are the objects on the way; `display`: the value is written for people.
    """

    sql: str
    field: Field
    path: tuple[str, ...]
    parents: tuple[SObject, ...] = ()
    display: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A joined parent. `tables` are its SQL aliases: one, or one for each kind that it may be of."""

    tables: tuple[tuple[str, SObject], ...]
    shown: SObject

    def column(self, name: str) -> tuple[str, Field] | None:
        """SQL and field of that name; None when there is none."""
        if len(self.tables) == 1:
            found = self.shown.field(name)
            return None if found is None else (f"{self.tables[0][0]}.{quoted(found.name)}", found)
        if name.lower() == "type":
            cases = " ".join(f"WHEN {alias}.Id IS NOT NULL THEN '{o.name}'" for alias, o in self.tables)
            return f"(CASE {cases} END COLLATE NOCASE)", Field("Type", "string", length=40)
        found = self.shown.field(name)
        if found is None:
            return None
        columns = [f"{alias}.{quoted(own.name)}" for alias, o in self.tables if (own := _own(o, found.name))]
        sql = f"COALESCE({', '.join(columns)}, NULL)"
        return (f"({sql} COLLATE NOCASE)" if found.sql_type.endswith("NOCASE") else sql), found


def _own(sobject: SObject, name: str) -> Field | None:
    return sobject.field(sobject.name_field if name == "Name" else name)


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def object_of(schema: Schema, name: str) -> SObject:
    """The object, or the refusal of its name."""
    found = schema.object(name)
    if found is None:
        raise SoqlError(
            "INVALID_TYPE",
            f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append "
            "the '__c' after the entity name.",
            word=name,
        )
    return found


def no_column(name: str, entity: str) -> SoqlError:
    """The refusal of an unknown field."""
    return SoqlError(
        "INVALID_FIELD",
        f"No such column '{name}' on entity '{entity}'. If you are attempting to use a custom field, be sure to append "
        "the '__c' after the custom field name.",
        word=name,
    )


def no_relationship(name: str) -> SoqlError:
    """The refusal of an unknown way to a parent."""
    return SoqlError(
        "INVALID_FIELD",
        f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom relationship, be "
        "sure to append the '__r' after the custom relationship name.",
        word=name,
    )


@dataclass(slots=True)
class Scope:
    """The object that a query reads, by the SQL alias `prefix`, and the parents joined so far.

    `aliases` are names of the object itself (an empty path) or of ways to its parents.
    """

    schema: Schema
    sobject: SObject
    prefix: str
    aliases: tuple[tuple[str, str], ...] = ()
    _joins: dict[tuple[str, ...], Place] = field(default_factory=dict)
    _sql: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for _alias, path in self.aliases:
            if path:
                self.place(tuple(self.parts(path)))

    @property
    def source(self) -> str:
        """The FROM clause with all joins."""
        return f"{quoted(self.sobject.name)} AS {self.prefix}" + "".join(self._sql)

    def parts(self, path: str) -> list[str]:
        """The names of a path, from this object on: aliases and its own name are gone."""
        parts, known = path.split("."), dict(_lowered(self.aliases))
        for _ in range(len(known)):
            meant = known.get(parts[0].lower())
            if meant is None or (len(parts) == 1 and not meant):
                break
            parts = [*(meant.split(".") if meant else ()), *parts[1:]]
        itself = self.sobject.name.lower()
        if len(parts) > 1 and parts[0].lower() == itself and self.sobject.by_relationship(parts[0]) is None:
            parts = parts[1:]
        return parts

    def resolve(self, path: str) -> Resolved:
        """A field by its path. Raises SoqlError."""
        parts = self.parts(path)
        place, names, parents = self.way(tuple(parts[:-1]))
        found = place.column(parts[-1])
        if found is None:
            raise no_column(parts[-1], place.shown.name)
        sql, field_ = found
        return Resolved(sql, field_, (*names, field_.name), parents)

    def place(self, way: tuple[str, ...]) -> Place:
        """The parent at the end of the way. Raises SoqlError."""
        return self.way(way)[0]

    def way(self, way: tuple[str, ...]) -> tuple[Place, tuple[str, ...], tuple[SObject, ...]]:
        """The parent at the end of a way, the way's names as describe has them, and the objects on it."""
        if len(way) > MAX_LEVELS:
            message = f"SELECT is limited to {MAX_LEVELS} levels of parents: {'.'.join(way)}"
            raise SoqlError("MALFORMED_QUERY", message, word=way[0])
        place = Place(((self.prefix, self.sobject),), self.sobject)
        names: list[str] = []
        parents = []
        for name in way:
            lookup = place.shown.by_relationship(name)
            if lookup is None or lookup.relationship_name is None:
                raise no_relationship(name)
            names.append(lookup.relationship_name)
            place = self._join(tuple(names), place, lookup)
            parents.append(place.shown)
        return place, tuple(names), tuple(parents)

    def _join(self, path: tuple[str, ...], child: Place, lookup: Field) -> Place:
        key = tuple(name.lower() for name in path)
        if key not in self._joins:
            if len(self._joins) >= MAX_PARENTS:
                raise SoqlError("MALFORMED_QUERY", f"at most {MAX_PARENTS} parent relationships are allowed")
            targets = [o for name in lookup.reference_to if (o := self.schema.object(name)) is not None]
            if not targets:
                raise no_relationship(path[-1])
            found = child.column(lookup.name)
            assert found is not None
            tables = []
            for place, parent in enumerate(targets):
                joined = f"{self.prefix}p{len(self._joins)}" + (f"_{place}" if place else "")
                tables.append((joined, parent))
                on = " AND ".join([f"{joined}.Id = {found[0]}", *seen(parent, joined)])
                self._sql.append(f" LEFT JOIN {quoted(parent.name)} AS {joined} ON {on}")
            shown = targets[0] if len(targets) == 1 else _name_object(targets)
            self._joins[key] = Place(tuple(tables), shown)
        return self._joins[key]


def _lowered(aliases: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    return [(alias.lower(), path) for alias, path in aliases]


def _name_object(targets: list[SObject]) -> SObject:
    """The fields that can be asked of a parent which may be of several kinds."""
    fields = {"id": Field("Id", "id"), "name": Field("Name", "string", length=255)}
    fields["type"] = Field("Type", "string", length=40)
    for name in _NAME_FIELDS:
        found = next((f for o in targets if (f := o.field(name)) is not None), None)
        if found is not None:
            fields[name.lower()] = replace(found, expression=None)
    return SObject(NAME, NAME, NAME, "", fields=fields)
