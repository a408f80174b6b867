"""Somebody manages a person's lists from the record in Salesforce: button, sign-in, add, unsubscribe from all."""

from collections import Counter

from playwright.sync_api import expect

from tests.faults.test_connections import records
from tests.journeys.conftest import Admin
from tests.journeys.test_accessibility import PHONE, grave
from tests.journeys.test_connections import keep_screenshot

CM, SF = "campaign_monitor", "salesforce"
CUSTOMERS = "Customers (Small & Co)"


def on_newsletter_alone(fairlead: Admin) -> tuple[str, str]:
    """Id and address of a contact who is active on the newsletter, and on no other list; nobody else has the address."""
    members, contacts = fairlead.fairlead.truth().members, records(fairlead.fairlead, "Contact")
    on = Counter(str(row["Email__c"]).lower() for row in members)
    has = Counter(str(row["Email"]).lower() for row in contacts)
    own = {row["Id"]: str(row["Email"]).lower() for row in contacts}
    return next(
        (str(row["Contact__c"]), email)
        for row in members
        if row["State__c"] == "Active"
        and (email := str(row["Email__c"]).lower()) == own.get(row["Contact__c"])
        and on[email] == has[email] == 1
    )


def test_lists_are_managed_from_the_record_in_salesforce(fairlead: Admin) -> None:
    """The button of the record's layout leads to the person, through Salesforce's own sign-in; the account shows what was done."""
    fairlead.fairlead.run("salesforce", "layouts", "apply")
    fairlead.fairlead.sync("--full")
    contact, address = on_newsletter_alone(fairlead)
    assert fairlead.fairlead.emulators is not None
    line = fairlead.fairlead.emulators.line
    context = fairlead.browser.new_context()
    record = fairlead.watched(context, f"{line[SF]['url']}/_explorer/r/{contact}")
    with context.expect_page() as opened:
        record.get_by_role("link", name="Email Activity").click()
    page = opened.value
    page.set_default_timeout(15_000)
    page.get_by_role("link", name="Sign in through Salesforce").click()
    page.goto(f"{page.url}&login_hint=admin%40fairlead.example.com")
    page.get_by_role("button", name="Allow").click()

    expect(page.get_by_role("heading", name=address, exact=False)).to_be_visible()
    assert "@" not in page.url
    expect(page.get_by_role("region", name="Memberships")).to_contain_text("Newsletter")
    expect(page.get_by_role("heading", name="Email activity")).to_be_visible()
    expect(page.get_by_text("Open rate").or_(page.get_by_text("No e-mail went to this address."))).to_be_visible()
    expect(page.get_by_role("region", name=f"Lists of {address}")).to_contain_text("Is there")
    assert grave(page) == []
    keep_screenshot(page, "person")
    page.set_viewport_size(PHONE)
    assert grave(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.set_viewport_size({"width": 1200, "height": 900})

    page.get_by_label("Add to lists").select_option(label=CUSTOMERS)
    page.get_by_role("button", name="Add to chosen lists").click()
    expect(page.get_by_role("region", name="Lists and what will happen")).to_contain_text("Will be added.")
    assert grave(page) == []
    keep_screenshot(page, "person-add")
    page.get_by_role("button", name="Add to lists").click()
    expect(page.get_by_role("region", name="Lists and what was done")).to_contain_text("Done")
    page.get_by_role("link", name="Back to the person").click()
    expect(page.get_by_role("region", name="Memberships")).to_contain_text("Customers")

    page.get_by_role("button", name="Unsubscribe from all lists").click()
    expect(page.get_by_role("region", name="Lists and what will happen").get_by_role("row")).to_have_count(3)
    page.get_by_role("button", name="Unsubscribe from all lists").click()
    expect(page.get_by_role("region", name="Lists and what was done")).to_contain_text("Done")
    assert grave(page) == []
    page.get_by_role("link", name="Back to the person").click()
    table = page.get_by_role("region", name="Memberships")
    expect(table.get_by_role("cell", name="Unsubscribed")).to_have_count(2)
    page.get_by_label("Add to lists").select_option(label=CUSTOMERS)
    page.get_by_role("button", name="Add to chosen lists").click()
    expect(page.get_by_role("region", name="Lists and what will happen")).to_contain_text("FL-620")
    expect(page.get_by_role("button", name="Add to lists")).to_have_count(0)

    lists = next(fairlead.fairlead.emulators.get(CM, "/_control/state"))["clients"][0]["lists"]
    customers = next(one["id"] for one in lists if one["title"] == "Customers")
    account = fairlead.watched(context, f"{line[CM]['url']}/#subscriber/{customers}/{address}")
    expect(account.get_by_text("Unsubscribed").first).to_be_visible()
    context.close()
