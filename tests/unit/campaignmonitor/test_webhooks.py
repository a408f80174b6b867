"""Webhooks: none is created twice, a test tells what failed, and an address that may hold a secret is not shown."""

import pytest

from fairlead.campaignmonitor import OutcomeUnknown, SetupRefused
from fairlead.campaignmonitor.webhooks import EventKind
from tests.unit.campaignmonitor.script import script
from tests.unit.campaignmonitor.server import LIST, always, cut, raw, refuses, serve

PATH = f"/lists/{LIST}/webhooks"
ALL, CREATE = f"GET {PATH}", f"POST {PATH}"
HOOK = "fbf01b1f4f5d1dd5"
URL = "https://example.com/hook/s3cret"
KINDS = [EventKind.SUBSCRIBE, EventKind.DEACTIVATE]


def hook(webhook_id=HOOK, url=URL, events=("Deactivate", "Subscribe"), status="Active"):
    return {"WebhookID": webhook_id, "Events": list(events), "Url": url, "Status": status, "PayloadFormat": "Json"}


NONE, THERE = always([]), always([hook()])


async def test_the_webhooks_of_a_list_are_read_and_their_addresses_not_shown():
    async with serve(always([hook(), hook(status="Inactive")])) as fake, fake.connect() as account:
        one, other = await account.webhooks.all(LIST)
    assert (one.webhook_id, one.url, one.payload_format) == (HOOK, URL, "Json")
    assert set(one.events) == {"Subscribe", "Deactivate"}
    assert (one.active, other.active) == (True, False)
    assert "s3cret" not in repr(one)


async def test_a_webhook_is_created_for_json():
    play = script(**{ALL: NONE, CREATE: always(HOOK, 201)})
    async with serve(play) as fake, fake.connect() as account:
        assert await account.webhooks.create(LIST, URL, KINDS) == HOOK
        with pytest.raises(ValueError, match="No event"):
            await account.webhooks.create(LIST, URL, [])
    assert [each.body for each in play.of("POST")] == [
        {"Events": ["Deactivate", "Subscribe"], "Url": URL, "PayloadFormat": "json"}
    ]


@pytest.mark.parametrize("lost", [cut, refuses(500, 500), raw(b"", 504)], ids=["cut", "500", "504"])
async def test_a_webhook_whose_answer_was_lost_is_found_by_its_address_and_events(lost):
    play = script(**{ALL: [NONE, THERE], CREATE: lost})
    async with serve(play) as fake, fake.connect() as account:
        assert await account.webhooks.create(LIST, URL, KINDS) == HOOK
    assert len(play.of("POST")) == 1


OTHERS = {
    "one from before": [hook()],
    "of another address": [hook(), hook("a" * 16, url="https://example.com/other")],
    "of other events": [hook(), hook("a" * 16, events=["Update"])],
}


@pytest.mark.parametrize("now", OTHERS.values(), ids=OTHERS)
async def test_another_webhook_is_not_taken_for_the_new_one(now):
    play = script(**{ALL: [THERE, always(now)], CREATE: [cut, always("b" * 16, 201)]})
    async with serve(play) as fake, fake.connect() as account:
        assert await account.webhooks.create(LIST, URL, KINDS) == "b" * 16


async def test_a_webhook_that_nobody_can_look_for_is_not_created_twice():
    play = script(**{ALL: [NONE, cut], CREATE: cut})
    async with serve(play) as fake, fake.connect() as account:
        with pytest.raises(OutcomeUnknown):
            await account.webhooks.create(LIST, URL, KINDS)
    assert len(play.of("POST")) == 1


FAILURE = {
    "FailureStatus": "ProtocolError",
    "FailureResponseMessage": "ProtocolError",
    "FailureResponseCode": 404,
    "FailureResponse": "<html>ada@example.com</html>",
}


async def test_a_test_tells_whether_it_arrived_and_what_came_back():
    arrived, failed = raw(b""), always({"Code": 610, "Message": "words", "ResultData": FAILURE}, 400)
    bare = always({"Code": 610, "Message": "words"}, 400)
    async with serve(arrived, failed, bare, refuses(400, 604)) as fake, fake.connect() as account:
        well, ill, terse = [await account.webhooks.test(LIST, HOOK) for _ in range(3)]
        with pytest.raises(SetupRefused):
            await account.webhooks.test(LIST, HOOK)
    assert (well.arrived, ill.arrived, terse.arrived) == (True, False, False)
    assert (ill.status, ill.response_code) == ("ProtocolError", "404")
    assert "ada" not in repr(ill)
    assert fake.asked[0].method == "GET"
    assert fake.asked[0].path == f"/api/v3.3{PATH}/{HOOK}/test.json"


async def test_webhooks_are_switched_and_taken_away():
    one = f"{PATH}/{HOOK}"
    play = script(
        **{
            f"PUT {one}/activate": raw(b""),
            f"PUT {one}/deactivate": [cut, raw(b"")],
            f"DELETE {one}": [raw(b""), cut, refuses(400, 604), refuses(400, 699)],
        }
    )
    async with serve(play) as fake, fake.connect() as account:
        await account.webhooks.activate(LIST, HOOK)
        await account.webhooks.deactivate(LIST, HOOK)
        await account.webhooks.delete(LIST, HOOK)
        await account.webhooks.delete(LIST, HOOK)  # the answer is lost, then it is gone
        with pytest.raises(SetupRefused) as caught:
            await account.webhooks.delete(LIST, HOOK)
    assert caught.value.code == 699
    assert {each.body for each in play.sent} == {None}
