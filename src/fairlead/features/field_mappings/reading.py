"""Members with their contacts and leads, read from the org in one question: what each side shows of every mapped field."""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from typing import Any, Final

from fairlead.domain import mapping
from fairlead.domain.mapping import Described, Fitted, Line
from fairlead.features.field_mappings.rules import Pair
from fairlead.salesforce import names
from fairlead.salesforce.client import Salesforce
from fairlead.sync.failures import salesforce_failures

MEMBER_FIELDS: Final = (
    "Id",
    names.MEMBER_KEY,
    "List__r.List_Id__c",
    "List__r.Client__r.Client_Id__c",
    "Email__c",
    "State__c",
    "Full_Name__c",
    "Mobile_Number__c",
    "Consent_To_Track__c",
    "Consent_To_Send_SMS__c",
    "Custom_Fields__c",
    "Contact__c",
    "Lead__c",
    "Joined_Date__c",
    "SystemModstamp",
)


async def described(crm: Salesforce, lines: Sequence[Line]) -> dict[str, Described]:
    """The objects that the lines' paths lead through. Raises a Failure."""
    found: dict[str, Described] = {}
    with salesforce_failures("read which fields there are"):
        for name in dict.fromkeys(line.object for line in lines):
            found[name] = await crm.describe(name)
        while missing := mapping.parents(lines, found):
            for name in sorted(missing):
                found[name] = await crm.describe(name)
    return found


def paths(lines: Sequence[Fitted]) -> dict[str, list[str]]:
    """The field paths that are needed of each object, the address among them."""
    found: dict[str, list[str]] = {name: ["Email"] for name in mapping.OBJECTS}
    for one in lines:
        if one.line.source not in found[one.line.object]:
            found[one.line.object].append(one.line.source)
    return found


def columns(needed: Mapping[str, Collection[str]]) -> str:
    """What is selected of members, with these fields of contact and lead."""
    more = [f"{name}__r.{path}" for name, given in needed.items() for path in given]
    return ", ".join((*MEMBER_FIELDS, *more))


async def pairs(crm: Salesforce, soql: str, needed: Mapping[str, Collection[str]]) -> AsyncGenerator[list[Pair], None]:
    """The members that a question picks, with their contact, or else their lead. Raises a Failure."""
    with salesforce_failures("read members and their contacts and leads"):
        async for page in crm.query(soql):
            found = [_pair(row, needed) for row in page]
            yield [pair for pair in found if pair is not None]


def _pair(row: Mapping[str, Any], needed: Mapping[str, Collection[str]]) -> Pair | None:
    of = next((name for name in mapping.OBJECTS if row.get(f"{name}__c")), "")
    if not of:
        return None
    parent = row.get(f"{of}__r") or {}

    def text(name: str) -> str:
        return str(row.get(name) or "")

    return Pair(
        key=text(names.MEMBER_KEY),
        list=str(value_at(row, f"List__r.{names.LIST_KEY}") or ""),
        address=text("Email__c"),
        state=text("State__c"),
        object=of,
        record=text(f"{of}__c"),
        values={path: value_at(parent, path) for path in needed[of]},
        name=text("Full_Name__c"),
        mobile=text("Mobile_Number__c"),
        consent_to_track=text("Consent_To_Track__c"),
        consent_to_send_sms=text("Consent_To_Send_SMS__c"),
        custom_fields=text("Custom_Fields__c"),
        member=text("Id"),
        client=str(value_at(row, f"List__r.Client__r.{names.CLIENT_KEY}") or ""),
        joined=text("Joined_Date__c"),
        modified=text("SystemModstamp"),
    )


def value_at(record: Mapping[str, Any], path: str) -> Any:
    """The value at the end of a path; None where a parent on the way is not there."""
    value: Any = record
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value
