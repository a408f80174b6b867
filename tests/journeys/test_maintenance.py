"""What an admin does when something went wrong: reads the message, puts it right, and sees that it is over."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.faults.installation import wait_until
from tests.journeys.browser import Admin, keep_screenshot
from tests.journeys.every_page import KEY_REVOKED
from tests.journeys.test_accessibility import grave


def bells(fairlead: Admin) -> list[dict[str, Any]]:
    """What the emulated org shows under the bell."""
    emulators = fairlead.fairlead.emulators
    assert emulators is not None
    return list(next(emulators.get("salesforce", "/_control/notifications")))


def settled(fairlead: Admin) -> None:
    """Nothing is due any more."""
    for name in ("bell", "notify_of"):
        fairlead.fairlead.run("settings", "reset", f"maintenance.{name}")


def test_an_admin_fixes_a_failed_sync_from_its_message(fairlead: Admin) -> None:
    """The bell rings; the message says what to do and where; connected again and retried, it resolves itself."""
    page = fairlead.page("/maintenance/notifications/")
    page.get_by_label("Warnings").uncheck()  # one row of this account is refused: no news here
    page.get_by_label("Bell in Salesforce").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved. Send a test")).to_be_visible()
    page.get_by_role("button", name="Bell in Salesforce").click()
    expect(page.get_by_text("Bell in Salesforce: a test was sent.")).to_be_visible()
    keep_screenshot(page, "notifications")
    assert "This is a test" in bells(fairlead)[-1]["body"]

    fairlead.fairlead.fault("campaign_monitor", **KEY_REVOKED)
    fairlead.fairlead.sync(code=1)
    wait_until(lambda: bells(fairlead) and "FL-211" in bells(fairlead)[-1]["body"], 30)
    assert "/maintenance/" in bells(fairlead)[-1]["targetPageRef"]

    page.goto("/maintenance/")
    keep_screenshot(page, "messages")
    page.get_by_role("row", name=re.compile("FL-211")).get_by_role("link", name=re.compile("Campaign Monitor")).click()
    expect(page.get_by_role("heading", name=re.compile("no longer lets Fairlead in"))).to_be_visible()
    assert grave(page) == []
    keep_screenshot(page, "message")
    message = page.url
    page.get_by_role("link", name="Go to Connections").click()
    fairlead.fairlead.clear_faults()  # the new key works
    page.get_by_role("link", name="Reconnect …", exact=True).click()
    emulators = fairlead.fairlead.emulators
    assert emulators is not None
    page.get_by_label("API key").fill(emulators.line["campaign_monitor"]["api_key"])
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_role("heading", name="Connections")).to_be_visible()

    page.goto(message)
    page.get_by_role("button", name="Retry").click()
    expect(page.locator("#run .slds-badge").first).to_have_text("Done", timeout=60_000)
    page.goto(message)
    expect(page.locator("dd", has_text="without a problem")).to_be_visible()
    keep_screenshot(page, "message-resolved")
    page.goto("/maintenance/?code=FL-211")
    expect(page.get_by_text("No message fits.")).to_be_visible()
    settled(fairlead)


def test_an_admin_adds_what_layouts_lack_and_takes_it_away(fairlead: Admin) -> None:
    """The page reads the layouts live; a preview says what would change; a job changes it; then nothing is missing."""
    page = fairlead.page("/maintenance/layouts/")
    page.get_by_role("region", name="Page layouts").wait_for()
    keep_screenshot(page, "layouts")
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Remove what is ours").click()
    change(page, "Remove")
    page.goto("/maintenance/layouts/")
    page.get_by_role("region", name="Page layouts").wait_for()
    assert page.get_by_text("Everything", exact=True).count() == 0
    page.get_by_role("button", name="Add what is missing").click()
    expect(page.get_by_role("region", name="Changes")).to_contain_text("related list CM_Member__c.Contact__c")
    assert grave(page) == []
    keep_screenshot(page, "layouts-preview")
    change(page, "Add")
    page.goto("/maintenance/layouts/")
    page.get_by_role("region", name="Page layouts").wait_for()
    assert page.get_by_text("Everything", exact=True).count() == page.get_by_role("checkbox").count() > 2


def change(page: Page, button: str) -> None:
    """Confirm the preview, where there is anything to change, and wait for the job."""
    nothing = page.get_by_text("Nothing would change.")
    expect(nothing.or_(page.get_by_role("button", name=button, exact=True)).first).to_be_visible()
    if nothing.count():
        return
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.locator("#run .slds-badge").first).to_have_text("Done", timeout=60_000)


@pytest.mark.slow
def test_commands_tell_the_same_as_pages(fairlead: Admin) -> None:
    """List, show, resolve, retry; the audit says who did it."""
    run = fairlead.fairlead.run
    fairlead.fairlead.fault("campaign_monitor", **KEY_REVOKED)
    fairlead.fairlead.sync(code=1)
    fairlead.fairlead.clear_faults()
    listed = run("messages", "list", "--code", "FL-211")["messages"]
    number = str(listed[0]["number"])
    assert run("messages", "show", number)["message"]["next_step"].startswith("Connect Campaign Monitor again")
    job = run("messages", "retry", number)["job"]
    wait_until(lambda: run("jobs", "show", str(job))["job"]["state"] == "done", 60)
    assert run("messages", "show", number)["message"]["state"] == "resolved"
    assert run("messages", "resolve", number)["message"]["resolved_by"] == "Fairlead"
    assert run("messages", "show", "999999", code=1)["error"]["code"] == "FL-268"
    run("settings", "set", "maintenance.message_days", "30")
    assert run("audit", "--find", "message_days")["entries"][0]["after"] == 30
    run("settings", "reset", "maintenance.message_days")
    run("notifications", "set", "sender", "fairlead@example.com")
    assert run("notifications", "show")["kept"]["sender"]
    assert run("notifications", "test", "mail", code=1)["error"]["code"] == "FL-264"
    run("notifications", "set", "sender", "-")
