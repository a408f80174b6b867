"""The pages of campaigns and journeys show what the account holds."""

from tests.journeys.test_explorer_campaign_monitor import Explorer, explorer, running

__all__ = ["explorer", "running"]  # fixtures


def test_a_campaign_is_found_and_its_numbers_are_those_of_the_api(explorer: Explorer) -> None:
    """Its page counts people who opened, as the rows do."""
    page = explorer.open("campaigns")
    page.get_by_role("link", name="Summer offer").click()
    page.get_by_role("heading", name="Summer offer").wait_for()
    (opened,) = explorer.emulator.store.db.execute(
        "SELECT count(DISTINCT person) FROM tracked JOIN mails ON mails.n = tracked.mail"
        " WHERE mails.name = 'Summer offer' AND kind = 1"
    ).fetchone()
    row = page.get_by_role("row").filter(has_text="Opened")
    assert str(opened) in row.inner_text()


def test_unsent_campaigns_are_listed_and_hidden_ones_are_not(explorer: Explorer) -> None:
    """Drafts and scheduled ones stand beside those that were sent."""
    page = explorer.open("campaigns")
    for name in ("Winter offer", "Not yet finished", "Monthly news 3"):
        assert page.get_by_text(name, exact=True).count() >= 1
    assert page.get_by_text("Kept to ourselves").count() == 0


def test_journeys_show_their_emails(explorer: Explorer) -> None:
    """Each e-mail with how often it was sent."""
    page = explorer.open("journeys")
    row = page.get_by_role("row").filter(has_text="Hello")
    (sent,) = explorer.emulator.store.db.execute(
        "SELECT count(*) FROM tracked JOIN mails ON mails.n = tracked.mail WHERE mails.name = 'Hello' AND kind = 0"
    ).fetchone()
    assert sent > 0
    assert str(sent) in row.first.inner_text()
