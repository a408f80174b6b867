"""What an admin looks for on Home, among lists and campaigns, and in the help."""

import csv
from pathlib import Path

from playwright.sync_api import expect

from tests.journeys.browser import Admin


def test_an_admin_sees_at_a_glance_whether_all_is_well(fairlead: Admin) -> None:
    """The page comes with the last sync; allowances and charts come by themselves, by week and by day."""
    page = fairlead.page("/")
    expect(page.get_by_role("heading", name="Last sync")).to_be_visible()
    expect(page.get_by_role("img", name="API calls of the last 24 hours")).to_be_visible()
    charts = page.locator("#charts")
    expect(charts.get_by_role("img", name="Members who joined and left lists")).to_be_visible()
    charts.get_by_role("link", name="By day").click()
    expect(charts.get_by_text("Day (UTC)").first).to_be_attached()
    charts.get_by_text("As a table").first.click()
    expect(charts.get_by_role("columnheader", name="Joined")).to_be_visible()


def test_an_admin_finds_a_list_and_a_member_and_takes_a_table_along(fairlead: Admin, tmp_path: Path) -> None:
    """From the menu to one list, from its tab to one member; no address gets into an address, the file holds the members."""
    name, address = fairlead.fairlead.rows("SELECT name, list_id FROM members_listreading ORDER BY name LIMIT 1")[0]
    page = fairlead.page("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Lists", exact=True).click()
    page.get_by_label("List or client").fill(name)
    page.get_by_role("button", name="Show").click()
    page.get_by_role("row", name=name).get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    page.get_by_role("navigation", name="Pages of this list").get_by_role("link", name="Members").click()
    first = page.locator("table.fl-table tbody th").first.inner_text()
    page.get_by_label("Address or name").fill(first)
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("1 member.")).to_be_visible()
    assert page.url.endswith(f"/lists/{address}/people/")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download all as CSV").click()
    file = tmp_path / "members.csv"
    downloading.value.save_as(file)
    lines = list(csv.reader(file.open(encoding="utf-8")))
    assert lines[0][0] == "Address"
    assert first in {line[0] for line in lines}


def test_an_admin_reads_the_page_of_a_campaign(fairlead: Admin) -> None:
    """The newest campaign: its figures, its days, its links, and who did what."""
    page = fairlead.page("/campaigns/?sort=-recipients")
    page.locator("table.fl-table tbody th a").first.click()
    expect(page.get_by_role("heading", name="Figures")).to_be_visible()
    expect(page.get_by_role("heading", name="Links clicked")).to_be_visible()
    page.get_by_role("link", name="Recipients").click()
    page.get_by_label("What they did").select_option("Opened")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_label("What they did")).to_have_value("Opened")


def test_a_phone_has_the_menu_behind_a_button(fairlead: Admin) -> None:
    """Closed it takes one line; it opens by keyboard, leads on, and says where one is."""
    page = fairlead.page("/billing/", viewport={"width": 375, "height": 812})
    menu = page.locator(".fl-nav-phone")
    expect(menu.get_by_role("link", name="Jobs")).to_be_hidden()
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(menu.get_by_role("link", name="Billing")).to_have_attribute("aria-current", "page")
    menu.get_by_role("link", name="Help").click()
    page.get_by_label("Words, or a support code").fill("FL-111")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="FL-111").first.click()
    expect(page.get_by_role("heading", name="Campaign Monitor does not answer well")).to_be_visible()
