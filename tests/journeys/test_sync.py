"""What an admin does with the primary sync, from the page to the emulated account and org and back."""

import re
import socket
import time
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from tests.faults.installation import wait_until
from tests.journeys.browser import Admin

PAGES_TAKE: dict[str, Any] = {"fault": "delay", "times": None, "match": {"path": "/active.json"}}
PATIENCE = 20_000
"""Milliseconds that a run may take to reach the awaited state."""


def status(page: Page) -> Any:
    return page.locator("#run .fl-badge").first


def focused(page: Page) -> str:
    """The words of what has the focus."""
    return str(page.evaluate("document.activeElement.innerText || document.activeElement.tagName")).strip()


def tab_to(page: Page, words: str) -> None:
    """Press Tab until the focus is there; fails when it never is."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if focused(page) == words:
            return
    raise AssertionError(f"no way by Tab to {words}")


def last_job(fairlead: Admin) -> tuple[Any, ...]:
    return fairlead.fairlead.rows("SELECT id, state, requested_by, args FROM jobs_job ORDER BY id DESC LIMIT 1")[0]


def test_an_admin_changes_the_frequency_and_sees_the_next_run(fairlead: Admin) -> None:
    """Choosing is saving: the next run appears without another press, and is still there after a reload."""
    page = fairlead.page("/sync/")
    page.get_by_label("Import frequency").select_option("Daily")
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.locator("#next-run time")).to_have_text(re.compile(r"01:00:00 UTC$"))
    with page.expect_response(lambda answer: answer.request.method == "POST"):  # the old hour looks like the new one
        page.get_by_label("Import frequency").select_option("Hourly")
    expect(page.locator("#next-run time")).to_have_text(re.compile(r":00:00 UTC$"))
    expect(page.get_by_label("Import frequency")).to_have_value("hourly")
    page.reload()
    expect(page.get_by_label("Import frequency")).to_have_value("hourly")
    assert fairlead.fairlead.rows("SELECT frequency, changed_by FROM jobs_schedule") == [("hourly", "admin")]


def test_an_admin_starts_a_sync_and_watches_it_to_the_end(fairlead: Admin) -> None:
    """The page follows the run by itself: it goes on, is done, shows numbers, and then stops asking."""
    fairlead.fairlead.fault("campaign_monitor", **PAGES_TAKE, seconds=1.5)
    page = fairlead.page("/sync/")
    page.get_by_role("button", name="Sync now").click()
    expect(status(page)).to_have_text("Running", timeout=PATIENCE)
    expect(page.locator("progress.fl-bar_running")).to_be_visible()
    expect(status(page)).to_have_text("Done", timeout=PATIENCE)
    expect(page.locator(".fl-numbers")).to_contain_text("Subscribers read")
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2_500)
    assert asked == []
    number, state, by, _ = last_job(fairlead)
    assert (state, by) == ("done", "admin")
    expect(page.get_by_role("link", name=f"Job {number}")).to_be_visible()
    fairlead.fairlead.check()


def test_an_admin_is_asked_before_a_full_sync_and_then_sees_it(fairlead: Admin) -> None:
    """The question stands in numbers; only its answer asks for the job, and the job is a full one."""
    before = last_job(fairlead)
    page = fairlead.page("/sync/")
    page.get_by_text("More actions").click()
    page.get_by_role("link", name="Full Campaign Monitor sync").click()
    expect(page.get_by_text(re.compile(r"About [\d,]+ subscribers were read"))).to_be_visible()
    assert last_job(fairlead) == before
    page.get_by_role("button", name="Start the full sync").click()
    expect(page.locator("#run")).to_contain_text("full sync")
    expect(status(page)).to_have_text("Done", timeout=PATIENCE)
    assert last_job(fairlead)[1:] == ("done", "admin", {"full": True})
    fairlead.fairlead.check()


def test_an_admin_turns_the_sync_off(fairlead: Admin) -> None:
    """Nothing is scheduled afterwards, the page says so, and says how to turn it on again."""
    page = fairlead.page("/sync/")
    with page.expect_response(lambda answer: answer.request.method == "POST"):  # the old hour looks like the new one
        page.get_by_label("Import frequency").select_option("Hourly")
    expect(page.locator("#next-run time")).to_be_visible()
    page.get_by_text("More actions").click()
    page.get_by_role("button", name="Turn off sync").click()
    expect(page.get_by_text("The primary sync is turned off.")).to_be_visible()
    expect(page.locator("#next-run")).to_have_text("Not scheduled")
    expect(page.get_by_label("Import frequency")).to_have_value("never")
    assert fairlead.fairlead.rows("SELECT frequency, next_run_at FROM jobs_schedule") == [("never", None)]


def test_an_admin_finds_out_why_a_row_was_refused(fairlead: Admin) -> None:
    """From the list of jobs in one press: how many rows, which code, why, and what to do; and nobody's address."""
    fairlead.fairlead.sync("--full")
    page = fairlead.page("/")
    page.get_by_role("link", name="Jobs", exact=True).click()
    page.get_by_role("region", name="List of jobs").get_by_role("link").first.click()
    row = page.get_by_role("region", name="Refused rows").get_by_role("row").nth(1)
    expect(row).to_contain_text("STRING_TOO_LONG")
    expect(row).to_contain_text("Shorten the value")
    expect(row).to_contain_text("max length=80")
    expect(row.locator(".fl-number")).to_have_text(
        re.compile(r"^[1-9]\d*$")
    )  # the member, and events of the same address
    assert "@" not in page.locator("main").inner_text()


