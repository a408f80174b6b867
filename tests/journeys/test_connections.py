"""An admin looks after the connections: signs in anew, moves the sync user, pauses, hands over and removes clients."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Playwright, expect

from fairlead_emulators.campaignmonitor.auth import derived
from tests.faults.installation import wait_until
from tests.faults.test_connections import CM, SEED, SF, account, connect, counts, ids, kept, people, records, shown
from tests.journeys.browser import Admin, admin, keep_screenshot
from tests.journeys.test_accessibility import PHONE, grave


@pytest.fixture(scope="module")
def agency(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Admin]:
    """An installation with the account of an agency: three clients, synced once."""
    with admin(playwright, tmp_path_factory.mktemp("agency") / "home", SEED) as opened:
        opened.fairlead.sync()
        yield opened


@pytest.fixture
def fairlead(agency: Admin) -> Iterator[Admin]:
    """The admin of one journey, everything connected and selected. The browser must have had nothing to complain of."""
    agency.wrong.clear()
    account(agency.fairlead)
    connect(agency.fairlead)
    agency.fairlead.run("clients", "select", *ids(agency.fairlead).values())
    yield agency
    agency.tidy()
    assert agency.wrong == []


def row(page: Page, client: str) -> str:
    """The group of one client's actions."""
    return f"[role=group][aria-label='Actions for {client}']"


def user(fairlead: Admin, name: str) -> str:
    """A new user of the org who may do everything that an admin may; the id."""
    emulators = fairlead.fairlead.emulators
    assert emulators is not None
    profile = next(each for each in records(fairlead.fairlead, "Profile") if each["Name"] == "System Administrator")
    fields = {
        "Username": f"{name.lower()}@example.com", "FirstName": name, "LastName": "Example", "Alias": name[:8].lower(),
        "Email": f"{name.lower()}@example.com", "ProfileId": profile["Id"], "IsActive": True,
        "TimeZoneSidKey": "UTC", "LocaleSidKey": "en_US", "EmailEncodingKey": "UTF-8", "LanguageLocaleKey": "en_US",
    }  # fmt: skip
    return str(emulators.post(SF, "/_control/act", {"act": "create", "object": "User", "fields": fields})["id"])


def test_reconnecting_with_a_wrong_account_is_refused_and_changes_nothing(fairlead: Admin) -> None:
    """The page says whose the key is not, and the way out; key, selection, settings and cursors are as before."""
    before, secrets = kept(fairlead.fairlead), fairlead.fairlead.rows("SELECT name, value FROM store_secret ORDER BY 1")
    account(fairlead.fairlead, seed=2)
    page = fairlead.page("/connections/")
    page.get_by_role("link", name="Reconnect …", exact=True).click()
    page.get_by_label("API key").fill(derived("account key", 2, length=48))
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_role("alert")).to_contain_text("none of them among the")
    expect(page.get_by_role("alert")).to_contain_text("fairlead disconnect campaign-monitor")
    assert derived("account key", 2, length=48) not in page.content()
    keep_screenshot(page, "reconnect-refused")
    assert kept(fairlead.fairlead) == before
    assert fairlead.fairlead.rows("SELECT name, value FROM store_secret ORDER BY 1") == secrets


def test_the_sync_user_is_moved_by_signing_in_as_somebody_else(fairlead: Admin) -> None:
    """The page shows who it is, live; afterwards who it is now, and syncs run as that user, who owns what is new."""
    grace = user(fairlead, "Grace")
    page = fairlead.page("/connections/")
    expect(page.get_by_text("Ada Admin")).to_be_visible()
    page.get_by_role("link", name="Move sync user").click()
    page.get_by_role("button", name="Continue").click()
    link = page.get_by_role("link", name="Continue to Salesforce")
    page.goto(f"{link.get_attribute('href')}&login_hint=grace%40example.com")
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_role("heading", name="Sync user")).to_be_visible()
    expect(page.get_by_text("Grace Example")).to_be_visible()
    keep_screenshot(page, "sync-user")
    assert fairlead.fairlead.run("sync-user", "show")["user"]["id"] == grace
    before = kept(fairlead.fairlead)[3]
    fairlead.fairlead.sync()
    assert kept(fairlead.fairlead)[3] == before


