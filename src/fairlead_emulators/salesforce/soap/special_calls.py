"""merge, convertLead, undelete and emptyRecycleBin over SOAP: what REST has no calls for."""

from dataclasses import dataclass
from typing import Any, Final
from xml.etree.ElementTree import Element

from fairlead_emulators.salesforce.errors import ApiError, RowError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.metadata.markup import child, child_text, children
from fairlead_emulators.salesforce.model.ids import to18
from fairlead_emulators.salesforce.model.schema import SObject
from fairlead_emulators.salesforce.records.conversion import convert
from fairlead_emulators.salesforce.records.merging import merge
from fairlead_emulators.salesforce.records.outcome import Refused
from fairlead_emulators.salesforce.records.purging import purge
from fairlead_emulators.salesforce.records.removing import undelete
from fairlead_emulators.salesforce.soap.door import Call, Work
from fairlead_emulators.salesforce.soap.envelope import NIL, SoapFault
from fairlead_emulators.salesforce.soap.sobjects import parsed_record, saved, told_error
from fairlead_emulators.salesforce.state.org import Org

fact("soap_merge")
fact("soap_convert")
fact("soap_merge_names")

MAX_REQUESTS: Final = 200
MAX_LEADS: Final = 100
_REQUESTS: Final = ("request", "mergeRequest", "mergeRequests")


@dataclass(frozen=True, slots=True)
class SpecialCalls:
    """The calls on one org."""

    org: Org

    def calls(self) -> dict[str, Work]:
        """The calls by name."""
        return {
            "merge": self.merge,
            "convertLead": self.convert,
            "undelete": self.undelete,
            "emptyRecycleBin": self.empty_bin,
        }

    def merge(self, call: Call) -> list[Any]:
        """MergeResult of each request."""
        requests = [each for name in _REQUESTS for each in children(call.asked.body, name)]
        if len(requests) > MAX_REQUESTS:
            raise SoapFault(
                "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {MAX_REQUESTS} requests"
            )
        return [self._merged(request) for request in requests]

    def _merged(self, request: Element) -> dict[str, Any]:
        master = child(request, "masterRecord")
        if master is None:
            raise SoapFault("MISSING_ARGUMENT", "masterRecord is missing")
        name, fields = parsed_record(master)
        sobject = self.org.storage.schema.object(name)
        if sobject is None:
            raise ApiError(400, "INVALID_TYPE", f"sObject type '{name}' is not supported.")
        losers = [(each.text or "").strip() for each in children(request, "recordToMergeIds")]
        try:
            winner = _id(fields.pop("Id", ""))
            done = merge(self.org, sobject, winner, [_id(each) for each in losers], fields)
        except Refused as refusal:
            return {"errors": [told_error(refusal.error)], "id": NIL, "success": False}
        return {
            "id": done.winner_id,
            "mergedRecordIds": done.loser_ids,
            "success": True,
            "updatedRelatedIds": done.moved_ids,
        }

    def convert(self, call: Call) -> list[Any]:
        """LeadConvertResult of each lead."""
        asked = children(call.asked.body, "leadConverts")
        if len(asked) > MAX_LEADS:
            raise SoapFault("EXCEEDED_LEAD_CONVERT_LIMIT", f"At most {MAX_LEADS} leads are converted in a call")
        return [self._converted(each) for each in asked]

    def _converted(self, asked: Element) -> dict[str, Any]:
        def given(name: str) -> str | None:
            text = child_text(asked, name)
            return _id(text) if text else None

        lead = child_text(asked, "leadId")
        try:
            done = convert(
                self.org,
                _id(lead),
                account_id=given("accountId"),
                contact_id=given("contactId"),
                status=child_text(asked, "convertedStatus") or None,
                owner_id=given("ownerId"),
                overwrite_lead_source=child_text(asked, "overwriteLeadSource") == "true",
            )
        except Refused as refusal:
            failed = {"accountId": NIL, "contactId": NIL, "errors": [told_error(refusal.error)], "leadId": lead}
            return failed | {"opportunityId": NIL, "success": False}
        made = {"accountId": done.account_id, "contactId": done.contact_id, "leadId": done.lead_id}
        return made | {"opportunityId": NIL, "success": True}

    def undelete(self, call: Call) -> list[Any]:
        """UndeleteResult of each of the ids, whatever their types."""
        ids = [(each.text or "").strip() for each in children(call.asked.body, "ids")]
        if len(ids) > MAX_REQUESTS:
            raise SoapFault(
                "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {MAX_REQUESTS} records"
            )
        return [self._undeleted(each) for each in ids]

    def empty_bin(self, call: Call) -> list[Any]:
        """EmptyRecycleBinResult of each of the ids: these are gone for good."""
        ids = [(each.text or "").strip() for each in children(call.asked.body, "ids")]
        if len(ids) > MAX_REQUESTS:
            raise SoapFault(
                "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {MAX_REQUESTS} records"
            )
        return [self._emptied(each) for each in ids]

    def _emptied(self, text: str) -> dict[str, Any]:
        try:
            record_id = _id(text)
            purge(self.org, self.org.storage.schema.by_prefix(text), record_id)
        except Refused as refusal:
            return {"errors": [told_error(refusal.error)], "id": NIL, "success": False}
        return {"id": record_id, "success": True}

    def _undeleted(self, text: str) -> dict[str, Any]:
        sobject: SObject | None = self.org.storage.schema.by_prefix(text)
        try:
            record_id = _id(text)
        except Refused as refusal:
            return {"errors": [told_error(refusal.error)], "id": NIL, "success": False}
        if sobject is None:
            return {"errors": [told_error(RowError("MALFORMED_ID", f"bad id {text}"))], "id": NIL, "success": False}
        return saved(undelete(self.org, sobject, [record_id]), 0, upserting=False)


def _id(text: str) -> str:
    record_id = to18(text)
    if record_id is None:
        raise Refused(RowError("MALFORMED_ID", f"malformed id {text}"))
    return record_id
