"""The client reads campaigns and journeys of the emulated account: every row once, and figures that agree with them."""

from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import pytest

from fairlead.campaignmonitor import ApiKey, connect
from fairlead_emulators.campaignmonitor.app import CampaignMonitorEmulator, create
from fairlead_emulators.clock import Clock
from fairlead_emulators.seeds import spec
from fairlead_emulators.server import serving


@dataclass(frozen=True)
class Account:
    """The emulated account and where it answers."""

    emulator: CampaignMonitorEmulator
    url: str

    @property
    def client_id(self) -> str:
        return self.emulator.store.clients()[0].id

    def connect(self) -> Any:
        return connect(self.url, ApiKey(self.emulator.ready()["api_key"]))


@pytest.fixture(scope="module")
def account():
    emulator = create(Clock())
    emulator.seed(spec("small", "campaign_monitor"))
    with serving(emulator.app) as url:
        yield Account(emulator, url)


async def every(pages):
    async with aclosing(pages):
        return [row async for page in pages for row in page.rows]


@pytest.mark.parametrize("page_size", [10, 1000])
async def test_every_row_of_a_campaign_is_read_once(account, page_size):
    async with account.connect() as connected:
        campaigns, tracking = connected.campaigns, connected.tracking
        sent = await every(campaigns.sent(account.client_id, page_size=10))
        assert [each.name for each in sent][-1] == "Summer offer"
        for each in sent[-2:]:
            summary = await campaigns.summary(each.campaign_id)
            counted = {}
            for kind in ("recipients", "opens", "clicks", "bounces", "unsubscribes", "spam"):
                rows = await every(getattr(tracking, kind)(each.campaign_id, page_size=page_size))
                counted[kind] = len(rows)
                assert all(row.email and row.list_id for row in rows)
            assert counted == {
                "recipients": summary.recipients, "opens": summary.opens, "clicks": summary.clicks,
                "bounces": summary.bounces, "unsubscribes": summary.unsubscribes, "spam": summary.spam_complaints,
            }  # fmt: skip
            assert summary.opens > summary.unique_opens > 0
            assert (
                sum(one.subscribers for one in await campaigns.email_client_usage(each.campaign_id))
                == summary.unique_opens
            )
            assert (await campaigns.lists_and_segments(each.campaign_id)).lists


async def test_unsent_campaigns_and_tags_are_read(account):
    async with account.connect() as connected:
        campaigns = connected.campaigns
        assert [each.name for each in await campaigns.drafts(account.client_id)] == ["Not yet finished"]
        assert [each.name for each in await campaigns.scheduled(account.client_id)] == ["Winter offer"]
        tags = {each.name: each.campaigns for each in await campaigns.tags(account.client_id)}
        assert tags == {"Customers": 1, "Drafts": 1, "News": 4, "Offers": 2}
        found = await every(campaigns.sent(account.client_id, tags=["News", "Offers"]))
        assert [each.name for each in found] == ["Summer offer"]


async def test_every_row_of_a_journeys_email_is_read_once(account):
    async with account.connect() as connected:
        journeys, tracking = connected.journeys, connected.journey_tracking
        listed = await journeys.of_client(account.client_id)
        assert [(each.name, each.status) for each in listed] == [("Welcome", "Active"), ("Birthday", "Not started")]
        details = await journeys.details(listed[0].journey_id)
        for each in details.emails:
            counted = [
                len(await every(getattr(tracking, kind)(each.email_id, page_size=10)))
                for kind in ("recipients", "opens", "clicks", "bounces", "unsubscribes")
            ]
            assert counted == [each.sent, each.opens, each.clicks, each.bounces, each.unsubscribes]
            assert each.sent > 0
