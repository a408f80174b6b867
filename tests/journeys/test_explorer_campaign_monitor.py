"""The page of the emulated account: everything can be looked at and done, by everybody, on every screen."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from fairlead_emulators.campaignmonitor.app import CampaignMonitorEmulator, create
from fairlead_emulators.clock import Clock
from fairlead_emulators.seeds import spec
from fairlead_emulators.server import serving
from tests.journeys.browser import ARGUMENTS, chromium
from tests.journeys.test_accessibility import PHONE, WIDE, grave

pytestmark = pytest.mark.timeout(120)

PARTS = ("lists", "campaigns", "journeys", "transactional", "webhooks", "oauth", "requests")


@dataclass
class Explorer:
    """The account, and a browser to look at it. `wrong` fills with what the browser complains of."""

    emulator: CampaignMonitorEmulator
    url: str
    browser: Browser
    wrong: list[str] = field(default_factory=list)

    @property
    def newsletter(self) -> str:
        return self.emulator.store.lists()[0].id

    def open(self, part: str, **options: Any) -> Page:
        page = self.browser.new_context(base_url=self.url, **{"viewport": WIDE, **options}).new_page()
        page.on("console", lambda said: self.wrong.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.goto(f"/#{part}")
        page.locator("#room > *").first.wait_for()
        return page


@pytest.fixture(scope="module")
def running() -> Iterator[Explorer]:
    emulator = create(Clock())
    emulator.seed(spec("small", "campaign_monitor"))
    with serving(emulator.app) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield Explorer(emulator, url, browser)
        browser.close()


@pytest.fixture
def explorer(running: Explorer) -> Iterator[Explorer]:
    """The page over a fresh account. At the end the browser must have had nothing to complain of."""
    running.emulator.seed(spec("small", "campaign_monitor"))
    running.wrong.clear()
    yield running
    for context in running.browser.contexts:
        context.close()
    assert running.wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("part", PARTS)
def test_nothing_grave_stands_in_anybodys_way(explorer: Explorer, part: str, scheme: str) -> None:
    """axe-core finds nothing serious or critical, and no part ends in an error."""
    page = explorer.open(part, color_scheme=scheme)
    assert grave(page) == []
    assert page.get_by_text("cannot be shown").count() == 0


@pytest.mark.parametrize("part", [*PARTS, "members", "subscriber"])
def test_a_phone_scrolls_down_only(explorer: Explorer, part: str) -> None:
    """Wide tables scroll inside themselves."""
    where = {"members": "lists/{list}", "subscriber": "subscriber/{list}/{who}"}.get(part, part)
    who = explorer.emulator.store.db.execute("SELECT address FROM subscribers WHERE list = 1").fetchone()[0]
    page = explorer.open(where.format(list=explorer.newsletter, who=who), viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert grave(page) == []


def test_one_finds_a_member_and_makes_it_unsubscribe(explorer: Explorer) -> None:
    """From the client over the list to the subscriber; what it does is seen at once, and told."""
    store = explorer.emulator.store
    who = store.db.execute("SELECT address FROM subscribers WHERE list = 1 AND state = 0 ORDER BY key").fetchone()[0]
    page = explorer.open("lists")
    page.get_by_role("link", name="Newsletter").click()
    page.get_by_label("Search").fill(who)
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name=who, exact=True).click()
    page.get_by_role("heading", name=who).wait_for()
    page.get_by_label("does").select_option("unsubscribe")
    page.get_by_role("button", name="Do it").click()
    page.get_by_text("is now Unsubscribed").wait_for()
    page.get_by_role("cell", name="Unsubscribed").wait_for()
    found = store.subscriber(1, who)
    assert found is not None
    assert found.state == "Unsubscribed"


def test_a_new_address_leads_to_the_page_of_that_address(explorer: Explorer) -> None:
    """The form names the new value only where there is one."""
    who = explorer.emulator.store.db.execute("SELECT address FROM subscribers WHERE list = 1").fetchone()[0]
    page = explorer.open(f"subscriber/{explorer.newsletter}/{who}")
    assert page.get_by_label("New value").is_hidden()
    page.get_by_label("does").select_option("change_address")
    page.get_by_label("New value").fill("moved@example.com")
    page.get_by_role("button", name="Do it").click()
    page.get_by_role("heading", name="moved@example.com").wait_for()


def test_what_cannot_be_done_is_explained(explorer: Explorer) -> None:
    """A refusal is told in the line for news, with its reason."""
    page = explorer.open(f"lists/{explorer.newsletter}")
    page.get_by_label("Subscriber").fill("nobody@example.com")
    page.get_by_label("does").select_option("bounce")
    with page.expect_response("**/_control/act"):
        page.get_by_role("button", name="Do it").click()
    page.get_by_role("status").get_by_text("refused with code 203").wait_for()
    assert explorer.wrong
    explorer.wrong.clear()  # the browser notes the answer 400


def test_the_clock_moves_by_its_buttons(explorer: Explorer) -> None:
    """An hour later is an hour later for the account."""
    before = explorer.emulator.clock.now()
    page = explorer.open("lists")
    page.get_by_role("button", name="+ 1 hour").click()
    page.get_by_text("It is now").wait_for()
    assert 3600 <= (explorer.emulator.clock.now() - before).total_seconds() < 3700


def test_smart_emails_and_their_messages_are_shown(explorer: Explorer) -> None:
    """The smart e-mails by name, and the newest messages with what became of them."""
    page = explorer.open("transactional")
    page.get_by_role("cell", name="Order shipped").wait_for()
    assert page.get_by_role("row").count() > 40
