"""API calls are counted by the org; we stop before they run out."""

import pytest

from fairlead.salesforce import Budget, BudgetSpent
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
