"""What the org tells of campaigns and their events: read when asked for, nothing kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fairlead.features.campaigns import rules
from fairlead.salesforce import names
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.query import quote, split_in
from fairlead.sync.failures import salesforce_failures

A_PAGE: Final = 25
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
class OptOut:
    """An unsubscribe that a scanner may have made."""

    address: str
    at: str
    campaign: str
    contact: str
    lead: str


async def campaigns(org: Salesforce, page: int, name: str = "") -> tuple[list[Campaign], int]:
    """A page of campaigns, newest first, and how many there are. Raises a Failure."""
    where = f"WHERE Name LIKE {quote('%' + _plain(name) + '%')}" if name else ""
    with salesforce_failures("read campaigns"):
        count = await org.count(f"SELECT COUNT() FROM {names.CAMPAIGN} {where}")
        skip = min((page - 1) * A_PAGE, MOST)
        soql = (
            f"SELECT {_FIELDS} FROM {names.CAMPAIGN} {where} ORDER BY Sent_Date__c DESC NULLS LAST, Campaign_Id__c "
            f"LIMIT {A_PAGE} OFFSET {skip}"
        )
        return [Campaign(row) async for rows in org.query(soql) for row in rows], count


async def campaign(org: Salesforce, campaign_id: str) -> Campaign | None:
    """One campaign by Campaign Monitor's id. Raises a Failure."""
    soql = f"SELECT {_FIELDS} FROM {names.CAMPAIGN} WHERE Campaign_Id__c = {quote(campaign_id)}"
    with salesforce_failures("read a campaign"):
        found = [Campaign(row) async for rows in org.query(soql) for row in rows]
    return found[0] if found else None


async def by_day(org: Salesforce, record_id: str) -> list[tuple[str, int, int]]:
    """Day (ISO, UTC), opens and clicks of a campaign, as far as its events are kept. Raises a Failure."""
    soql = (
        f"SELECT DAY_ONLY(Activity_Date__c) day, Activity__c what, COUNT(Id) events FROM {names.TRACKING} "
        f"WHERE Campaign__c = {quote(record_id)} AND Activity__c IN ('Opened', 'Clicked') "
        "GROUP BY DAY_ONLY(Activity_Date__c), Activity__c"
    )
    counts: dict[str, list[int]] = {}
    with salesforce_failures("count the events of a campaign"):
        async for rows in org.query(soql):
            for row in rows:
                counts.setdefault(str(row["day"]), [0, 0])[row["what"] == "Clicked"] += int(row["events"])
    return [(day, opens, clicks) for day, (opens, clicks) in sorted(counts.items())]


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


def _plain(text: str) -> str:
    """Without the wildcards of LIKE."""
    return text.replace("\\", "").replace("%", "").replace("_", "\\_")[:80]


def chart(days: Sequence[tuple[str, int, int]], width: int = 720, height: int = 180) -> dict[str, Any]:
    """Bars of opens and clicks by day, as a template draws them: positions in the picture's own units."""
    shown = list(days)[:60]
    most = max((max(opens, clicks) for _, opens, clicks in shown), default=0)
    step = width / max(len(shown), 1)
    bars = [
        {
            "day": day,
            "opens": opens,
            "clicks": clicks,
            "x": round(i * step + step * 0.12, 1),
            "x2": round(i * step + step * 0.5, 1),
            "w": round(step * 0.36, 1),
            "open_h": round(height * opens / most, 1) if most else 0,
            "open_y": round(height - height * opens / most, 1) if most else height,
            "click_h": round(height * clicks / most, 1) if most else 0,
            "click_y": round(height - height * clicks / most, 1) if most else height,
        }
        for i, (day, opens, clicks) in enumerate(shown)
    ]
    return {"bars": bars, "most": most, "width": width, "height": height, "first": shown[0][0] if shown else "",
            "last": shown[-1][0] if shown else "", "left_out": len(days) - len(shown)}  # fmt: skip