def test_an_admin_cancels_a_run(fairlead: Admin) -> None:
    """The run ends as cancelled without a reload; what is synced next is complete."""
    fairlead.fairlead.fault("campaign_monitor", **PAGES_TAKE, seconds=2)
    page = fairlead.page("/sync/")
    page.get_by_role("button", name="Sync now").click()
    expect(status(page)).to_have_text("Running", timeout=PATIENCE)
    page.get_by_role("button", name="Cancel").click()
    expect(status(page)).to_have_text("Cancelled", timeout=PATIENCE)
    assert last_job(fairlead)[1] == "cancelled"
    fairlead.fairlead.clear_faults()
    page.get_by_role("link", name=re.compile(r"^Job \d+$")).click()
    page.get_by_role("button", name="Retry").click()
    expect(status(page)).to_have_text("Done", timeout=PATIENCE)
    fairlead.fairlead.check()


def test_an_admin_without_a_mouse_starts_a_sync_and_cancels_it(fairlead: Admin) -> None:
    """Tab reaches everything in sight of a focus ring; Enter acts; the focus stays while the page follows the run."""
    fairlead.fairlead.fault("campaign_monitor", **PAGES_TAKE, seconds=12)
    page = fairlead.page("/sync/")
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    tab_to(page, "Sync now")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(status(page)).to_have_text("Running", timeout=PATIENCE)
    tab_to(page, "Cancel")
    page.wait_for_timeout(2_500)
    assert focused(page) == "Cancel"
    # a key that falls into the very moment of a swap is lost: a person presses again
    for _ in range(3):
        if focused(page) == "Cancel":
            page.keyboard.press("Enter")
        page.wait_for_timeout(1_000)
    expect(status(page)).to_have_text("Cancelled", timeout=PATIENCE)


def test_an_admin_whose_session_ends_while_watching_is_shown_the_sign_in(fairlead: Admin) -> None:
    """The page loads anew as the sign-in, not with the form inside it; after the sign-in the same page is back."""
    fairlead.fairlead.fault("campaign_monitor", **PAGES_TAKE, seconds=4)
    page = fairlead.stranger(str(fairlead.fairlead.run("sign-in", "--username", "visitor")["link"]))
    page.get_by_role("button", name="Sign in").click()
    page.goto("/account/")
    page.get_by_label("New password", exact=True).fill("correct-horse-battery-staple")
    page.get_by_label("New password confirmation").fill("correct-horse-battery-staple")
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_text("The password is set.")).to_be_visible()
    page.goto("/sync/")
    page.get_by_role("button", name="Sync now").click()
    expect(status(page)).to_have_text("Running", timeout=PATIENCE)
    page.context.clear_cookies()
    page.wait_for_url("**/sign-in/?next=/sync/")
    expect(page.get_by_role("navigation", name="Main")).to_have_count(0)
    page.get_by_label("User name").fill("visitor")
    page.get_by_label("Password").fill("correct-horse-battery-staple")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/sync/")
    expect(page.get_by_role("heading", name="Sync settings")).to_be_visible()


def test_two_windows_press_at_once_and_one_more_job_waits(fairlead: Admin) -> None:
    """Pressing Sync now while one runs asks for one further run, however often and wherever it is pressed."""
    fairlead.fairlead.fault("campaign_monitor", **PAGES_TAKE, seconds=12)
    began = last_job(fairlead)[0]
    first, second = fairlead.page("/sync/"), fairlead.page("/sync/")
    first.get_by_role("button", name="Sync now").click()
    wait_until(lambda: last_job(fairlead)[1] == "running")
    for page in (second, first, second):
        page.get_by_role("button", name="Sync now").click()
        page.wait_for_load_state()
    assert fairlead.fairlead.rows(f"SELECT state FROM jobs_job WHERE id = {began + 1}") == [("running",)]
    time.sleep(0.2)
    assert last_job(fairlead)[0] == began + 2


def test_pages_that_are_opened_and_left_keep_no_connection_of_the_database(fairlead: Admin) -> None:
    """Opened to the end or left in the middle: however many pages are asked for, the server's connections do not run out."""
    cookie = "; ".join(f"{each['name']}={each['value']}" for each in fairlead.signed_in.cookies())
    where = urlsplit(fairlead.url)
    words = f"GET /sync/ HTTP/1.1\r\nHost: {where.netloc}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n".encode()

    def connections() -> int:
        return int(fairlead.fairlead.rows("SELECT count(*) FROM pg_stat_activity WHERE datname IS NOT NULL")[0][0])

    before = connections()
    for number in range(40):
        with socket.create_connection((str(where.hostname), where.port or 80)) as browser:
            browser.sendall(words)
            if number % 2:
                assert browser.recv(12) == b"HTTP/1.1 200"
            else:
                time.sleep(0.004 * (number % 8))
    wait_until(lambda: connections() <= before + 2, 20)
