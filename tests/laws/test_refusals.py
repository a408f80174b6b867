"""What becomes of refused rows: offered again, forgotten when written, and never a reason to lose the others."""

import pytest

from fairlead.sync.run import Blocked
from tests.laws.flow_world import SCOPE, Killed, World, refuse

MANY = [f"p{i}@example.com" for i in range(9)]


def world(*addresses: str) -> World:
    made = World()

    for address in addresses:
        made.put(address)
    return made


def locked(record: dict[str, str]) -> bool:
    return record["Email__c"] == MANY[0]


async def test_a_row_refused_for_now_is_written_by_a_later_run_however_old_it_is() -> None:
    """The cursor moves on, the row is remembered, and nothing of it is left once it is written."""
    here = world(*MANY)
    here.sink.refuse = refuse(locked, retryable=True)
    report = await here.run()
    assert [failure.key for failure in report.outcome.failures] == [f"{SCOPE.list}:{MANY[0]}"]

    here.pass_time(24 * 30)
    await here.run()
    assert len(here.org()) == len(MANY) - 1

    here.sink.refuse = lambda record: None
    await here.run()
    assert here.org() == here.truth()
    assert not here.ledger.scopes[SCOPE].refusals


async def test_a_row_refused_for_good_is_not_offered_again_until_it_changes() -> None:
    """A second run writes nothing and asks nothing of it; a change offers it anew."""
    here = world(*MANY)
    here.sink.refuse = refuse(locked, retryable=False)
    await here.run()
    second = await here.run()
    assert (second.outcome.failures, second.outcome.written) == ([], 0)

    here.sink.refuse = lambda record: None
    here.put(MANY[0], "Unsubscribed")
    await here.run()
    assert here.org() == here.truth()
    assert not here.ledger.scopes[SCOPE].refusals


def full_org(record: dict[str, str]) -> bool:
    return record["Email__c"] > MANY[4]


async def test_a_full_org_stops_the_scope_and_loses_nothing() -> None:
    """Where no row would be accepted the cursor stays; once there is room again everything is written."""
    here = world(*MANY)
    decide = refuse(full_org, retryable=False)
    here.sink.refuse = lambda record: (
        (failure := decide(record))
        and failure.__class__(failure.key, "STORAGE_LIMIT_EXCEEDED", failure.reason, retryable=False, blocks=True)
    )
    with pytest.raises(Blocked, match="STORAGE_LIMIT_EXCEEDED"):
        await here.run()
    assert await here.ledger.cursor(SCOPE) is None

    here.sink.refuse = lambda record: None
    await here.run()
    assert here.org() == here.truth()


async def test_a_full_org_found_after_a_kill_loses_nothing_either() -> None:
    """The job in flight tells of it: what was stored beside it must not be committed."""
    for step in range(1, 30):
        here = world(*MANY)
        decide = refuse(full_org, retryable=False)
        here.sink.refuse = lambda record, decide=decide: (
            (failure := decide(record))
            and failure.__class__(failure.key, "STORAGE_LIMIT_EXCEEDED", failure.reason, retryable=False, blocks=True)
        )
        here.killed_at = step
        try:
            await here.run()
        except (Killed, Blocked):
            pass
        here.killed_at = -1
        here.sink.refuse = lambda record: None
        await here.run()
        assert here.org() == here.truth(), step