def test_a_client_is_paused_and_removed(fairlead: Admin) -> None:
    """Paused, everything stays; removed, exactly what was told is gone, after its name was typed right; contacts and leads stay."""
    before, untouched = counts(fairlead.fairlead), people(fairlead.fairlead)
    page = fairlead.page("/connections/")
    page.locator(row(page, "Middle")).get_by_role("button", name="Pause").click()
    expect(page.get_by_text("The client is paused.")).to_be_visible()
    expect(page.locator("tr", has_text="Middle")).to_contain_text("Paused")
    keep_screenshot(page, "connections")
    assert counts(fairlead.fairlead) == before

    page.locator(row(page, "Middle")).get_by_role("link", name="Remove").click()
    told = page.locator("tr", has_text="Members").locator(".fl-number").inner_text()
    assert told == "200"
    assert grave(page) == []
    page.get_by_label("To delete all this").fill("Muddle")
    page.get_by_role("button", name="Delete the records").click()
    expect(page.get_by_role("alert")).to_contain_text("not the client's name")
    expect(page.get_by_label("To delete all this")).to_have_value("Muddle")
    keep_screenshot(page, "remove")
    page.get_by_label("To delete all this").fill("Middle")
    page.get_by_role("button", name="Delete the records").click()
    expect(page.locator("#run .slds-badge").first).to_have_text("Done", timeout=60_000)
    keep_screenshot(page, "removal-done")
    gone = {"CM_Client__c": 1, "CM_List__c": 1, "CM_Member__c": 200}
    assert counts(fairlead.fairlead) == {name: before[name] - gone[name] for name in before}
    assert people(fairlead.fairlead) == untouched
    fairlead.fairlead.run("clients", "select", ids(fairlead.fairlead)["Middle"])
    fairlead.fairlead.sync()
    assert counts(fairlead.fairlead) == before


def test_an_owner_is_found_by_name_and_takes_over_what_exists(fairlead: Admin) -> None:
    """Every record of the client changes hands, in bulk where there are many; what is written later is the owner's, too."""
    owner = user(fairlead, "Olga")
    page = fairlead.page("/connections/")
    page.locator(row(page, "Large")).get_by_role("link", name="Owner").click()
    page.get_by_label("Name or user name holds").fill("olg")
    page.get_by_role("button", name="Search users").click()
    page.get_by_label("Olga Example").check()
    page.get_by_label("Hand over existing records, too").check()
    keep_screenshot(page, "owner")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#run .slds-badge").first).to_have_text("Done", timeout=60_000)
    fairlead.fairlead.act(share=0.02, do="mixed", seed=3)
    fairlead.fairlead.sync()
    large = ids(fairlead.fairlead)["Large"]
    lists = {each["Id"] for each in records(fairlead.fairlead, "CM_List__c") if each["OwnerId"] == owner}
    assert len(lists) == 2
    members = records(fairlead.fairlead, "CM_Member__c")
    assert {each["OwnerId"] == owner for each in members if each["List__c"] in lists} == {True}
    assert {each["OwnerId"] == owner for each in members if each["List__c"] not in lists} == {False}
    emulators = fairlead.fairlead.emulators
    assert emulators is not None
    emulators.post(SF, "/_control/act", {"act": "edit", "object": "User", "id": owner, "fields": {"IsActive": False}})
    told = fairlead.fairlead.sync(code=1)["job"]
    assert told["support_code"] == "FL-374"
    assert shown(fairlead.fairlead)["Large"]["state"] == "failing"
    assert shown(fairlead.fairlead)["Tiny"]["state"] == "connected"
    fairlead.fairlead.run("clients", "owner", large)
    fairlead.fairlead.sync()


def test_clients_are_selected_without_a_script(fairlead: Admin) -> None:
    """An agency's admin ticks clients and saves, with scripts switched off, on a phone."""
    page = fairlead.page("/connections/clients/", java_script_enabled=False, viewport=PHONE)
    page.get_by_label("Large").uncheck()
    page.get_by_label("Middle").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("the others are paused")).to_be_visible()
    selected = {name: each["selected"] for name, each in shown(fairlead.fairlead).items()}
    assert selected == {"Large": False, "Middle": False, "Tiny": True}


def test_disconnecting_is_confirmed_and_connecting_again_finds_everything(fairlead: Admin) -> None:
    """The page says what happens; afterwards it says what to do next."""
    before = kept(fairlead.fairlead)[3]
    page = fairlead.page("/connections/")
    page.get_by_role("link", name="Disconnect …").first.click()
    expect(page.get_by_text("Jobs that wait or run are cancelled")).to_be_visible()
    page.get_by_role("button", name="Disconnect").click()
    expect(page.get_by_text("The account is disconnected.")).to_be_visible()
    keep_screenshot(page, "disconnected")
    page.get_by_role("link", name="Connect Campaign Monitor").click()
    emulators = fairlead.fairlead.emulators
    assert emulators is not None
    page.get_by_label("API key").fill(emulators.line[CM]["api_key"])
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_text("Campaign Monitor is connected.")).to_be_visible()
    assert kept(fairlead.fairlead)[3] == before
    wait_until(lambda: not fairlead.fairlead.rows("SELECT 1 FROM jobs_job WHERE state = 'running'"))
