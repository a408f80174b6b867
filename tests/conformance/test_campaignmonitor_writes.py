"""What the client writes, held against the emulated account: done once, also where the answer is lost on its way."""

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from aiohttp import web

from fairlead.campaignmonitor import RecordRefused, SetupRefused
from fairlead.campaignmonitor.deliveries import Deactivated, Subscribed, Updated, read_delivery
from fairlead.campaignmonitor.list_settings import DataType, FieldWish, ListWish
from fairlead.campaignmonitor.webhooks import EventKind
from fairlead.campaignmonitor.wishes import ConsentEvidence, ConsentToTrack, FieldValue, SubscriberWish
from fairlead.cli import demo_emulators
from tests.conformance import emulated
from tests.nursery import start_emulators

EVIDENCE = ConsentEvidence("form", "statement 1", datetime(2026, 3, 1, tzinfo=UTC))
ADA = "ada+news@example.com"


@pytest.fixture(scope="module")
def emulators() -> Iterator[demo_emulators.Emulators]:
    started = start_emulators("small")
    try:
        yield started
    finally:
        started.stop()


def lose(emulators, path, method, times=1):
    """Answers to such calls get lost; what was asked for is done."""
    rule = {"fault": "lost_answer", "match": {"path": path, "method": method}, "times": times}
    emulators.post("campaign_monitor", "/_control/faults", [rule])


def wish(email=ADA, **more):
    return SubscriberWish(email, ConsentToTrack.UNCHANGED, **more)


@asynccontextmanager
async def a_list(emulators):
    """The account, with a new list."""
    async with emulated.account_of(emulators) as account:
        (client, *_) = await account.clients()
        yield account, await account.list_settings.create(client.client_id, ListWish(uuid.uuid4().hex))


async def state(account, list_id, email=ADA):
    return (await account.subscriber(list_id, email)).state


async def test_a_list_is_created_once_and_its_title_is_taken(emulators):
    async with emulated.account_of(emulators) as account:
        (client, *_) = await account.clients()
        lose(emulators, "lists/", "POST")
        made = await account.list_settings.create(client.client_id, ListWish("Once"))
        named = [each for each in await account.lists(client.client_id) if each.name == "Once"]
        assert [each.list_id for each in named] == [made]
        with pytest.raises(SetupRefused) as caught:
            await account.list_settings.create(client.client_id, ListWish("Once"))
        assert caught.value.code == 250


async def test_a_field_is_created_once_and_takes_values(emulators):
    async with a_list(emulators) as (account, list_id):
        lose(emulators, "customfields", "POST")
        colours = FieldWish("Favourite colours", DataType.SOME_OF, ["red", "blue", "green"])
        key = await account.list_settings.create_field(list_id, colours)
        (field,) = await account.custom_fields(list_id)
        assert (field.key, field.name, field.options) == (key, "Favourite colours", ("red", "blue", "green"))
        values = [FieldValue(key, "red"), FieldValue(key, "blue")]
        await account.subscriptions.import_(list_id, [wish(name="Ada", values=values)])
        assert [value for _, value in (await account.subscriber(list_id, ADA)).custom_fields] == ["red", "blue"]
        await account.subscriptions.update(list_id, ADA, wish(values=[FieldValue(key, "red", clear=True)]))
        assert [value for _, value in (await account.subscriber(list_id, ADA)).custom_fields] == ["blue"]
        await account.subscriptions.update(list_id, ADA, wish(values=[FieldValue(key, clear=True)]))
        ada = await account.subscriber(list_id, ADA)
        assert [value for _, value in ada.custom_fields if value] == []
        assert ada.name == "Ada"


async def test_an_import_tells_of_each_address_and_brings_nobody_back(emulators):
    async with a_list(emulators) as (account, list_id):
        lose(emulators, "import", "POST")
        first = await account.subscriptions.import_(list_id, [wish(f"p{n}@example.com") for n in range(1001)])
        assert first.refused == []
        assert (await account.list_stats(list_id)).active == 1001
        await account.subscriptions.delete(list_id, "p1@example.com")
        await account.subscriptions.unsubscribe(list_id, "p2@example.com")
        again = await account.subscriptions.import_(
            list_id, [wish(f"p{n}@example.com") for n in range(3)] + [wish("no address")]
        )
        assert [each.error and each.error.code for each in again.outcomes] == [None, 205, 206, 1]
        assert await state(account, list_id, "p2@example.com") == "Unsubscribed"


