"""What is searched and answered, in PostgreSQL: everything is there, nothing of a page can act, and what is not known is
said not to be."""

import re
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fairlead.features.help import documents, finding, index, views
from fairlead.features.help.models import Edition, Passage
from fairlead.store import setting_rows
from fairlead.store.models import AuditEntry
from fairlead.ui import help_codes, rooms

QUESTIONS = [
    ("Why are my Apex jobs holding?", "/help/faq/syncing/#why-are-my-jobs-holding"),
    ("What should I do if I see a heap size issue?", "/help/faq/syncing/#what-should-i-do-if-i-see-a-heap-size-issue"),
    ("Can I send attachments?", "/help/howto/transactional-email/#attachments"),
    (
        "How do I stop the sync from Salesforce to Campaign Monitor?",
        "/help/faq/syncing/#how-can-i-stop-the-sync-from-salesforce-to-campaign-monitor",
    ),
    ("Do you support platform licenses?", "/help/faq/connecting/#do-you-support-platform-licences"),
    (
        "What is GDPR and how does it affect the integration?",
        "/help/faq/security/#what-is-gdpr-and-how-does-it-affect-fairlead",
    ),
    (
        "Can we use Campaign Monitor with Salesforce Flows?",
        "/help/faq/emails/#can-we-use-campaign-monitor-with-salesforce-flows",
    ),
    (
        "How does merging a record affect Campaign Monitor data?",
        "/help/faq/syncing/#how-does-merging-a-record-affect-campaign-monitor-data",
    ),
    ("Are there any API limitations?", "/help/faq/syncing/#are-there-any-api-limitations"),
    ("How can I work with a sandbox?", "/help/faq/syncing/#how-can-i-work-with-a-sandbox-and-test"),
    ("Why does the app not appear?", "/help/faq/connecting/#why-does-the-fairlead-app-not-appear-in-salesforce"),
    ("How do I find out why somebody is missing?", "/help/howto/find-a-person/"),
    ("How do I rotate the secret key?", "/help/howto/run-for-real/#secrets"),
    ("What does FL-111 mean?", "/help/codes/FL-111/"),
]
NONSENSE = [
    "What colour is the captain's parrot?",
    "How do I bake sourdough bread?",
    "Who won the football match in Paris yesterday?",
    "asdf qwer zxcv",
    "What is the meaning of life?",
    "the of and",
    "How do I reset my espresso machine?",
    "How do I delete my Facebook account?",
]  # fmt: skip


def links(page: str) -> list[str]:
    main = page[page.index("<h1") :]
    return [unescape(link) for link in re.findall(r'href="([^"]+)"', main)]


def test_every_page_option_and_code_is_searched(filled: int) -> None:
    kept = set(Passage.objects.filter(edition=filled).values_list("folder", "name"))
    assert {("options", one.name) for one in rooms.settings()} <= kept
    assert {("codes", code) for code in help_codes.pages()} <= kept
    assert {("codes", code) for service in help_codes.SERVICES for code in help_codes.of_service(service)} <= kept
    pages = {(one.folder, one.name) for one in documents.documents()}
    assert {page for page in pages - kept if page[1] not in index.ELSEWHERE} == set()


def test_an_edition_is_written_once_and_anew_when_the_pages_change(filled: int) -> None:
    """The same pages cost one look; those of a former version go, all but the last."""
    with CaptureQueriesContext(connection) as asked:
        assert index.edition() == filled
    assert len(asked) == 1
    for number in range(3):
        Edition.objects.create(digest=f"of a former version {number}")
    Edition.objects.filter(pk=filled).delete()
    made = index.edition()
    assert Passage.objects.filter(edition=made).count() > 500
    assert set(Edition.objects.values_list("digest", flat=True)) == {
        Edition.objects.get(pk=made).digest,
        "of a former version 2",
    }


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("FL-111", "/help/codes/FL-111/"),
        ("webhooks.use", "/help/options/webhooks.use/"),
        ("ambiguous addresses", "/help/howto/lists-and-members/#ambiguous-addresses"),
        ('"Unsubscribes to review"', None),
        ("import -segment", None),
    ],
)
def test_words_find_the_places_that_have_them(filled: int, words: str, first: str | None) -> None:
    hits = finding.search(words)
    assert hits
    assert first in (None, hits[0].url)
    assert len({hit.url for hit in hits}) == len(hits) <= finding.AT_MOST


