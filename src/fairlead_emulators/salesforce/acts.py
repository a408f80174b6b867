"""Control routes of the org alone: a person's edits, all rows of an object, expired sessions."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from fairlead_emulators.control import explained, json_body
from fairlead_emulators.salesforce import living
from fairlead_emulators.salesforce.model.batch import from_json
from fairlead_emulators.salesforce.model.ids import to18
from fairlead_emulators.salesforce.model.schema import Field, SObject
from fairlead_emulators.salesforce.records import conversion, merging, writes
from fairlead_emulators.salesforce.records.outcome import Refused
from fairlead_emulators.salesforce.records.reading import many_as_json
from fairlead_emulators.salesforce.signin.sessions import Sessions
from fairlead_emulators.salesforce.state.org import Org
from fairlead_emulators.salesforce.state.settings import settings_changed
from fairlead_emulators.salesforce.state.storage import quoted

_PAGE = 5_000


def routes(org: Org, sessions: Sessions) -> list[Route]:
    """The routes of this file, below `/_control`."""

    async def act(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(carry_out, org, await json_body(request)))

    async def records(request: Request) -> Response:
        sobject = find(org, request.query_params.get("object", ""))
        query = request.query_params
        every = query.get("deleted", "") == "true"
        wanted = [each.strip() for each in query["fields"].split(",")] if query.get("fields") else None
        lines = all_rows(
            org, sobject, deleted=every, names=wanted, since=query.get("since", ""), made=query.get("made") == "true"
        )
        return StreamingResponse(lines, media_type="application/x-ndjson")

    async def expire(_request: Request) -> Response:
        sessions.expire_all()
        return JSONResponse({"expired": True})

    async def session(request: Request) -> Response:
        name = str((await json_body(request)).get("username", ""))
        with org.storage.lock:
            asked = "SELECT Id FROM User WHERE Username = ? AND IsActive = 1 AND IsDeleted = 0"
            row = org.storage.connection.execute(asked, (name,)).fetchone()
        if row is None:
            raise LookupError(f"the org has no active user {name!r}: create one, or look at its User records")
        return JSONResponse({"access_token": sessions.open(row[0]), "user_id": row[0]})

    async def settings(request: Request) -> Response:
        if request.method == "POST":
            org.settings.update(await json_body(request))
            settings_changed(org)
        return JSONResponse(org.settings)

    async def live(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(living.live, org, await json_body(request)))

    return [
        Route("/_control/act", explained(act), methods=["POST"]),
        Route("/_control/live", explained(live), methods=["POST"]),
        Route("/_control/records", explained(records), methods=["GET"]),
        Route("/_control/expire_sessions", explained(expire), methods=["POST"]),
        Route("/_control/sessions", explained(session), methods=["POST"]),
        Route("/_control/settings", explained(settings), methods=["GET", "POST"]),
    ]


def find(org: Org, name: str) -> SObject:
    """The object with that name. Raises LookupError."""
    sobject = org.storage.schema.object(name)
    if sobject is None:
        raise LookupError(f"the org has no object {name!r}: deploy it, or look at GET /_control/state")
    return sobject


def carry_out(org: Org, act: dict[str, Any]) -> dict[str, Any]:
    """What a person does in the browser; `{id}` of the record, and what else the act gives.

    `{act: create|edit|delete|undelete, object, id, fields}`; `{act: convert, id, account_id, contact_id, status}`, which
    also gives `account_id` and `contact_id`; `{act: merge, object, id, losers: [ids], fields}` with the winner's id;
    `{act: sandbox, is: true}` makes the org a sandbox.
    Raises ValueError when the org refuses, LookupError for an unknown object.
    """
    kind = act.get("act")
    worker = _ACTS.get(str(kind))
    if worker is None:
        raise ValueError(f"act is {kind!r}: use {', '.join(list(_ACTS)[:-1])} or {list(_ACTS)[-1]}")
    return worker(org, act)


def _record_id(act: Mapping[str, Any], name: str = "id") -> str:
    record_id = to18(str(act.get(name, "")))
    if record_id is None:
        raise ValueError(f"{name} is {act.get(name)!r}: give the record's 15 or 18 characters")
    return record_id


def _fields(act: Mapping[str, Any]) -> dict[str, Any]:
    fields = act.get("fields") or {}
    if not isinstance(fields, dict):
        raise ValueError(f"fields is {fields!r}: give an object of field names and values")  # noqa: TRY004
    return fields


def _done(written: writes.Written) -> dict[str, Any]:
    if written.errors:
        raise Refused(written.errors[0])
    return {"id": written.ids[0]}


def _create(org: Org, act: dict[str, Any]) -> dict[str, Any]:
    sobject = find(org, str(act.get("object", "")))
    return _done(writes.write(org, "insert", from_json(org.storage.schema, sobject, [_fields(act)])))


def _edit(org: Org, act: dict[str, Any]) -> dict[str, Any]:
    sobject, record = find(org, str(act.get("object", ""))), _fields(act) | {"Id": _record_id(act)}
    return _done(writes.write(org, "update", from_json(org.storage.schema, sobject, [record])))


def _delete(org: Org, act: dict[str, Any]) -> dict[str, Any]:
    return _done(writes.delete(org, find(org, str(act.get("object", ""))), [_record_id(act)]))


def _undelete(org: Org, act: dict[str, Any]) -> dict[str, Any]:
    return _done(writes.undelete(org, find(org, str(act.get("object", ""))), [_record_id(act)]))


def _convert(org: Org, act: dict[str, Any]) -> dict[str, Any]:
    account_id, contact_id, owner_id = (
        _record_id(act, name) if act.get(name) else None for name in ("account_id", "contact_id", "owner_id")
    )
    status = str(act["status"]) if act.get("status") else None
    done = conversion.convert(
        org, _record_id(act), account_id=account_id, contact_id=contact_id, owner_id=owner_id, status=status
    )
    return {"id": done.lead_id, "account_id": done.account_id, "contact_id": done.contact_id}


def _merge(org: Org, act: dict[str, Any]) -> dict[str, Any]:
    sobject, losers = find(org, str(act.get("object", ""))), act.get("losers")
    if not isinstance(losers, list):
        raise ValueError(f"losers is {losers!r}: give a list of ids")  # noqa: TRY004
    ids = [_record_id({"losers": each}, "losers") for each in losers]
    done = merging.merge(org, sobject, _record_id(act), ids, _fields(act))
    return {"id": done.winner_id, "merged": done.loser_ids, "moved": done.moved_ids}


def _sandbox(org: Org, act: dict[str, Any]) -> dict[str, Any]:
    wanted = act.get("is") is not False
    with org.storage.transaction() as connection:
        connection.execute("UPDATE Organization SET IsSandbox = ?", (int(wanted),))
    return {"sandbox": wanted}


_ACTS: Final[Mapping[str, Callable[[Org, dict[str, Any]], dict[str, Any]]]] = {
    "create": _create,
    "edit": _edit,
    "delete": _delete,
    "undelete": _undelete,
    "convert": _convert,
    "merge": _merge,
    "sandbox": _sandbox,
}


def all_rows(
    org: Org,
    sobject: SObject,
    *,
    deleted: bool = False,
    names: Sequence[str] | None = None,
    since: str = "",
    made: bool = False,
) -> Iterator[bytes]:
    """Every row in order of id, one JSON object a line, a few thousand at a time.

    `names`: of the fields wanted, all when None; `since`: only rows written then or later, as in SystemModstamp; with
    `made` only those that were made then or later.
    Raises LookupError for a field that the object has not.
    """
    fields = [_field(sobject, name) for name in names] if names else list(sobject.fields.values())
    columns = ", ".join(quoted(f.name) for f in fields)
    shown = "" if deleted else "AND IsDeleted = 0"
    if since:
        shown += f" AND {'CreatedDate' if made else 'SystemModstamp'} >= ?"
    return _pages(org, sobject, fields, f"SELECT {columns}, Id FROM {quoted(sobject.name)} WHERE Id > ? {shown}", since)


def _field(sobject: SObject, name: str) -> Field:
    found = sobject.field(name)
    if found is None:
        raise LookupError(f"{sobject.name} has no field {name!r}")
    return found


def _pages(org: Org, sobject: SObject, fields: Sequence[Field], query: str, since: str) -> Iterator[bytes]:
    encode = msgspec.json.Encoder().encode
    last, further = "", (since,) if since else ()
    while True:
        with org.storage.lock:
            rows = org.storage.connection.execute(f"{query} ORDER BY Id LIMIT {_PAGE}", (last, *further)).fetchall()
        if not rows:
            return
        yield b"".join(encode(told) + b"\n" for told in many_as_json(fields, rows))
        last = rows[-1][-1]
