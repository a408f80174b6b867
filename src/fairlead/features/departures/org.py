"""What is read and written in the org about records that went: who has an address, which memberships, which links."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fairlead.domain.address import normal
from fairlead.salesforce import names
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.query import split_in
from fairlead.sync.failures import SalesforceUnavailable, salesforce_failures
from fairlead.sync.outward import CONTACT, LEAD

HOPS: Final = 10
LINKED: Final = (names.MEMBER, names.SUPPRESSION, names.TRACKING)


@dataclass(frozen=True, slots=True)
class Person:
    """A contact or lead that went, or into which one was merged."""

    id: str
    email: str = field(default="", repr=False)
    out: bool = False
    deleted: bool = False
    master: str = ""


@dataclass(frozen=True, slots=True)
class Membership:
    """A member as the org has it: its record, whose list it is, and by which contact or lead it is linked."""

    id: str
    list: str
    client: str
    email: str = field(repr=False)
    contact: str = ""
    lead: str = ""


class OrgPeople:
    """Questions to one org. All raise Failures."""

    def __init__(self, salesforce: Salesforce) -> None:
        self._salesforce = salesforce

    async def people(self, object: str, ids: Iterable[str]) -> dict[str, Person]:
        """These records, deleted or not, and those into which they were merged, and so on."""
        found: dict[str, Person] = {}
        left = {one for one in ids if one}
        for _ in range(HOPS):
            rows = await self._rows(
                f"SELECT Id, Email, HasOptedOutOfEmail, IsDeleted, MasterRecordId FROM {object} WHERE Id IN",
                left - set(found),
                deleted=True,
            )
            found |= {str(row["Id"]): _person(row) for row in rows}
            left = {one.master for one in found.values() if one.master} - set(found)
            if not left:
                break
        return found

    async def in_use(self, addresses: Collection[str]) -> dict[str, int]:
        """How many contacts and unconverted leads have each of these addresses now."""
        found: dict[str, int] = {}
        for of, more in ((CONTACT, ""), (LEAD, " AND IsConverted = false")):
            for row in await self._rows(f"SELECT Email FROM {of} WHERE Email IN", addresses, after=more):
                key = normal(row["Email"] or "")
                found[key] = found.get(key, 0) + 1
        return found

    async def memberships(self, addresses: Collection[str]) -> list[Membership]:
        """The members of these addresses."""
        return await self._members("Email__c", addresses)

    async def linked_with(self, ids: Collection[str]) -> list[Membership]:
        """The members that are linked with these contacts or leads."""
        contacts = [one for one in ids if one.startswith("003")]
        leads = [one for one in ids if one.startswith("00Q")]
        return [*await self._members("Contact__c", contacts), *await self._members("Lead__c", leads)]

    async def move_links(self, contacts: Mapping[str, str]) -> int:
        """Records that point to these leads point to their contacts instead; gives how many moved."""
        moved = 0
        for linked in LINKED:
            rows = await self._rows(f"SELECT Id, Contact__c, Lead__c FROM {linked} WHERE Lead__c IN", contacts)
            writes = [
                {"Id": row["Id"], "Contact__c": row["Contact__c"] or contacts[row["Lead__c"]], "Lead__c": None}
                for row in rows
            ]
            with salesforce_failures("move links to contacts"):
                results = await self._salesforce.collections.update(linked, writes) if writes else []
            locked = [one for one in results if not one.success and one.retryable]
            if locked:
                raise SalesforceUnavailable(f"{len(locked)} links cannot move now ({locked[0].code}).")
            moved += sum(one.success for one in results)
        return moved

    async def _members(self, name: str, values: Collection[str]) -> list[Membership]:
        soql = (
            "SELECT Id, List__r.List_Id__c, List__r.Client__r.Client_Id__c, Email__c, Contact__c, Lead__c "
            f"FROM {names.MEMBER} WHERE {name} IN"
        )
        return [_membership(row) for row in await self._rows(soql, values)]

    async def _rows(
        self, before: str, values: Iterable[str], *, after: str = "", deleted: bool = False
    ) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        with salesforce_failures("read who went"):
            for soql in split_in(before, sorted(set(values)), after):
                async for page in self._salesforce.query_all(soql) if deleted else self._salesforce.query(soql):
                    found += page
        return found


def _person(row: Mapping[str, Any]) -> Person:
    return Person(
        str(row["Id"]),
        normal(row["Email"] or ""),
        bool(row["HasOptedOutOfEmail"]),
        bool(row["IsDeleted"]),
        str(row["MasterRecordId"] or ""),
    )


def _membership(row: Mapping[str, Any]) -> Membership:
    of = row["List__r"] or {}
    client = (of.get("Client__r") or {}).get("Client_Id__c")
    return Membership(
        str(row["Id"]),
        str(of.get("List_Id__c") or ""),
        str(client or ""),
        normal(row["Email__c"] or ""),
        str(row["Contact__c"] or ""),
        str(row["Lead__c"] or ""),
    )
