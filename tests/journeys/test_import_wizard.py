"""An admin brings the people of a report to a list, on a schedule, through the wizard."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import Admin

pytestmark = pytest.mark.timeout(180)


def test_an_admin_imports_a_report_on_a_schedule(fairlead: Admin) -> None:
    """From the menu through the four steps to the end of the first run: everybody is written, the schedule is told."""
    page = fairlead.page("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Imports", exact=True).click()
    page.get_by_role("link", name="New import").click()
    page.get_by_label("Report", exact=True).check()
    page.get_by_role("button", name="Next").click()
    page.get_by_label("To this list").select_option(index=1)
    page.get_by_label("Choose one").select_option(label="All Contacts")
    page.get_by_label("Name of the import").fill("Contacts of the org")
    page.get_by_role("button", name="Next: columns").click()
    expect(page.get_by_text("These are suggestions: nothing is kept yet.")).to_be_visible()
    page.get_by_role("button", name="Next: refresh and schedule").click()
    page.get_by_label("01:00").check()
    page.get_by_label("Monday").check()
    page.get_by_role("button", name="Next: preview").click()
    expect(page.get_by_role("heading", name="The first people as they would be written")).to_be_visible()
    page.get_by_role("button", name="Start now").click()
    expect(page.locator("#import-status").get_by_text("Completed", exact=True)).to_be_visible(timeout=60_000)
    page.reload()
    expect(page.get_by_text(re.compile("At 01:00, on Monday"))).to_be_visible()
    (counts,) = fairlead.fairlead.rows("SELECT counts FROM import_wizard_importrun")
    assert '"written"' in str(counts[0]) or counts[0]["written"] > 0
