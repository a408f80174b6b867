"""The pages of the local org: a person finds, changes, converts, merges and assigns; on every screen, for everybody."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Locator, Page, Playwright, expect

from fairlead_emulators.clock import Clock
from fairlead_emulators.salesforce.app import SalesforceOrgEmulator, create
from fairlead_emulators.server import serving
from tests.journeys.browser import ARGUMENTS, chromium
from tests.journeys.test_accessibility import PHONE, WIDE, grave
from tests.unit.emulators.salesforce.conftest import SCHEMA, zipped

PEOPLE = {"seed": 1, "contacts": [{"first": 0, "count": 24}], "leads": [{"first": 100, "count": 12}]}
ADMIN = "0055e0000000001AAA"
PAGES = {
    "home": "/",
    "search": "/_explorer/search?everywhere=an",
    "nothing found": "/_explorer/search?everywhere=nobody-is-called-that",
    "contacts": "/_explorer/o/Contact",
    "empty list": "/_explorer/o/Account",
    "contact": "/_explorer/r/{contact}",
    "edit": "/_explorer/r/{contact}/edit",
    "delete": "/_explorer/r/{contact}/delete",
    "new": "/_explorer/o/Child__c/new",
    "convert": "/_explorer/r/{lead}/convert",
    "merge": "/_explorer/o/Contact/merge?ids={contact}&q=a",
    "compare": "/_explorer/o/Contact/merge?step=compare&ids={contact}&ids={other}",
    "bin": "/_explorer/bin",
    "setup": "/_explorer/setup",
    "metadata": "/_explorer/setup/metadata",
    "object": "/_explorer/setup/objects/Child__c",
    "field": "/_explorer/setup/objects/Child__c/fields/Note__c",
    "permission set": "/_explorer/setup/permissions/{set}",
    "users": "/_explorer/setup/users",
    "user": f"/_explorer/setup/users/{ADMIN}",
    "settings": "/_explorer/setup/settings",
    "faults": "/_explorer/setup/faults",
    "clock": "/_explorer/setup/clock",
    "apps": "/_explorer/setup/apps",
    "usage": "/_explorer/usage",
    "jobs": "/_explorer/usage/jobs",
    "events": "/_explorer/usage/events",
    "notifications": "/_explorer/usage/notifications",
    "requests": "/_explorer/usage/requests",
}


@dataclass
class Org:
    """The org, and a browser to look at it. `wrong` fills with what the browser complains of."""

    emulator: SalesforceOrgEmulator
    url: str
    browser: Browser
    wrong: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)

    def open(self, path: str, **options: Any) -> Page:
        """A page in a browser of its own. An answer of 400 and more is wrong, unless it is `expected`."""
        page = self.browser.new_context(base_url=self.url, **{"viewport": WIDE, **options}).new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda said: self._said(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.goto(path)
        return page

    def _said(self, text: str) -> None:
        if not any(f"status of {status}" in text for status in self.expected):
            self.wrong.append(text)

    def first(self, sobject: str, where: str = "1") -> str:
        """The id of a record."""
        with self.emulator.org.storage.lock:
            query = f"SELECT Id FROM {sobject} WHERE IsDeleted = 0 AND {where} ORDER BY Id LIMIT 1"
            return str(self.emulator.org.storage.connection.execute(query).fetchone()[0])

    def value(self, record_id: str, name: str) -> Any:
        """What the org keeps in a field."""
        sobject = self.emulator.org.storage.schema.by_prefix(record_id)
        assert sobject is not None
        with self.emulator.org.storage.lock:
            query = f"SELECT {name} FROM {sobject.name} WHERE Id = ?"
            return self.emulator.org.storage.connection.execute(query, (record_id,)).fetchone()[0]

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> Any:
        """What a program asks for."""
        headers = {"Authorization": f"Bearer {self.emulator.sessions.first}", "Content-Type": kind}
        with urlopen(Request(self.url + path, body or None, headers, method=method), timeout=30) as answer:
            return json.loads(answer.read())

    def deploy(self) -> None:
        """Two objects and a permission set, by a deployment as a client makes it."""
        name = "/services/data/v60.0/metadata/deployRequest"
        head = 'Content-Disposition: form-data; name="{}"{}\r\nContent-Type: {}\r\n\r\n'
        options = json.dumps({"deployOptions": {"rollbackOnError": True}}).encode()
        parts = [
            head.format("json", "", "application/json").encode() + options,
            head.format("file", '; filename="p.zip"', "application/zip").encode() + zipped(SCHEMA),
        ]
        body = b"--part\r\n" + b"\r\n--part\r\n".join(parts) + b"\r\n--part--\r\n"
        found = self.ask("POST", name, body, "multipart/form-data; boundary=part")
        until = time.monotonic() + 30
        while not (done := self.ask("GET", f"{name}/{found['id']}")["deployResult"])["done"]:
            assert time.monotonic() < until
            time.sleep(0.02)
        assert done["success"], done

    def path(self, name: str) -> str:
        """The address of a page of PAGES."""
        contact = self.first("Contact", "Email IS NOT NULL")
        return PAGES[name].format(
            contact=contact,
            other=self.first("Contact", f"Id > '{contact}'"),
            lead=self.first("Lead", "IsConverted = 0"),
            set=self.first("PermissionSet"),
        )


@pytest.fixture(scope="module")
def running(playwright: Playwright) -> Iterator[Org]:
    emulator = create(Clock())
    with serving(emulator.app) as url:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield Org(emulator, url, browser)
        browser.close()
    emulator.close()


@pytest.fixture
def org(running: Org) -> Iterator[Org]:
    """A fresh org with people and a deployed package. At the end the browser must have had nothing to complain of."""
    running.emulator.seed(PEOPLE)
    running.deploy()
    running.wrong.clear()
    running.expected.clear()
    yield running
    for context in running.browser.contexts:
        context.close()
    assert running.wrong == []


def said(page: Page) -> Locator:
    """What the page says was just done."""
    return page.get_by_role("status")


def test_nothing_grave_stands_in_anybodys_way(org: Org) -> None:
    """axe-core finds nothing serious or critical on any page, and each has one heading of the first rank."""
    page = org.open("/")
    for name in PAGES:
        page.goto(org.path(name))
        assert grave(page) == [], name
        assert page.get_by_role("heading", level=1).count() == 1


def test_the_dark_is_as_readable(org: Org) -> None:
    """The pages that hold every kind of part: nothing grave in dark colours."""
    page = org.open("/", color_scheme="dark")
    for name in ("home", "contact", "edit", "compare", "faults", "usage", "events"):
        page.goto(org.path(name))
        assert grave(page) == [], name


def test_a_phone_scrolls_down_only(org: Org) -> None:
    """Wide tables scroll inside themselves, on every page."""
    page = org.open("/", viewport=PHONE)
    for name in PAGES:
        page.goto(org.path(name))
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], name
    assert grave(page) == []


def test_larger_letters_lose_nothing_to_the_side(org: Org) -> None:
    """Twice the size of letters on a small screen."""
    page = org.open(org.path("contact"), viewport={"width": 640, "height": 800})
    page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
    assert page.evaluate("document.documentElement.scrollWidth") <= 640


def test_the_keyboard_finds_the_page_first(org: Org) -> None:
    """The first press of Tab offers to skip what is on every page."""
    page = org.open("/_explorer/o/Contact")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_one_finds_a_contact_and_opts_it_out(org: Org) -> None:
    """From the search to the contact; its opt-out is seen at once, in the org, and among the events."""
    org.emulator.org.settings["tracked_fields"] = {"Contact": ["HasOptedOutOfEmail"]}
    who = org.first("Contact", "Email IS NOT NULL")
    email = org.value(who, "Email")
    page = org.open("/")
    page.get_by_label("Search all records").fill(email)
    page.keyboard.press("Enter")
    page.get_by_role("region", name="Contacts").get_by_role("link", name=org.value(who, "Name"), exact=True).click()
    page.get_by_role("button", name="Opt out of e-mail").click()
    expect(said(page)).to_contain_text("has opted out of e-mail")
    expect(said(page)).to_be_focused()
    assert org.value(who, "HasOptedOutOfEmail") == 1
    expect(page.get_by_role("row", name="Email Opt Out false true Ada Admin")).to_be_visible()
    page.get_by_role("link", name="API usage").click()
    page.get_by_role("link", name="Events").click()
    row = page.get_by_role("row", name=re.compile("ContactChangeEvent.*UPDATE"))
    row.get_by_text("fields").click()
    expect(row).to_contain_text("HasOptedOutOfEmail")


def test_a_bad_address_is_told_beside_its_field(org: Org) -> None:
    """The refusal stands at the field, everything typed is kept, and what is corrected is saved."""
    who = org.first("Contact", "Email IS NOT NULL")
    page = org.open(f"/_explorer/r/{who}")
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Title").fill("Chair")
    page.get_by_label("Email", exact=True).fill("nobody at example.com")
    org.expected.add(422)
    page.get_by_role("button", name="Save").click()
    field = page.get_by_label("Email", exact=True)
    expect(field).to_have_value("nobody at example.com")
    expect(field).to_have_accessible_description(re.compile("invalid email address"))
    expect(page.get_by_label("Title")).to_have_value("Chair")
    expect(page.get_by_role("alert")).to_be_focused()
    assert grave(page) == []
    field.fill("chair@example.com")
    page.get_by_role("button", name="Save").click()
    expect(said(page)).to_contain_text("was saved")
    assert (org.value(who, "Email"), org.value(who, "Title")) == ("chair@example.com", "Chair")


def test_a_contact_is_given_an_account_by_its_name(org: Org) -> None:
    """A new account is made; the contact's look-up suggests it while one types."""
    page = org.open("/_explorer/o/Account")
    page.get_by_role("link", name="New account").click()
    page.get_by_label("Account Name").fill("Harbour Sons")
    page.get_by_role("button", name="Save").click()
    expect(said(page)).to_contain_text("was created")
    who = org.first("Contact")
    page.goto(f"/_explorer/r/{who}/edit")
    page.get_by_label("Account", exact=True).press_sequentially("harb")
    option = page.locator("datalist option").first
    expect(option).to_have_attribute("value", re.compile(r"Harbour Sons \(001"))
    page.get_by_label("Account", exact=True).fill(option.get_attribute("value") or "")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Harbour Sons").first).to_be_visible()
    assert org.value(who, "AccountId") == org.first("Account")


