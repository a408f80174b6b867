"""What the org tells of campaigns and their events: read when asked for, nothing kept."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fairlead.features.campaigns import rules
from fairlead.salesforce import names
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.query import containing, quote, split_in
from fairlead.sync.failures import salesforce_failures

A_PAGE: Final = 50
TOP_LINKS: Final = 20
MOST: Final = 2_000
"""SOQL does not skip more records than that: older campaigns are found by their name."""

REVIEWED: Final = 500
"""Unsubscribes of the last days that are looked at."""

_FIELDS: Final = (
    "Id, Campaign_Id__c, Name, Subject__c, From_Name__c, From_Email__c, Reply_To__c, Tags__c, Sent_Date__c, "
    "Recipients__c, Opens__c, Unique_Opens__c, Clicks__c, Bounces__c, Unsubscribes__c, Spam_Complaints__c, Forwards__c, "
    "Suspicious_Opens__c, Suspicious_Clicks__c, Web_Version__c, Worldview__c, Salesforce_Campaign__c, Client__r.Name"
)


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign as the org holds it; `row` by names of fields. Rates are in percent, None of nothing."""

    row: dict[str, Any]

    def number(self, name: str) -> int:
        """A counter; 0 where it is not told."""
        return int(self.row.get(name) or 0)

    @property
    def id(self) -> str:
        """Campaign Monitor's id."""
        return str(self.row["Campaign_Id__c"])

    @property
    def client(self) -> str:
        """The client's name."""
        return str((self.row.get("Client__r") or {}).get("Name") or "")

    @property
    def sent(self) -> str:
        """The moment of sending in UTC, `YYYY-MM-DD HH:MM`."""
        return str(self.row.get("Sent_Date__c") or "")[:16].replace("T", " ")

    @property
    def suspicious(self) -> int:
        """Opens and clicks that machines made."""
        return self.number("Suspicious_Opens__c") + self.number("Suspicious_Clicks__c")

    @property
    def open_rate(self) -> float | None:
        """People who opened, of those who got it."""
        return rules.rate(self.number("Unique_Opens__c"), self._delivered)

    @property
    def click_rate(self) -> float | None:
        """Clicks to those who got it."""
        return rules.rate(self.number("Clicks__c"), self._delivered)

    @property
    def _delivered(self) -> int:
        return self.number("Recipients__c") - self.number("Bounces__c")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose activity: a kind, a part of the address. It travels in the body of a form, never in an address."""

    status: str = "Sent"
    text: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class OptOut:
    """An unsubscribe that a scanner may have made."""

    address: str
    at: str
    campaign: str
    contact: str
    lead: str


async def campaigns(org: Salesforce, where: str, order: str, size: int, skip: int) -> tuple[list[Campaign], int]:
    """A page of campaigns, and how many there are: two calls. `where` is of `narrowed`. Raises a Failure."""
    with salesforce_failures("read campaigns"):
        count = await org.count(f"SELECT COUNT() FROM {names.CAMPAIGN} {where}")
        soql = (
            f"SELECT {_FIELDS} FROM {names.CAMPAIGN} {where} ORDER BY {order}, Campaign_Id__c "
            f"LIMIT {size} OFFSET {min(skip, MOST)}"
        )
        return [Campaign(row) async for rows in org.query(soql) for row in rows], count


async def every_campaign(org: Salesforce, where: str, order: str) -> AsyncIterator[Campaign]:
    """All campaigns that are like that. Raises a Failure."""
    soql = f"SELECT {_FIELDS} FROM {names.CAMPAIGN} {where} ORDER BY {order}, Campaign_Id__c"
    with salesforce_failures("read campaigns"):
        async for rows in org.query(soql):
            for row in rows:
                yield Campaign(row)


def narrowed(text: str, chosen: Mapping[str, str]) -> str:
    """The WHERE of campaigns by name or subject, client, days since sending, and link; blank for all."""
    parts = []
    if text:
        like = containing(text)
        parts.append(f"(Name LIKE {like} OR Subject__c LIKE {like})")
    if client := chosen.get("client"):
        parts.append(f"Client__r.{names.CLIENT_KEY} = {quote(client)}")
    if days := chosen.get("sent"):
        parts.append(f"Sent_Date__c = LAST_N_DAYS:{int(days)}")
    if linked := chosen.get("linked"):
        parts.append(f"Salesforce_Campaign__c {'!=' if linked == 'yes' else '='} null")
    return f"WHERE {' AND '.join(parts)}" if parts else ""


async def campaign(org: Salesforce, campaign_id: str) -> Campaign | None:
    """One campaign by Campaign Monitor's id. Raises a Failure."""
    soql = f"SELECT {_FIELDS} FROM {names.CAMPAIGN} WHERE Campaign_Id__c = {quote(campaign_id)}"
    with salesforce_failures("read a campaign"):
        found = [Campaign(row) async for rows in org.query(soql) for row in rows]
    return found[0] if found else None


