"""What live activity amounts to: nothing counts twice, the newest stands first, rates are those of e-mails."""

import json
from datetime import UTC, date, datetime, timedelta

from fairlead.features.people.rules import activity as amounts
from fairlead.features.people.rules.activity import (
    BOUNCED,
    CAMPAIGN,
    CLICKED,
    COMPLAINED,
    JOURNEY,
    OPENED,
    SENT,
    SMART,
    Activity,
    Email,
    Event,
)

NOON = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)
TODAY = date(2026, 5, 31)


def event(what: str, days: int | None = 0, email: str = "a", detail: str = "") -> Event:
    at = None if days is None else NOON - timedelta(days=days)
    return Event(what, at, email, "Spring", CAMPAIGN, detail)


def test_words_and_kinds() -> None:
    """What is not known keeps its word; what is no campaign comes from a journey."""
    assert [amounts.word_of(each) for each in ("Open", "CLICK", " spam ", "Forward")] == [
        OPENED, CLICKED, COMPLAINED, "Forward",
    ]  # fmt: skip
    assert [amounts.kind_of(each) for each in ("Campaign", "Journey", "")] == [CAMPAIGN, JOURNEY, JOURNEY]


def test_an_email_that_came_over_two_lists_or_that_both_sides_know_counts_once() -> None:
    """The send date of who knows it; events of who told first."""
    one = Activity([Email("a", "Spring", CAMPAIGN)], [event(OPENED), event(OPENED, 1)])
    same = Activity([Email("a", "Spring", CAMPAIGN)], [event(OPENED)])
    org = Activity(
        [Email("a", "Spring", CAMPAIGN, NOON), Email("b", "Old", CAMPAIGN)], [event(OPENED, 2), event(BOUNCED, 3, "b")]
    )
    whole = amounts.joined([one, same, org])
    assert [(each.id, each.sent) for each in whole.emails] == [("a", NOON), ("b", None)]
    assert sorted(each.what for each in whole.events) == [BOUNCED, OPENED, OPENED]
    assert amounts.joined([]).empty


def test_rates_count_emails_and_numbers_count_events() -> None:
    """Opened ÷ (sent − bounced), clicked ÷ sent; smart e-mails bring their own counts."""
    emails = [
        Email("a", "Spring", CAMPAIGN),
        Email("b", "Bounce", CAMPAIGN),
        Email("c", "Receipt", SMART, NOON, "Delivered", opens=3, clicks=1),
        Email("d", "Receipt", SMART, NOON, "Bounced"),
        Email("e", "Receipt", SMART, NOON, "Spam"),
    ]
    told = amounts.summary(
        Activity(emails, [event(OPENED), event(OPENED, 1), event(BOUNCED, 0, "b"), event("Forward")])
    )
    assert told.counts == {
        SENT: 5, OPENED: 5, CLICKED: 1, BOUNCED: 2, "Unsubscribed": 0, COMPLAINED: 1,
    }  # fmt: skip
    assert told.emails == {CAMPAIGN: 2, SMART: 3}
    assert (told.open_rate, told.click_rate) == (67, 20)
    nothing = amounts.summary(Activity())
    assert (nothing.open_rate, nothing.click_rate) == (0, 0)


def test_the_timeline_has_the_newest_first_and_what_nobody_dates_last() -> None:
    emails = [
        Email("a", "Spring", CAMPAIGN),
        Email("b", "Summer", CAMPAIGN, NOON - timedelta(days=3)),
        Email("c", "Receipt", SMART, NOON, "Delivered", opens=2),
    ]
    told = amounts.timeline(Activity(emails, [event(OPENED, 1), event(CLICKED, 2, "b", "https://example.com")]))
    assert [(each.what, each.name) for each in told] == [
        (SENT, "Receipt"),
        (OPENED, "Spring"),
        (CLICKED, "Spring"),
        (SENT, "Summer"),
        (SENT, "Spring"),
    ]
    assert told[0].detail == "Delivered, 2 opens"
    assert len(amounts.timeline(Activity(emails), most=2)) == 2


def test_months_end_with_this_one() -> None:
    """Twelve of them, over the turn of the year; what is older, or has no date, is in none."""
    activity = Activity(
        [], [event(OPENED), event(OPENED, 31), event(BOUNCED, 400), event(CLICKED, None), event("Forward")]
    )
    labels, counted = amounts.by_month(activity, TODAY)
    assert (labels[0], labels[-1], len(labels)) == ("2025-06", "2026-05", 12)
    assert counted[OPENED][-2:] == [1, 1]
    assert sum(counted[BOUNCED]) == sum(counted[CLICKED]) == 0


def test_programs_get_all_of_it() -> None:
    """As JSON, with moments in UTC."""
    activity = Activity([Email("a", "Spring", CAMPAIGN)], [event(OPENED)])
    told = json.loads(json.dumps(amounts.as_json(activity, TODAY)))
    assert told["counts"]["opened"] == told["months"][-1]["opened"] == 1
    assert told["timeline"][0]["at"] == "2026-05-20T12:00:00+00:00"
    assert told["timeline"][1]["at"] == ""
    assert told["emails"] == {"Campaign": 1}
