"""`/composite/sobjects`: up to 200 records in one call, a result for each, in order."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.salesforce.errors import ApiError, RowError, no_such_object
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.batch import from_json
from fairlead_emulators.salesforce.model.ids import to18
from fairlead_emulators.salesforce.model.schema import Field, SObject
from fairlead_emulators.salesforce.records import reading, writes
from fairlead_emulators.salesforce.rest.single import DATA
from fairlead_emulators.salesforce.rest.wire import Api, Call

fact("collections_limits")
fact("collections_results")
fact("all_or_none")
fact("collections_retrieve")

MAX_RECORDS = 200
MAX_CHUNKS = 10
MAX_READ = 2_000


class _RollBack(Exception):
    """Undoes the whole call."""


def routes(api: Api) -> list[Route]:
    """The routes of this file."""
    path = DATA + "/composite/sobjects"
    return [
        Route(path, api(insert), methods=["POST"]),
        Route(path, api(update), methods=["PATCH"]),
        Route(path, api(remove), methods=["DELETE"]),
        Route(path + "/{sobject}", api(retrieve), methods=["GET", "POST"]),
        Route(path + "/{sobject}/{key}", api(upsert), methods=["PATCH"]),
    ]


def insert(call: Call) -> Response:
    """`POST …/composite/sobjects`."""
    return _write(call, "insert", None)


def update(call: Call) -> Response:
    """`PATCH …/composite/sobjects`."""
    return _write(call, "update", None)


def upsert(call: Call) -> Response:
    """`PATCH …/composite/sobjects/X/Key__c`: one type of record only."""
    sobject = call.sobject()
    key = sobject.field(call.path["key"])
    if key is None or not (key.external_id or key.id_lookup):
        message = f"Provided external ID field does not exist or is not accessible: {call.path['key']}"
        raise ApiError(404, "NOT_FOUND", message)
    return _write(call, "upsert", key)


def _records(call: Call) -> tuple[list[Mapping[str, Any]], bool]:
    body = call.json_object()
    records = body.get("records")
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        raise ApiError(400, "JSON_PARSER_ERROR", "records must be a list of objects")
    if len(records) > MAX_RECORDS:
        message = f"record count {len(records)} exceeds the limit: use at most {MAX_RECORDS} records"
        raise ApiError(400, "EXCEEDED_MAX_SIZE_REQUEST", message)
    return records, bool(body.get("allOrNone", False))


def _chunks(call: Call, records: Sequence[Mapping[str, Any]]) -> list[tuple[SObject, list[int]]]:
    """Runs of neighbours of one type, as Salesforce cuts them. Raises ApiError over ten."""
    chunks: list[tuple[SObject, list[int]]] = []
    for row, record in enumerate(records):
        name = str((record.get("attributes") or {}).get("type") or call.path.get("sobject") or "")
        if not name:
            raise ApiError(400, "INVALID_INPUT", "Type is required in attributes of each record")
        sobject = call.org.storage.schema.object(name)
        if sobject is None:
            raise no_such_object(name)
        if "sobject" in call.path and sobject is not call.sobject():
            raise ApiError(400, "INVALID_INPUT", f"All records must be of type {call.sobject().name}")
        if not chunks or chunks[-1][0] is not sobject:
            chunks.append((sobject, []))
        chunks[-1][1].append(row)
    if len(chunks) > MAX_CHUNKS:
        message = f"The request has {len(chunks)} chunks of types; at most {MAX_CHUNKS} are allowed"
        raise ApiError(400, "INVALID_INPUT", message)
    return chunks


def _write(call: Call, operation: str, key: Field | None) -> Response:
    records, all_or_none = _records(call)
    chunks = _chunks(call, records)
    results: list[dict[str, Any]] = [{}] * len(records)
    try:
        with call.org.storage.savepoint():
            for sobject, rows in chunks:
                batch = from_json(call.org.storage.schema, sobject, [records[row] for row in rows])
                written = writes.write(call.org, operation, batch, key)
                for place, row in enumerate(rows):
                    results[row] = _result(written, place, upserting=key is not None)
            if all_or_none and not all(r["success"] for r in results):
                raise _RollBack
    except _RollBack:
        results = [_rolled_back(r) for r in results]
    return JSONResponse(results)


def _result(written: writes.Written, row: int, *, upserting: bool = False) -> dict[str, Any]:
    if row in written.errors:
        return {"success": False, "errors": [written.errors[row].in_collection()]}
    result: dict[str, Any] = {"id": written.ids[row], "success": True, "errors": []}
    return result | ({"created": written.created[row]} if upserting else {})


def _rolled_back(result: dict[str, Any]) -> dict[str, Any]:
    if not result["success"]:
        return result
    return {"success": False, "errors": [writes.ROLLED_BACK.in_collection()]}


def retrieve(call: Call) -> Response:
    """`GET …/composite/sobjects/X?ids=&fields=`, or a POST with both as lists: null for each that is not there."""
    sobject = call.sobject()
    body = call.json_object() if call.method == "POST" else {}
    ids, names = (body[key] if key in body else call.query.get(key, "").split(",") for key in ("ids", "fields"))
    if not all(isinstance(part, list) and all(isinstance(text, str) for text in part) for part in (ids, names)):
        raise ApiError(400, "JSON_PARSER_ERROR", "ids and fields must be lists of texts")
    if len(ids) > MAX_READ:
        message = f"record count {len(ids)} exceeds the limit: ask for at most {MAX_READ} records"
        raise ApiError(400, "EXCEEDED_MAX_SIZE_REQUEST", message)
    if not any(names):
        raise ApiError(400, "INVALID_INPUT", "The fields parameter is required")
    fields = reading.chosen_fields(sobject, ",".join(names))
    return JSONResponse([_retrieved(call, sobject, text, fields) for text in ids if text])


def _retrieved(call: Call, sobject: SObject, text: str, fields: list[Field]) -> dict[str, Any] | None:
    if to18(text) is None:
        raise ApiError(400, "MALFORMED_ID", f"malformed id {text}")
    try:
        return reading.read(call.org, sobject, text, fields, call.root)
    except ApiError:
        return None


def remove(call: Call) -> Response:
    """`DELETE …/composite/sobjects?ids=a,b&allOrNone=false`."""
    asked = [i for i in call.query.get("ids", "").split(",") if i]
    if len(asked) > MAX_RECORDS:
        message = f"record count {len(asked)} exceeds the limit: use at most {MAX_RECORDS} records"
        raise ApiError(400, "EXCEEDED_MAX_SIZE_REQUEST", message)
    results: list[dict[str, Any]] = []
    try:
        with call.org.storage.savepoint():
            results = [_remove_one(call, text) for text in asked]
            if call.query.get("allOrNone", "").lower() == "true" and not all(r["success"] for r in results):
                raise _RollBack
    except _RollBack:
        results = [_rolled_back(r) for r in results]
    return JSONResponse(results)


def _remove_one(call: Call, text: str) -> dict[str, Any]:
    record_id = to18(text)
    sobject = call.org.storage.schema.by_prefix(text)
    if record_id is None or sobject is None:
        malformed = RowError("MALFORMED_ID", f"bad id {text}", ("Id",))
        return {"success": False, "errors": [malformed.in_collection()]}
    return _result(writes.delete(call.org, sobject, [record_id]), 0)