def test_what_is_nowhere_is_not_found_and_breaks_nothing(filled: int) -> None:
    for words in ("xyzzy", "the of", "'", '"', ":*&|!()<->", "\\", "%s %(xyzzy)s"):
        assert finding.search(words) == [], words
        assert not finding.answer(words).known, words


def test_snippets_are_text_with_marks_around_what_was_found(filled: int) -> None:
    Passage.objects.create(
        edition_id=filled, place=-1, folder="howto", name="webhooks", title="T", body="alpha < beta & quux"
    )
    snippet = finding.search("quux")[0].snippet
    assert snippet == "alpha &lt; beta &amp; <mark>quux</mark>"


def test_a_question_is_answered_from_the_page_that_answers_it(filled: int) -> None:
    found = {question: finding.answer(question).quotes for question, _ in QUESTIONS}
    assert {asked: [finding.url_of(*one.passage.place) for one in told][:1] for asked, told in found.items()} == {
        question: [url] for question, url in QUESTIONS
    }
    assert all(told[0].text for told in found.values())


def test_what_no_page_says_is_not_known(filled: int) -> None:
    assert [question for question in NONSENSE if finding.answer(question).known] == []


def test_the_page_of_the_search_leads_to_the_places(filled: int, admin_client: Client) -> None:
    page = admin_client.get("/help/search/?find=ambiguous+addresses").text
    assert "/help/howto/lists-and-members/#ambiguous-addresses" in links(page)
    assert "<mark>" in page
    assert 'value="ambiguous addresses"' in page
    nothing = admin_client.get("/help/search/?find=xyzzy%00%22%3E").text
    assert "No page has all of these words." in nothing
    assert "/maintenance/" in links(nothing)
    assert "Nothing was asked for yet." in admin_client.get("/help/search/").text


def test_a_question_is_answered_with_links_and_kept_nowhere(filled: int, admin_client: Client) -> None:
    page = admin_client.post("/help/ask/", {"question": "Why are my jobs holding?"}).text
    assert "/help/faq/syncing/#why-are-my-jobs-holding" in links(page)
    assert "Nothing is sent anywhere" in page
    unknown = admin_client.post("/help/ask/", {"question": "Where is ada@example.com, my parrot <b>?"}).text
    assert "I do not know." in unknown
    assert "<b>" not in unknown
    assert "/maintenance/" in links(unknown)
    assert not [link for link in links(unknown) if "ada" in link]
    assert not AuditEntry.objects.filter(subject__contains="parrot").exists()
    assert "Nothing was asked yet." in admin_client.get("/help/ask/").text
    assert "Nothing was asked yet." in admin_client.post("/help/ask/", {"question": " \x00 "}).text
    long = admin_client.post("/help/ask/", {"question": "job " * 1_000}).text
    assert long.count("job job") < views.QUESTION


def test_an_option_has_a_page_without_what_was_chosen(admin_client: Client, org: object) -> None:
    setting = next(one for one in rooms.settings() if one.name == "maintenance.smtp_host")
    setting_rows.put(org, setting, "mail.internal.example", "admin")
    page = admin_client.get("/help/options/maintenance.smtp_host/").text
    assert setting.help in unescape(page)
    assert "mail.internal.example" not in page
    assert "/settings/maintenance/" in links(page)
    assert admin_client.get("/help/options/no.such/").status_code == 404
    index_page = admin_client.get("/help/options/").text
    assert {f"/help/options/{one.name}/" for one in rooms.settings()} <= set(links(index_page))
    of_a_kind = {one.kind: one for one in rooms.settings()}
    assert len(of_a_kind) == 6
    for one in of_a_kind.values():
        assert admin_client.get(f"/help/options/{one.name}/").status_code == 200


def test_the_help_leads_to_every_feature(admin_client: Client, db: None) -> None:
    found = links(admin_client.get("/help/").text)
    assert {
        "/help/howto/webhooks/",
        "/help/faq/syncing/",
        "/help/options/",
        "/help/codes/",
        "/help/howto/billing/",
    } <= set(found)
    assert not [link for link in found if link.startswith("/help/decisions/")]
