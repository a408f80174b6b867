"""Laws of making and keeping webhooks, against an account that remembers them."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings
from django.utils import timezone

from fairlead.campaignmonitor.errors import SetupRefused, Unavailable
from fairlead.campaignmonitor.webhooks import EventKind, TestResult, Webhook
from fairlead.features.webhooks import repairing, rules
from fairlead.features.webhooks.models import Endpoint
from fairlead.features.webhooks.repairing import ListOf, Repaired
from fairlead.store import setting_rows
from fairlead.store.models import Org
from fairlead.store.orgs import default_org
from fairlead.sync.failures import CampaignMonitorUnavailable

ACCOUNT = "https://api.createsend.com"
ONE, TWO = ListOf("l1", "News", "c"), ListOf("l2", "Offers", "c")


@dataclass
class Account:
    """`webhooks` of lists; `gone` lists are refused, `answer_lost` ends a creation after it was done."""

    hooks: dict[str, dict[str, Webhook]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    arrives: bool = True
    answer_lost: bool = False
    calls: int = 0
    tokens: list[str] = field(default_factory=list)

    @property
    def webhooks(self) -> "Account":
        return self

    async def all(self, list_id: str) -> list[Webhook]:
        self.calls += 1
        if list_id in self.gone:
            raise SetupRefused("Unknown list.", code=101)
        return list(self.hooks.get(list_id, {}).values())

    async def create(self, list_id: str, url: str, events: Collection[EventKind]) -> str:
        number = f"w{len(self.tokens)}"
        self.tokens.append(url)
        self.hooks.setdefault(list_id, {})[number] = Webhook(number, tuple(events), url, "Active", "Json")
        if self.answer_lost:
            self.answer_lost = False
            raise Unavailable("Cut off.")
        return number

    async def test(self, list_id: str, webhook: str) -> TestResult:
        return TestResult(self.arrives, "ConnectFailure", "0")

    async def activate(self, list_id: str, webhook: str) -> None:
        old = self.hooks[list_id][webhook]
        self.hooks[list_id][webhook] = Webhook(webhook, old.events, old.url, "Active", "Json")

    async def delete(self, list_id: str, webhook: str) -> None:
        del self.hooks[list_id][webhook]


@pytest.fixture
def org(db: None, settings: LazySettings) -> Org:
    settings.FAIRLEAD_PUBLIC_URL = "https://fairlead.example.com"
    setting_rows.put(default_org(), rules.USE, value=True, by="test")
    return default_org()


def repair(org: Org, account: Account, *lists: ListOf, due_only: bool = False, all_lists: bool = True) -> Repaired:
    work: Any = async_to_sync(repairing.repair)
    found: Repaired = work(org, account, ACCOUNT, lists, due_only=due_only, all_lists=all_lists)
    return found


def states() -> dict[str, str]:
    return dict(Endpoint.objects.values_list("list", "state"))


def test_each_list_gets_one_webhook_with_a_token_of_its_own_that_is_kept_as_a_hash(org: Org) -> None:
    account = Account()
    assert repair(org, account, ONE, TWO).made == 2
    assert repair(org, account, ONE, TWO) == Repaired(kept=2)
    first, second = account.tokens
    assert first != second
    assert first.startswith("https://fairlead.example.com/hooks/")
    assert all(first.rpartition("/")[2].encode() not in bytes(row.token_hash) for row in Endpoint.objects.all())
    assert states() == {"l1": "active", "l2": "active"}


def test_one_that_was_made_although_the_answer_was_lost_is_known_again(org: Org) -> None:
    account = Account(answer_lost=True)
    with pytest.raises(CampaignMonitorUnavailable):
        repair(org, account, ONE)
    assert repair(org, account, ONE) == Repaired(kept=1)
    assert len(account.hooks["l1"]) == 1


def test_a_list_that_is_refused_does_not_take_the_others_with_it(org: Org) -> None:
    done = repair(org, Account(gone={"l1"}), ONE, TWO)
    assert (done.made, done.failed) == (1, 1)
    assert states() == {"l1": "failing", "l2": "active"}
    assert "“News”" in repairing.status(org)[0]["message"]


def test_a_test_that_does_not_arrive_is_told_with_the_answer_it_got(org: Org) -> None:
    account = Account(arrives=False)
    repair(org, account, ONE)
    assert "did not arrive (ConnectFailure 0)" in repairing.status(org)[0]["message"]
    account.arrives = True
    repair(org, account, ONE, due_only=True)
    assert (states(), repairing.status(org)[0]["message"]) == ({"l1": "active"}, "")


def test_what_works_is_looked_at_once_a_day(org: Org) -> None:
    account = Account()
    repair(org, account, ONE)
    before = account.calls
    assert repair(org, account, ONE, due_only=True) == Repaired(not_due=1)
    assert account.calls == before
    Endpoint.objects.update(checked_at=timezone.now() - 2 * repairing.CHECK_EVERY)
    assert repair(org, account, ONE, due_only=True).kept == 1


def test_lists_that_are_no_longer_synced_lose_their_webhook_and_those_of_others_stay(org: Org) -> None:
    """But not in a run of one list, which knows nothing of the others."""
    account = Account()
    repair(org, account, ONE, TWO)
    account.hooks["l2"]["x"] = Webhook("x", ("Update",), "https://other.example.com/hooks/y", "Active", "Json")
    assert repair(org, account, ONE, all_lists=False).removed == 0
    assert repair(org, account, ListOf("l1", "New name", "c")).removed == 1
    assert list(account.hooks["l2"]) == ["x"]
    assert [row["name"] for row in repairing.status(org)] == ["New name"]
    assert repairing.name_of(org, "l1") == "New name"


def test_turned_off_all_of_ours_go_also_of_lists_that_are_gone(org: Org) -> None:
    account = Account()
    repair(org, account, ONE, TWO)
    setting_rows.put(org, rules.USE, value=False, by="test")
    account.gone.add("l2")
    assert repair(org, account, ONE, TWO).removed == 1
    assert (account.hooks["l1"], states()) == ({}, {})


def test_a_new_public_address_gets_new_webhooks(org: Org, settings: LazySettings) -> None:
    account = Account()
    repair(org, account, ONE)
    settings.FAIRLEAD_PUBLIC_URL = "https://moved.example.com"
    done = repair(org, account, ONE)
    assert (done.made, done.removed) == (1, 1)
    (left,) = account.hooks["l1"].values()
    assert left.url.startswith("https://moved.example.com/hooks/")


def test_an_address_that_cannot_be_reached_is_refused_before_anything_is_made(org: Org, settings: LazySettings) -> None:
    settings.FAIRLEAD_PUBLIC_URL = "http://127.0.0.1:8800"
    account = Account()
    with pytest.raises(rules.NotReachable):
        repair(org, account, ONE)
    assert (account.calls, states()) == (0, {})
