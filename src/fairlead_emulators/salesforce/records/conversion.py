"""Lead conversion: a lead becomes an account and a contact, and is read-only from then on."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.batch import from_json
from fairlead_emulators.salesforce.model.schema import SObject
from fairlead_emulators.salesforce.records import members, permitted
from fairlead_emulators.salesforce.records.outcome import CONVERTED, DELETED, NO_SUCH_ID, Refused, refused
from fairlead_emulators.salesforce.records.removing import erase
from fairlead_emulators.salesforce.records.writes import write
from fairlead_emulators.salesforce.state.lookups import rows_by_id
from fairlead_emulators.salesforce.state.org import Org
from fairlead_emulators.salesforce.state.storage import quoted

fact("convert_makes")
fact("convert_members")
fact("convert_status")
fact("convert_existing")
fact("convert_lookups_stay")

CONVERTED_STATUSES: Final = ("Closed - Converted",)
_CONTACT: Final = (
    *("Salutation", "FirstName", "LastName", "Title", "Email", "Phone", "MobilePhone", "Description", "LeadSource"),
    *("HasOptedOutOfEmail", "DoNotCall", "EmailBouncedReason", "EmailBouncedDate"),
)
_PLACES: Final = ("Street", "City", "State", "PostalCode", "Country")


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a lead has become."""

    lead_id: str
    account_id: str
    contact_id: str


def convert(
    org: Org,
    lead_id: str,
    *,
    account_id: str | None = None,
    contact_id: str | None = None,
    status: str | None = None,
    owner_id: str | None = None,
    overwrite_lead_source: bool = False,
) -> Conversion:
    """Converts a lead, into the given account and contact or into new ones. All ids have 18 characters.

    `status` is one of the org's converted statuses, the first when None. Raises Refused; then nothing has changed.
    """
    schema = org.storage.whole
    with org.storage.savepoint() as connection:
        lead = _values(connection, schema.objects["lead"], lead_id)
        if lead["IsConverted"]:
            raise Refused(CONVERTED)
        _check_rights(org, connection, lead_id, account_id, contact_id)
        status = _converted_status(org, status)
        owner = {"OwnerId": owner_id or lead["OwnerId"]}
        account_id = _account(org, connection, lead, account_id, contact_id, owner)
        if contact_id is None:
            contact_id = _new_contact(org, lead, account_id, owner)
        else:
            _fill_contact(org, connection, lead, account_id, contact_id, overwrite_lead_source=overwrite_lead_source)
        changes: dict[str, Any] = {"Status": status, "IsConverted": True, "ConvertedDate": org.now()[:10]}
        changes |= {"ConvertedAccountId": account_id, "ConvertedContactId": contact_id, "Id": lead_id}
        _written(org, "update", "Lead", changes, by_platform=True)
        _move_members(org, connection, lead_id, contact_id)
        _move_tasks(org, connection, lead_id, contact_id)
    return Conversion(lead_id, account_id, contact_id)


def _check_rights(
    org: Org, connection: sqlite3.Connection, lead_id: str, account_id: str | None, contact_id: str | None
) -> None:
    """The user has to be able to edit the lead and what it goes into, or to make that. Raises Refused."""
    objects = org.storage.whole.objects
    permitted.check_records(org, connection, objects["lead"], [lead_id], "edit")
    for sobject, record_id in ((objects["account"], account_id), (objects["contact"], contact_id)):
        if record_id is not None:
            permitted.check_records(org, connection, sobject, [record_id], "edit")
        elif sobject.name == "Contact" or contact_id is None:
            permitted.check_creating(sobject.name)


def _values(connection: sqlite3.Connection, sobject: SObject, record_id: str) -> dict[str, Any]:
    """The kept values of a record that must be there, by field. Raises Refused."""
    names = [f.name for f in sobject.fields.values()]
    row = rows_by_id(connection, sobject, [record_id], names).get(record_id)
    if row is None:
        raise Refused(NO_SUCH_ID)
    values = dict(zip(names, row, strict=True))
    if values["IsDeleted"]:
        raise Refused(DELETED)
    return values


def converted_statuses(org: Org) -> tuple[str, ...]:
    """The statuses that a lead may get by conversion: setting `converted_lead_statuses`."""
    return tuple(str(each) for each in org.settings.get("converted_lead_statuses", CONVERTED_STATUSES))


