"""An admin who wants a field of a list to follow, or to be followed by, a field of contacts."""

from playwright.sync_api import Page, expect

from tests.faults.installation import wait_until
from tests.journeys.browser import Admin


def member(fairlead: Admin) -> tuple[str, str, str]:
    """List id, address and contact of somebody who is active and linked."""
    rows = fairlead.fairlead.truth().members
    one = next(row for row in rows if row["Contact__c"] and row["State__c"] == "Active")
    return (*str(one["Member_Key__c"]).split(":", 1), str(one["Contact__c"]))  # type: ignore[return-value]


def title(fairlead: Admin, contact: str) -> str:
    """The title that the contact has in Salesforce."""
    rows = fairlead.fairlead.emulators.get("salesforce", "/_control/records?object=Contact")
    return str(next(row["Title"] or "" for row in rows if row["Id"] == contact))


def mapped(fairlead: Admin, list_id: str) -> Page:
    """The page of a list's lines, with one line filled in."""
    page = fairlead.page(f"/mappings/{list_id}/")
    page.get_by_label("Salesforce field of line 1").fill("Title")
    page.get_by_label("Field of the list of line 1", exact=True).fill("Name")
    page.get_by_label("Direction of line 1").select_option("Campaign Monitor → Salesforce")
    page.get_by_label("On conflict in line 1").select_option("Campaign Monitor wins")
    return page


def test_an_admin_maps_a_field_looks_first_and_sees_it_arrive(fairlead: Admin) -> None:
    """Filled in, previewed on one record, saved; the next sync writes it, the log tells of it, and undoing takes it back."""
    fairlead.fairlead.sync("--full")
    list_id, address, contact = member(fairlead)
    before = title(fairlead, contact)
    page = mapped(fairlead, list_id)
    page.get_by_label("of the record with the Id").fill(contact)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("region", name="What it would write").first).to_contain_text(address)
    assert title(fairlead, contact) == before
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text("Saved. It counts for every contact")).to_be_visible()
    change = {"list": list_id, "email": address, "do": "change_name", "name": "Grace Hopper"}
    fairlead.fairlead.emulators.post("campaign_monitor", "/_control/act", change)
    fairlead.fairlead.sync("--full")
    assert title(fairlead, contact) == "Grace Hopper"
    page = fairlead.page("/mappings/changes/")
    expect(page.get_by_role("region", name="Runs").first).to_be_visible()
    page.get_by_role("link", name="Undo").first.click()
    page.get_by_role("button", name="Undo this run").click()
    expect(page.get_by_role("status")).to_contain_text("×")


def test_an_edit_in_salesforce_reaches_the_list_within_seconds(fairlead: Admin) -> None:
    """A line to Campaign Monitor is saved on the page; somebody edits the contact, and nobody has to ask for a run."""
    list_id, address, contact = member(fairlead)
    page = mapped(fairlead, list_id)
    page.get_by_label("Direction of line 1").select_option("Salesforce → Campaign Monitor")
    page.get_by_label("On conflict in line 1").select_option("Salesforce wins")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text("Saved. It counts for every contact")).to_be_visible()
    fairlead.fairlead.looks_at_changes()
    act = {"act": "edit", "object": "Contact", "id": contact, "fields": {"Title": "Admiral Hopper"}}
    fairlead.fairlead.emulators.post("salesforce", "/_control/act", act)

    def name() -> str:
        people = fairlead.fairlead.emulators.get("campaign_monitor", "/_control/subscribers")
        return next(str(one["name"]) for one in people if (one["list"], one["email"].lower()) == (list_id, address))

    wait_until(lambda: name() == "Admiral Hopper", 60)
    page = fairlead.page("/changes/")
    expect(page.get_by_role("heading", name="Changes in Salesforce")).to_be_visible()
    page.goto(f"/mappings/{list_id}/")
    page.get_by_label("Remove line 1").check()
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text("Saved. It counts for every contact")).to_be_visible()


def test_an_admin_who_names_a_field_that_is_not_there_keeps_what_was_typed(fairlead: Admin) -> None:
    """The answer names the field; the line stands as it was typed, and a line can be taken out again by the keyboard."""
    list_id, _, _ = member(fairlead)
    page = mapped(fairlead, list_id)
    page.get_by_label("Salesforce field of line 1").fill("Nowhere__c")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_role("alert")).to_contain_text("Contact has no field Nowhere__c")
    expect(page.get_by_label("Salesforce field of line 1")).to_have_value("Nowhere__c")
    page.get_by_label("Remove line 1").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_role("alert")).to_have_count(0)
