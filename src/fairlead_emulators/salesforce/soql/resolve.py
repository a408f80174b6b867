"""Names of a query against the describe model, and the joins to parents that they need."""

from dataclasses import dataclass, field

from fairlead_emulators.salesforce.model.schema import Field, Schema, SObject
from fairlead_emulators.salesforce.soql.tokens import SoqlError

MAX_PARENTS = 5


@dataclass(frozen=True, slots=True)
class Resolved:
    """A field, where it stands in SQL, and its path in the case that describe gives."""

    sql: str
    field: Field
    path: tuple[str, ...]
    parents: tuple[SObject, ...] = ()


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def object_of(schema: Schema, name: str) -> SObject:
    """The object, or the refusal of its name."""
    found = schema.object(name)
    if found is None:
        raise SoqlError("INVALID_TYPE", f"sObject type '{name}' is not supported.")
    return found


def no_column(name: str, entity: str) -> SoqlError:
    """The refusal of an unknown field."""
    return SoqlError(
        "INVALID_FIELD",
        f"No such column '{name}' on entity '{entity}'. If you are attempting to use a custom field, be sure to append "
        "the '__c' after the custom field name.",
    )


@dataclass(slots=True)
class Scope:
    """The object that a query reads, by the alias `prefix`, and the parents joined so far."""

    schema: Schema
    sobject: SObject
    prefix: str
    alias: str = ""
    _joins: dict[tuple[str, ...], tuple[str, SObject]] = field(default_factory=dict)
    _sql: list[str] = field(default_factory=list)

    @property
    def source(self) -> str:
        """The FROM clause with all joins."""
        return f"{quoted(self.sobject.name)} AS {self.prefix}" + "".join(self._sql)

    def resolve(self, path: str) -> Resolved:
        """A field by its path. Raises SoqlError."""
        parts = path.split(".")
        own = {self.sobject.name.lower(), self.alias.lower()} - {""}
        if len(parts) > 1 and parts[0].lower() in own and self.sobject.by_relationship(parts[0]) is None:
            parts = parts[1:]
        if len(parts) > MAX_PARENTS + 1:
            raise SoqlError("MALFORMED_QUERY", f"SELECT is limited to {MAX_PARENTS} levels of parents: {path}")
        alias, sobject, names, parents = self.prefix, self.sobject, [], []
        for name in parts[:-1]:
            lookup = sobject.by_relationship(name)
            if lookup is None or lookup.relationship_name is None:
                raise SoqlError(
                    "INVALID_FIELD",
                    f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom "
                    "relationship, be sure to append the '__r' after the custom relationship name.",
                )
            names.append(lookup.relationship_name)
            alias, sobject = self._join(tuple(names), alias, lookup)
            parents.append(sobject)
        found = sobject.field(parts[-1])
        if found is None:
            raise no_column(parts[-1], sobject.name)
        return Resolved(f"{alias}.{quoted(found.name)}", found, (*names, found.name), tuple(parents))

    def _join(self, path: tuple[str, ...], alias: str, lookup: Field) -> tuple[str, SObject]:
        key = tuple(name.lower() for name in path)
        if len(lookup.reference_to) > 1:
            raise SoqlError(
                "INVALID_FIELD",
                f"Relationship '{path[-1]}' leads to {' or '.join(lookup.reference_to)}: fields over it are not served by "
                f"this org; ask for {lookup.name} and read the objects by it",
            )
        if key not in self._joins:
            parent = object_of(self.schema, lookup.reference_to[0])
            joined = f"{self.prefix}p{len(self._joins)}"
            self._joins[key] = (joined, parent)
            self._sql.append(
                f" LEFT JOIN {quoted(parent.name)} AS {joined} ON {joined}.Id = {alias}.{quoted(lookup.name)}"
            )
        return self._joins[key]
