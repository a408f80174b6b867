"""An admin sets up Fairlead from nothing to the first sync, in several sittings, with things that go wrong on the way."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.faults.test_connections import CM, SEED, SF, records
from tests.journeys.browser import Admin, admin, keep_screenshot
from tests.journeys.test_accessibility import PHONE, WIDE, grave

USERNAME = "grace@example.com"
FEW_RIGHTS = "Minimum Access - Salesforce"
ACCOUNT_AND_ORG: dict[str, Any] = {
    CM: SEED[CM],
    SF: {
        **SEED[SF],
        "records": {"Profile": [{"Name": FEW_RIGHTS, "UserType": "Standard", "PermissionsApiEnabled": True}]},
    },
}


@pytest.fixture(scope="module")
def fresh(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Admin]:
    """An installation on its first day: nothing is connected, nothing is installed."""
    with admin(playwright, tmp_path_factory.mktemp("set-up") / "home", ACCOUNT_AND_ORG, connected=False) as opened:
        yield opened


@pytest.fixture
def fairlead(fresh: Admin) -> Iterator[Admin]:
    """The admin of one journey. At its end the browser must have had nothing to complain of."""
    fresh.wrong.clear()
    yield fresh
    assert fresh.wrong == []
    fresh.tidy()


def picture(page: Page, name: str) -> None:
    """Wide, on a phone, and in the dark, for people who want to see it."""
    page.set_viewport_size(WIDE)
    keep_screenshot(page, f"setup-{name}")
    page.emulate_media(color_scheme="dark")
    keep_screenshot(page, f"setup-{name}-dark")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE)
    keep_screenshot(page, f"setup-{name}-phone")
    page.set_viewport_size(WIDE)


def usable(page: Page) -> None:
    """Nothing grave in light, dark or on a phone, and a phone scrolls down only."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert grave(page) == []
    page.set_viewport_size(PHONE)
    assert grave(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.set_viewport_size(WIDE)
    page.emulate_media(color_scheme="light")


def somebody_with_few_rights(fairlead: Admin) -> str:
    """A user of the org who may call the API and see nothing; the id."""
    emulators = fairlead.fairlead.emulators
    assert emulators is not None

    def create(sobject: str, **fields: Any) -> str:
        made = emulators.post(SF, "/_control/act", {"act": "create", "object": sobject, "fields": fields})
        return str(made["id"])

    profile = next(each["Id"] for each in records(fairlead.fairlead, "Profile") if each["Name"] == FEW_RIGHTS)
    return create(
        "User", Username=USERNAME, FirstName="Grace", LastName="Example", Alias="grace", Email=USERNAME,
        ProfileId=profile, IsActive=True, TimeZoneSidKey="UTC", LocaleSidKey="en_US", EmailEncodingKey="UTF-8",
        LanguageLocaleKey="en_US",
    )  # fmt: skip


def give_all_rights(fairlead: Admin, user_id: str) -> None:
    """What an administrator does in Setup when the check said what is missing."""
    profile = next(each for each in records(fairlead.fairlead, "Profile") if each["Name"] == "System Administrator")
    assert fairlead.fairlead.emulators is not None
    change = {"act": "edit", "id": user_id, "object": "User", "fields": {"ProfileId": profile["Id"]}}
    fairlead.fairlead.emulators.post(SF, "/_control/act", change)


def step(page: Page, title: str) -> None:
    """The page of that step is open."""
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def test_set_up_from_nothing_to_the_first_sync(fairlead: Admin) -> None:
    """Eight steps: a wrong form, a missing right, a wrong key and a pause on the way; at its end everything is synced."""
    emulators = fairlead.fairlead.emulators
    assert emulators is not None
    user_id = somebody_with_few_rights(fairlead)
    page = fairlead.page("/", viewport=WIDE, reduced_motion="reduce")
    expect(page.get_by_role("navigation", name="Main").get_by_role("link").nth(1)).to_have_text("Set-up")
    page.get_by_role("link", name="Go on with the set-up").click()
    step(page, "Set-up")
    picture(page, "overview")
    usable(page)
    page.get_by_role("link", name="Begin").click()
    sign_in_to_salesforce(fairlead, page, emulators.line[SF])
    check_the_org(fairlead, page, user_id)
    install(fairlead, page)
    connect_campaign_monitor(fairlead, page)
    page.close()

    # another day: the path is where it was left
    page = fairlead.page("/setup/", viewport=WIDE, reduced_motion="reduce")
    page.get_by_role("link", name="Go on: Choose clients").click()
    choose_clients(fairlead, page)
    choose_what(fairlead, page)
    first_sync(fairlead, page)
    look_at_it(fairlead, page)


def sign_in_to_salesforce(fairlead: Admin, page: Page, app: dict[str, str]) -> None:
    """A form without the app's key says so at the field and keeps the rest; then a person signs in on Salesforce's screen."""
    step(page, "Sign in to Salesforce")
    callback = page.get_by_label("Callback address").input_value()
    assert callback == f"{fairlead.url}/connections/salesforce/callback/"
    expect(page.get_by_text("External Client App Manager")).to_be_visible()
    usable(page)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Type it: none is kept.")).to_be_visible()
    page.get_by_label("Consumer key").fill(app["client_id"])
    picture(page, "salesforce")
    page.get_by_role("button", name="Continue").click()
    link = page.get_by_role("link", name="Continue to Salesforce")
    page.goto(f"{link.get_attribute('href')}&login_hint={USERNAME}")
    page.get_by_role("button", name="Allow").click()
    step(page, "Check the org")
    expect(page.get_by_role("status").first).to_contain_text("Salesforce is connected.")


def check_the_org(fairlead: Admin, page: Page, user_id: str) -> None:
    """What is missing is told by name, with where to give it, and blocks; given, the way is open."""
    row = page.get_by_role("row", name="Right: Read on Contact", exact=False)
    expect(row).to_contain_text("Failed", timeout=60_000)
    expect(row).to_contain_text("Object Settings")
    expect(page.get_by_text("Not fit yet")).to_be_visible()
    expect(page.get_by_role("link", name="Next: Install in the org")).to_have_count(0)
    picture(page, "check-missing")
    usable(page)
    page.goto("/setup/install/")
    expect(page.get_by_text("Something comes before this.")).to_be_visible()
    expect(page.get_by_role("button", name="Install")).to_have_count(0)
    page.goto("/setup/check/")
    give_all_rights(fairlead, user_id)
    page.get_by_role("link", name="Check again").click()
    expect(page.get_by_text("Fit", exact=True)).to_be_visible(timeout=60_000)
    picture(page, "check")
    page.get_by_role("link", name="Next: Install in the org").click()


def install(fairlead: Admin, page: Page) -> None:
    """The installation runs as a job and is followed on the page to its end."""
    step(page, "Install in the org")
    picture(page, "install")
    usable(page)
    with page.expect_download() as download:
        page.get_by_text("You may not deploy from here?").click()
        page.get_by_role("link", name="Download the package").click()
    assert download.value.suggested_filename == "fairlead-salesforce.zip"
    page.get_by_role("button", name="Install", exact=True).click()
    expect(page.locator("#run .slds-badge").first).to_have_text("Done", timeout=120_000)
    expect(page.get_by_role("link", name="Next: Connect Campaign Monitor")).to_be_visible(timeout=30_000)
    picture(page, "installed")
    page.get_by_role("link", name="Next: Connect Campaign Monitor").click()


def connect_campaign_monitor(fairlead: Admin, page: Page) -> None:
    """A wrong key is refused in words; then somebody signs in on Campaign Monitor's screen."""
    step(page, "Connect Campaign Monitor")
    page.get_by_label("API key").fill("not-a-key")
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Campaign Monitor would not let Fairlead sign in")
    assert "not-a-key" not in page.content()
    picture(page, "campaign-monitor")
    usable(page)
    page.get_by_role("button", name="Sign in to Campaign Monitor").click()
    page.get_by_role("link", name="Continue to Campaign Monitor").click()
    page.get_by_role("button", name="Allow access").click()
    step(page, "Choose clients")


def choose_clients(fairlead: Admin, page: Page) -> None:
    """Names, lists and subscribers stand beside each client; none at all is refused."""
    step(page, "Choose clients")
    expect(page.locator(".fl-client", has_text="Large")).to_contain_text(re.compile(r"2 lists, 1,\d\d\d active subs"))
    picture(page, "clients")
    usable(page)
    for box in page.get_by_role("checkbox").all():
        box.uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose at least one")
    page.get_by_label("Middle").check()
    page.get_by_label("Tiny").check()
    page.get_by_role("button", name="Save").click()
    step(page, "Choose what to sync")


def choose_what(fairlead: Admin, page: Page) -> None:
    """The estimate follows what is chosen, before it is saved; what is wrong is told at the field and kept."""
    members = page.locator("#estimate tr", has_text="Members").locator(".fl-number").first
    expect(members).to_have_text("240", timeout=30_000)
    page.get_by_label("Keep the members of List 0 out of Salesforce").last.check()
    expect(members).to_have_text("200")
    picture(page, "what")
    usable(page)
    page.get_by_label("Keep the members of List 0 out of Salesforce").last.uncheck()
    days = page.get_by_label("Tracking history – days to keep")
    days.fill("many")
    page.get_by_role("button", name="Save and go on").last.click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was saved yet.")
    expect(days).to_have_value("many")
    days.fill("30")
    page.get_by_role("button", name="Save and go on").last.click()
    step(page, "First sync")
    assert fairlead.fairlead.run("settings", "get", "tracking_history.days_to_keep")["setting"]["value"] == 30


def first_sync(fairlead: Admin, page: Page) -> None:
    """Cancelled once, started again, seen to its end."""
    picture(page, "sync")
    fairlead.fairlead.fault(CM, fault="delay", times=None, seconds=2, match={"path": "/active.json"})
    page.get_by_role("button", name="Start the first sync").click()
    page.locator("progress.fl-bar_running").first.wait_for(timeout=30_000)
    picture(page, "syncing")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#run .slds-badge").first).to_have_text("Cancelled", timeout=60_000)
    fairlead.fairlead.clear_faults()
    page.get_by_role("button", name="Start again").click(timeout=30_000)
    expect(page.locator("#run .slds-badge").first).to_have_text("Done", timeout=120_000)
    page.get_by_role("link", name="Next: What you have now").click(timeout=30_000)


def look_at_it(fairlead: Admin, page: Page) -> None:
    """Counts and links into Salesforce; the menu no longer shows set-up, which is still reached from Connections."""
    step(page, "What you have now")
    expect(page.locator(".fl-numbers div", has_text="Members").first).to_contain_text("240", timeout=30_000)
    for name in ("The app Fairlead", "The dashboard", "A member as an example", "Active members"):
        expect(page.get_by_role("link", name=name)).to_have_attribute("href", lightning(fairlead))
    picture(page, "ready")
    usable(page)
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="Set-up")).to_have_count(0)
    assert len(records(fairlead.fairlead, "CM_Member__c")) == 240
    page.goto("/connections/")
    page.get_by_role("link", name="Set-up").click()
    expect(page.get_by_text("Everything is set up.")).to_be_visible()


def lightning(fairlead: Admin) -> Any:
    """An address of the org's own pages."""
    assert fairlead.fairlead.emulators is not None
    return re.compile(re.escape(fairlead.fairlead.emulators.url(SF)) + "/lightning/.+")