def _converted_status(org: Org, status: str | None) -> str:
    allowed = converted_statuses(org)
    found = allowed[0] if status is None else next((each for each in allowed if each.lower() == status.lower()), None)
    if found is None:
        raise refused("INVALID_STATUS", f"invalid convertedStatus: {status}", "Status")
    return found


def _written(org: Org, operation: str, name: str, record: Mapping[str, Any], *, by_platform: bool = False) -> str:
    """The id of the one record written. Raises Refused."""
    batch = from_json(org.storage.whole, org.storage.whole.objects[name.lower()], [record])
    done = write(org, operation, batch, by_platform=by_platform)
    if done.errors:
        raise Refused(done.errors[0])
    return str(done.ids[0])


def _account(
    org: Org,
    connection: sqlite3.Connection,
    lead: Mapping[str, Any],
    account_id: str | None,
    contact_id: str | None,
    owner: dict[str, Any],
) -> str:
    if account_id is not None:
        _values(connection, org.storage.whole.objects["account"], account_id)
        return account_id
    if contact_id is not None:
        raise refused("REQUIRED_FIELD_MISSING", "An account ID must be provided with a contact ID", "AccountId")
    record = {"Name": lead["Company"], "Phone": lead["Phone"], "Website": lead["Website"]} | owner
    return _written(org, "insert", "Account", record | {f"Billing{name}": lead[name] for name in _PLACES})


def _contact_values(org: Org, lead: Mapping[str, Any]) -> dict[str, Any]:
    """What a contact takes over from the lead, with the fields of the setting `lead_field_mapping`."""
    record = {name: lead[name] for name in _CONTACT} | {f"Mailing{name}": lead[name] for name in _PLACES}
    contact = org.storage.whole.objects["contact"]
    for source, target in dict(org.settings.get("lead_field_mapping", {})).items():
        field = contact.field(str(target))
        if source in lead and field is not None:
            record[field.name] = lead[source]
    for name in ("HasOptedOutOfEmail", "DoNotCall"):
        record[name] = bool(record[name])
    return record


def _new_contact(org: Org, lead: Mapping[str, Any], account_id: str, owner: dict[str, Any]) -> str:
    return _written(org, "insert", "Contact", _contact_values(org, lead) | {"AccountId": account_id} | owner)


def _fill_contact(
    org: Org,
    connection: sqlite3.Connection,
    lead: Mapping[str, Any],
    account_id: str,
    contact_id: str,
    *,
    overwrite_lead_source: bool,
) -> None:
    """The contact keeps what it has; what is empty is taken over from the lead."""
    contact = _values(connection, org.storage.whole.objects["contact"], contact_id)
    if contact["AccountId"] != account_id:
        raise refused("INVALID_CROSS_REFERENCE_KEY", "The contact does not belong to the account", "ContactId")
    changes = {name: v for name, v in _contact_values(org, lead).items() if v is not None and contact[name] is None}
    if overwrite_lead_source and lead["LeadSource"]:
        changes["LeadSource"] = lead["LeadSource"]
    if changes:
        _written(org, "update", "Contact", changes | {"Id": contact_id})


def _move_members(org: Org, connection: sqlite3.Connection, lead_id: str, contact_id: str) -> None:
    """The lead's memberships become the contact's; where the contact is on the campaign already, the lead's one goes."""
    sobject = org.storage.whole.objects["campaignmember"]
    found = connection.execute(
        "SELECT m.Id, EXISTS (SELECT 1 FROM CampaignMember AS o WHERE +o.CampaignId = m.CampaignId AND o.ContactId = ? "
        "AND o.IsDeleted = 0) FROM CampaignMember AS m WHERE m.LeadId = ? AND m.IsDeleted = 0",
        (contact_id, lead_id),
    ).fetchall()
    erase(org, connection, sobject, [i for i, second in found if second])
    moving = [i for i, second in found if not second]
    for member_id in moving:
        _written(org, "update", sobject.name, {"Id": member_id, "ContactId": contact_id}, by_platform=True)
    members.mirror(connection, sobject, moving)


def _move_tasks(org: Org, connection: sqlite3.Connection, lead_id: str, contact_id: str) -> None:
    """Activities go with the person. Look-ups of custom objects stay with the lead."""
    rows = connection.execute(f"SELECT Id FROM {quoted('Task')} WHERE WhoId = ? AND IsDeleted = 0", (lead_id,))
    for (task_id,) in rows.fetchall():
        _written(org, "update", "Task", {"Id": task_id, "WhoId": contact_id}, by_platform=True)
