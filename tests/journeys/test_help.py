"""Somebody who comes from the managed package asks the help what they asked there."""

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import Admin, keep_screenshot
from tests.journeys.test_accessibility import WIDE, grave

QUESTIONS = {
    "Why are my Apex jobs holding?": "Why are my jobs holding?",
    "Can I send attachments?": "Attachments",
    "How does merging a record affect Campaign Monitor data?": "How does merging a record affect Campaign Monitor data?",
    "Can I use the Salesforce integration user to run the sync?": "Can I use the Salesforce integration user to run the sync?",
    "How can I stop the sync from Salesforce to Campaign Monitor?": (
        "How can I stop the sync from Salesforce to Campaign Monitor?"
    ),
}


def test_five_questions_are_answered_and_nonsense_is_not(fairlead: Admin) -> None:
    """Each answer names the page it stands on, and leads to its very section; what no page says is not known."""
    page = fairlead.page("/help/")
    for question, heading in QUESTIONS.items():
        page.get_by_label("Your question, in English").fill(question)
        page.keyboard.press("Enter")
        answer = page.get_by_role("region", name="Answer")
        expect(answer.get_by_role("link", name=f"› {heading}")).to_be_visible()
    assert grave(page) == []
    keep_screenshot(page, "help-answer")
    page.get_by_role("link", name="› How can I stop the sync").click()
    expect(page.locator(":target")).to_have_text("How can I stop the sync from Salesforce to Campaign Monitor?")
    page.goto("/help/ask/")
    page.get_by_label("Your question, in English").fill("What colour is the captain's parrot?")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_text("I do not know.")).to_be_visible()
    expect(page.get_by_role("link", name="messages")).to_have_attribute("href", "/maintenance/")
    page.get_by_role("link", name="Search for these words").click()
    expect(page.get_by_text("No page has all of these words.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_answers_and_finds_are_readable(fairlead: Admin, scheme: str) -> None:
    """Marks in snippets and quotes in answers have contrast, in light and in the dark."""
    page = fairlead.page("/help/search/?find=ambiguous", viewport=WIDE, color_scheme=scheme)
    expect(page.locator("mark").first).to_be_visible()
    keep_screenshot(page, f"help-found-{scheme}")
    assert grave(page) == []
