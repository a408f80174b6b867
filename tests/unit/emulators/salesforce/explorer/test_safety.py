"""Whatever stands in the org, a page is only a page; and only the org's own pages can press its buttons."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead_emulators.salesforce import explorer
from fairlead_emulators.salesforce.explorer import markup as m
from tests.unit.emulators.salesforce.explorer.conftest import Shown

HOSTILE = "<script>alert(1)</script>\"'&<img src=x onerror=alert(2)>"
ADMIN = "0055e0000000001AAA"
POSTS = sorted({path for room in explorer._ROOMS for method, path, _ in room.ROUTES if method == "POST"})
GETS = sorted(
    {path for room in explorer._ROOMS for method, path, _ in room.ROUTES if method == "GET"} - {"/_explorer/suggest"}
)


def filled(path: str, **names: str) -> str:
    """The path of a route with its parts filled in."""
    for name in ("sobject", "name", "id", "type", "field"):
        path = path.replace(f"{{{name}}}", quote(names.get(name, "nonsense"), safe=""))
    return path


def plain(page: Shown) -> None:
    """Nothing on the page runs but its own file, and no style stands in it."""
    assert [each.get("src") for each in page.all("script")] == ["/_explorer/files/page.js"]
    assert page.all("style") == []
    assert page.all("img") == []
    for _, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in ("href", "action"):
            assert (attributes.get(name) or "/").startswith(("/", "#", "mailto:", "http://", "https://"))


def test_hostile_names_are_shown_as_what_they_are(admin):
    sets = admin.org.rows("PermissionSet")[0]["Id"]
    account = admin.make("Account", Name=HOSTILE, Website="javascript:alert(1)", Description=HOSTILE)
    contact = admin.make("Contact", LastName=HOSTILE[:80], AccountId=account, Title=HOSTILE, MailingStreet=HOSTILE)
    lead = admin.make("Lead", LastName=HOSTILE[:80], Company=HOSTILE)
    parent = admin.make("Parent__c", Name=HOSTILE[:80], Key__c=HOSTILE[:40])
    admin.make("Child__c", Note__c=HOSTILE[:20], Parent__c=parent)
    admin.org.ask("GET", "/query", params={"q": HOSTILE})
    admin.org.run_job(f"Note__c\n{HOSTILE}\n")
    job = next(iter(admin.org.emulator.jobs.known))
    paths = [
        filled(path, sobject="Contact", id=contact, name="Parent__c", field="Key__c", type="CustomObject")
        for path in GETS
    ]
    paths += [f"/_explorer/r/{each}{more}" for each in (account, lead, parent) for more in ("", "/edit", "/delete")]
    paths += [f"/_explorer/o/{each}" for each in ("Account", "Lead", "Parent__c", "Child__c")]
    paths += [f"/_explorer/r/{lead}/convert", f"/_explorer/setup/permissions/{sets}", f"/_explorer/setup/users/{ADMIN}"]
    paths += [f"/_explorer/usage/jobs/{job}", f"/_explorer/o/Contact/merge?ids={contact}"]
    paths += [f"{path}?q={quote(HOSTILE)}&everywhere={quote(HOSTILE)}&path={quote(HOSTILE)}" for path in paths]
    for path in paths:
        page = admin.see(path)
        assert page.status in (200, 404), path
        plain(page)
    assert HOSTILE in admin.see(f"/_explorer/r/{account}").text


def test_each_page_forbids_what_it_does_not_use(person):
    for path in ("/", "/_explorer/o/Contact", "/_explorer/r/nonsense", "/_explorer/setup/faults"):
        headers = {name.lower(): value for name, value in person.see(path).headers.items()}
        assert headers["content-security-policy"].startswith("default-src 'self';")
        assert "unsafe" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", GETS)
def test_what_does_not_exist_is_said_to(person, path):
    wanted = 404 if "{" in path else 200
    assert person.see(filled(path)).status == wanted
    assert person.see(filled(path, sobject="Lead", id="00Q5e0000000001AAA", name="Lead")).status in (200, 404)


@pytest.mark.parametrize(
    "path", ["/_explorer/o/Contact", "/_explorer/usage/events", "/_explorer/usage/requests", "/", "/_explorer/search"]
)
@pytest.mark.parametrize(
    "query",
    [
        {"page": "-1"},
        {"page": "9" * 40},
        {"page": "x", "sort": "-nope", "view": "nope", "of": "nope", "topic": "nope", "status": "nope"},
        {"of": "AccountId:0015e0000000001AAA", "sort": "-AccountId", "q": "%_\\'\""},
        {"q": "\ud800".encode("utf-8", "surrogatepass"), "everywhere": "\x00"},
        {"said": "nothing was said", "q": "x" * 5000, "everywhere": "x" * 5000},
    ],
)
def test_no_question_is_too_strange(person, path, query):
    person.make("Contact", LastName="Somebody")
    assert person.see(path, **query).status == 200


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example.com"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_form_of_another_site_does_nothing(person, path, headers):
    contact = person.make("Contact", LastName="Steady")
    before = person.org.rows("Contact"), dict(person.org.emulator.sessions.access)
    page = person.post(
        filled(path, sobject="Contact", id=contact), headers, LastName="Changed", do="expire", opted_out="on"
    )
    assert page.status == 403
    assert "Nothing was done" in page.text or "nothing was done" in page.text
    assert (person.org.rows("Contact"), dict(person.org.emulator.sessions.access)) == before
    assert person.org.emulator.org.faults.as_json() == []


def test_a_program_that_is_no_browser_may_post(person):
    contact = person.make("Contact", LastName="Steady")
    person.post(f"/_explorer/r/{contact}/opt-out", {}, opted_out="on")
    assert person.row(contact)["HasOptedOutOfEmail"] is True


def test_a_message_is_said_once_and_cannot_be_given_by_a_link(person):
    contact = person.make("Contact", LastName="Steady")
    page = person.post(f"/_explorer/r/{contact}/opt-out", opted_out="on")
    assert "has opted out" in page.text
    again = person.org.http.get(page.url, timeout=30).text
    assert "has opted out" not in again
    assert "Pay here" not in person.see("/", said="Pay here").text


@given(st.text(), st.text())
def test_texts_and_attributes_come_back_as_they_went_in(words, value):
    """A parser sees one element, the text and the attribute, whatever they are."""
    kept = {ord(c): " " for c in "\r\0"}
    page = Shown(200, m.tag("p", words.translate(kept), title=value.translate(kept)), {})
    assert page.elements == [("p", {"title": value.translate(kept)})]
    assert "".join(page.texts) == words.translate(kept)


@given(st.lists(st.text(max_size=5), max_size=3), st.text(max_size=5))
def test_an_address_made_here_stays_here(parts, value):
    """Whatever its parts are, an address begins with this site's own path."""
    assert m.path(*parts, q=value).startswith("/_explorer/")
    assert "//" not in m.path("r", "//elsewhere.example.com")
