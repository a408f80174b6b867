"""query, queryAll, queryMore and retrieve over SOAP: records as elements, further pages by a locator."""

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.metadata.markup import child_text, children
from fairlead_emulators.salesforce.model.ids import to18
from fairlead_emulators.salesforce.records import reading
from fairlead_emulators.salesforce.rest.wire import Api
from fairlead_emulators.salesforce.soap.door import Call, Work
from fairlead_emulators.salesforce.soap.envelope import NIL, SoapFault, Typed
from fairlead_emulators.salesforce.soql import door as soql_door

fact("soap_query")

DEFAULT_PAGE: Final = 500
MIN_PAGE: Final = 200
MAX_PAGE: Final = 2_000
KEPT: Final = 10
_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})\+0000")


@dataclass(slots=True)
class Queries:
    """The calls, and the answers whose further pages wait; the oldest of them give way."""

    api: Api
    waiting: "OrderedDict[str, tuple[list[dict[str, Any]], int, str]]" = field(default_factory=OrderedDict)

    def calls(self) -> dict[str, Work]:
        """The calls by name."""
        return {
            "query": lambda call: self._ask(call, deleted=False),
            "queryAll": lambda call: self._ask(call, deleted=True),
            "queryMore": self.more,
            "retrieve": self.retrieve,
        }

    def _ask(self, call: Call, *, deleted: bool) -> list[Any]:
        text = child_text(call.asked.body, "queryString")
        if not text:
            raise SoapFault("MALFORMED_QUERY", "A query string has to be specified", "MalformedQueryFault")
        answer = soql_door.ask(self.api.org, text, f"{call.version}.0", deleted=deleted)
        size = _page_size(call)
        if len(answer.records) <= size:
            return [_page(answer.records, answer.total, None)]
        identity = self.api.org.storage.new_ids("01g", 1)[0]
        self.waiting[identity] = (answer.records, size, self.api.org.acting_user())
        while len(self.waiting) > KEPT:
            self.waiting.popitem(last=False)
        return [self._part(identity, 0)]

    def _part(self, identity: str, start: int) -> Typed:
        records, size, _ = self.waiting[identity]
        end = start + size
        locator = f"{identity}-{end}" if end < len(records) else None
        return _page(records[start:end], len(records), locator)

    def more(self, call: Call) -> list[Any]:
        """QueryResult of a `queryLocator`."""
        identity, _, start = child_text(call.asked.body, "queryLocator").rpartition("-")
        known = self.waiting.get(identity)
        if known is None or known[2] != self.api.org.acting_user() or not start.isdecimal():
            raise SoapFault("INVALID_QUERY_LOCATOR", "invalid query locator", "InvalidQueryLocatorFault")
        return [self._part(identity, int(start))]

    def retrieve(self, call: Call) -> list[Any]:
        """The records of `ids`, in their order; an empty element for one that is not there."""
        body = call.asked.body
        sobject = self.api.org.storage.schema.object(child_text(body, "sObjectType"))
        if sobject is None:
            raise ApiError(400, "INVALID_TYPE", f"sObject type '{child_text(body, 'sObjectType')}' is not supported.")
        ids = [(each.text or "").strip() for each in children(body, "ids")]
        if len(ids) > MAX_PAGE:
            raise SoapFault("EXCEEDED_ID_LIMIT", f"At most {MAX_PAGE} ids are taken")
        fields = reading.chosen_fields(sobject, child_text(body, "fieldList"))
        found: list[Any] = []
        for one in ids:
            if to18(one) is None:
                raise SoapFault("MALFORMED_ID", f"malformed id {one}", "InvalidIdFault")
            try:
                found.append(_record(reading.read(self.api.org, sobject, one, fields, "")))
            except ApiError:
                found.append(NIL)
        return found


def _page_size(call: Call) -> int:
    asked = call.asked.header("QueryOptions", "batchSize")
    return min(max(int(asked), MIN_PAGE), MAX_PAGE) if asked.isdecimal() else DEFAULT_PAGE


def _page(records: list[dict[str, Any]], total: int, locator: str | None) -> Typed:
    shown = {
        "done": locator is None,
        "queryLocator": NIL if locator is None else locator,
        "records": [_record(record) for record in records],
        "size": total,
    }
    return Typed("QueryResult", shown)


def _record(record: Mapping[str, Any]) -> Typed:
    """A record: its type and id first, then what was asked for."""
    attributes = record.get("attributes") or {}
    shown: dict[str, Any] = {"sf:type": attributes.get("type", "AggregateResult")}
    shown["sf:Id"] = record.get("Id") or NIL
    for name, value in record.items():
        if name not in ("attributes", "Id"):
            shown[f"sf:{name}"] = _value(value)
    return Typed("sf:sObject", shown)


def _value(value: Any) -> Any:
    if value is None:
        return NIL
    if isinstance(value, Mapping):
        if "records" in value:
            return _page(list(value["records"]), int(value["totalSize"]), None)
        return _record(value) if "attributes" in value else {f"sf:{key}": _value(each) for key, each in value.items()}
    if isinstance(value, str):
        return _MOMENT.sub(r"\1Z", value) if len(value) == 28 else value
    return value
