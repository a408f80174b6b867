"""Charts: bars within their picture, and every number also in words and in the table."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from fairlead.sync import org_days
from fairlead.ui.charts import HEIGHT, WIDTH, Chart, Series

NUMBERS = st.lists(st.integers(0, 10**9), min_size=1, max_size=90)


@given(NUMBERS, NUMBERS)
def test_bars_stand_within_the_picture_and_beside_one_another(one: list[int], other: list[int]) -> None:
    length = min(len(one), len(other))
    labels = [f"day {n}" for n in range(length)]
    chart = Chart("c", "C", labels, [Series("One", one[:length]), Series("Other", other[:length])])
    assert chart.top >= max(one[:length] + other[:length])
    right = -0.2
    for bar in chart.bars:
        assert bar.x >= right - 0.11  # positions are rounded to tenths
        right = bar.x + bar.width
        assert right <= WIDTH + 0.2
        assert 0 <= bar.y
        assert bar.y + bar.height <= HEIGHT + 0.11
    assert len(chart.bars) == sum(bool(n) for n in one[:length] + other[:length])
    assert [numbers for _, numbers in chart.rows] == [list(pair) for pair in zip(one, other, strict=False)]


def test_the_description_says_sums_and_where_the_most_is() -> None:
    chart = Chart("c", "C", ["Mon", "Tue"], [Series("Opens", [2, 40]), Series("Clicks", [0, 0])])
    assert chart.description == "From Mon to Tue. Opens: 42, most of them Tue (40). Clicks: 0."
    assert chart.top == 50
    assert Chart("c", "C", [], []).empty


def test_days_without_anything_count_as_nothing_and_weeks_begin_on_monday() -> None:
    first = org_days.first_day(date(2026, 3, 12))
    assert first == date(2025, 12, 22)
    counts = {"2026-03-09": 1, "2026-03-12": 2, "2026-03-08": 4, "2020-01-01": 9}
    labels, numbers = org_days.spread(counts, first, date(2026, 3, 12), weekly=True)
    assert len(labels) == org_days.WEEKS
    assert numbers[-2:] == [4, 3]
    labels, numbers = org_days.spread(counts, first, date(2026, 3, 12), weekly=False)
    assert labels[-1] == "2026-03-12"
    assert numbers[-4:] == [1, 0, 0, 2]
    assert sum(numbers) == 7
