"""The account of a few named addresses: what it narrows, and what it must not."""

from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.campaignmonitor.errors import RecordRefused
from fairlead.campaignmonitor.paging import Page
from fairlead.campaignmonitor.subscribers import STATES, Subscriber
from fairlead.sync.named import NamedAccount

A, B, C = (Subscriber(email=f"{name}@example.com", state="Active") for name in "abc")
GONE = Subscriber(email="gone@example.com", state="Deleted")
SINCE = date(2026, 3, 4)


@dataclass
class Wire:
    """A transport whose list has four subscribers."""

    limit: Any = field(default_factory=lambda: SimpleNamespace(most=2))
    asked: list[str] = field(default_factory=list)

    async def get(self, door: Any, read: Any) -> Any:
        query = dict(door.query or {})
        if "email" in query:
            self.asked.append(query["email"])
            found = [each for each in (A, B, C, GONE) if each.email == query["email"]]
            if not found:
                raise RecordRefused("Not on the list.", code=203)
            return found[0]
        self.asked.append(query.get("date", "all"))
        rows = [A, B, C] if door.template.endswith("/active") else [GONE] if door.template.endswith("/deleted") else []
        return Page(rows=rows, number=1, pages=1, total=len(rows))


async def read(account: CampaignMonitor, since: date | None = SINCE, on: str = "l1") -> list[str]:
    """State by state, and then all states in turn, as runs read: both must say the same."""
    asked = len(account.transport.asked)  # type: ignore[attr-defined]
    async with aclosing(account.in_states(on, STATES, since)) as pages:
        in_turn = [row.email async for page in pages for row in page.rows]
    del account.transport.asked[asked:]  # type: ignore[attr-defined]
    account._found = None  # type: ignore[attr-defined]
    found = []
    for state in STATES:
        async with aclosing(account.members(on, state, since)) as pages:
            async for page in pages:
                found += [row.email for row in page.rows]
    assert in_turn == found
    return found


@pytest.mark.parametrize("singly", [True, False])
async def test_the_named_ones_are_given_in_their_states_and_nobody_else(singly: bool) -> None:
    """Those that are not on the list are left out; dates do not matter."""
    wire: Any = Wire()
    account = NamedAccount(
        CampaignMonitor(wire), "l1", ["B@example.com", "gone@example.com", "no@example.com"], singly=singly
    )
    assert await read(account) == ["b@example.com", "gone@example.com"]
    assert len(wire.asked) == (3 if singly else 5)
    assert SINCE.isoformat() not in wire.asked


async def test_whoever_asks_for_everything_or_for_another_list_is_given_all() -> None:
    """A whole reading must never be taken for whole when it was narrowed: a sweep would follow."""
    wire: Any = Wire()
    account = NamedAccount(CampaignMonitor(wire), "l1", ["b@example.com"], singly=True)
    everybody = [each.email for each in (A, B, C, GONE)]
    assert await read(account, None) == everybody
    assert await read(account, SINCE, "l2") == everybody
