"""Reads events: Avro payloads, change event headers, and the bitmaps of changed fields."""

import io
import json
import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final

import fastavro

from fairlead.salesforce.errors import SalesforceError, Unavailable

_GAP: Final = "GAP_"
_ITEM: Final = re.compile(r"(?:(\d+)-)?(0x[0-9A-Fa-f]*)")


class EventUnreadable(Unavailable):
    """An event, or the schema of one, is not what its topic promises."""

    next_step = "Reconcile the object by query; report this with the code if it goes on."


class EventsRefused(SalesforceError):
    """The org does not offer this topic to the integration user."""

    next_step = "Select the object under Setup > Change Data Capture, and let the integration user read it."


class Change(Enum):
    """What happened to the records. EVENT: a platform event was published."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    UNDELETE = "UNDELETE"
    RECONCILE = "RECONCILE"
    EVENT = "EVENT"


@dataclass(frozen=True, slots=True)
class Look:
    """Look at these records: they changed, once or often.

    `fields`: API names known to have changed, empty when that is not known. RECONCILE asks to compare everything of
    `object` (None: of the topic) since `since` (None: from the start), and names no records. `values` are those of a
    platform event. `replay_id` is None where there is nothing to go back to.
    """

    object: str | None
    ids: tuple[str, ...]
    change: Change
    fields: frozenset[str] = frozenset()
    replay_id: bytes | None = None
    since: datetime | None = None
    origin: str = ""
    values: Mapping[str, Any] | None = None

    @property
    def client(self) -> str:
        """The client id that caused the change, as it named itself; empty when it did not."""
        return self.origin.partition("client=")[2].partition(";")[0]


def field_names(schema: Mapping[str, Any], bitmaps: Iterable[str]) -> frozenset[str]:
    """The API names that hex bitmaps stand for: `0x18` at the top level, `2-0x04` inside the compound at place 2.

    Raises EventUnreadable for text that is no bitmap of this schema.
    """
    return frozenset(name for item in bitmaps for name in _names(schema, item))


def _names(schema: Mapping[str, Any], item: str) -> Iterator[str]:
    found = _ITEM.fullmatch(item)
    if found is None:
        raise EventUnreadable("A bitmap of changed fields is not in hex.", code="bitmap")
    bits = int(found[2][2:] or "0", 16)
    fields = schema["fields"]
    try:
        if found[1] is None:
            yield from (fields[place]["name"] for place in _set_bits(bits))
            return
        compound = fields[int(found[1])]
        inner = _record_of(compound["type"])["fields"]
        yield from (_api_name(compound["name"], inner[place]["name"]) for place in _set_bits(bits))
    except (LookupError, TypeError):
        raise EventUnreadable("A bitmap of changed fields names places that its schema lacks.", code="bitmap") from None


def _set_bits(bits: int) -> Iterator[int]:
    return (place for place in range(bits.bit_length()) if bits >> place & 1)


def _record_of(kind: Any) -> Any:
    return next((each for each in kind if isinstance(each, Mapping)), {}) if isinstance(kind, list) else kind


def _api_name(compound: str, part: str) -> str:
    """(Name, LastName) → LastName, (MailingAddress, City) → MailingCity, (Place__c, Latitude) → Place__Latitude__s."""
    if compound.endswith("Address"):
        return compound.removesuffix("Address") + part
    if compound.endswith("__c"):
        return f"{compound.removesuffix('__c')}__{part}__s"
    return part


@dataclass(frozen=True)
class Reader:
    """Reads the payloads of one schema."""

    schema: Mapping[str, Any]

    @classmethod
    def of(cls, text: str) -> "Reader":
        """From the schema's JSON. Raises EventUnreadable."""
        try:
            return cls(fastavro.parse_schema(json.loads(text)))  # type: ignore[arg-type]
        except (ValueError, LookupError, TypeError) as error:
            raise EventUnreadable(f"An event schema cannot be read ({type(error).__name__}).", code="schema") from None

    def look(self, payload: bytes, replay_id: bytes) -> Look:
        """What the event asks to look at. Raises EventUnreadable."""
        try:
            body: Any = fastavro.schemaless_reader(io.BytesIO(payload), self.schema, None)  # type: ignore[arg-type]
            if "ChangeEventHeader" in body:
                return self._change(body["ChangeEventHeader"], replay_id)
        except (ValueError, EOFError, LookupError, TypeError, OverflowError, struct.error) as error:
            raise EventUnreadable(f"An event cannot be read ({type(error).__name__}).", code="payload") from None
        return Look(str(self.schema["name"]).rpartition(".")[2], (), Change.EVENT, replay_id=replay_id, values=body)

    def _change(self, header: Mapping[str, Any], replay_id: bytes) -> Look:
        kind, moment = header["changeType"], datetime.fromtimestamp(header["commitTimestamp"] / 1000, UTC)
        if kind == "GAP_OVERFLOW":
            return Look(header["entityName"], (), Change.RECONCILE, replay_id=replay_id, since=moment)
        bitmaps = [*header["changedFields"], *header["nulledFields"], *header["diffFields"]]
        return Look(
            header["entityName"],
            tuple(header["recordIds"]),
            Change(kind.removeprefix(_GAP)),
            field_names(self.schema, bitmaps) - {"ChangeEventHeader"},
            replay_id,
            moment,
            header["changeOrigin"],
        )
