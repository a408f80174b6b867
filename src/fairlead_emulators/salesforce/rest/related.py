"""`/sobjects/X/{id}/{relationship}`: the parent that a record points to, or the records that point to it."""

from starlette.responses import JSONResponse, Response

from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.records import reading
from fairlead_emulators.salesforce.rest.wire import Call
from fairlead_emulators.salesforce.soql import door as soql_door

fact("relationship_traversal")

MOST = 2_000


def traverse(call: Call, record_id: str, name: str) -> Response:
    """A parent as a record, children as a query's answer. Raises ApiError 404."""
    sobject = call.sobject()
    schema = call.org.storage.schema
    own = reading.read(call.org, sobject, record_id, list(sobject.fields.values()), call.root)
    lookup, relation = sobject.by_relationship(name), sobject.child(name)
    if lookup is not None:
        parent_id = own[lookup.name]
        parent = schema.by_prefix(parent_id) if parent_id else None
        if parent is None:
            raise ApiError(404, "NOT_FOUND", f"The requested resource does not exist: {name} is empty")
        fields = reading.chosen_fields(parent, call.query.get("fields"))
        return JSONResponse(reading.read(call.org, parent, parent_id, fields, call.root))
    child = schema.object(relation.child_object) if relation else None
    if relation is None or child is None:
        raise ApiError(404, "NOT_FOUND", f"The requested resource does not exist: no relationship {name}")
    names = ", ".join(f.name for f in reading.chosen_fields(child, call.query.get("fields")))
    asked = f"SELECT {names} FROM {child.name} WHERE {relation.field} = '{own['Id']}' ORDER BY Id LIMIT {MOST}"
    found = soql_door.ask(call.org, asked, call.version, deleted=False)
    return JSONResponse({"done": True, "totalSize": found.total, "records": found.records})
