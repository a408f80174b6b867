"""API calls are counted by the org; we slow down, and stop, before they run out."""

import asyncio
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.salesforce import Budget, BudgetSpent
from fairlead.salesforce.limits import DAY
from tests.unit.salesforce.fake_org import DATA, Says

PAGE = {"totalSize": 7, "done": True, "records": []}


async def test_the_meter_follows_every_answer(sf, org):
    org.on(
        "GET",
        f"{DATA}/query",
        Says(PAGE, headers={"Sforce-Limit-Info": "api-usage=18/15000, per-app-api-usage=1/2(x=y)"}),
    )
    await sf.count("SELECT COUNT() FROM X")
    assert (sf.budget.used, sf.budget.limit, sf.budget.stop_at) == (18, 15000, 14250)


async def test_calls_stop_before_the_orgs_limit_and_say_so(sf, org):
    org.on("GET", f"{DATA}/query", Says(PAGE, headers={"Sforce-Limit-Info": "api-usage=80/100"}))
    sf.budget.share = 0.8
    await sf.count("SELECT COUNT() FROM X")
    with pytest.raises(BudgetSpent, match="80 of the org's 100 API calls"):
        await sf.count("SELECT COUNT() FROM X")
    assert len(org.asked("GET", f"{DATA}/query")) == 1


async def test_limits_can_be_read_when_the_budget_is_spent_and_reopen_it(sf, org):
    org.on("GET", f"{DATA}/query", Says(PAGE, headers={"Sforce-Limit-Info": "api-usage=99/100"}))
    org.on("GET", f"{DATA}/limits", Says({}, headers={"Sforce-Limit-Info": "api-usage=9/100"}))
    await sf.count("SELECT COUNT() FROM X")
    await sf.limits()
    assert await sf.count("SELECT COUNT() FROM X") == 7


def test_another_apps_usage_is_not_taken_for_the_orgs():
    budget = Budget()
    budget.observe("per-app-api-usage=17/250(appName=x)")
    assert budget.limit is None
    budget.check()


@pytest.mark.parametrize("share", [0, -1, 1.1])
def test_a_share_outside_of_the_limit_is_refused(share):
    with pytest.raises(ValueError, match=str(share)):
        Budget(share)


def test_every_five_minutes_one_call_may_look_whether_calls_came_back():
    now = [0.0]
    budget = Budget(0.5, clock=lambda: now[0])
    budget.observe("api-usage=50/100")
    now[0] = 299.0
    with pytest.raises(BudgetSpent):
        budget.check()
    now[0] = 300.0
    budget.check()
    with pytest.raises(BudgetSpent):
        budget.check()
    budget.observe("api-usage=49/100")
    budget.check()
    assert budget.remaining == 1


class Moments:
    """A clock that only waiting moves."""

    def __init__(self):
        self.now = 0.0
        self.waits = []

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        self.waits.append(seconds)
        self.now += seconds

    def budget(self, share=1.0):
        return Budget(share, clock=self, sleep=self.sleep)


def told(used, limit=100_000):
    return f"api-usage={used}/{limit}"


async def calls(budget, count):
    for _ in range(count):
        await budget.admit()


async def test_calls_are_not_spaced_before_the_last_fifth_of_the_share():
    moments = Moments()
    budget = moments.budget(0.5)
    await calls(budget, 100)
    budget.observe(told(40_000))
    await calls(budget, 100)
    assert moments.waits == []


async def test_in_the_last_fifth_calls_are_spaced_evenly_more_up_to_the_pace_at_which_a_day_gives_them_back():
    moments = Moments()
    budget = moments.budget(0.5)
    budget.observe(told(45_000))
    await calls(budget, 5)
    assert moments.waits == pytest.approx([0.5 * DAY / 50_000] * 4)
    budget.observe(told(49_999))
    assert budget.spacing == pytest.approx(DAY / 50_000, rel=1e-3)


async def test_others_use_alone_slows_us_down_and_stops_us():
    moments = Moments()
    budget = moments.budget(0.5)
    budget.observe(told(10))
    await budget.admit()
    budget.observe(told(47_500))
    await calls(budget, 2)
    assert moments.waits == pytest.approx([0.75 * DAY / 50_000])
    budget.observe(told(50_000))
    with pytest.raises(BudgetSpent):
        await budget.admit()


async def test_calls_that_come_back_end_the_spacing_and_the_stop():
    moments = Moments()
    budget = moments.budget(0.5)
    budget.observe(told(49_999))
    await calls(budget, 2)
    budget.observe(told(50_000))
    with pytest.raises(BudgetSpent):
        await budget.admit()
    moments.now += 300
    await budget.admit()
    with pytest.raises(BudgetSpent):
        await budget.admit()
    budget.observe(told(30_000))
    waits = list(moments.waits)
    await calls(budget, 10)
    assert moments.waits == waits


async def test_tasks_at_once_get_their_turns_one_after_the_other():
    moments = Moments()
    budget = moments.budget()
    budget.observe(told(95_000))
    times = []

    async def one():
        await budget.admit()
        times.append(moments.now)

    await asyncio.gather(*(one() for _ in range(5)))
    gaps = [later - earlier for earlier, later in zip(times, times[1:], strict=False)]
    assert gaps == pytest.approx([budget.spacing] * 4)


async def test_a_share_that_is_spent_while_a_call_waits_stops_that_call():
    moments = Moments()
    budget = moments.budget()

    async def spent_meanwhile(seconds):
        await moments.sleep(seconds)
        budget.observe(told(100_000))

    budget = Budget(1.0, clock=moments, sleep=spent_meanwhile)
    budget.observe(told(95_000))
    await budget.admit()
    with pytest.raises(BudgetSpent):
        await budget.admit()


@given(st.integers(1, 5_000_000), st.integers(1, 100), st.data())
def test_the_spacing_only_grows_with_use_and_stays_within_its_bounds(limit, percent, data):
    budget = Budget(percent / 100)
    used = sorted(data.draw(st.lists(st.integers(0, limit), min_size=2, max_size=5)))
    spacings = []
    for each in used:
        budget.observe(told(each, limit))
        spacings.append(budget.spacing)
    assert spacings == sorted(spacings)
    assert 0 <= spacings[0] <= spacings[-1] <= budget.longest


@pytest.mark.parametrize(("limit", "others"), [(15_000, 0), (15_000, 9_000), (115_000, 60_000)])
async def test_over_days_a_greedy_program_never_passes_the_share_and_the_last_fifth_lasts_for_hours(limit, others):
    """One call after the other, in an org that counts the rolling 24 hours."""
    moments, made, longest_wait, stopped = Moments(), deque(), 0.0, []
    budget = moments.budget(0.8)
    while moments.now < 2 * DAY:
        while made and made[0] <= moments.now - DAY:
            made.popleft()
        budget.observe(told(others + len(made), limit))
        began = moments.now
        try:
            await budget.admit()
        except BudgetSpent:
            stopped.append(moments.now)
            moments.now += 300
            continue
        longest_wait = max(longest_wait, moments.now - began)
        made.append(moments.now)
        moments.now += 0.2
        assert others + len(made) <= 0.8 * limit + 1
    assert longest_wait <= budget.longest
    slow_from = (0.8 * 0.8 * limit - others) * 0.2
    assert stopped[0] - max(0, slow_from) > 2 * 3_600
    assert made[-1] > DAY, "calls that grew old are made again"
