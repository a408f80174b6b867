"""Laws of the campaigns' pages: what they show of the org, and what they say when there is nothing or no way to it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from django.utils.safestring import SafeString

from fairlead.domain.failure import WaitAndRetry
from fairlead.sync import sides
from fairlead.ui import rooms

ID = "f" * 32
ROW = {
    "Id": "a01", "Campaign_Id__c": ID, "Name": "Spring <sale>", "Subject__c": "Hello", "Sent_Date__c": "2026-03-10T09:30:00.000+0000",
    "Recipients__c": 1_010, "Bounces__c": 10, "Unique_Opens__c": 250, "Opens__c": 300, "Clicks__c": 50,
    "Suspicious_Opens__c": 7, "Suspicious_Clicks__c": 3, "Client__r": {"Name": "Acme"}, "Tags__c": "a; b",
    "Web_Version__c": "https://www.example.com/web",
}  # fmt: skip


class SmallOrg:
    """As much of an org as the pages ask for; notes what was asked."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows
        self.asked: list[str] = []

    async def instance_url(self) -> str:
        return "https://example.my.salesforce.com"

    async def count(self, soql: str) -> int:
        return 60 if self.rows else 0

    async def query(self, soql: str) -> AsyncIterator[list[dict[str, Any]]]:
        self.asked.append(soql)
        if "GROUP BY URL_Clicked__c" in soql:
            yield [
                {"url": "https://www.example.com/a", "doubtful": False, "events": 4},
                {"url": "https://www.example.com/a", "doubtful": True, "events": 3},
                {"url": "https://www.example.com/b", "doubtful": False, "events": 5},
            ]
        elif "GROUP BY" in soql:
            yield [
                {"day": "2026-03-10", "what": "Opened", "events": 4},
                {"day": "2026-03-11", "what": "Clicked", "events": 2},
            ]
        elif "'Unsubscribed'" in soql or "'Clicked'" in soql:
            yield [
                {"Email__c": "ann@example.com", "Campaign__c": "a01", "Activity_Date__c": "2026-03-10T09:30:00.000+0000",
                 "Campaign__r": {"Name": "Spring"}, "Contact__c": "003x"}
            ] if self.rows else []  # fmt: skip
        else:
            yield self.rows


class Opener:
    """Opens the small org, or raises."""

    def __init__(self, org: SmallOrg, failure: Exception | None = None) -> None:
        self.org = org
        self.failure = failure

    @asynccontextmanager
    async def salesforce(self, org_id: int) -> AsyncIterator[Any]:
        if self.failure:
            raise self.failure
        yield self.org

    campaign_monitor = salesforce


def sent(answer: Any) -> str:
    """The text of a file that is sent while it is made."""

    async def read() -> bytes:
        return b"".join([part async for part in answer])

    return async_to_sync(read)().decode()


@pytest.fixture
def org_shown() -> Iterator[SmallOrg]:
    shown = SmallOrg([ROW])
    sides.provide(Opener(shown))
    yield shown
    sides.provide(None)  # type: ignore[arg-type]


def test_the_list_shows_rates_and_what_is_suspicious(admin: Client, org_shown: SmallOrg) -> None:
    page = admin.get("/campaigns/").text
    for text in ("Spring &lt;sale&gt;", "Acme", "1,010", "25.0 %", "5.0 %", "Page 1 of 2"):
        assert text in page
    assert f'href="/campaigns/{ID}/"' in page
    assert '<td class="fl-number">10</td>' in page
    assert 'aria-current="page"' in page


@pytest.mark.parametrize(("asked", "offset"), [("3", 100), ("0", 0), ("-1", 0), ("x", 0), ("99999", 2_000)])
def test_pages_are_asked_for_by_number_and_nonsense_is_the_first(
    admin: Client, org_shown: SmallOrg, asked: str, offset: int
) -> None:
    assert admin.get("/campaigns/", {"page": asked}).status_code == 200
    assert org_shown.asked[0].endswith(f"LIMIT 50 OFFSET {offset}")


def test_a_name_is_looked_for_as_it_is_typed(admin: Client, org_shown: SmallOrg) -> None:
    page = admin.get("/campaigns/", {"find": "50% o'clock_"}).text
    assert r"Name LIKE '%50\% o\'clock\_%'" in org_shown.asked[0]
    assert 'value="50% o&#x27;clock_"' in page


