"""One record at a time."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from fairlead.salesforce.collections import RowResult
from fairlead.salesforce.error_reading import error_from
from fairlead.salesforce.errors import RecordRefused
from fairlead.salesforce.transport import Repeat, Transport, segment


class _Saved(msgspec.Struct):
    id: str
    success: bool = True
    created: bool = True


def _several(object: str, ext_field: str) -> RecordRefused:
    return RecordRefused(
        f"Several {object} records share one value of {ext_field}.",
        code="DUPLICATE_EXTERNAL_ID",
        status=300,
        next_step="Keep one of them, or make the external id unique.",
    )


class Records:
    """Create, read, update, upsert and delete of single records. A refused record raises its error class."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def _path(self, object: str, *parts: str) -> str:
        return "/".join((f"{self._transport.data}/sobjects", segment(object), *map(segment, parts)))

    async def get(self, object: str, id: str, fields: Iterable[str] = ()) -> dict[str, Any]:
        """The record's fields by name; all that the user may see when none are named."""
        wanted = ",".join(fields)
        params = {"fields": wanted} if wanted else None
        return await self._transport.json(self._path(object, id), dict[str, Any], door="record", params=params)

    async def find(self, object: str, ext_field: str, key: str, fields: Iterable[str] = ()) -> dict[str, Any] | None:
        """The fields of the record whose external id is `key`; None when there is none."""
        wanted = ",".join(fields)
        answer = await self._transport.request(
            "GET",
            self._path(object, ext_field, key),
            door="record",
            params={"fields": wanted} if wanted else None,
            accept=(300, 404),
        )
        if answer.status == 404:
            error = error_from(404, answer.body)
            if isinstance(error, RecordRefused):
                return None
            raise error
        if answer.status == 300:
            raise _several(object, ext_field)
        return answer.decode(dict[str, Any])

    async def create(self, object: str, record: Mapping[str, Any]) -> str:
        """Create; gives the id. A lost answer raises AnswerLost and is not repeated."""
        answer = await self._transport.request(
            "POST", self._path(object), door="record", json=record, repeat=Repeat.UNSENT
        )
        return answer.decode(_Saved).id

    async def update(self, object: str, id: str, record: Mapping[str, Any]) -> None:
        """Change the named fields of the record with this id."""
        await self._transport.request("PATCH", self._path(object, id), door="record", json=record)

    async def upsert(self, object: str, ext_field: str, key: str, record: Mapping[str, Any]) -> RowResult:
        """Insert or update the record whose external id is `key`; `record` need not hold the key."""
        answer = await self._transport.request(
            "PATCH", self._path(object, ext_field, key), door="record", json=record, accept=(300,)
        )
        if answer.status == 300:
            raise _several(object, ext_field)
        if not answer.body:
            return RowResult(None, True)
        saved = answer.decode(_Saved)
        return RowResult(saved.id, True, saved.created and answer.status == 201)

    async def delete(self, object: str, id: str) -> None:
        """Delete; a record that is gone already is no error."""
        try:
            await self._transport.request("DELETE", self._path(object, id), door="record")
        except RecordRefused as error:
            if error.code not in {"ENTITY_IS_DELETED", "NOT_FOUND"}:
                raise
