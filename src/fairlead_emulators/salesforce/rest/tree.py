"""`/composite/tree/X`: records with the records below them, all or none."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.salesforce.errors import ApiError, RowError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.batch import from_json
from fairlead_emulators.salesforce.model.schema import Schema, SObject
from fairlead_emulators.salesforce.records import writes
from fairlead_emulators.salesforce.rest.composite import RollBack
from fairlead_emulators.salesforce.rest.single import DATA
from fairlead_emulators.salesforce.rest.wire import Api, Call

fact("tree")

MAX_RECORDS: Final = 200
MAX_LEVELS: Final = 5
MAX_TYPES: Final = 5


@dataclass(frozen=True, slots=True)
class Twig:
    """One record of the tree: its fields, and whose child it is by which field."""

    reference: str
    sobject: SObject
    fields: Mapping[str, Any]
    parent: str | None
    lookup: str | None
    level: int


def routes(api: Api) -> list[Route]:
    """The route of this file."""
    return [Route(DATA + "/composite/tree/{sobject}", api(tree), methods=["POST"])]


def tree(call: Call) -> Response:
    """`POST …/composite/tree/X`: 201 with an id for each reference, or 400 with what was refused."""
    twigs = _read(call)
    ids: dict[str, str] = {}
    errors: dict[str, RowError] = {}
    try:
        with call.org.storage.savepoint():
            for group in _groups(twigs):
                _write(call, group, ids, errors)
            if errors:
                raise RollBack
    except RollBack:
        results = [{"referenceId": r, "errors": [error.in_collection()]} for r, error in errors.items()]
        return JSONResponse({"hasErrors": True, "results": results}, status_code=400)
    results = [{"referenceId": twig.reference, "id": ids[twig.reference]} for twig in twigs]
    return JSONResponse({"hasErrors": False, "results": results}, status_code=201)


def _groups(twigs: list[Twig]) -> Iterator[list[Twig]]:
    """Level by level, one object at a time."""
    for level in range(1, MAX_LEVELS + 1):
        here = [twig for twig in twigs if twig.level == level]
        for name in dict.fromkeys(twig.sobject.name for twig in here):
            yield [twig for twig in here if twig.sobject.name == name]


def _write(call: Call, group: list[Twig], ids: dict[str, str], errors: dict[str, RowError]) -> None:
    whole = [twig for twig in group if twig.parent is None or twig.parent in ids]
    records = [{**t.fields, **({t.lookup: ids[t.parent]} if t.parent and t.lookup else {})} for t in whole]
    if not whole:
        return  # their parents were refused
    written = writes.write(call.org, "insert", from_json(call.org.storage.schema, whole[0].sobject, records))
    for row, twig in enumerate(whole):
        record_id = written.ids[row]
        if row in written.errors or record_id is None:
            errors[twig.reference] = written.errors[row]
        else:
            ids[twig.reference] = record_id


def _read(call: Call) -> list[Twig]:
    """The records of the body, parents before children. Raises ApiError 400."""
    records = call.json_object().get("records")
    twigs = list(_walk(call.org.storage.schema, call.sobject(), records, None, None, 1))
    if len(twigs) > MAX_RECORDS:
        raise _wrong(f"The tree has {len(twigs)} records; at most {MAX_RECORDS} are allowed")
    if len({twig.sobject.name for twig in twigs}) > MAX_TYPES:
        raise _wrong(f"The tree has records of more than {MAX_TYPES} types")
    references = [twig.reference for twig in twigs]
    for reference in references:
        if references.count(reference) > 1:
            raise _wrong(f"Duplicate ReferenceId provided in the request: {reference}")
    return twigs


def _wrong(message: str) -> ApiError:
    return ApiError(400, "INVALID_INPUT", message)


def _walk(
    schema: Schema, sobject: SObject, records: Any, parent: str | None, lookup: str | None, level: int
) -> Iterator[Twig]:
    if not isinstance(records, list) or not records or not all(isinstance(record, dict) for record in records):
        raise _wrong("records must be a list of records")
    if level > MAX_LEVELS:
        raise _wrong(f"The tree is deeper than {MAX_LEVELS} levels")
    for record in records:
        attributes = record.get("attributes")
        told = attributes if isinstance(attributes, dict) else {}
        reference, kind = told.get("referenceId"), str(told.get("type", ""))
        if not isinstance(reference, str) or not reference:
            raise _wrong("Include a referenceId in the attributes of each record")
        if kind.lower() != sobject.name.lower():
            raise _wrong(f"{reference}: the record's type is {kind or 'missing'}; {sobject.name} is expected here")
        below = {name: value for name, value in record.items() if isinstance(value, dict) and "records" in value}
        fields = {name: value for name, value in record.items() if name not in below and name != "attributes"}
        yield Twig(reference, sobject, fields, parent, lookup, level)
        for name, value in below.items():
            relation = sobject.child(name)
            child = schema.object(relation.child_object) if relation else None
            if relation is None or child is None:
                raise ApiError(400, "INVALID_FIELD", f"No such relationship '{name}' on sobject of type {sobject.name}")
            yield from _walk(schema, child, value["records"], reference, relation.field, level + 1)
