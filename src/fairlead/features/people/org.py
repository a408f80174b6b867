"""What the Salesforce org has of an address, read live: people, members, suppression, activity, campaigns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fairlead.domain.address import MAX_SALESFORCE_EMAIL, normal
from fairlead.features.people.facts import Activity, CampaignMember, Matching, Member, Person, Suppressed
from fairlead.salesforce import names
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.query import in_clause, quote
from fairlead.sync.failures import salesforce_failures
from fairlead.sync.match import MOST_FIELDS

LAST: Final = 20
"""So many activities are shown, the newest first."""
MANY: Final = 200
"""So many people, and so many campaigns, are read at most."""


@dataclass(slots=True)
class InOrg:
    """All of it. `members` is by list id; `lists` are the names of their lists, with client id and name."""

    people: list[Person] = field(default_factory=list)
    members: dict[str, Member] = field(default_factory=dict)
    lists: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    suppressed: list[Suppressed] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    campaigns: list[CampaignMember] = field(default_factory=list)


async def read(org: Salesforce, address: str, matching: Matching) -> InOrg:
    """What the org has of the address. Raises a Failure."""
    found = InOrg()
    with salesforce_failures("read what the org has of an address"):
        found.people = await people(org, address, matching)
        if len(address) <= MAX_SALESFORCE_EMAIL:
            await _members(org, address, found)
            await _suppression(org, address, found)
            await _activity(org, address, found)
        await _campaigns(org, found)
    return found


async def rows(org: Salesforce, soql: str, *, deleted: bool = False) -> list[dict[str, Any]]:
    """All rows of a query that gives few; `deleted` with those in the recycle bin."""
    pages = org.query_all(soql) if deleted else org.query(soql)
    return [row async for page in pages for row in page]


async def people(org: Salesforce, address: str, matching: Matching) -> list[Person]:
    """The contacts and leads that have the address."""
    return [
        *await _people(org, "Contact", matching.contact_fields, address),
        *await _people(org, "Lead", matching.lead_fields, address),
    ]


async def _people(org: Salesforce, kind: str, fields: Sequence[str], address: str) -> list[Person]:
    """The contacts or leads that have the address in any e-mail field that this user may see; those that count first."""
    info = await org.describe(kind)
    chosen = [name for name in fields if info.field(name) is not None]
    asked = [*chosen, *(each.name for each in info.fields if each.type == "email")]
    asked = list(dict.fromkeys(asked))[:MOST_FIELDS]
    if not asked:
        return []
    more = ("HasOptedOutOfEmail", "DoNotCall", "IsConverted", "ConvertedContactId", "IsPersonAccount", "AccountId")
    seen = [name for name in more if info.field(name) is not None]
    columns = ", ".join(dict.fromkeys(["Id", "LastModifiedDate", "CreatedDate", *asked, *seen]))
    where = " OR ".join(f"{name} = {quote(address)}" for name in asked)
    found = await rows(org, f"SELECT {columns} FROM {kind} WHERE {where} LIMIT {MANY}")
    return [_person(kind, row, asked, address) for row in found]


def _person(kind: str, row: dict[str, Any], fields: Iterable[str], address: str) -> Person:
    held = next(name for name in fields if normal(str(row.get(name) or "")) == normal(address))
    account = str(row.get("AccountId") or "") if row.get("IsPersonAccount") else ""
    return Person(
        str(row["Id"]),
        "Person account" if account else kind,
        held,
        str(row["LastModifiedDate"]),
        account,
        bool(row.get("IsConverted")),
        str(row.get("ConvertedContactId") or ""),
        bool(row.get("HasOptedOutOfEmail")),
        bool(row.get("DoNotCall")),
        str(row["CreatedDate"]),
    )


async def _members(org: Salesforce, address: str, found: InOrg) -> None:
    """Members by list; of a deleted one and one that is there, the one that is there counts."""
    soql = (
        f"SELECT Id, Member_Key__c, State__c, Contact__c, Lead__c, LastModifiedDate, IsDeleted, List__r.Name, "
        f"List__r.Client__r.Client_Id__c, List__r.Client__r.Name FROM {names.MEMBER} WHERE Email__c = {quote(address)}"
    )
    for row in await rows(org, soql, deleted=True):
        list_id = str(row["Member_Key__c"]).partition(":")[0]
        earlier = found.members.get(list_id)
        if earlier is not None and not earlier.deleted:
            continue
        found.members[list_id] = Member(
            str(row["Id"]),
            str(row["State__c"] or ""),
            str(row["LastModifiedDate"]),
            str(row["Contact__c"] or ""),
            str(row["Lead__c"] or ""),
            bool(row["IsDeleted"]),
        )
        of = row["List__r"] or {}
        client = of.get("Client__r") or {}
        found.lists[list_id] = (
            str(of.get("Name") or list_id),
            str(client.get("Client_Id__c") or ""),
            str(client.get("Name") or ""),
        )


async def _suppression(org: Salesforce, address: str, found: InOrg) -> None:
    soql = f"SELECT Client__r.Name, Suppressed_Date__c, Reason__c FROM {names.SUPPRESSION} WHERE Email__c = {quote(address)}"
    found.suppressed = [
        Suppressed(
            "Salesforce",
            str((row["Client__r"] or {}).get("Name") or ""),
            str(row["Suppressed_Date__c"] or ""),
            str(row["Reason__c"] or ""),
        )
        for row in await rows(org, soql)
    ]


async def _activity(org: Salesforce, address: str, found: InOrg) -> None:
    """The newest activities, and how many there are of each kind."""
    where = f"FROM {names.TRACKING} WHERE Email__c = {quote(address)}"
    counted = await rows(org, f"SELECT Activity__c, COUNT(Id) n {where} GROUP BY Activity__c")
    found.counts = {str(row["Activity__c"]): int(row["n"]) for row in counted}
    if not found.counts:
        return
    soql = (
        "SELECT Activity__c, Activity_Date__c, Campaign__r.Name, Journey_Email__r.Name, URL_Clicked__c, Bounce_Reason__c "
        f"{where} ORDER BY Activity_Date__c DESC LIMIT {LAST}"
    )
    found.activities = [
        Activity(
            str(row["Activity__c"] or ""),
            str(row["Activity_Date__c"] or ""),
            str((row["Campaign__r"] or row["Journey_Email__r"] or {}).get("Name") or ""),
            str(row["URL_Clicked__c"] or row["Bounce_Reason__c"] or ""),
        )
        for row in await rows(org, soql)
    ]


async def _campaigns(org: Salesforce, found: InOrg) -> None:
    """The Salesforce campaigns of everybody who has the address."""
    for kind, column in (("Contact", "ContactId"), ("Lead", "LeadId")):
        ids = [each.id for each in found.people if (each.kind == "Lead") == (kind == "Lead")]
        if ids:
            soql = f"SELECT Id, Campaign.Name, Status, {column} FROM CampaignMember WHERE {column} IN {in_clause(ids)}"
            found.campaigns += [
                CampaignMember(
                    str(row["Id"]),
                    str((row["Campaign"] or {}).get("Name") or ""),
                    str(row["Status"] or ""),
                    str(row[column]),
                )
                for row in await rows(org, f"{soql} LIMIT {MANY}")
            ]