async def test_who_left_comes_back_by_evidence_only(emulators):
    async with a_list(emulators) as (account, list_id):
        await account.subscriptions.add(list_id, wish())
        lose(emulators, "unsubscribe", "POST")
        await account.subscriptions.unsubscribe(list_id, ADA)
        await account.subscriptions.unsubscribe(list_id, ADA)  # as good as once
        with pytest.raises(RecordRefused):
            await account.subscriptions.add(list_id, wish())
        await account.subscriptions.update(list_id, ADA, wish(name="Ada"))
        assert await state(account, list_id) == "Unsubscribed"
        lose(emulators, "import", "POST")
        await account.subscriptions.resubscribe(list_id, wish(), EVIDENCE)
        assert await state(account, list_id) == "Active"


async def test_an_address_is_changed_once(emulators):
    async with a_list(emulators) as (account, list_id):
        await account.subscriptions.import_(list_id, [wish(), wish("bob@example.com")])
        lose(emulators, "subscribers", "PUT")
        await account.subscriptions.update(list_id, ADA, wish("countess@example.com"))
        assert await state(account, list_id, "countess@example.com") == "Active"
        with pytest.raises(RecordRefused) as caught:
            await account.subscriptions.update(list_id, "bob@example.com", wish("countess@example.com"))
        assert caught.value.code == 201
        with pytest.raises(RecordRefused) as caught:
            await account.subscriptions.update(list_id, ADA, wish())
        assert caught.value.code == 203
        assert await account.subscriptions.history(list_id, "bob@example.com") == []


async def test_an_address_is_suppressed_and_allowed_again(emulators):
    async with a_list(emulators) as (account, list_id):
        (client, *_) = await account.clients()
        await account.subscriptions.import_(list_id, [wish("eve@example.com")])
        lose(emulators, "suppress$|suppress.json", "POST")
        await account.suppression.suppress(client.client_id, ["eve@example.com"])
        assert await state(account, list_id, "eve@example.com") == "Unsubscribed"
        lose(emulators, "unsuppress", "PUT")
        await account.suppression.unsuppress(client.client_id, "eve@example.com")
        with pytest.raises(RecordRefused) as caught:
            await account.suppression.unsuppress(client.client_id, "eve@example.com")
        assert caught.value.code == 176


@asynccontextmanager
async def receiver():
    """An address that takes posts: `(url, bodies)`."""
    bodies = []

    async def handle(request):
        bodies.append(await request.read())
        return web.Response(status=200 if request.path == "/good" else 503)

    app = web.Application()
    app.router.add_post("/{path}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", bodies
    finally:
        await runner.cleanup()


async def test_a_webhook_is_created_once_tested_and_its_posts_are_read(emulators):
    async with a_list(emulators) as (account, list_id), receiver() as (url, bodies):
        lose(emulators, "webhooks", "POST")
        hook = await account.webhooks.create(list_id, f"{url}/good", list(EventKind))
        bad = await account.webhooks.create(list_id, f"{url}/bad", [EventKind.UPDATE])
        assert [each.webhook_id for each in await account.webhooks.all(list_id)] == [hook, bad]
        assert (await account.webhooks.test(list_id, hook)).arrived
        failed = await account.webhooks.test(list_id, bad)
        assert (failed.arrived, failed.response_code) == (False, "503")
        lose(emulators, f"webhooks/{bad}", "DELETE")
        await account.webhooks.delete(list_id, bad)
        assert {type(each) for each in read_delivery(bodies[0]).events} == {Subscribed, Updated, Deactivated}
        bodies.clear()
        await account.subscriptions.import_(list_id, [wish()])
        await account.subscriptions.update(list_id, ADA, wish("countess@example.com"))
        await account.subscriptions.unsubscribe(list_id, "countess@example.com")
        await asyncio.to_thread(emulators.post, "campaign_monitor", "/_control/webhooks/deliver", {})
        delivered = [read_delivery(body) for body in bodies]
        assert {each.list_id for each in delivered} == {list_id}
        joined, moved, left = (event for each in delivered for event in each.events)
        assert (type(joined), joined.email) == (Subscribed, ADA)
        assert (type(moved), moved.old_email, moved.email) == (Updated, ADA, "countess@example.com")
        assert (type(left), left.state) == (Deactivated, "Unsubscribed")
        await account.webhooks.deactivate(list_id, hook)
        assert not (await account.webhooks.all(list_id))[0].active
        await account.webhooks.activate(list_id, hook)
        assert (await account.webhooks.all(list_id))[0].active
