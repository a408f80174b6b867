"""Up to a few thousand records by the collections door: 200 a call, one result a record, in the order given."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Any, Final

import msgspec

from fairlead.salesforce.error_codes import next_step_of
from fairlead.salesforce.error_reading import RowError
from fairlead.salesforce.errors import RecordRefused, SetupRefused, Unavailable
from fairlead.salesforce.scrubbing import scrub
from fairlead.salesforce.transport import Answer, Repeat, Transport, decode, segment

CHUNK: Final = 200
_DELETED: Final = "ENTITY_IS_DELETED"


class RowResult(msgspec.Struct, frozen=True):
    """What became of one record."""

    id: str | None
    success: bool
    created: bool = False
    error: RowError | None = None

    @property
    def code(self) -> str:
        """Salesforce's error code; empty on success."""
        return self.error.code if self.error else ""

    @property
    def message(self) -> str:
        """Why it was refused, scrubbed of record values; empty on success."""
        return self.error.message if self.error else ""

    @property
    def fields(self) -> tuple[str, ...]:
        """API names of the fields at fault."""
        return self.error.fields if self.error else ()

    @property
    def retryable(self) -> bool:
        return self.error is not None and self.error.retryable


class _WireError(msgspec.Struct, rename="camel"):
    status_code: str = ""
    error_code: str = ""
    message: str = ""
    fields: tuple[str, ...] = ()


class _WireResult(msgspec.Struct):
    success: bool
    id: str | None = None
    created: bool | None = None
    errors: list[_WireError] = []


_RESULTS: Final = msgspec.json.Decoder(list[_WireResult])


def _result(wire: _WireResult, *, inserting: bool) -> RowResult:
    if wire.success:
        return RowResult(wire.id, True, inserting if wire.created is None else wire.created)
    first = wire.errors[0] if wire.errors else _WireError("UNKNOWN", message="Salesforce gave no reason.")
    code = first.status_code or first.error_code
    return RowResult(wire.id, False, error=RowError(code, scrub(first.message), first.fields))


def _results(answer: Answer, *, expected: int, inserting: bool) -> list[RowResult]:
    """One result a record; raises Unavailable when the answer is cut or counts wrong."""
    wire = decode(answer.body, _RESULTS)
    if len(wire) != expected:
        # the rows may be written: only writing them again by key, or reading, tells
        raise Unavailable(f"Salesforce answered for {len(wire)} of {expected} records.", code="malformed_answer")
    return [_result(item, inserting=inserting) for item in wire]


def nested(fields: Sequence[str], values: Iterable[Any]) -> dict[str, Any]:
    """A record from names and values; `Rel__r.Key__c` becomes `{"Rel__r": {"Key__c": …}}`, no parent when blank."""
    record: dict[str, Any] = {}
    for (name, key), value in zip(_paths(tuple(fields)), values, strict=True):
        if not key:
            record[name] = value
        elif value not in {None, ""}:
            record[name] = {key: value}
    return record


@lru_cache(maxsize=64)
def _paths(fields: tuple[str, ...]) -> list[tuple[str, str]]:
    """Each field as its own name, or its parent's and the key there."""
    return [(one.partition(".")[0], one.partition(".")[2]) for one in fields]


class Collections:
    """Writes of many records of one object. Nothing is all-or-none unless asked, and then only within 200."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def upsert(
        self, object: str, ext_field: str, records: Sequence[Mapping[str, Any]], *, all_or_none: bool = False
    ) -> list[RowResult]:
        """Insert or update by an external id; safe to repeat, so faults of the moment are."""
        path = f"/{segment(object)}/{segment(ext_field)}"
        return await self._write("PATCH", path, object, records, all_or_none, Repeat.ALWAYS)

    async def update(
        self, object: str, records: Sequence[Mapping[str, Any]], *, all_or_none: bool = False
    ) -> list[RowResult]:
        """Update by `Id`, which each record holds."""
        return await self._write("PATCH", "", object, records, all_or_none, Repeat.ALWAYS)

    async def insert(
        self,
        object: str,
        records: Sequence[Mapping[str, Any]],
        *,
        all_or_none: bool = False,
        allow_duplicates: bool = False,
    ) -> list[RowResult]:
        """Create. A lost answer raises AnswerLost and is not repeated: it might create twice.

        `allow_duplicates` saves what a duplicate rule of the org would otherwise stop, where that rule lets itself be passed.
        """
        headers = {"Sforce-Duplicate-Rule-Header": "allowSave=true"} if allow_duplicates else None
        return await self._write("POST", "", object, records, all_or_none, Repeat.UNSENT, headers)

    async def delete(self, ids: Sequence[str], *, all_or_none: bool = False) -> list[RowResult]:
        """Delete by id. A record that is in the recycle bin already counts as deleted."""
        results: list[RowResult] = []
        for start in range(0, len(ids), CHUNK):
            part = ids[start : start + CHUNK]
            told = await self._transport.ask(
                "DELETE",
                f"{self._transport.data}/composite/sobjects",
                partial(_results, expected=len(part), inserting=False),
                door="collections",
                params={"ids": ",".join(part), "allOrNone": "true" if all_or_none else "false"},
            )
            results += [
                RowResult(r.id or i, True) if r.code == _DELETED else r for r, i in zip(told, part, strict=True)
            ]
        return results

    async def _write(
        self,
        method: str,
        path: str,
        object: str,
        records: Sequence[Mapping[str, Any]],
        all_or_none: bool,
        repeat: Repeat,
        headers: Mapping[str, str] | None = None,
    ) -> list[RowResult]:
        results: list[RowResult] = []
        kind = {"attributes": {"type": object}}
        for start in range(0, len(records), CHUNK):
            part = records[start : start + CHUNK]
            try:
                results += await self._transport.ask(
                    method,
                    f"{self._transport.data}/composite/sobjects{path}",
                    partial(_results, expected=len(part), inserting=method == "POST"),
                    door="collections",
                    json={"allOrNone": all_or_none, "records": [{**kind, **record} for record in part]},
                    repeat=repeat,
                    headers=headers or {},
                )
            except RecordRefused as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise
                # of a call for many records, what is not found is the object
                text = f"{error.code}: the org has no object {object}, or hides it from the integration user."
                raise SetupRefused(text, code=error.code, status=404, next_step=next_step_of("INVALID_TYPE")) from error
        return results