def test_a_contact_is_deleted_and_brought_back(org: Org) -> None:
    """One is asked first; the bin has it; a press brings it back."""
    who = org.first("Contact")
    page = org.open(f"/_explorer/r/{who}")
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("heading", name="Delete").wait_for()
    assert org.value(who, "IsDeleted") == 0
    page.get_by_role("button", name="Delete").click()
    expect(said(page)).to_contain_text("was deleted")
    expect(page.get_by_text("is in the recycle bin")).to_be_visible()
    assert grave(page) == []
    page.get_by_role("link", name="Recycle bin").click()
    page.get_by_role("button", name="Undelete").click()
    expect(said(page)).to_contain_text("is back")
    assert org.value(who, "IsDeleted") == 0


def test_a_lead_is_converted(org: Org) -> None:
    """The lead leads to its new contact and account, and cannot be changed any more."""
    lead = org.first("Lead", "IsConverted = 0")
    company = org.value(lead, "Company")
    page = org.open(f"/_explorer/r/{lead}")
    page.get_by_role("link", name="Convert").click()
    existing = page.locator("#f-Account")
    expect(existing).to_be_hidden()
    page.get_by_label("An existing account").check()
    expect(existing).to_be_visible()
    page.get_by_label(f"New account “{company}”").check()
    page.get_by_role("button", name="Convert").click()
    expect(said(page)).to_contain_text("was converted")
    assert page.get_by_role("link", name="Edit").count() == 0
    page.get_by_role("note").get_by_role("link", name=company).click()
    expect(page.get_by_role("heading", level=1, name=company)).to_be_visible()
    expect(page.get_by_role("region", name="Contacts").get_by_role("row")).to_have_count(2)


