"""Whom somebody asks about: an address, or the id of any record that has one. Nothing of it is kept in clear."""

import re
from dataclasses import dataclass, field
from typing import Final

from fairlead.domain.address import normal
from fairlead.domain.failure import FixThisRecord
from fairlead.domain.record_id import to_18
from fairlead.features.people.facts import Matching
from fairlead.features.people.org import rows
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.query import quote
from fairlead.store import hashing
from fairlead.store.models import Org
from fairlead.sync import sides
from fairlead.sync.failures import salesforce_failures

RECORD_ID: Final = re.compile(r"[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?")
ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+")
LONGEST: Final = 254


class NotAPerson(FixThisRecord):
    """What was asked for is neither an address nor the id of a record."""

    code = "FL-412"
    next_step = "Give an e-mail address, or the id of a contact, lead, person account or member (15 or 18 characters)."

    def __init__(self) -> None:
        # What was typed is not repeated: it may be somebody's name.
        super().__init__("That is no e-mail address and no record id.")


class NoSuchRecord(FixThisRecord):
    """The org has no record of that id with an address, or the user whom Fairlead signs in as may not see it."""

    code = "FL-413"
    next_step = "Look the record up in Salesforce; a record without an address belongs to no list."

    def __init__(self, record: str) -> None:
        super().__init__(f"The org shows no person {record} with an e-mail address.")


class NoEmailField(FixThisRecord):
    """A field was named that is no e-mail field of the record's object, or that Fairlead's user may not see."""

    code = "FL-627"
    next_step = "Name a field of the type Email that the user whom Fairlead signs in as may read."

    def __init__(self, name: str, kind: str) -> None:
        super().__init__(f"{kind} shows no e-mail field {name}.")


@dataclass(frozen=True, slots=True)
class Whom:
    """The addresses that are asked about, in normal form, and how the audit names them. `record` is blank for an address."""

    addresses: tuple[str, ...] = field(repr=False)
    subject: str
    record: str = ""


async def whom(who: Org, asked: str, matching: Matching, *, email_field: str = "") -> Whom:
    """Read what was asked for. `email_field` narrows a record to one of its fields.

    Raises NotAPerson, NoSuchRecord, NoEmailField, or a Failure where a record is asked for and the org cannot be.
    """
    asked = asked.strip()
    if "@" in asked:
        if not ADDRESS.fullmatch(asked) or len(asked) > LONGEST:
            raise NotAPerson
        return Whom((normal(asked),), f"address {hashing.keyed_hash(normal(asked)).hex()[:16]}")
    if not RECORD_ID.fullmatch(asked):
        raise NotAPerson
    async with sides.salesforce(who.pk) as crm:
        found = await addresses_of(crm, asked, matching, email_field)
    if not found:
        raise NoSuchRecord(asked)
    return Whom(tuple(found), f"record {asked}", to_18(asked))


async def addresses_of(org: Salesforce, record: str, matching: Matching, email_field: str = "") -> list[str] | None:
    """The addresses of a record of any object; None where there is no such record."""
    with salesforce_failures("read a record"):
        kind = await object_of(org, record)
        if not kind:
            return None
        info = await org.describe(kind)
        names = _fields(kind, matching) or tuple(each.name for each in info.fields if each.type == "email")
        asked = [each.name for name in names if (each := info.field(name)) is not None]
        if email_field:
            named = info.field(email_field)
            if named is None or named.type != "email":
                raise NoEmailField(email_field, kind)
            asked = [named.name]
        if not asked:
            return None
        found = await rows(org, f"SELECT Id, {', '.join(asked)} FROM {kind} WHERE Id = {quote(record)}")
    if not found:
        return None
    held = [normal(str(found[0][name] or "")) for name in asked]
    return list(dict.fromkeys(address for address in held if address))


_STANDARD: Final = {"003": "Contact", "00Q": "Lead", "001": "Account"}


async def object_of(org: Salesforce, record: str) -> str:
    """The object that an id belongs to, told by its first three characters; blank where the org has none such."""
    known = _STANDARD.get(record[:3])
    if known:
        return known
    soql = f"SELECT QualifiedApiName FROM EntityDefinition WHERE KeyPrefix = {quote(record[:3])}"
    return next((str(row["QualifiedApiName"]) for row in await rows(org, soql)), "")


def _fields(kind: str, matching: Matching) -> tuple[str, ...]:
    """The fields that hold addresses of people; blank: all e-mail fields that the object has."""
    return {"Contact": matching.contact_fields, "Lead": matching.lead_fields, "Account": ("PersonEmail",)}.get(kind, ())
