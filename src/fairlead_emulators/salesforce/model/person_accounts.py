"""Person accounts in the describe model: what an Account shows of the contact that stands behind it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.schema import Field, SObject, field_from

fact("person_account_fields")

_SAME: Final = ("Salutation", "FirstName", "LastName", "Phone")
_PREFIXED: Final = (
    *("Email", "Title", "MobilePhone", "HomePhone", "Department", "Birthdate", "LeadSource", "HasOptedOutOfEmail"),
    *("DoNotCall", "EmailBouncedReason", "EmailBouncedDate"),
    *("MailingStreet", "MailingCity", "MailingState", "MailingPostalCode", "MailingCountry"),
)
_FIXED: Final = {"nillable": False, "createable": False, "updateable": False}


def pairs(contact: SObject) -> Iterator[tuple[str, str]]:
    """(name on Account, name on Contact) of what both have: `PersonEmail`, `Email`; `Vip__pc`, `Vip__c`."""
    for name in _SAME:
        yield name, name
    for name in _PREFIXED:
        yield f"Person{name}", name
    for f in contact.fields.values():
        if f.custom and not f.calculated:
            yield f.name[: -len("__c")] + "__pc" if f.name.endswith("__c") else f.name, f.name


def add_person_fields(objects: Mapping[str, SObject]) -> None:
    """Gives Account and Contact what an org with person accounts has; again after each change of Contact."""
    account, contact = objects["account"], objects["contact"]
    is_person = {"name": "IsPersonAccount", "type": "boolean", "label": "Is Person Account", "default": False} | _FIXED
    behind: dict[str, Any] = {
        "name": "PersonContactId",
        "type": "reference",
        "label": "Contact ID",
        "reference_to": ["Contact"],
    }
    behind |= {"createable": False, "updateable": False, "relationship_name": "PersonContact"}
    account.add_field(field_from(is_person))
    contact.add_field(field_from(is_person))
    account.add_field(field_from(behind))
    account.add_field(replace(account.fields["name"], default=""))
    for ours, theirs in pairs(contact):
        if ours != "Phone":
            account.add_field(_seen_from_account(contact.fields[theirs.lower()], ours))


def _seen_from_account(f: Field, name: str) -> Field:
    nillable = f.nillable or f.name == "LastName"
    relation = name[: -len("c")] + "r" if f.relationship_name and name.endswith("__pc") else f.relationship_name
    f = replace(f, external_id=False, id_lookup=False)
    return replace(
        f, name=name, nillable=nillable, relationship_name=relation, child_relationship_name=None, unique=False
    )
