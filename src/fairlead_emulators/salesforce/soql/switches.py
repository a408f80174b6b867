"""`TYPEOF`: the fields of a parent by what kind it is."""

from fairlead_emulators.salesforce.soql.ast import Column, TypeOf
from fairlead_emulators.salesforce.soql.resolve import Place, Scope, no_column, no_relationship, object_of
from fairlead_emulators.salesforce.soql.shapes import Output, Switch
from fairlead_emulators.salesforce.soql.tokens import SoqlError


def switch(scope: Scope, item: TypeOf, further: list[str]) -> tuple[Output, str]:
    """The output, and the SQL of the parent's id; adds the columns of all kinds to `further`. Raises SoqlError."""
    way = scope.parts(item.relationship)
    holder = scope.place(tuple(way[:-1])).shown
    lookup = holder.by_relationship(way[-1])
    if lookup is None or lookup.relationship_name is None:
        raise no_relationship(way[-1])
    if len(lookup.reference_to) < 2 or len(way) > 1:
        message = f"TYPEOF needs a relationship to parents of several kinds: {item.relationship}"
        raise SoqlError("MALFORMED_QUERY", message, word=item.relationship)
    place = scope.place(tuple(way))
    kinds: dict[str, tuple[int, tuple[Output, ...]]] = {}
    for name, columns in item.whens:
        target = object_of(scope.schema, name)
        table = next((alias for alias, o in place.tables if o is target), None)
        if table is None or target.name in kinds:
            message = f"{item.relationship} leads to no {name}, or it is named twice"
            raise SoqlError("MALFORMED_QUERY", message, word=name)
        kinds[target.name] = _columns(Place(((table, target),), target), columns, further)
    otherwise = _columns(place, item.otherwise, further) if item.otherwise else None
    found = place.column("Id")
    assert found is not None
    output = Output((lookup.relationship_name,), lookup, switch=Switch(kinds, otherwise))
    return output, found[0]


def _columns(place: Place, columns: tuple[Column, ...], further: list[str]) -> tuple[int, tuple[Output, ...]]:
    start, outputs = len(further), []
    for column in columns:
        found = place.column(column.path)
        if found is None:
            raise no_column(column.path, place.shown.name)
        further.append(found[0])
        outputs.append(Output((found[1].name,), found[1]))
    return start, tuple(outputs)
