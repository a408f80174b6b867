"""What pages read from the org's tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fairlead_emulators.salesforce.explorer.house import House, Missing
from fairlead_emulators.salesforce.model.ids import to18
from fairlead_emulators.salesforce.model.schema import Field, SObject
from fairlead_emulators.salesforce.state.storage import quoted

COUNTED: Final = 10_000
_FOUND_BY: Final = frozenset({"email", "phone"})


@dataclass(frozen=True, slots=True)
class Record:
    """One row: its object and its kept values by field name."""

    sobject: SObject
    values: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The record's id, 18 characters."""
        return str(self.values["Id"])

    @property
    def deleted(self) -> bool:
        """Whether it lies in the recycle bin."""
        return bool(self.values.get("IsDeleted"))

    @property
    def name(self) -> str:
        """What people call it; its id when it has no name."""
        return str(self.values.get(self.sobject.name_field) or self.id)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: an SQL condition with its values, and the order (made of field names of the object)."""

    where: str = "1"
    values: tuple[Any, ...] = ()
    order: str = "Id"
    deleted: bool = False

    def also(self, where: str, *values: Any) -> "Wanted":
        """The rows of which this holds too."""
        return Wanted(f"({self.where}) AND ({where})", (*self.values, *values), self.order, self.deleted)

    @property
    def condition(self) -> str:
        """What stands after WHERE."""
        return f"IsDeleted = {int(self.deleted)} AND ({self.where})"


def object_named(house: House, name: str) -> SObject:
    """The object with that API name. Raises Missing."""
    found = house.org.storage.schema.object(name)
    if found is None:
        raise Missing(f"The object {name}")
    return found


def rows(
    house: House, sobject: SObject, wanted: Wanted, names: Sequence[str], limit: int, start: int = 0
) -> list[Record]:
    """At most `limit` rows with the named fields, id and name among them."""
    columns = list(dict.fromkeys(["Id", "IsDeleted", *_name_of(sobject), *names]))
    asked = ", ".join(map(quoted, columns))
    with house.org.storage.lock:
        found = house.org.storage.connection.execute(
            f"SELECT {asked} FROM {quoted(sobject.name)} WHERE {wanted.condition} "
            f"ORDER BY {wanted.order} LIMIT {int(limit)} OFFSET {int(start)}",
            wanted.values,
        ).fetchall()
    return [Record(sobject, dict(zip(columns, row, strict=True))) for row in found]


def _name_of(sobject: SObject) -> list[str]:
    return [sobject.name_field] if sobject.field(sobject.name_field) else []


def counted(house: House, sobject: SObject, wanted: Wanted) -> int:
    """How many rows; counting ends past 10,000 of them, unless all are wanted."""
    if wanted.where == "1" and not wanted.deleted:
        return house.org.storage.count(sobject)
    with house.org.storage.lock:
        row = house.org.storage.connection.execute(
            f"SELECT COUNT(*) FROM (SELECT 1 FROM {quoted(sobject.name)} WHERE {wanted.condition} LIMIT {COUNTED + 1})",
            wanted.values,
        ).fetchone()
    return int(row[0])


def told(count: int) -> str:
    """A count as people read it."""
    return f"{COUNTED:,}+" if count == COUNTED + 1 else f"{count:,}"


def record(house: House, given: str) -> Record:
    """The record with that id, deleted or not, all fields. Raises Missing."""
    record_id = to18(given)
    for sobject in with_prefix(house, record_id or ""):
        names = [f.name for f in sobject.fields.values()]
        for deleted in (False, True):
            found = rows(house, sobject, Wanted("Id = ?", (str(record_id),), deleted=deleted), names, 1)
            if found:
                return found[0]
    raise Missing(f"The record {record_id or given}")


def with_prefix(house: House, record_id: str) -> list[SObject]:
    """The objects that the id may be of: all kinds of history share a prefix."""
    return [o for o in house.org.storage.schema.objects.values() if o.key_prefix == record_id[:3]]


def title(house: House, record_id: str) -> str:
    """What people call the record with that id; the id when it has no name, or does not exist."""
    sobject = house.org.storage.schema.by_prefix(record_id)
    if sobject is None or sobject.field(sobject.name_field) is None:
        return record_id
    with house.org.storage.lock:
        found = house.org.storage.connection.execute(
            f"SELECT {quoted(sobject.name_field)} FROM {quoted(sobject.name)} WHERE Id = ?", (record_id,)
        ).fetchone()
    return str(found[0] or record_id) if found else record_id


def like(words: str) -> str:
    """A LIKE pattern for texts that hold the words; a backslash is its escape."""
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def holding(sobject: SObject, words: str, shown: Sequence[Field] = ()) -> tuple[str, tuple[Any, ...]]:
    """The condition that a row's name, e-mail, phone, key or shown text holds the words, or its id is that."""
    keys = [
        f
        for f in sobject.fields.values()
        if (f.type in _FOUND_BY or f.name == sobject.name_field or f.external_id or f.id_lookup) and f.name != "Id"
    ]
    texts = [f for f in shown if f.type in ("string", "picklist", "url")]
    names = list(dict.fromkeys(f.name for f in (*keys, *texts)))
    tests = [*(f"{quoted(name)} LIKE ? ESCAPE '\\'" for name in names), "Id = ?"]
    return " OR ".join(tests), (*([like(words)] * len(names)), to18(words) or words)


def children(house: House, sobject: SObject) -> list[tuple[str, SObject, Field]]:
    """The related lists: title, object and the field that points here."""
    found = []
    for relation in sobject.child_relationships:
        child = house.org.storage.schema.object(relation.child_object)
        pointing = child.field(relation.field) if child else None
        if child is None or pointing is None or relation.name is None:
            continue
        found.append((child.label_plural, child, pointing))
    several = {name for name in (each[0] for each in found) if [each[0] for each in found].count(name) > 1}
    return [(f"{name} by {field.label}" if name in several else name, child, field) for name, child, field in found]
