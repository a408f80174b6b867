"""What is kept of events, and what campaign members are called: chosen by an admin, and come true with the next sync."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.faults.whole import SF
from tests.journeys.browser import Admin, admin

ENGAGED = "Engaged"


@pytest.fixture(scope="module")
def kept(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Admin]:
    """An installation of its own: these journeys delete events and change what campaigns have."""
    with admin(playwright, tmp_path_factory.mktemp("kept") / "home", "small") as opened:
        opened.fairlead.sync()
        yield opened


@pytest.fixture
def fairlead(kept: Admin) -> Iterator[Admin]:
    kept.wrong.clear()
    yield kept
    kept.tidy()
    assert kept.wrong == []


def records(fairlead: Admin, name: str, *fields: str) -> list[dict[str, Any]]:
    """Records of the org."""
    assert fairlead.fairlead.emulators is not None
    return list(fairlead.fairlead.emulators.get(SF, f"/_control/records?object={name}&fields={','.join(fields)}"))


def sync(page: Page) -> None:
    """*Sync now*, watched to its end."""
    page.goto("/sync/")
    before = page.locator("#run").inner_text()
    page.get_by_role("button", name="Sync now").click()
    expect(page.locator("#run")).not_to_have_text(before)
    expect(page.locator("#run .slds-badge").first).to_have_text("Done", timeout=60_000)


def test_an_admin_reduces_storage_and_the_estimate_comes_true(fairlead: Admin) -> None:
    """So many events as the estimate says are there after the next sync, and the page says the same."""
    page = fairlead.page("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Storage", exact=True).click()
    before = len(records(fairlead, "CM_Tracking__c", "Id"))
    page.get_by_label("Tracking history – days to keep").fill("30")
    page.get_by_role("button", name="Estimate").click()
    told = page.locator("#estimate strong")
    expect(told).to_contain_text("events would be kept")
    estimate = int(re.sub(r"\D", "", told.inner_text().split(" events")[0]))
    assert 0 < estimate < before
    assert len(records(fairlead, "CM_Tracking__c", "Id")) == before
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Tracking history – days to keep")).to_have_value("30")
    sync(page)
    assert len(records(fairlead, "CM_Tracking__c", "Id")) == estimate
    page.goto("/storage/")
    row = page.get_by_role("row", name=re.compile("Tracking events"))
    expect(row.get_by_role("cell").nth(1)).to_have_text(f"{estimate:,}")


def test_an_admin_maps_statuses_and_campaign_members_get_them(fairlead: Admin) -> None:
    """A campaign is linked, a click gets a status of its own, and whoever clicked has it with the next sync."""
    assert fairlead.fairlead.emulators is not None
    fairlead.fairlead.emulators.post(
        SF, "/_control/act", {"act": "create", "object": "Campaign", "fields": {"Name": "Offer"}}
    )
    page = fairlead.page("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Salesforce campaigns").click()
    page.get_by_role("link", name="Link a campaign").click()
    page.get_by_role("radio", name=re.compile("Summer offer")).check()
    page.get_by_role("radio", name="Offer", exact=True).check()
    page.get_by_role("button", name="Link", exact=True).click()
    page.goto("/salesforce-campaigns/statuses/")
    page.get_by_role("link", name="Change the map").click()
    page.get_by_label(re.compile("line 3: Member status")).fill(ENGAGED)
    page.get_by_role("button", name="Save").click()
    page.goto("/salesforce-campaigns/statuses/")
    page.get_by_label("Held against the linked campaign").select_option(label="Offer")
    page.get_by_role("button", name="Show").click()
    line = page.get_by_role("row", name=re.compile(ENGAGED))
    expect(line).to_contain_text("Missing; it is added with the first member")
    sync(page)
    found = Counter(row["Status"] for row in records(fairlead, "CampaignMember", "Id", "Status"))
    assert found[ENGAGED] == clickers(fairlead)
    page.goto("/salesforce-campaigns/statuses/")
    page.get_by_label("Held against the linked campaign").select_option(label="Offer")
    page.get_by_role("button", name="Show").click()
    expect(line.get_by_role("cell", name="There", exact=True)).to_be_visible()


def clickers(fairlead: Admin) -> int:
    """Contacts and leads whose last act in the campaign was a click, by the org's own events."""
    (of,) = {
        row["CM_Campaign__c"] for row in records(fairlead, "Campaign", "Id", "CM_Campaign__c") if row["CM_Campaign__c"]
    }
    fields = ("Campaign__c", "Contact__c", "Lead__c", "Activity__c", "Activity_Date__c")
    acts: dict[str, tuple[str, str]] = {}
    for row in records(fairlead, "CM_Tracking__c", *fields):
        who = row["Contact__c"] or row["Lead__c"]
        if row["Campaign__c"] == of and who:
            acts[who] = max(acts.get(who, ("", "")), (row["Activity_Date__c"], row["Activity__c"]))
    return sum(kind == "Clicked" for _, kind in acts.values())