def test_two_contacts_become_one(org: Org) -> None:
    """Chosen by a search, compared side by side, one value of each kept."""
    first = org.first("Contact", "Email IS NOT NULL AND Title IS NOT NULL")
    second = org.first("Contact", f"Id > '{first}' AND Email IS NOT NULL AND Phone IS NOT NULL")
    phone = org.value(second, "Phone")
    page = org.open(f"/_explorer/r/{first}")
    page.get_by_role("link", name="Merge").click()
    page.get_by_label("Find contacts").fill(org.value(second, "Email"))
    page.get_by_role("button", name="Find").click()
    page.get_by_role("checkbox", name=org.value(second, "Name")).check()
    page.get_by_role("button", name="Compare").click()
    page.get_by_role("radio", name=phone).check()
    assert grave(page) == []
    page.get_by_role("button", name="Merge").click()
    expect(said(page)).to_contain_text("2 contacts were merged")
    assert org.value(first, "Phone") == phone
    assert (org.value(second, "IsDeleted"), org.value(second, "MasterRecordId")) == (1, first)


def test_the_chosen_master_brings_its_values_along(org: Org) -> None:
    """Another master, and what it has is chosen; what it lacks stays."""
    page = org.open(org.path("compare"))
    master = page.get_by_role("row", name="Master record").get_by_role("radio").nth(1)
    master.check()
    chosen = page.get_by_role("row", name="Email").get_by_role("radio").nth(1)
    expect(chosen).to_be_checked()


