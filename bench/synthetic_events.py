"""What became of the synthetic campaigns: each event told by its place alone, so that any part of a report can be made.

Events of a kind come by date over two days after the sending; recipients have no date and come by address.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bench.synthetic import LISTS, PAGE, address, envelope

KINDS = {
    "recipients": 0.55, "opens": 0.30, "clicks": 0.12, "bounces": 0.01, "unsubscribes": 0.01, "spam": 0.01,
}  # fmt: skip
"""Their shares of all events."""
CAMPAIGNS = 10
NOW = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - a wall clock
_SPAN = 2 * 24 * 60
_PLACE = {
    "IPAddress": "198.51.100.7", "Latitude": 53.3, "Longitude": -6.2, "City": "Dublin", "Region": "Leinster",
    "CountryCode": "IE", "CountryName": "Ireland",
}  # fmt: skip


@dataclass(frozen=True)
class Report:
    """One kind of events of one campaign: so many, of which the `late` last ones came within the last hour."""

    campaign: int
    kind: str
    early: int
    late: int = 0

    @property
    def total(self) -> int:
        return self.early + self.late

    @property
    def sent(self) -> datetime:
        return sent(self.campaign)

    def minute(self, place: int) -> datetime:
        """When event `place` happened."""
        if place >= self.early:
            return NOW + timedelta(minutes=(place - self.early) * 50 // max(self.late, 1))
        return self.sent + timedelta(minutes=2 + place * _SPAN // max(self.early, 1))

    def since(self, text: str) -> int:
        """The place of the first event of that minute or later."""
        if not text:
            return 0
        return bisect_left(range(self.total), datetime.fromisoformat(text), key=self.minute)

    def rows(self, first: int, count: int) -> list[dict[str, Any]]:
        """So many events from that place on."""
        return [self._row(place) for place in range(first, min(first + count, self.total))]

    def _row(self, place: int) -> dict[str, Any]:
        row: dict[str, Any] = {"EmailAddress": address(place), "ListID": LISTS[place % len(LISTS)]}
        if self.kind == "recipients":
            return row
        row["Date"] = f"{self.minute(place):%Y-%m-%d %H:%M}:00"
        if self.kind in ("opens", "clicks"):
            row |= _PLACE
        if self.kind == "clicks":
            row["URL"] = f"https://www.example.com/offer/{place % 12}"
        elif self.kind == "unsubscribes":
            row["IPAddress"] = _PLACE["IPAddress"]
        elif self.kind == "bounces":
            row |= {"BounceType": "Hard", "Reason": "Hard Bounce"}
        return row


def campaign_id(number: int) -> str:
    return f"{number:032x}"


def sent(campaign: int) -> datetime:
    """When it was sent: one every three days, the last a week ago."""
    return NOW - timedelta(days=7 + 3 * campaign, hours=3)


def reports(events: int, late: int = 0) -> list[Report]:
    """All reports of an account with so many events; `late` of them, opens of the last campaign, are new since an hour."""
    counts = {kind: int(events * share) for kind, share in KINDS.items()}
    counts["recipients"] += events - sum(counts.values())
    made = []
    for kind, count in counts.items():
        for number in range(CAMPAIGNS):
            of_this = count // CAMPAIGNS + (number < count % CAMPAIGNS)
            made.append(Report(number, kind, of_this, late if (kind, number) == ("opens", 0) else 0))
    return made


def pages(report: Report) -> Iterator[tuple[int, bytes]]:
    """(page number, gzipped body) of a whole report."""
    for begin in range(0, report.total, PAGE) or [0]:
        yield begin // PAGE + 1, envelope(report.rows(begin, PAGE), begin // PAGE + 1, report.total)


def page_since(report: Report, since: str, number: int) -> bytes:
    """A page of what a report has from a minute on."""
    first = report.since(since)
    rows = report.rows(first + (number - 1) * PAGE, PAGE)
    return envelope(rows, number, report.total - first)


def listing() -> dict[str, Any]:
    """The client's sent campaigns, on one page."""
    rows = [
        {
            "CampaignID": campaign_id(number), "Name": f"News {number}", "Subject": f"News {number}", "FromName": "Bench",
            "FromEmail": "news@example.com", "ReplyTo": "news@example.com", "SentDate": f"{sent(number):%Y-%m-%d %H:%M:%S}",
            "TotalRecipients": 0, "Tags": [], "WebVersionURL": "https://www.example.com/w",
            "WebVersionTextURL": "https://www.example.com/t",
        }
        for number in range(CAMPAIGNS)
    ]  # fmt: skip
    return {
        "Results": rows, "ResultsOrderedBy": "sentdate", "OrderDirection": "desc", "PageNumber": 1, "PageSize": 1000,
        "RecordsOnThisPage": len(rows), "TotalNumberOfRecords": len(rows), "NumberOfPages": 1,
    }  # fmt: skip


def summary(campaign: int, of: dict[str, int]) -> dict[str, Any]:
    """A campaign's figures."""
    return {
        "Name": f"News {campaign}", "Recipients": of["recipients"], "TotalOpened": of["opens"],
        "UniqueOpened": of["opens"], "Clicks": of["clicks"], "Unsubscribed": of["unsubscribes"],
        "Bounced": of["bounces"], "SpamComplaints": of["spam"], "Mentions": 0, "Forwards": 0, "Likes": 0,
        "WebVersionURL": "https://www.example.com/w", "WebVersionTextURL": "https://www.example.com/t",
        "WorldviewURL": "https://www.example.com/v",
    }  # fmt: skip
