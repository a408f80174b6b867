"""Columns of list views and reports: metadata names (`NAME`, `CONTACT.EMAIL`, `List__c`) as paths of fields."""

from dataclasses import dataclass
from typing import Final

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.schema import Field, Schema, SObject

fact("column_names")

_NAMES: Final = {
    "NAME": "Name",
    "FULL_NAME": "Name",
    "LAST_UPDATE": "LastModifiedDate",
    "UPDATEDBY_USER": "LastModifiedBy.Name",
    "CREATEDBY_USER": "CreatedBy.Name",
    "OWNER": "Owner.Name",
    "OWNER_NAME": "Owner.Name",
    "OWNER.ALIAS": "Owner.Alias",
    "OWNER_ALIAS": "Owner.Alias",
    "CORE.USERS.ALIAS": "Owner.Alias",
    "CORE.USERS.FULL_NAME": "Owner.Name",
    "CORE.USERS.FIRST_NAME": "Owner.FirstName",
    "CORE.USERS.LAST_NAME": "Owner.LastName",
    "PHONE1": "Phone",
    "CONVERTED": "IsConverted",
    "ACTIVE": "IsActive",
    "ADDRESS1_STATE": "MailingState",
    "ADDRESS1_CITY": "MailingCity",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A field at the end of a path. `shown` is the path of what people see: of a look-up, the parent's name."""

    path: str
    field: Field
    shown: str
    shown_field: Field


class NoColumn(LookupError):
    """A name that is no column of the object."""


def column(schema: Schema, sobject: SObject, name: str) -> Column:
    """The column that a metadata or field name means. Raises NoColumn."""
    for path in _candidates(sobject, name):
        found = _at(schema, sobject, path)
        if found is not None:
            return found
    raise NoColumn(name)


def _candidates(sobject: SObject, name: str) -> list[str]:
    head, _, rest = name.partition(".")
    own = rest if rest and head.upper() in (sobject.name.upper(), "CUST", "CAMPAIGN_MEMBER") else name
    found = [own, _NAMES.get(own.upper(), ""), own.replace("_", "")]
    key = f"{sobject.name.upper()}_ID"
    if own.upper() in (key, "CUST_ID", "ID"):
        found.append("Id")
    if own.upper() == f"{sobject.name.upper()}_NAME":
        found.append(sobject.name_field)
    return [path for path in found if path]


def _at(schema: Schema, sobject: SObject, path: str) -> Column | None:
    names: list[str] = []
    holder = sobject
    *parents, last = path.split(".")
    for name in parents:
        lookup = holder.by_relationship(name)
        parent = schema.object(lookup.reference_to[0]) if lookup and len(lookup.reference_to) == 1 else None
        if lookup is None or parent is None or lookup.relationship_name is None:
            return None
        names.append(lookup.relationship_name)
        holder = parent
    field = holder.field(last)
    if field is None:
        return None
    whole = ".".join([*names, field.name])
    named = _parent_name(schema, field)
    if named is None:
        return Column(whole, field, whole, field)
    return Column(whole, field, ".".join([*names, str(field.relationship_name), named.name]), named)


def _parent_name(schema: Schema, field: Field) -> Field | None:
    """The name field of what a look-up points to."""
    if field.type != "reference" or field.relationship_name is None or len(field.reference_to) != 1:
        return None
    parent = schema.object(field.reference_to[0])
    return parent.field(parent.name_field) if parent else None
