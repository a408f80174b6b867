"""An admin takes access from a user: the user's next click says what happened and how to get it back."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from tests.faults.test_connections import SF, records
from tests.journeys.browser import Admin, admin
from tests.journeys.test_accessibility import PHONE, grave
from tests.journeys.test_connections import keep_screenshot, user


@pytest.fixture(scope="module")
def office(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Admin]:
    """An installation whose org has two people: Ada, its system administrator, and Grace, who has the standard set."""
    with admin(playwright, tmp_path_factory.mktemp("office") / "home") as opened:
        grace = user(opened, "Grace")
        emulators = opened.fairlead.emulators
        assert emulators is not None
        of = {each["Name"]: each["Id"] for each in records(opened.fairlead, "Profile")}
        fields = {"ProfileId": of["Standard User"]}
        emulators.post(SF, "/_control/act", {"act": "edit", "object": "User", "id": grace, "fields": fields})
        opened.fairlead.run("users", "grant", "grace@example.com", "--role", "standard")
        yield opened


@pytest.fixture
def fairlead(office: Admin) -> Iterator[Admin]:
    """The admin of one journey. The browser must have had nothing to complain of but what the journey forgives."""
    office.wrong.clear()
    yield office
    office.tidy()
    assert office.wrong == []


def through_salesforce(fairlead: Admin, username: str) -> tuple[BrowserContext, Page]:
    """A browser of somebody who signs in to Fairlead on Salesforce's own screens."""
    context = fairlead.browser.new_context(base_url=fairlead.url)
    page = fairlead.watched(context, "/")
    link = page.get_by_role("link", name="Sign in through Salesforce")
    expect(link).to_be_visible()
    assert grave(page) == []
    link.click()
    page.goto(f"{page.url}&login_hint={username.replace('@', '%40')}")
    page.get_by_role("button", name="Allow").click()
    return context, page


def test_an_admin_takes_access_from_a_user_who_is_told_at_the_next_click(fairlead: Admin) -> None:
    """Ada signs in through Salesforce, looks what will happen, saves; Grace is out at once, and in again when it is given back."""
    _, ada = through_salesforce(fairlead, "admin@fairlead.example.com")
    expect(ada.get_by_role("heading", name="Home")).to_be_visible()
    expect(ada.get_by_text("Ada Admin")).to_be_visible()
    _, grace = through_salesforce(fairlead, "grace@example.com")
    expect(grace.get_by_text("Grace Example")).to_be_visible()
    expect(grace.get_by_role("link", name="User security")).to_have_count(0)
    grace.get_by_role("link", name="Jobs").click()
    expect(grace.get_by_role("heading", name="Jobs")).to_be_visible()

    ada.get_by_role("link", name="User security").click()
    expect(ada.get_by_role("row", name="Grace Example")).to_contain_text("Standard Access")
    assert grave(ada) == []
    keep_screenshot(ada, "user-security")
    ada.get_by_label("Select Grace Example").check()
    ada.get_by_role("radio", name="None").check()
    ada.get_by_role("button", name="Preview").click()
    expect(ada.get_by_text("1 of 1 will have no access afterwards")).to_be_visible()
    assert grave(ada) == []
    keep_screenshot(ada, "user-security-preview")
    ada.get_by_role("button", name="Save").click()
    expect(ada.get_by_role("heading", name="Lost access")).to_be_visible()
    assert grave(ada) == []
    keep_screenshot(ada, "user-security-saved")

    grace.get_by_role("link", name="Jobs").click()
    expect(grace.get_by_role("alert")).to_contain_text("You no longer have access to Fairlead")
    expect(grace.get_by_role("alert")).to_contain_text("ask your Salesforce admin")
    assert grave(grace) == []
    keep_screenshot(grace, "access-taken")

    ada.get_by_role("link", name="Back to User security").click()
    ada.get_by_label("Select Grace Example").check()
    ada.get_by_role("radio", name="Standard Access").check()
    ada.get_by_role("button", name="Preview").click()
    ada.get_by_role("button", name="Save").click()
    expect(ada.get_by_text("All 1 are as asked for.")).to_be_visible()
    _, again = through_salesforce(fairlead, "grace@example.com")
    expect(again.get_by_text("Grace Example")).to_be_visible()


def test_sessions_are_seen_and_ended(fairlead: Admin) -> None:
    """Ada ends Grace's session from the list; on a phone nothing is cut off."""
    _, grace = through_salesforce(fairlead, "grace@example.com")
    page = fairlead.page("/account/sessions/", viewport=PHONE)
    assert grave(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    keep_screenshot(page, "sessions")
    page.get_by_role("button", name="End the session of Grace Example").first.click()
    expect(page.get_by_text("The session has ended")).to_be_visible()
    while page.get_by_role("button", name="End the session of Grace Example").count():
        page.get_by_role("button", name="End the session of Grace Example").first.click()
    grace.reload()
    expect(grace.get_by_role("alert")).to_contain_text("ended from the page of sessions")
