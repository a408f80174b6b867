"""`/services/Soap/u|c/NN.0`: records as partner and enterprise clients read and write them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.routing import Route

from fairlead_emulators.salesforce.access.record_types import infos
from fairlead_emulators.salesforce.errors import ApiError, RowError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.metadata.markup import child_text, children
from fairlead_emulators.salesforce.model import describe
from fairlead_emulators.salesforce.model.batch import from_json
from fairlead_emulators.salesforce.model.ids import to18
from fairlead_emulators.salesforce.model.schema import Field, SObject
from fairlead_emulators.salesforce.records import writes
from fairlead_emulators.salesforce.rest.wire import Api
from fairlead_emulators.salesforce.soap.door import Call, Door
from fairlead_emulators.salesforce.soap.envelope import NIL, SoapFault
from fairlead_emulators.salesforce.soap.queries import Queries
from fairlead_emulators.salesforce.soap.signing_in import SigningIn
from fairlead_emulators.salesforce.soap.sobjects import parsed_record, saved, told_error
from fairlead_emulators.salesforce.soap.special_calls import SpecialCalls

fact("soap_records")
fact("soap_batch_size")
fact("soap_all_or_none")

MAX_RECORDS: Final = 200


class _RollBack(Exception):
    """Undoes the whole call."""


@dataclass(frozen=True, slots=True)
class Flavour:
    """What the two entrances call their namespaces."""

    letter: str
    namespace: str
    objects: str
    faults: str


PARTNER: Final = Flavour(
    "u", "urn:partner.soap.sforce.com", "urn:sobject.partner.soap.sforce.com", "urn:fault.partner.soap.sforce.com"
)
ENTERPRISE: Final = Flavour(
    "c",
    "urn:enterprise.soap.sforce.com",
    "urn:sobject.enterprise.soap.sforce.com",
    "urn:fault.enterprise.soap.sforce.com",
)


@dataclass(frozen=True, slots=True)
class RecordsApi:
    """The calls on records of one org."""

    api: Api

    def routes(self) -> list[Route]:
        """Both entrances; some clients write the org's id behind the version."""
        calls = {
            **SigningIn(self.api).calls(),
            **Queries(self.api).calls(),
            **SpecialCalls(self.api.org).calls(),
            "describeGlobal": self.describe_global,
            "describeSObject": self.describe_one,
            "describeSObjects": self.describe_several,
            "create": self.create,
            "update": self.update,
            "upsert": self.upsert,
            "delete": self.delete,
        }
        routes = []
        for flavour in (PARTNER, ENTERPRISE):
            extra = f' xmlns:sf="{flavour.objects}"'
            door = Door(self.api, flavour.namespace, flavour.faults, calls, frozenset({"login"}), True, extra)
            path, endpoint = f"/services/Soap/{flavour.letter}/{{version}}", door.endpoint()
            routes += [Route(path, endpoint, methods=["POST"]), Route(path + "/{org}", endpoint, methods=["POST"])]
        return routes

    def describe_global(self, _call: Call) -> list[Any]:
        """DescribeGlobalResult."""
        told = describe.describe_global(self.api.org.storage.schema, "")
        shown = [{key: value for key, value in each.items() if key != "urls"} for each in told["sobjects"]]
        return [{"encoding": told["encoding"], "maxBatchSize": told["maxBatchSize"], "sobjects": shown}]

    def describe_one(self, call: Call) -> list[Any]:
        """DescribeSObjectResult of `sObjectType`."""
        return self._described([child_text(call.asked.body, "sObjectType")])

    def describe_several(self, call: Call) -> list[Any]:
        """DescribeSObjectResult of each `sObjectType`."""
        names = [(each.text or "").strip() for each in children(call.asked.body, "sObjectType")]
        if len(names) > 100:
            raise SoapFault("EXCEEDED_MAX_TYPES_LIMIT", "The maximum number of types is 100")
        return self._described(names)

    def _described(self, names: list[str]) -> list[Any]:
        found = [self._describe(known_object(self.api, name)) for name in names]
        return [{key: value for key, value in each.items() if key != "urls"} for each in found]

    def _describe(self, sobject: SObject) -> dict[str, Any]:
        told = infos(self.api.org, sobject.name, "")
        types = [{key: value for key, value in each.items() if key != "urls"} for each in told]
        return describe.describe(sobject, "", types)

    def create(self, call: Call) -> list[Any]:
        """SaveResult of each record."""
        return self._write(call, "insert")

    def update(self, call: Call) -> list[Any]:
        """SaveResult of each record."""
        return self._write(call, "update")

    def upsert(self, call: Call) -> list[Any]:
        """UpsertResult of each record, matched by `externalIDFieldName`."""
        return self._write(call, "upsert")

    def _write(self, call: Call, operation: str) -> list[Any]:
        elements = children(call.asked.body, "sObjects")
        _bounded(len(elements))
        records = [parsed_record(element) for element in elements]

        def work() -> list[dict[str, Any]]:
            results: list[dict[str, Any]] = [{}] * len(records)
            for name, places in _by_type(records).items():
                sobject = known_object(self.api, name)
                key = (
                    _key(sobject, child_text(call.asked.body, "externalIDFieldName")) if operation == "upsert" else None
                )
                batch = from_json(self.api.org.storage.schema, sobject, [records[place][1] for place in places])
                written = writes.write(self.api.org, operation, batch, key)
                for row, place in enumerate(places):
                    results[place] = saved(written, row, upserting=operation == "upsert")
            return results

        return self._all_or_none(call, work)

    def _all_or_none(self, call: Call, work: Callable[[], list[dict[str, Any]]]) -> list[Any]:
        all_or_none = call.asked.header("AllOrNoneHeader", "allOrNone").lower() in ("true", "1")
        results: list[dict[str, Any]] = []
        try:
            with self.api.org.storage.savepoint():
                results = work()
                if all_or_none and not all(result["success"] for result in results):
                    raise _RollBack
        except _RollBack:
            undone = {"errors": [told_error(writes.ROLLED_BACK)], "id": NIL, "success": False}
            results = [undone if result["success"] else result for result in results]
        return results

    def delete(self, call: Call) -> list[Any]:
        """DeleteResult of each of the ids, whatever their types."""
        ids = [(each.text or "").strip() for each in children(call.asked.body, "ids")]
        _bounded(len(ids))
        return self._all_or_none(call, lambda: [self._deleted(one) for one in ids])

    def _deleted(self, text: str) -> dict[str, Any]:
        record_id, sobject = to18(text), self.api.org.storage.schema.by_prefix(text)
        if record_id is None or sobject is None:
            return {"errors": [told_error(RowError("MALFORMED_ID", f"bad id {text}"))], "id": NIL, "success": False}
        return saved(writes.delete(self.api.org, sobject, [record_id]), 0, upserting=False)


def known_object(api: Api, name: str) -> SObject:
    """The object of that name. Raises ApiError with INVALID_TYPE."""
    found = api.org.storage.schema.object(name.rpartition(":")[2])
    if found is None:
        message = f"sObject type '{name}' is not supported."
        raise ApiError(400, "INVALID_TYPE", message)
    return found


def _key(sobject: SObject, name: str) -> Field | None:
    key = sobject.field(name) if name else None
    if name.lower() == "id":
        return None
    if key is None or not (key.external_id or key.id_lookup):
        raise ApiError(400, "INVALID_FIELD", f"Field name provided, {name} is not an External ID or indexed field")
    return key


def _bounded(count: int) -> None:
    if count > MAX_RECORDS:
        raise SoapFault("EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {MAX_RECORDS} records")


def _by_type(records: list[tuple[str, dict[str, Any]]]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for place, (name, _) in enumerate(records):
        places.setdefault(name.lower(), []).append(place)
    return places
