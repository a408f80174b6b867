"""An admin who wants contacts on a list by what stands in Salesforce: build a rule, look, run it over the past."""

from playwright.sync_api import Page, expect

from tests.faults.installation import wait_until
from tests.journeys.browser import Admin


def fill_row(page: Page, number: int, field: str, operator: str, value: str) -> None:
    page.get_by_label(f"Field of row {number}", exact=True).fill(field)
    page.get_by_label(f"Operator of row {number}", exact=True).select_option(label=operator)
    page.get_by_label(f"Value of row {number}", exact=True).fill(value)


def contact(fairlead: Admin, name: str, department: str) -> str:
    """A contact in the org."""
    assert fairlead.fairlead.emulators is not None
    fields = {"LastName": name, "Email": f"{name.lower()}@journey.example.com", "Department": department}
    act = {"act": "create", "object": "Contact", "fields": fields}
    return str(fairlead.fairlead.emulators.post("salesforce", "/_control/act", act)["id"])


def subscribers(fairlead: Admin) -> set[str]:
    """Addresses of everybody on any list."""
    assert fairlead.fairlead.emulators is not None
    return {one["email"] for one in fairlead.fairlead.emulators.get("campaign_monitor", "/_control/subscribers")}


def test_an_admin_builds_a_rule_looks_and_runs_it_over_the_past(fairlead: Admin) -> None:
    """Rows by buttons, a mistake told beside its row, the preview in numbers, the confirmation, the job, and who was added.

    From then on a new contact that the rule is true of is on the list within seconds.
    """
    fairlead.fairlead.sync()
    for name in ("Journeyone", "Journeytwo"):
        contact(fairlead, name, "Expedition")
    page = fairlead.page("/rules/")
    page.get_by_role("link", name="New rule").click()
    page.get_by_label("Name", exact=True).fill("Expedition")
    fill_row(page, 1, "Department", "equals", "Expedition")
    page.get_by_role("button", name="Add a row").click()
    expect(page.get_by_label("Field of row 2", exact=True)).to_be_visible()
    expect(page.get_by_label("Value of row 1", exact=True)).to_have_value("Expedition")
    fill_row(page, 2, "Birthdate", "less", "yesterday evening")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("Nothing was saved yet:")).to_be_visible()
    expect(page.locator("#wrong-2")).to_contain_text("Birthdate takes a date as 2026-01-31")
    page.get_by_role("button", name="Drop row 2").click()
    expect(page.get_by_label("Field of row 2", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("The rule “Expedition” is saved.")).to_be_visible()

    page.get_by_role("link", name="Preview Expedition").click()
    expect(page.get_by_role("region", name="People")).to_contain_text("journeyone@journey.example.com")
    page.get_by_label("Yes, add 2 subscribers to").check()
    page.get_by_role("button", name="Run it").click()
    expect(page.get_by_text("Subscriber rule over the past").first).to_be_visible()
    expect(page.get_by_text("Done", exact=True).first).to_be_visible(timeout=60_000)

    (rule,) = [one for one in fairlead.fairlead.run("rules", "list")["rules"] if one["name"] == "Expedition"]
    assert rule["fired"] == 2
    assert fairlead.fairlead.run("rules", "preview", str(rule["id"]))["changes"] == 0

    fairlead.fairlead.looks_at_changes()
    contact(fairlead, "Journeythree", "Expedition")
    wait_until(lambda: "journeythree@journey.example.com" in subscribers(fairlead), 60)

    page.goto(page.url.split("/jobs/")[0] + "/rules/")
    page.get_by_role("link", name="Delete Expedition").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("The rule “Expedition” is deleted.")).to_be_visible()