async def by_day(org: Salesforce, record_id: str) -> dict[str, dict[str, int]]:
    """Opens, clicks, bounces and unsubscribes of a campaign by kind and day (ISO, UTC), as far as kept. Raises a Failure."""
    kinds = ",".join(quote(kind) for kind in rules.CHARTED)
    soql = (
        f"SELECT DAY_ONLY(Activity_Date__c) day, Activity__c what, COUNT(Id) events FROM {names.TRACKING} "
        f"WHERE Campaign__c = {quote(record_id)} AND Activity__c IN ({kinds}) "
        f"GROUP BY DAY_ONLY(Activity_Date__c), Activity__c ORDER BY DAY_ONLY(Activity_Date__c) LIMIT {MOST}"
    )
    counts: dict[str, dict[str, int]] = {kind: {} for kind in rules.CHARTED}
    with salesforce_failures("count the events of a campaign"):
        async for rows in org.query(soql):
            for row in rows:
                counts[str(row["what"])][str(row["day"])] = int(row["events"])
    return counts


async def links(org: Salesforce, record_id: str) -> list[tuple[str, int, int]]:
    """The addresses that were clicked most: address, clicks, and how many of those look like a scanner's. Raises a Failure."""
    soql = (
        f"SELECT URL_Clicked__c url, Suspicious__c doubtful, COUNT(Id) events FROM {names.TRACKING} "
        f"WHERE Campaign__c = {quote(record_id)} AND Activity__c = 'Clicked' AND URL_Clicked__c != null "
        f"GROUP BY URL_Clicked__c, Suspicious__c ORDER BY COUNT(Id) DESC LIMIT {2 * TOP_LINKS}"
    )
    clicks: dict[str, list[int]] = {}
    with salesforce_failures("count the clicks of a campaign"):
        async for rows in org.query(soql):
            for row in rows:
                of = clicks.setdefault(str(row["url"]), [0, 0])
                of[0] += int(row["events"])
                of[1] += int(row["events"]) if row["doubtful"] else 0
    most = sorted(clicks.items(), key=lambda item: (-item[1][0], item[0]))[:TOP_LINKS]
    return [(url, all_, doubtful) for url, (all_, doubtful) in most]


async def recipients(org: Salesforce, record_id: str, wanted: Wanted) -> tuple[list[dict[str, Any]], int]:
    """A page of what people did with a campaign, and how many events there are: two calls. Raises a Failure."""
    parts = [f"Campaign__c = {quote(record_id)}", f"Activity__c = {quote(wanted.status)}"]
    if wanted.text:
        parts.append(f"Email__c LIKE {containing(wanted.text)}")
    where = f"FROM {names.TRACKING} WHERE {' AND '.join(parts)}"
    skip = min((wanted.page - 1) * A_PAGE, MOST)
    soql = (
        "SELECT Email__c, Activity_Date__c, URL_Clicked__c, Bounce_Type__c, Bounce_Reason__c, Country_Name__c, "
        f"Suspicious__c, Contact__c, Lead__c {where} ORDER BY Email__c, Activity_Date__c, Id LIMIT {A_PAGE} OFFSET {skip}"
    )
    with salesforce_failures("read who did what with a campaign"):
        count = await org.count(f"SELECT COUNT() {where}")
        return [row async for rows in org.query(soql) for row in rows], count


async def suspicious_opt_outs(org: Salesforce, days: int) -> list[OptOut]:
    """Unsubscribes of the last days by an address with flagged clicks on the same e-mail in that minute. Raises a Failure."""
    soql = (
        f"SELECT Email__c, Activity_Date__c, Campaign__c, Campaign__r.Name, Contact__c, Lead__c FROM {names.TRACKING} "
        f"WHERE Activity__c = 'Unsubscribed' AND Activity_Date__c = LAST_N_DAYS:{days} "
        f"ORDER BY Activity_Date__c DESC LIMIT {REVIEWED}"
    )
    with salesforce_failures("read unsubscribes"):
        left = [row async for rows in org.query(soql) for row in rows if row.get("Campaign__c")]
        addresses = sorted({str(row["Email__c"]) for row in left})
        before = (
            f"SELECT Email__c, Activity_Date__c, Campaign__c FROM {names.TRACKING} "
            "WHERE Activity__c = 'Clicked' AND Suspicious__c = true AND Email__c IN"
        )
        clicks = [row for part in split_in(before, addresses) async for rows in org.query(part) for row in rows]
    return [_opt_out(row) for row in rules.to_review(left, clicks)]


def _opt_out(row: Mapping[str, Any]) -> OptOut:
    return OptOut(
        str(row["Email__c"]),
        str(row["Activity_Date__c"])[:16].replace("T", " "),
        str((row.get("Campaign__r") or {}).get("Name") or ""),
        str(row.get("Contact__c") or ""),
        str(row.get("Lead__c") or ""),
    )
