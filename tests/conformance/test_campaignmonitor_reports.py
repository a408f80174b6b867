"""The client's reading of a part of the campaigns and of their events, held against the emulated account."""

from collections.abc import Iterator
from contextlib import aclosing
from datetime import datetime, timedelta

import pytest

from fairlead.campaignmonitor import ApiKey, connect
from fairlead_emulators.campaignmonitor.app import CampaignMonitorEmulator, create
from fairlead_emulators.clock import Clock
from fairlead_emulators.seeds import spec
from fairlead_emulators.server import serving

Served = tuple[str, CampaignMonitorEmulator]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    emulator = create(Clock())
    emulator.seed(spec("small", "campaign_monitor"))
    with serving(emulator.app) as url:
        yield url, emulator


def opened(served):
    url, emulator = served
    return connect(url, ApiKey(emulator.ready()["api_key"]))


async def rows(pages):
    async with aclosing(pages) as each:
        return [row async for page in each for row in page.rows]


async def test_events_since_a_minute_are_those_of_that_minute_and_later(served):
    _, emulator = served
    async with opened(served) as account:
        (campaign, *_) = await rows(account.campaigns.sent(emulator.store.clients()[0].id))
        everything = await rows(account.tracking.opens(campaign.campaign_id))
        middle = sorted(row.date for row in everything)[len(everything) // 2]
        later = await rows(account.tracking.opens(campaign.campaign_id, datetime.fromisoformat(middle)))
        assert sorted(row.date for row in later) == sorted(row.date for row in everything if row.date >= middle)
        assert any(row.country_code for row in later)


async def test_campaigns_are_found_by_their_days_and_tags(served):
    _, emulator = served
    client = emulator.store.clients()[0].id
    async with opened(served) as account:
        sent = await rows(account.campaigns.sent(client))
        day = datetime.fromisoformat(sent[-1].sent).date()
        found = await rows(account.campaigns.sent(client, day, day + timedelta(days=1)))
        assert [each.campaign_id for each in found] == [each.campaign_id for each in sent if each.sent[:10] == f"{day}"]
        for tag in await account.campaigns.tags(client):
            assert tag.name
        tagged = next(each for each in sent if each.tags)
        by_tag = await rows(account.campaigns.sent(client, tags=tagged.tags))
        assert {each.campaign_id for each in by_tag} == {
            each.campaign_id for each in sent if set(tagged.tags) <= set(each.tags)
        }
        for each in (*await account.campaigns.drafts(client), *await account.campaigns.scheduled(client)):
            assert each.campaign_id not in {other.campaign_id for other in sent}


async def test_a_persons_history_is_in_the_reports(served):
    _, emulator = served
    async with opened(served) as account:
        (campaign, *_) = await rows(account.campaigns.sent(emulator.store.clients()[0].id))
        click = (await rows(account.tracking.clicks(campaign.campaign_id)))[0]
        history = await account.subscriptions.history(click.list_id, click.email)
        actions = next(each for each in history if each.item_id == campaign.campaign_id).actions
        assert (click.date, click.url) in [(each.date, each.detail) for each in actions if each.event == "Click"]
