"""Versions, describe, single records, upsert by external id, limits."""

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.salesforce.access.record_types import infos
from fairlead_emulators.salesforce.errors import ApiError, from_row
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model import describe
from fairlead_emulators.salesforce.model.batch import from_json
from fairlead_emulators.salesforce.model.ids import to18
from fairlead_emulators.salesforce.model.schema import Field, SObject
from fairlead_emulators.salesforce.records import reading as records
from fairlead_emulators.salesforce.records import writes
from fairlead_emulators.salesforce.rest import related
from fairlead_emulators.salesforce.rest.freshness import tag_and_moment
from fairlead_emulators.salesforce.rest.wire import Api, Call
from fairlead_emulators.salesforce.state.limits import limits_body
from fairlead_emulators.salesforce.state.lookups import ids_by_key
from fairlead_emulators.salesforce.state.org import LABELS, VERSIONS

fact("versions_list")
fact("crud_answers")
fact("upsert_answers")
fact("describe_not_modified")
fact("row_not_modified")
fact("resources_identity")

DATA = "/services/data/v{version}"
RESOURCES = (
    *("actions", "analytics", "composite", "jobs", "limits", "metadata", "query", "queryAll", "recent", "sobjects"),
    *("tabs", "tooling"),
)


def routes(api: Api) -> list[Route]:
    """The routes of this file."""
    row = DATA + "/sobjects/{sobject}/{id}"
    external = DATA + "/sobjects/{sobject}/{key}/{value:path}"
    return [
        Route("/services/data", versions, methods=["GET"]),
        Route(DATA, api(resources), methods=["GET"]),
        Route(DATA + "/limits", api(limits), methods=["GET"]),
        Route(DATA + "/limits/recordCount", api(record_count), methods=["GET"]),
        Route(DATA + "/sobjects", api(all_objects), methods=["GET"]),
        Route(DATA + "/sobjects/{sobject}", api(create), methods=["POST"]),
        Route(DATA + "/sobjects/{sobject}/describe", api(describe_object), methods=["GET"]),
        Route(row, api(read), methods=["GET"]),
        Route(row, api(update), methods=["PATCH"]),
        Route(row, api(remove), methods=["DELETE"]),
        Route(external, api(read_by_key), methods=["GET"]),
        Route(external, api(upsert), methods=["PATCH"]),
        Route(external, api(remove_by_key), methods=["DELETE"]),
    ]


async def versions(_request: Request) -> Response:
    """`GET /services/data`: no session needed."""
    return JSONResponse(
        [
            {"label": LABELS.get(v, f"Release {v}"), "url": f"/services/data/v{v}.0", "version": f"{v}.0"}
            for v in VERSIONS
        ]
    )


def resources(call: Call) -> Response:
    """`GET /services/data/vNN.0`."""
    me = call.org.identity
    identity = f"{call.base}/id/{me.org_id}/{call.org.acting_user()}"
    return JSONResponse({"identity": identity} | {n: f"{call.root}/{n}" for n in RESOURCES})


def limits(call: Call) -> Response:
    """`GET …/limits`."""
    return JSONResponse(limits_body(call.org, call.usage))


def record_count(call: Call) -> Response:
    """`GET …/limits/recordCount?sObjects=A,B`."""
    wanted = {name.strip().lower() for name in call.query.get("sObjects", "").split(",") if name.strip()}
    known = call.org.storage.schema.objects
    counts = {name: n for name, n in call.org.storage.counts().items() if name.lower() in known}
    found = [{"count": n, "name": name} for name, n in counts.items() if not wanted or name.lower() in wanted]
    return JSONResponse({"sObjects": found})


def all_objects(call: Call) -> Response:
    """`GET …/sobjects`."""
    return _with_etag(call, describe.describe_global(call.org.storage.schema, call.root))


def describe_object(call: Call) -> Response:
    """`GET …/sobjects/X/describe`."""
    sobject = call.sobject()
    return _with_etag(call, describe.describe(sobject, call.root, infos(call.org, sobject.name, call.root)))


def _with_etag(call: Call, body: dict[str, Any]) -> Response:
    etag, changed = tag_and_moment(call.org, str(body.get("name", "")), body)
    headers = {"ETag": etag, "Last-Modified": format_datetime(changed, usegmt=True)}
    asked = call.headers.get("if-none-match")
    unchanged = asked in (etag, etag.strip('"')) if asked else _unchanged_since(call, changed)
    return Response(status_code=304, headers=headers) if unchanged else JSONResponse(body, headers=headers)


def _unchanged_since(call: Call, changed: datetime) -> bool:
    """Whether `If-Modified-Since` says that the caller knows it all. Raises ApiError 400 when it is no date."""
    since = call.headers.get("if-modified-since")
    if not since:
        return False
    try:
        moment = parsedate_to_datetime(since)
    except ValueError:
        raise ApiError(400, "INVALID_HEADER", f"If-Modified-Since is no HTTP date: {since}") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) >= changed.replace(microsecond=0)


