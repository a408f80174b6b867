"""Records and results as SOAP writes them."""

from typing import Any
from xml.etree.ElementTree import Element

from fairlead_emulators.salesforce.errors import RowError
from fairlead_emulators.salesforce.metadata.markup import tag_of
from fairlead_emulators.salesforce.records import writes
from fairlead_emulators.salesforce.soap.envelope import NIL, XSI_TYPE, SoapFault


def parsed_record(element: Element) -> tuple[str, dict[str, Any]]:
    """Type and fields of an sObject; fields named in `fieldsToNull` are None, parents are objects by their key."""
    name = element.get(XSI_TYPE, "").rpartition(":")[2]
    record: dict[str, Any] = {}
    for part in element:
        tag = tag_of(part)
        if tag == "type":
            name = (part.text or "").strip()
        elif tag == "fieldsToNull":
            record[(part.text or "").strip()] = None
        elif len(part):
            record[tag] = {tag_of(each): (each.text or "") for each in part}
        else:
            record[tag] = part.text or ""
    if not name or name == "sObject":
        raise SoapFault("INVALID_TYPE", "Must send a concrete entity type.")
    if record.get("Id") == "":
        del record["Id"]
    return name, record


def told_error(error: RowError) -> dict[str, Any]:
    """An item of `errors`."""
    return {"fields": list(error.fields), "message": error.message, "statusCode": error.code}


def saved(written: writes.Written, row: int, *, upserting: bool) -> dict[str, Any]:
    """SaveResult, UpsertResult or DeleteResult of a row."""
    error = written.errors.get(row)
    result: dict[str, Any] = {"created": written.created[row]} if upserting else {}
    if error is not None:
        return result | {"errors": [told_error(error)], "id": NIL, "success": False}
    return result | {"id": written.ids[row], "success": True}
