"""An admin who is asked: why is this person missing?"""

import json

from playwright.sync_api import expect

from tests.journeys.conftest import Admin
from tests.journeys.test_sync import tab_to


def somebody(fairlead: Admin) -> str:
    """An address of the synced account."""
    return str(next(row["Email__c"] for row in fairlead.fairlead.truth().members if row["Contact__c"]))


def test_an_admin_finds_out_why_somebody_is_there_without_a_mouse(fairlead: Admin) -> None:
    """Typed, Enter, and the answer names list, record and reason; the address is in no link of the web."""
    fairlead.fairlead.sync("--full")
    address = somebody(fairlead)
    page = fairlead.page("/people/")
    expect(page.get_by_text("Nobody was asked for yet.")).to_be_visible()
    page.get_by_label("E-mail address or record id").fill(address)
    page.keyboard.press("Enter")
    row = page.get_by_role("region", name=f"Lists of {address}").get_by_role("row").nth(1)
    expect(row).to_contain_text("Is there")
    expect(row).to_contain_text("Linked to the contact")
    assert page.url.endswith("/people/")
    tab_to(page, "Find")
    page.get_by_role("region", name="Records with the address").get_by_role("link").first.click()
    expect(page.get_by_role("region", name=f"Lists of {address}")).to_be_visible()
    assert "@" not in page.url


def test_an_admin_asks_for_nobody_and_by_mistake(fairlead: Admin) -> None:
    """Nobody: what to try next. A name: what can be asked for, and what was typed is still there."""
    page = fairlead.page("/people/")
    field = page.get_by_label("E-mail address or record id")
    field.fill("nobody.at.all@example.com")
    page.get_by_role("button", name="Find", exact=True).click()
    expect(page.get_by_text("Neither side knows this address.")).to_be_visible()
    field.fill("Jane")
    page.get_by_role("button", name="Find", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("FL-412")
    expect(field).to_have_value("Jane")


def test_the_command_says_the_same(fairlead: Admin) -> None:
    """As JSON with exit code 0; 1 for nobody."""
    fairlead.fairlead.sync("--full")
    address = somebody(fairlead)
    told = fairlead.fairlead.run("explain", address)
    assert told["people"][0]["verdicts"][0]["reason"] == "there"
    assert told["people"][0]["matched"]["contact"]["id"]
    nobody = fairlead.fairlead.run("explain", "nobody.at.all@example.com", code=1)
    assert (nobody["ok"], nobody["people"][0]["found"]) == (False, False)
    assert "Traceback" not in json.dumps(nobody)
