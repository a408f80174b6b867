"""What the org tells of its storage: read when asked for, nothing kept."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fairlead.domain.activity import Activity
from fairlead.features.storage.rules import megabytes
from fairlead.salesforce import names
from fairlead.salesforce.client import Salesforce
from fairlead.sync.failures import salesforce_failures

LABELS: Final = {
    names.CLIENT: "Clients",
    names.LIST: "Lists",
    names.MEMBER: "Members",
    names.CAMPAIGN: "Campaigns",
    names.TRACKING: "Tracking events",
    names.JOURNEY: "Journeys",
    names.JOURNEY_EMAIL: "Journey e-mails",
    names.SUPPRESSION: "Suppressed addresses",
}

_FIGURES: Final = {
    Activity.SENT: "Recipients__c",
    Activity.OPENED: "Opens__c",
    Activity.CLICKED: "Clicks__c",
    Activity.BOUNCED: "Bounces__c",
    Activity.UNSUBSCRIBED: "Unsubscribes__c",
    Activity.COMPLAINED: "Spam_Complaints__c",
}


@dataclass(frozen=True, slots=True)
class ListUse:
    """A list, and the member records it has in the org."""

    id: str
    name: str
    members: int

    @property
    def mb(self) -> float:
        """Storage, in MB."""
        return megabytes(self.members)


@dataclass(frozen=True, slots=True)
class Use:
    """The org's storage in MB, and Fairlead's records by object."""

    total_mb: int
    used_mb: int
    records: Mapping[str, int]

    @property
    def ours_mb(self) -> float:
        """What Fairlead's records take."""
        return megabytes(sum(self.records.values()))

    @property
    def others_mb(self) -> float:
        """What everything else takes; the org counts rarely, so it may lag."""
        return max(0.0, self.used_mb - self.ours_mb)

    @property
    def free_mb(self) -> int:
        """What is left."""
        return max(0, self.total_mb - self.used_mb)

    @property
    def rows(self) -> list[tuple[str, int, float]]:
        """Label, records and MB of each object."""
        return [(LABELS[name], count, megabytes(count)) for name, count in self.records.items()]


async def use(crm: Salesforce) -> Use:
    """The org's storage and the records of each of our objects. Raises a Failure."""
    with salesforce_failures("read the org's limits"):
        storage = (await crm.limits())["DataStorageMB"]
    with salesforce_failures("count Fairlead's records"):
        counts = await asyncio.gather(*(crm.count(f"SELECT COUNT() FROM {name}") for name in LABELS))
    return Use(storage.maximum, storage.used, dict(zip(LABELS, counts, strict=True)))


async def events(crm: Salesforce, since: datetime | None = None) -> dict[Activity, int]:
    """Event records by kind, perhaps only those since a moment (UTC). Raises a Failure."""
    where = f" WHERE Activity_Date__c >= {soql_time(since)}" if since else ""
    soql = f"SELECT Activity__c kind, COUNT(Id) n FROM {names.TRACKING}{where} GROUP BY Activity__c"
    with salesforce_failures("count the tracking events"):
        return {Activity(row["kind"]): int(row["n"]) async for page in crm.query(soql) for row in page if row["kind"]}


async def told(crm: Salesforce, since: datetime) -> dict[Activity, int]:
    """What Campaign Monitor counts for the campaigns sent since a moment (UTC), from their records. Raises a Failure."""
    sums = ", ".join(f"SUM({field}) {field[:-3].lower()}" for field in _FIGURES.values())
    soql = f"SELECT {sums} FROM {names.CAMPAIGN} WHERE Sent_Date__c >= {soql_time(since)}"
    with salesforce_failures("add up the campaigns' figures"):
        rows = [row async for page in crm.query(soql) for row in page]
    found = rows[0] if rows else {}
    return {kind: int(found.get(field[:-3].lower()) or 0) for kind, field in _FIGURES.items()}


async def largest_lists(crm: Salesforce, most: int = 200) -> list[ListUse]:
    """The lists with the most member records, the largest first. Raises a Failure."""
    soql = (
        f"SELECT List__r.{names.LIST_KEY} id, List__r.Name title, COUNT(Id) n FROM {names.MEMBER} WHERE List__c != null "
        f"GROUP BY List__r.{names.LIST_KEY}, List__r.Name ORDER BY COUNT(Id) DESC LIMIT {most}"
    )
    with salesforce_failures("count the members of the lists"):
        return [ListUse(row["id"], row["title"], int(row["n"])) async for page in crm.query(soql) for row in page]


def soql_time(moment: datetime) -> str:
    """A UTC moment as SOQL writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