def test_an_empty_org_says_what_to_do_next(admin: Client, org_shown: SmallOrg) -> None:
    org_shown.rows = []
    assert "No campaign has come to Salesforce yet." in admin.get("/campaigns/").text
    assert "No campaign is like that." in admin.get("/campaigns/", {"find": "x"}).text
    missing = admin.get(f"/campaigns/{ID}/")
    assert (missing.status_code, "Your org has no such campaign." in missing.text) == (404, True)
    assert "No unsubscribe looks like the work of a scanner." in admin.get("/campaigns/suspicious/").text


def test_one_campaign_shows_figures_a_chart_and_what_others_lend(admin: Client, org_shown: SmallOrg) -> None:
    rooms.register(
        rooms.Room(name="zz_lender", title="", panels={"campaign": lambda request: SafeString("<p>lent</p>")})
    )
    try:
        page = admin.get(f"/campaigns/{ID}/").text
    finally:
        rooms._rooms.pop("zz_lender")
    assert page.count("<rect") == 2
    assert "<title>2026-03-11: 2 clicks</title>" in page
    a = page.index("https://www.example.com/a")
    assert a < page.index("https://www.example.com/b")
    assert '<td class="fl-number">7</td><td class="fl-number">3</td>' in page[a:]
    assert "<p>lent</p>" in page
    assert "<dt>Suspicious opens</dt><dd>7</dd>" in page


def test_recipients_are_searched_in_a_body_and_never_in_an_address(admin: Client, org_shown: SmallOrg) -> None:
    page = admin.post(f"/campaigns/{ID}/recipients/", {"status": "Unsubscribed", "text": "ann_", "page": "2"})
    assert "ann@example.com" in page.text
    assert 'value="ann_"' in page.text
    assert r"Email__c LIKE '%ann\_%'" in org_shown.asked[-1]
    assert org_shown.asked[-1].endswith("LIMIT 50 OFFSET 50")
    assert "find=" not in page.text
    assert "no-store" in page["Cache-Control"]
    admin.post(f"/campaigns/{ID}/recipients/", {"status": "' OR", "page": "x"})
    assert "Activity__c = 'Sent'" in org_shown.asked[-1]
    org_shown.rows = []
    assert admin.get(f"/campaigns/{ID}/recipients/").status_code == 404


def test_a_table_of_campaigns_sorts_filters_and_is_a_file(admin: Client, org_shown: SmallOrg) -> None:
    page = admin.get("/campaigns/?sort=-bounces&sent=30&linked=no").text
    where = "WHERE Sent_Date__c = LAST_N_DAYS:30 AND Salesforce_Campaign__c = null"
    assert f"{where} ORDER BY Bounces__c DESC NULLS LAST" in org_shown.asked[-1]
    assert 'href="/campaigns.csv?sent=30&amp;linked=no&amp;sort=-bounces"' in page
    assert 'aria-sort="descending"' in page
    lines = sent(admin.get("/campaigns.csv?sent=30")).splitlines()
    assert len(lines) == 2
    assert lines[1].startswith(f"Spring <sale>,{ID},Acme,Hello,2026-03-10 09:30,a; b,1010,")
    sides.provide(Opener(org_shown, WaitAndRetry("Salesforce is busy.", next_step="Wait a moment.")))
    assert "This file is not complete. Salesforce is busy." in sent(admin.get("/campaigns.csv"))


def test_opt_outs_of_scanners_are_listed(admin: Client, org_shown: SmallOrg) -> None:
    page = admin.get("/campaigns/suspicious/").text
    assert "ann@example.com" in page
    assert "003x" in page
    assert "LAST_N_DAYS:30" in org_shown.asked[0]


@pytest.mark.parametrize(
    "path", ["/campaigns/", f"/campaigns/{ID}/", f"/campaigns/{ID}/recipients/", "/campaigns/suspicious/"]
)
def test_without_a_way_to_the_org_the_page_says_why(admin: Client, org_shown: SmallOrg, path: str) -> None:
    sides.provide(Opener(org_shown, WaitAndRetry("Salesforce is busy.", next_step="Wait a moment.")))
    page = admin.get(path)
    assert page.status_code == 200
    assert "Salesforce is busy. Wait a moment." in page.text


@pytest.mark.parametrize("path", ["/campaigns/", f"/campaigns/{ID}/", "/campaigns/suspicious/"])
def test_nobody_looks_without_signing_in(client: Client, db: None, path: str) -> None:
    assert client.get(path)["Location"].startswith("/sign-in/")
