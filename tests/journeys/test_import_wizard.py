"""An admin brings the people of a report to a list, on a schedule, through the wizard."""

import math
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.faults.installation import ACTIVE, wait_until
from tests.faults.whole import CM, SF, ZONE
from tests.journeys.browser import Admin, admin

pytestmark = pytest.mark.timeout(180)

MANY = 120_000
LARGE = {
    CM: {"clients": [{"name": "One", "country": "Australia", "time_zone": ZONE, "lists": [
        {"title": "News", "people": [[0, 40]], "unsubscribe_setting": "OnlyThisList"}]}]},
    SF: {"contacts": [{"first": 0, "count": MANY, "second": False}]},
}  # fmt: skip


def up_to_the_preview(page: Page) -> None:
    """From the menu through the steps: everybody of a report, on Mondays at one."""
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


def test_an_admin_imports_a_report_on_a_schedule(fairlead: Admin) -> None:
    """From the menu through the four steps to the end of the first run: everybody is written, the schedule is told."""
    page = fairlead.page("/")
    up_to_the_preview(page)
    expect(page.get_by_role("heading", name="The first people as they would be written")).to_be_visible()
    page.get_by_role("button", name="Start now").click()
    expect(page.locator("#import-status").get_by_text("Completed", exact=True)).to_be_visible(timeout=60_000)
    page.reload()
    expect(page.get_by_text(re.compile("At 01:00, on Monday"))).to_be_visible()
    (counts,) = fairlead.fairlead.rows("SELECT counts FROM import_wizard_importrun")
    assert '"written"' in str(counts[0]) or counts[0]["written"] > 0


@pytest.fixture
def large(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Admin]:
    """An org with 120,000 contacts, and a list on which hardly any of them is."""
    with admin(playwright, tmp_path_factory.mktemp("large") / "home", LARGE) as opened:
        opened.fairlead.patience_s = 900
        opened.fairlead.sync()
        yield opened
        assert opened.wrong == []


def imported(fairlead: Admin) -> int:
    """Calls that wrote people to the list since they were last forgotten."""
    assert fairlead.fairlead.emulators is not None
    told = next(iter(fairlead.fairlead.emulators.get(CM, "/_control/requests")))["requests"]
    return sum(one["path"].endswith("/import.json") for one in told)


def monday_comes(fairlead: Admin) -> None:
    """The import is due, and its run comes to its end."""
    rows = fairlead.fairlead.rows
    before = rows("SELECT count(*) FROM import_wizard_importrun")
    rows("UPDATE import_wizard_import SET next_run_at = now() RETURNING id")
    wait_until(lambda: rows("SELECT count(*) FROM import_wizard_importrun") != before and not rows(ACTIVE), 900)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_an_admin_imports_120_000_people_of_a_report_on_a_schedule(large: Admin) -> None:
    """When its time comes everybody is on the list, a thousand a call; the next time hardly anything is to be written."""
    page = large.page("/")
    page.set_default_timeout(120_000)
    up_to_the_preview(page)
    page.get_by_role("link", name="Leave it to the schedule").click()
    monday_comes(large)
    page.reload()
    expect(page.locator("#import-status").get_by_text("Completed", exact=True)).to_be_visible()
    ((counts,),) = large.fairlead.rows("SELECT counts FROM import_wizard_importrun")
    assert counts["read"] == MANY == counts["written"] + counts["unchanged"] + counts["refused"]
    assert counts["written"] > 0.99 * MANY  # the others were on the list, unsubscribed, or have an address that is none
    assert imported(large) == math.ceil(counts["written"] / 1_000)
    monday_comes(large)
    page.reload()
    assert large.fairlead.rows("SELECT count(*) FROM import_wizard_importrun") == [(2,)]
    # what Campaign Monitor refused is offered again: one call for the few
    assert imported(large) <= math.ceil(counts["written"] / 1_000) + 1
