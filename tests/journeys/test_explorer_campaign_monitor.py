"""The page of the emulated account: everything can be looked at and done, by everybody, on every screen."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright

from fairlead_emulators.campaignmonitor.app import CampaignMonitorEmulator, create
from fairlead_emulators.clock import Clock
from fairlead_emulators.seeds import spec
from fairlead_emulators.server import serving
from tests.journeys.browser import ARGUMENTS, chromium
from tests.journeys.test_accessibility import PHONE, WIDE, grave

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
def running(playwright: Playwright) -> Iterator[Explorer]:
    emulator = create(Clock())
    emulator.seed(spec("small", "campaign_monitor"))
    with serving(emulator.app) as url:
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
    """Wide tables scroll inside themselves, and the longest address is broken."""
    where = {"members": "lists/{list}", "subscriber": "subscriber/{list}/{who}"}.get(part, part)
    who = explorer.emulator.store.db.execute("SELECT address FROM subscribers ORDER BY length(key) DESC").fetchone()[0]
    page = explorer.open(where.format(list=explorer.newsletter, who=who), viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert grave(page) == []


def first(explorer: Explorer, state: int = 0) -> str:
    """The first address of the newsletter in a state."""
    query = "SELECT address FROM subscribers WHERE list = 1 AND state = ? ORDER BY key"
    return str(explorer.emulator.store.db.execute(query, (state,)).fetchone()[0])


def state(explorer: Explorer, who: str) -> str:
    found = explorer.emulator.store.subscriber(1, who)
    return found.state if found else ""


def test_one_finds_a_member_and_makes_it_unsubscribe(explorer: Explorer) -> None:
    """From the client over the list to the subscriber; what it does is seen at once, and told."""
    who = first(explorer)
    page = explorer.open("lists")
    page.get_by_role("link", name="Newsletter").click()
    page.get_by_label("Search").fill(who)
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name=who, exact=True).click()
    page.get_by_role("heading", name=who).wait_for()
    page.get_by_role("button", name="Unsubscribes", exact=True).click()
    page.get_by_text("is now Unsubscribed").wait_for()
    page.get_by_role("cell", name="Active → Unsubscribed").wait_for()
    assert state(explorer, who) == "Unsubscribed"


@pytest.mark.parametrize(
    ("button", "after"),
    [
        ("Bounces", "Bounced"),
        ("Complains of spam", "Unsubscribed"),
        ("Is deleted", "Deleted"),
        ("Bounces softly", "Active"),
    ],
)
def test_every_button_does_what_it_says(explorer: Explorer, button: str, after: str) -> None:
    """And the person can subscribe again by the next one."""
    who = first(explorer)
    page = explorer.open(f"subscriber/{explorer.newsletter}/{who}")
    page.get_by_role("button", name=button, exact=True).click()
    page.get_by_text(f"is now {after}").wait_for()
    assert state(explorer, who) == after
    page.get_by_role("button", name="Subscribes", exact=True).click()
    page.get_by_role("status").get_by_text("is now Active").wait_for()
    assert state(explorer, who) == "Active"


def test_somebody_new_joins_by_the_keyboard_alone(explorer: Explorer) -> None:
    """The focus follows to the new page, and stays on the button that was pressed; what happened is told."""
    page = explorer.open(f"lists/{explorer.newsletter}")
    page.get_by_label("Address", exact=True).focus()
    page.keyboard.type("newcomer@example.com")
    page.keyboard.press("Tab")
    page.keyboard.type("Nell Newcomer")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="newcomer@example.com").wait_for()
    assert page.evaluate("document.activeElement.textContent") == "newcomer@example.com"
    assert page.title().startswith("newcomer@example.com")
    page.get_by_role("status").get_by_text("is now Active (Nell Newcomer)").wait_for()
    page.get_by_role("button", name="Unsubscribes", exact=True).focus()
    page.keyboard.press("Space")
    page.get_by_role("cell", name="Active → Unsubscribed").wait_for()
    assert page.evaluate("document.activeElement.id") == "act-unsubscribe"


def test_a_new_address_leads_to_the_page_of_that_address(explorer: Explorer) -> None:
    """The former one is told there."""
    who = first(explorer)
    page = explorer.open(f"subscriber/{explorer.newsletter}/{who}")
    page.get_by_label("New address").fill("moved@example.com")
    page.get_by_role("button", name="Changes address").click()
    page.get_by_role("heading", name="moved@example.com").wait_for()
    page.get_by_role("cell", name=f"address was {who}").wait_for()


def test_what_cannot_be_done_is_explained(explorer: Explorer) -> None:
    """A refusal is told in the line for news, with its reason."""
    who = first(explorer, 4)  # deleted
    page = explorer.open(f"subscriber/{explorer.newsletter}/{who}")
    with page.expect_response("**/_control/act"):
        page.get_by_role("button", name="Is deleted").click()
    page.get_by_role("status").get_by_text("refused with code 203").wait_for()
    assert explorer.wrong
    explorer.wrong.clear()  # the browser notes the answer 400


def test_the_page_of_nobody_offers_to_subscribe(explorer: Explorer) -> None:
    """An address that is not on the list can join it, and do nothing else."""
    page = explorer.open(f"subscriber/{explorer.newsletter}/stranger@example.com")
    page.get_by_text("Nobody of that address").wait_for()
    assert page.locator("#room").get_by_role("button").count() == 1
    page.get_by_role("button", name="Subscribes", exact=True).click()
    page.get_by_role("cell", name="came as Active").wait_for()
    assert state(explorer, "stranger@example.com") == "Active"


def test_what_a_program_changes_is_seen_without_a_reload(explorer: Explorer) -> None:
    """The page of a subscriber and the log of requests follow; what somebody is typing stays."""
    who = first(explorer)
    page = explorer.open(f"subscriber/{explorer.newsletter}/{who}")
    with explorer.emulator.store.transaction():
        explorer.emulator.life.unsubscribe(explorer.emulator.store.lists()[0], who)
    page.get_by_role("cell", name="Active → Unsubscribed").wait_for(timeout=10_000)
    page.get_by_label("New name").fill("Half a na")
    explorer.emulator.life.delete(explorer.emulator.store.lists()[0], who)
    page.wait_for_timeout(3_500)
    assert page.get_by_label("New name").input_value() == "Half a na"


def test_confirming_is_offered_to_who_awaits_it(explorer: Explorer) -> None:
    """On a list with confirmed opt-in a newcomer can confirm, once."""
    store = explorer.emulator.store
    with store.transaction():
        store.db.execute("UPDATE lists SET confirmed_opt_in = 1 WHERE n = 1")
    page = explorer.open(f"lists/{explorer.newsletter}")
    page.get_by_label("Address", exact=True).fill("careful@example.com")
    page.get_by_role("button", name="Subscribes", exact=True).click()
    page.get_by_role("button", name="Confirms").click()
    page.get_by_role("cell", name="Unconfirmed → Active").wait_for()
    assert page.get_by_role("button", name="Confirms").count() == 0


def test_an_empty_account_says_so_everywhere(explorer: Explorer) -> None:
    """No part is blank or broken without lists, members or campaigns."""
    explorer.emulator.seed(spec("empty", "campaign_monitor"))
    page = explorer.open(PARTS[-1])
    for part in PARTS:
        page.locator(f"nav a[href='#{part}']").click()
        page.wait_for_function("document.activeElement.matches('#room h2')")
        assert page.get_by_text("cannot be shown").count() == 0, part
    page.get_by_role("link", name="Lists").click()
    page.get_by_text("None yet").wait_for()


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


def test_one_opens_and_clicks_what_one_got(explorer: Explorer) -> None:
    """The choice holds the e-mails that reached the person; what is done with one stands in the history, as in the API."""
    query = (
        "SELECT p.key FROM tracked_people p JOIN subscribers s ON s.list = p.list AND s.key = p.key"
        " WHERE p.list = 1 AND s.state = 0 AND p.key NOT IN (SELECT key FROM consents) ORDER BY p.key"
    )
    who = explorer.emulator.store.db.execute(query).fetchone()[0]
    page = explorer.open(f"subscriber/{explorer.newsletter}/{who}")
    mail = page.get_by_label("With the e-mail").locator("option").first.inner_text()
    before = page.get_by_role("cell", name="Click", exact=True).count()
    for button in ("Opens", "Clicks"):
        page.get_by_role("button", name=button, exact=True).click()
        page.get_by_role("status").get_by_text("is now Active").wait_for()
    page.get_by_role("cell", name="Click", exact=True).nth(before).wait_for()
    assert page.get_by_role("cell", name=mail.rpartition(" (")[0], exact=True).count() >= 2
    assert page.evaluate("document.activeElement.id") == "act-click"
    page.get_by_label("With the e-mail").select_option("none of them")
    page.get_by_role("button", name="Opens", exact=True).click()
    page.get_by_text("Choose the e-mail first.").wait_for()
    page.get_by_role("button", name="Complains of spam", exact=True).click()
    page.get_by_role("status").get_by_text("is now Unsubscribed").wait_for()
