"""A mapping held against the org: what is read of a record, as one query; or all that is wrong with the mapping."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from fairlead.domain import conditions, field_paths, formats
from fairlead.domain.criteria import MOST_CRITERIA, NotThis
from fairlead.domain.field_paths import Objects
from fairlead.features.transactional_email.rules.failures import BadMapping
from fairlead.features.transactional_email.rules.words import (
    LONGEST_NAME,
    MOST_LINES,
    MOST_RECIPIENTS,
    MOST_ROWS,
    TRACKS,
    Draft,
    Kind,
    Listing,
    Recipient,
    Source,
    Variable,
    Wrong,
)

PEOPLE: Final = ("Contact", "Lead")
LONGEST_QUERY: Final = 8_000
"""Characters; a query must fit an address, with ids of records beside it."""
ADDRESSES: Final = frozenset({"email", "string", "textarea", "combobox"})
"""Types of fields that an address may stand in."""


@dataclass(frozen=True, slots=True)
class Column:
    """A field that is read: its path by the org's names, and its type."""

    path: str
    type: str


@dataclass(frozen=True, slots=True)
class Child:
    """Children that are read with each record. `tail` is what stands behind FROM: condition, order, limit."""

    relationship: str
    columns: tuple[Column, ...]
    tail: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is read of a record of `object`. `columns` and `children` know types, by paths in lower case of what was typed."""

    object: str
    columns: tuple[Column, ...]
    children: tuple[Child, ...] = ()

    @property
    def soql(self) -> str:
        """The query without its condition."""
        parts = ["Id", *(one.path for one in self.columns if one.path.lower() != "id")]
        for child in self.children:
            inner = ["Id", *(one.path for one in child.columns if one.path.lower() != "id")]
            parts.append(f"(SELECT {', '.join(inner)} FROM {child.relationship}{child.tail})")
        return f"SELECT {', '.join(parts)} FROM {self.object}"

    def type_of(self, path: str) -> str:
        """The type of a field of the record or its parents; blank where it is not read."""
        return _type(self.columns, path)

    def child(self, relationship: str) -> Child | None:
        """Children by the name of the relationship."""
        wanted = relationship.strip().lower()
        return next((one for one in self.children if one.relationship.lower() == wanted), None)


def _type(columns: Sequence[Column], path: str) -> str:
    wanted = plain(path)
    return next((one.type for one in columns if one.path.lower() == wanted), "")


def type_in(child: Child, path: str) -> str:
    """The type of a field of children."""
    return _type(child.columns, path)


def plain(path: str) -> str:
    """A path without blanks, in lower case: as two of them are compared."""
    return ".".join(part.strip() for part in path.split(".")).lower()


def parts_of(value: str) -> tuple[str, str]:
    """`Children/Path` as both; the first is blank where there is no bar."""
    relationship, bar, path = value.partition("/")
    return (relationship.strip(), path.strip()) if bar else ("", value.strip())


def plan_as_json(plan: Plan) -> dict[str, Any]:
    """A plan as it is kept."""
    return {
        "object": plan.object,
        "columns": [[one.path, one.type] for one in plan.columns],
        "children": [[c.relationship, [[one.path, one.type] for one in c.columns], c.tail] for c in plan.children],
    }


def plan_from(told: Mapping[str, Any]) -> Plan:
    """A plan from what was kept."""
    children = tuple(
        Child(name, tuple(Column(*one) for one in columns), tail) for name, columns, tail in told["children"]
    )
    return Plan(told["object"], tuple(Column(*one) for one in told["columns"]), children)


def relationships(draft: Draft) -> list[str]:
    """The child relationships that a mapping names, each once."""
    named = [one.relationship for one in draft.listings]
    named += [parts_of(one.value)[0] for one in draft.recipients if one.source == Source.CHILDREN]
    return list(dict.fromkeys(name.strip() for name in named if name.strip()))


def paths(draft: Draft) -> list[str]:
    """The paths from the record itself that a mapping names."""
    found = [one.field for one in draft.variables]
    return found + [one.value for one in draft.recipients if one.source == Source.FIELD]


def child_paths(draft: Draft, relationship: str) -> list[str]:
    """The paths from children that a mapping names."""
    wanted, found = relationship.lower(), []
    for one in draft.listings:
        if one.relationship.strip().lower() == wanted:
            found += [*(column.field for column in one.columns), *(row.field for row in one.criteria), one.sort]
    for recipient in draft.recipients:
        name, path = parts_of(recipient.value)
        if recipient.source == Source.CHILDREN and name.lower() == wanted:
            found.append(path)
    return [path for path in found if path]


@dataclass(frozen=True, slots=True)
class Org:
    """What the org says: objects by name in lower case, and the object of each child relationship in lower case."""

    objects: Objects
    children: Mapping[str, tuple[str, str]]
    """Relationship in lower case → its name and its object."""
    messages_about: tuple[str, ...] = ()
    """Objects that an e-mail message can be related to."""


def compiled(draft: Draft, org: Org, variables: Sequence[str]) -> Plan:
    """The plan of a mapping; `variables` are those of the smart e-mail. Raises BadMapping with all that is wrong."""
    found = _Compiling(draft, org)
    problems = [*_plain_problems(draft, variables), *found.problems()]
    if problems:
        raise BadMapping(problems)
    plan = found.plan()
    if len(plan.soql) > LONGEST_QUERY:
        raise BadMapping([Wrong("", f"the mapping reads too much: as a query it has {len(plan.soql):,} characters")])
    return plan


def _plain_problems(draft: Draft, variables: Sequence[str]) -> Iterator[Wrong]:
    """What is wrong whatever the org is."""
    if not draft.name:
        yield Wrong("", "the mapping needs a name")
    if len(draft.name) > LONGEST_NAME or len(draft.description) > 500:
        yield Wrong("", f"the name has at most {LONGEST_NAME} characters, the description 500")
    if "@" in draft.name + draft.description:
        yield Wrong("", "name and description are kept in clear and cannot hold an e-mail address")
    if draft.track not in TRACKS:
        yield Wrong("", f"the consent to track is one of {', '.join(TRACKS)}")
    if draft.zone not in available_timezones():
        yield Wrong("", f"there is no time zone “{draft.zone[:40]}”: write it as Europe/Berlin or UTC")
    if max(len(draft.variables), len(draft.listings), len(draft.recipients)) > MOST_LINES:
        yield Wrong("", f"a mapping has at most {MOST_LINES} lines of a kind")
    names = [one.name for one in draft.variables] + [each.name for each in draft.listings]
    known = {name.lower() for name in variables}
    for number, name in enumerate(names, 1):
        if not name:
            yield Wrong(f"variable {number}", "it has no name")
        elif names.index(name) != number - 1:
            yield Wrong(f"variable {number}", f"“{name}” stands in another line already")
        elif known and name.lower() not in known:
            yield Wrong(f"variable {number}", f"the smart e-mail has no variable “{name[:60]}”")
    if not any(each.kind == Kind.TO for each in draft.recipients):
        yield Wrong("", "nobody gets it: add a recipient To")


class _Compiling:
    """One mapping against one org."""

    def __init__(self, draft: Draft, org: Org) -> None:
        self._draft = draft
        self._org = org
        self._columns: dict[str, Column] = {}
        self._children: dict[str, list[Column]] = {}
        self._tails: dict[str, str] = {}

    def plan(self) -> Plan:
        """Of a mapping without problems; objects and relationships by the org's own names."""
        children = tuple(
            Child(self._org.children[key][0], tuple(columns), self._tails.get(key, f" LIMIT {MOST_RECIPIENTS}"))
            for key, columns in self._children.items()
        )
        name = self._org.objects[self._draft.object.lower()].name
        return Plan(name, tuple(self._columns.values()), children)

    def problems(self) -> list[Wrong]:
        """All that does not fit the org."""
        if self._draft.object.lower() not in self._org.objects:
            return [Wrong("", f"Salesforce shows no object “{self._draft.object[:60]}”")]
        found: list[Wrong] = []
        for number, one in enumerate(self._draft.variables, 1):
            found += self._variable(one, f"variable {number}")
        for one_listing in self._draft.listings:
            found += self._listing(one_listing)
        for number, recipient in enumerate(self._draft.recipients, 1):
            found += self._recipient(recipient, f"recipient {number}")
        if self._draft.message and self._draft.object.lower() not in map(str.lower, self._org.messages_about):
            told = f"an e-mail message cannot be related to a {self._draft.object}: choose the task"
            found.append(Wrong("", told))
        return found

    def _column(self, path: str, object: str, *, filters: bool = False) -> Column:
        found = field_paths.find(path, object, self._org.objects, filters=filters)
        return Column(found.path, found.field.type)

    def _variable(self, one: Variable, where: str) -> Iterator[Wrong]:
        try:
            column = self._column(one.field, self._draft.object)
            formats.check(column.type, one.format)
        except (NotThis, formats.BadFormat) as wrong:
            yield Wrong(where, str(wrong))
        else:
            self._columns[column.path.lower()] = column

    def _listing(self, one: Listing) -> Iterator[Wrong]:
        where = one.name or "list"
        key = one.relationship.strip().lower()
        if key not in self._org.children:
            yield Wrong(where, f"{self._draft.object} has no children “{one.relationship[:60]}”")
            return
        if key in self._children:
            yield Wrong(where, f"{one.relationship} stands in another list already")
            return
        if not one.columns:
            yield Wrong(where, "a list needs a field that its rows show")
        if not 1 <= one.limit <= MOST_ROWS:
            yield Wrong(where, f"a list has 1 to {MOST_ROWS} rows")
        if len(one.criteria) > MOST_CRITERIA:
            yield Wrong(where, f"a list has at most {MOST_CRITERIA} criteria")
        of = self._org.children[key][1]
        columns: dict[str, Column] = {}
        for number, column in enumerate(one.columns, 1):
            try:
                found = self._column(column.field, of)
                formats.check(found.type, column.format)
                columns[found.path.lower()] = found
            except (NotThis, formats.BadFormat) as wrong:
                yield Wrong(f"{where} {number}", str(wrong))
            if not column.name and len(one.columns) > 1:
                yield Wrong(f"{where} {number}", "each of several fields needs a name")
        self._children[key] = list(columns.values())
        yield from self._tail(one, key, of, where)

    def _tail(self, one: Listing, key: str, object: str, where: str) -> Iterator[Wrong]:
        made = conditions.condition(object, one.criteria, one.logic, self._org.objects)
        for problem in made.problems:
            yield Wrong(where, str(problem))
        order = ""
        if one.sort:
            try:
                order = self._column(one.sort, object, filters=True).path
            except NotThis as wrong:
                yield Wrong(where, f"it cannot be sorted: {wrong}")
        self._tails[key] = "".join(
            (
                f" WHERE {made.where}" if made.where else "",
                f" ORDER BY {order}{' DESC' if one.descending else ''} NULLS LAST, Id" if order else "",
                f" LIMIT {one.limit}",
            )
        )

    def _recipient(self, one: Recipient, where: str) -> Iterator[Wrong]:
        if one.kind not in list(Kind):
            yield Wrong(where, f"it stands in one of {', '.join(Kind)}")
        if one.source == Source.ADDRESS:
            if not is_address(one.value):
                yield Wrong(where, "the fixed address is no e-mail address")
        elif one.source == Source.FIELD:
            yield from self._from_field(one.value, self._draft.object, self._columns, where)
        elif one.source == Source.CHILDREN:
            name, path = parts_of(one.value)
            key = name.lower()
            if key not in self._org.children:
                yield Wrong(where, f"{self._draft.object} has no children “{name[:60]}”: write Children/Field")
                return
            if key in self._tails:
                yield Wrong(where, f"{name} is filtered for a list; recipients cannot come from it as well")
                return
            columns = {column.path.lower(): column for column in self._children.get(key, ())}
            yield from self._from_field(path, self._org.children[key][1], columns, where)
            self._children[key] = list(columns.values())
        else:
            yield Wrong(where, f"it comes from one of {', '.join(Source)}")

    def _from_field(self, path: str, object: str, columns: dict[str, Column], where: str) -> Iterator[Wrong]:
        try:
            column = self._column(path, object)
        except NotThis as wrong:
            yield Wrong(where, str(wrong))
            return
        if column.type not in ADDRESSES:
            yield Wrong(where, f"{column.path} is a {column.type} field: no address stands in it")
            return
        columns[column.path.lower()] = column
        who = who_of(column.path, object, self._org.objects)
        if who:
            columns[who.lower()] = Column(who, "id")


def who_of(path: str, object: str, objects: Objects) -> str:
    """The path of the id of the contact or lead whose address a path gives; blank where it is nobody's."""
    parents = path.split(".")[:-1]
    at = object
    for name in parents:
        parent = next(f for f in objects[at.lower()].fields if (f.relationship_name or "").lower() == name.lower())
        at = parent.reference_to[0]
    if at.lower() not in {person.lower() for person in PEOPLE}:
        return ""
    return ".".join([*parents, "Id"])


def is_address(text: str) -> bool:
    """Whether a text may be an address; Campaign Monitor has the last word."""
    name, at, host = text.partition("@")
    bad = set(' \t\r\n,;<>"()@')
    return bool(name and at and "." in host.strip(".")) and not bad & set(name + host)


def zone_of(draft: Draft) -> ZoneInfo:
    """The zone in which times are told."""
    return ZoneInfo(draft.zone)