def create(call: Call) -> Response:
    """`POST …/sobjects/X`."""
    sobject = call.sobject()
    written = _write_one(call, sobject, "insert", call.json_object())
    headers = {"Location": f"{call.root}/sobjects/{sobject.name}/{written.ids[0]}"}
    return JSONResponse({"id": written.ids[0], "success": True, "errors": []}, status_code=201, headers=headers)


def _write_one(
    call: Call, sobject: SObject, operation: str, record: dict[str, Any], key: Field | None = None
) -> writes.Written:
    written = writes.write(call.org, operation, from_json(call.org.storage.schema, sobject, [record]), key)
    if written.errors and not written.matches:
        error = written.errors[0]
        if error in (writes.NO_SUCH_ID, writes.DELETED):
            code = "NOT_FOUND" if error is writes.NO_SUCH_ID else error.code
            message = "The requested resource does not exist" if code == "NOT_FOUND" else error.message
            raise ApiError(404, code, message)
        raise from_row(error)
    return written


def read(call: Call) -> Response:
    """`GET …/sobjects/X/id`."""
    sobject = call.sobject()
    fields = records.chosen_fields(sobject, call.query.get("fields"))
    record = records.read(call.org, sobject, call.path["id"], fields, call.root)
    changed = records.changed(call.org, sobject, record["attributes"]["url"].rpartition("/")[2])
    headers = {"Last-Modified": format_datetime(changed, usegmt=True)}
    unchanged = _unchanged_since(call, changed)
    return Response(status_code=304, headers=headers) if unchanged else JSONResponse(record, headers=headers)


def update(call: Call) -> Response:
    """`PATCH …/sobjects/X/id`."""
    sobject, body = call.sobject(), call.json_object()
    if any(name.lower() == "id" for name in body):
        raise ApiError(400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.")
    _write_one(call, sobject, "update", {"Id": _known_id(call.path["id"])} | body)
    return Response(status_code=204)


def _known_id(text: str) -> str:
    record_id = to18(text)
    if record_id is None:
        raise ApiError(404, "NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {text}")
    return record_id


def remove(call: Call) -> Response:
    """`DELETE …/sobjects/X/id`."""
    return _remove(call, call.sobject(), _known_id(call.path["id"]))


def _remove(call: Call, sobject: SObject, record_id: str) -> Response:
    written = writes.delete(call.org, sobject, [record_id])
    if written.errors:
        error = written.errors[0]
        missing = error in (writes.NO_SUCH_ID, writes.DELETED)
        if missing:
            raise ApiError(404, "ENTITY_IS_DELETED" if error is writes.DELETED else "NOT_FOUND", error.message)
        raise from_row(error)
    return Response(status_code=204)


def _key(call: Call) -> tuple[SObject, Field]:
    sobject = call.sobject()
    key = sobject.field(call.path["key"])
    if key is None or not (key.external_id or key.id_lookup):
        message = f"Provided external ID field does not exist or is not accessible: {call.path['key']}"
        raise ApiError(404, "NOT_FOUND", message)
    return sobject, key


def _ids_by_path_key(call: Call) -> tuple[SObject, list[str]]:
    sobject, key = _key(call)
    with call.org.storage.lock:
        found = ids_by_key(call.org.storage.connection, sobject, key, [call.path["value"]])
        ids = records.visible(call.org, sobject, next(iter(found.values()), []))
    return sobject, ids


def _several(call: Call, sobject: SObject, ids: list[str]) -> Response:
    return JSONResponse([f"{call.root}/sobjects/{sobject.name}/{i}" for i in ids], status_code=300)


def read_by_key(call: Call) -> Response:
    """`GET …/sobjects/X/Key__c/value`, or `…/sobjects/X/id/relationship`."""
    record_id = to18(call.path["key"])
    if record_id is not None and call.sobject().field(call.path["key"]) is None:
        return related.traverse(call, record_id, call.path["value"])
    sobject, ids = _ids_by_path_key(call)
    if not ids:
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    if len(ids) > 1:
        return _several(call, sobject, ids)
    fields = records.chosen_fields(sobject, call.query.get("fields"))
    return JSONResponse(records.read(call.org, sobject, ids[0], fields, call.root))


def remove_by_key(call: Call) -> Response:
    """`DELETE …/sobjects/X/Key__c/value`."""
    sobject, ids = _ids_by_path_key(call)
    if not ids:
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    return _several(call, sobject, ids) if len(ids) > 1 else _remove(call, sobject, ids[0])


def upsert(call: Call) -> Response:
    """`PATCH …/sobjects/X/Key__c/value`: 201 created, 200 updated, 300 when several records have the key."""
    sobject, key = _key(call)
    body = call.json_object()
    if any(name.lower() in ("id", key.name.lower()) for name in body):
        message = f"The {key.name} field should not be specified in the sobject data."
        raise ApiError(400, "INVALID_FIELD", message)
    written = _write_one(call, sobject, "upsert", body | {key.name: call.path["value"]}, key)
    if written.matches:
        return _several(call, sobject, written.matches[0])
    created = written.created[0]
    if not created and float(call.version) < 46:
        return Response(status_code=204)
    answer: dict[str, Any] = {"id": written.ids[0], "success": True, "errors": [], "created": created}
    return JSONResponse(answer, status_code=201 if created else 200)