def test_a_permission_set_is_assigned(org: Org) -> None:
    """From Setup to the set, to the person, and back."""
    page = org.open("/")
    page.get_by_role("link", name="Setup", exact=True).click()
    page.get_by_role("navigation", name="Setup").get_by_role("link", name="Permission Sets").click()
    page.get_by_role("link", name="Readers").click()
    page.get_by_label("Assign to").select_option(label="Ada Admin (admin@fairlead.example.com)")
    page.get_by_role("button", name="Assign").click()
    expect(said(page)).to_contain_text("Ada Admin now has “Readers”")
    page.get_by_role("region", name="People").get_by_role("link", name="Ada Admin").click()
    page.get_by_role("button", name="Unassign Readers").click()
    expect(said(page)).to_contain_text("was unassigned")
    assert org.emulator.state()["objects"].get("PermissionSetAssignment") is None


def test_a_limit_is_lowered_and_what_calls_find_is_seen(org: Org) -> None:
    """A setting changes what programs are told, and the log shows it."""
    page = org.open("/_explorer/setup/settings")
    page.get_by_label("API calls a day").fill("0")
    page.get_by_role("button", name="Save").click()
    expect(said(page)).to_contain_text("1 differ")
    with pytest.raises(OSError, match="403"):
        org.ask("GET", "/services/data/v60.0/limits")
    page.goto("/_explorer/usage/requests")
    page.get_by_label("Status").select_option("4xx refused")
    expect(page.get_by_role("row", name=re.compile("limits.*403"))).to_be_visible()


def test_a_fault_is_switched_on_by_a_press(org: Org) -> None:
    """A locked row meets the next change, which says so."""
    page = org.open("/_explorer/setup/faults")
    page.get_by_role("button", name="Switch on Row lock").click()
    expect(said(page)).to_contain_text("Switched on: Row lock")
    page.goto(f"/_explorer/r/{org.first('Contact')}")
    page.get_by_role("button", name="Opt out of e-mail").click()
    expect(said(page)).to_contain_text("UNABLE_TO_LOCK_ROW")
