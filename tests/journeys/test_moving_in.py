"""An admin who used the older package: look at what it holds, untick one, take over the rest, and let Fairlead decide."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.journeys.browser import Admin, admin

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def moving(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Admin]:
    """An installation beside the older package, synced once."""
    with admin(playwright, tmp_path_factory.mktemp("moving") / "home", "old-package") as opened:
        opened.fairlead.sync()
        opened.fairlead.run("transactional", "refresh")
        yield opened


def in_row(page: Page, title: str) -> str:
    """What stands in the row of an item."""
    return page.get_by_role("row").filter(has=page.get_by_text(title, exact=True)).first.inner_text()


def test_an_admin_moves_in_from_the_older_package(moving: Admin) -> None:
    """The banner, the preview, one item unticked; then the setting, the line and the rule are there, and the hold is released."""
    page = moving.page("/moving-in/")
    banner = page.get_by_text("Opt-outs, contacts, leads and lists are not written: the older package")
    expect(banner).to_be_visible()
    expect(page.get_by_label("Prevent member sync")).to_be_checked()
    assert "could not be read for certain" in in_row(page, "Not any more")
    page.get_by_label("All contacts", exact=True).uncheck()
    page.get_by_role("button", name="Take over what is ticked").click()
    expect(page.get_by_text("takes over what you ticked")).to_be_visible()
    expect(page.get_by_role("link", name="Show what became of it")).to_be_visible(timeout=60_000)
    page.goto(page.url)
    assert "Taken over" in in_row(page, "Bankers")
    assert "Taken over" not in in_row(page, "All contacts")

    with page.expect_download() as file:
        page.get_by_role("link", name="What is left for you (CSV)").click()
    report = file.value.path().read_text("utf-8")
    assert "Not any more" in report
    assert "Prevent member sync" not in report

    run = moving.fairlead.run
    assert [(one["name"], one["enabled"]) for one in run("rules", "list")["rules"]] == [("Bankers", False)]
    assert run("imports", "list")["imports"] == []
    assert sum(one["lines"] for one in run("mappings", "list")["lists"]) == 3
    customers = next(one["list"] for one in run("mappings", "list")["lists"] if one["name"] == "Customers")
    assert run("settings", "get", "members.prevent_sync", "--of", customers)["setting"]["value"] is True

    page.get_by_role("button", name="Fairlead decides now").click()
    expect(page.get_by_text("Fairlead decides now: what waited is written by the next runs.")).to_be_visible()
    expect(banner).to_have_count(0)
    page.get_by_role("button", name="Let the older package decide again").click()
    expect(banner).to_be_visible()
