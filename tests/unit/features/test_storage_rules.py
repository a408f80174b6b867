"""What records cost, and what a choice of days and kinds would keep."""

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from fairlead.domain.activity import Activity
from fairlead.domain.tracking_settings import oldest_kept
from fairlead.features.storage.rules import Figure, Kept, estimate, megabytes, not_kept

ALL = [activity.value for activity in Activity]
counts = st.dictionaries(st.sampled_from(Activity), st.integers(0, 10**7))
kept = st.builds(Kept.of, st.integers(0, 400), st.lists(st.sampled_from(ALL), unique=True))


def test_ten_thousand_members_take_about_twenty_megabytes() -> None:
    assert 19 < megabytes(10_000) < 21


def test_less_of_a_kept_kind_is_counted_exactly() -> None:
    stored, younger = {Activity.SENT: 100, Activity.OPENED: 40}, {Activity.SENT: 30, Activity.OPENED: 9}
    found = estimate(Kept.of(180, ALL), Kept.of(30, ALL), stored, younger, {Activity.SENT: 999})
    assert found.exact
    assert (found.records_before, found.records_after) == (140, 39)
    assert found.mb_freed == megabytes(101) == -found.mb_needed
    assert [(row.kind, row.before, row.after.events) for row in found.rows][:2] == [
        (Activity.SENT, 100, 30),
        (Activity.OPENED, 40, 9),
    ]


def test_more_days_and_new_kinds_are_told_by_campaign_monitor() -> None:
    found = estimate(
        Kept.of(30, ["Opened"]), Kept.of(60, ["Opened", "Clicked"]), {Activity.OPENED: 5}, {Activity.OPENED: 5},
        {Activity.OPENED: 8, Activity.CLICKED: 3},
    )  # fmt: skip
    assert found.after[Activity.OPENED] == Figure(8, exact=False)
    assert found.after[Activity.CLICKED] == Figure(3, exact=False)
    assert not found.exact


@given(kept, kept, counts, counts, counts)
def test_what_is_not_wanted_is_not_kept(now: Kept, wanted: Kept, stored: dict, younger: dict, told: dict) -> None:
    found = estimate(now, wanted, stored, younger, told)
    for kind, figure in found.after.items():
        if kind not in wanted.kinds or wanted.days == 0:
            assert figure == Figure(0, exact=True)
    assert found.records_after == sum(row.after.events for row in found.rows)


def test_no_days_or_no_kinds_keep_nothing() -> None:
    assert not_kept("2026-01-01T00:00:00Z", ALL, journeys=True, days=0) == "Tracking_Key__c != null"
    assert not_kept("2026-01-01T00:00:00Z", [], journeys=True, days=9) == "Tracking_Key__c != null"


def test_age_kinds_and_journeys_each_have_their_condition() -> None:
    assert not_kept("T", ALL, journeys=True, days=9) == "Activity_Date__c < T"
    assert not_kept("T", ["Opened", "Sent"], journeys=False, days=9) == (
        "Activity_Date__c < T OR Activity__c NOT IN ('Opened','Sent') OR Email_Type__c = 'Journey'"
    )


def test_days_are_kept_from_a_midnight_on() -> None:
    assert oldest_kept(date(2026, 3, 10), 9) == datetime(2026, 3, 1, tzinfo=UTC)
