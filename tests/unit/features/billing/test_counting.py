"""Counting people: each address once over all lists, nothing kept of it, and no page read where nothing changed."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairlead.campaignmonitor.errors import Unavailable
from fairlead.features.billing import counting
from fairlead.features.billing.counting import Count
from fairlead.features.billing.rules import Counted
from fairlead.sync.failures import CampaignMonitorUnavailable

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
PAGE = 3
LISTS = st.lists(st.lists(st.integers(0, 12), unique=True, max_size=8), max_size=4)
"""Who is on which list."""


class Account:
    """An account of one client a list; `lists` maps a list to its active addresses. Counts what is asked for."""

    def __init__(self, lists: Mapping[str, Sequence[str]], broken: str = "") -> None:
        self._lists = lists
        self._broken = broken
        self.pages = 0

    async def lists(self, client_id: str) -> list[Any]:
        return [SimpleNamespace(list_id=client_id, name=client_id)] if client_id in self._lists else []

    async def list_stats(self, list_id: str) -> Any:
        return SimpleNamespace(active=len(self._lists[list_id]), unsubscribed=1, deleted=2, bounced=3)

    async def members(self, list_id: str, state: str) -> AsyncGenerator[Any, None]:
        assert state == "Active"
        people = self._lists[list_id]
        for first in range(0, len(people), PAGE):
            if list_id == self._broken:
                raise Unavailable("It does not answer.")
            self.pages += 1
            yield SimpleNamespace(rows=[SimpleNamespace(email=one) for one in people[first : first + PAGE]])


def count(account: Account, before: Counted | None = None, now: datetime = NOW) -> Count:
    async def ticked(lists: int) -> None:
        assert lists >= 0

    return asyncio.run(counting.count(account, ["a", "b", "c", "d"], before, now, ticked))  # type: ignore[arg-type]


@given(LISTS)
@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
def test_an_address_counts_once_over_all_lists(who: list[list[int]]) -> None:
    lists = {name: [f"p{n}@example.com" for n in people] for name, people in zip("abcd", who, strict=False)}
    found = count(Account(lists))
    assert found.people == len({one for people in who for one in people})
    assert found.lists == len(lists)
    assert found.basis.at == found.basis.whole_at == NOW


def test_two_spellings_are_one_person() -> None:
    assert count(Account({"a": ["Ada@Example.com", "grace@example.com"], "b": ["ada@example.com"]})).people == 2


def test_what_is_kept_of_a_count_holds_no_address() -> None:
    told = repr(count(Account({"a": ["ada@example.com"]})))
    assert "ada" not in told
    assert "@" not in told


def test_while_no_total_differs_no_page_is_read_for_a_week() -> None:
    lists = {"a": ["p1@example.com"], "b": ["p1@example.com", "p2@example.com"]}
    first = count(Account(lists)).basis
    account = Account(lists)
    again = count(account, first, NOW + timedelta(days=1))
    assert (again.people, account.pages) == (None, 0)
    assert (again.basis.at, again.basis.whole_at) == (NOW + timedelta(days=1), NOW)
    assert count(account, again.basis, NOW + timedelta(days=7)).people == 2
    more = {**lists, "c": ["p3@example.com"]}
    assert count(Account(more), first, NOW + timedelta(days=1)).people == 3


def test_an_empty_list_costs_no_page() -> None:
    account = Account({"a": [], "b": ["p1@example.com"]})
    assert count(account).people == 1
    assert account.pages == 1


def test_an_account_that_does_not_answer_gives_no_count() -> None:
    """Half a count would be a smaller bill, and a wrong one."""
    with pytest.raises(CampaignMonitorUnavailable):
        count(Account({"a": ["p1@example.com"], "b": ["p2@example.com"]}, broken="b"))
