"""What an admin does with options and with a full sync that starts clean, and what they see of a stage that fails."""

import json
import re
import urllib.error
import urllib.request
from typing import Any

from playwright.sync_api import Page, expect

from tests.journeys.browser import Admin
from tests.journeys.test_sync import PATIENCE, last_job, status

SHARE = "Deletions allowed unasked, share of a list"


def kept(fairlead: Admin) -> list[Any]:
    query = "SELECT value FROM store_settingrow WHERE name = 'primary_sync.sweep_share'"
    return [value for (value,) in fairlead.fairlead.rows(query)]


def options(fairlead: Admin) -> Page:
    """The page of options of the primary sync, by its link."""
    page = fairlead.page("/sync/")
    page.get_by_role("link", name="All options").click()
    expect(page.get_by_role("heading", name="Sync settings: options")).to_be_visible()
    return page


def test_an_admin_reads_the_hint_of_an_option_and_changes_it(fairlead: Admin) -> None:
    """The hint opens by the keyboard and says what the option is for; what is saved is shown, with who it was, everywhere."""
    page = options(fairlead)
    page.locator("#setting-primary_sync-sweep_share").get_by_role("button", name="Help").focus()
    expect(page.get_by_role("tooltip").filter(has_text="it stops and asks instead")).to_be_visible()
    page.get_by_label(SHARE).fill("35")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved. The next sync reads it.")).to_be_visible()
    expect(page.get_by_label(SHARE)).to_have_value("35")
    expect(page.locator("#setting-primary_sync-sweep_share")).to_contain_text("Last changed by admin")
    assert kept(fairlead) == [35]
    told = fairlead.fairlead.run("settings", "get", "primary_sync.sweep_share")["setting"]
    assert (told["value"], told["changed_by"]) == (35, "admin")


def test_an_admin_who_mistypes_keeps_what_was_typed(fairlead: Admin) -> None:
    """The error stands at the option, says what is possible, and nothing was saved."""
    fairlead.fairlead.run("settings", "set", "primary_sync.sweep_share", "20")
    page = options(fairlead)
    page.get_by_label(SHARE).fill("a fifth")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was saved yet.")
    expect(page.get_by_label(SHARE)).to_have_value("a fifth")
    expect(page.locator("#primary_sync-sweep_share-error")).to_contain_text("Give a whole number from 0 to 100.")
    assert kept(fairlead) == [20]


def test_the_second_of_two_admins_is_told(fairlead: Admin) -> None:
    """Nobody's change is overwritten unseen; who insists has it."""
    fairlead.fairlead.run("settings", "set", "primary_sync.sweep_share", "20")
    first, second = options(fairlead), options(fairlead)
    first.get_by_label(SHARE).fill("30")
    first.get_by_role("button", name="Save", exact=True).last.click()
    expect(first.get_by_text("Saved.")).to_be_visible()
    second.get_by_label(SHARE).fill("40")
    second.get_by_role("button", name="Save", exact=True).last.click()
    expect(second.get_by_text("admin changed this meanwhile: it is 30 % now.")).to_be_visible()
    expect(second.get_by_label(SHARE)).to_have_value("40")
    assert kept(fairlead) == [30]
    second.get_by_role("button", name="Save", exact=True).last.click()
    expect(second.get_by_text("Saved.")).to_be_visible()
    assert kept(fairlead) == [40]


def test_an_admin_starts_clean_and_is_asked_for_the_words_first(fairlead: Admin) -> None:
    """The page says in numbers what goes; without the words nothing starts; with them every record is there anew."""
    truth = fairlead.fairlead.truth()
    before = {member["Id"] for member in truth.members}
    jobs = last_job(fairlead)[0]
    page = fairlead.page("/sync/full/")
    page.get_by_label("Start clean: delete first, then import anew").check()
    expect(page.locator("#existing")).to_contain_text(f"{len(before):,}")
    page.get_by_role("button", name="Start the full sync").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was started")
    expect(page.get_by_label("Start clean: delete first, then import anew")).to_be_checked()
    assert last_job(fairlead)[0] == jobs
    page.get_by_label("To start clean, type").fill("Start clean")
    page.get_by_role("button", name="Start the full sync").click()
    expect(page.locator("#run")).to_contain_text("full sync, started clean")
    expect(status(page)).to_have_text("Done", timeout=PATIENCE)
    expect(page.locator("#run")).to_contain_text("Deleted at the start")
    after = fairlead.fairlead.truth()
    assert not before & {member["Id"] for member in after.members}
    assert after.contacts == truth.contacts
    fairlead.fairlead.check(after)


def test_an_admin_sees_which_stage_failed_and_what_each_cost(fairlead: Admin) -> None:
    """The failed stage shows message and next step, those that need it say why they did not run, the others are done."""
    fault = {"fault": "status", "status": 403, "times": None, "body": {"Code": 403, "Message": "Not allowed"}}
    fairlead.fairlead.fault("campaign_monitor", **fault, match={"path": "/lists.json"})
    page = fairlead.page("/sync/")
    page.get_by_role("button", name="Sync now").click()
    expect(status(page)).to_have_text("Failed", timeout=PATIENCE)
    stages = page.locator(".fl-stage")
    clients, lists, members = (
        stages.filter(has=page.locator(f"#stage-{name}")) for name in ("clients", "lists", "members")
    )
    expect(clients).to_contain_text(re.compile(r"Done|of"))
    expect(clients).to_contain_text(re.compile(r"\d s · \d+ calls? to Campaign Monitor · \d+ calls? to Salesforce"))
    expect(lists.locator(".fl-stage__note_failed")).to_contain_text("read the lists of the client")
    expect(members).to_contain_text("Not run, because “Lists” failed.")
    number = last_job(fairlead)[0]
    page.get_by_role("link", name=f"Job {number}").click()
    expect(page.locator(".fl-stage__note_failed")).to_be_visible()


def test_a_program_changes_what_page_and_command_line_show(fairlead: Admin) -> None:
    """A token of the command line opens the API; page, command line and API tell the same; revoked, it opens nothing."""
    token = fairlead.fairlead.run("token", "create", "journey")["token"]
    address = f"{fairlead.url}/api/v1/settings/primary_sync.sweep_records"

    def ask(method: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(address, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    assert ask("GET")[1]["setting"]["value"] == 500
    assert ask("PUT", {"value": 700})[1]["setting"]["changed_by"] == "token journey"
    assert fairlead.fairlead.run("settings", "get", "primary_sync.sweep_records")["setting"]["value"] == 700
    expect(options(fairlead).get_by_label("Deletions allowed unasked, number of records")).to_have_value("700")
    fairlead.fairlead.run("settings", "reset", "primary_sync.sweep_records")
    assert ask("GET")[1]["setting"]["value"] == 500
    assert [one["name"] for one in fairlead.fairlead.run("token", "list")["tokens"]] == ["journey"]
    fairlead.fairlead.run("token", "revoke", "journey")
    assert ask("GET")[0] == 401
