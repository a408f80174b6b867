"""What is written goes out once: what may have been done is not done again unless twice is as good as once."""

import asyncio
import json

import pytest
from aiohttp import ClientTimeout, web

from fairlead.campaignmonitor import OutcomeUnknown, RecordRefused, SetupRefused, SignInRefused, Unavailable
from fairlead.campaignmonitor.login import OAuth
from tests.unit.campaignmonitor.server import CLIENT, always, cut, raw, refuses, serve

SMART = "bb4a6ebb-663d-42a0-bdbe-60512cf30a01"
SENT = [
    {"MessageID": "0cfe150d-d507-11e4-84a7-c31e5b59881d", "Recipient": "Ada <ada@example.com>", "Status": "Received"}
]
TO = ["Ada <ada@example.com>"]


def keeping(bodies, then):
    """Remembers what was sent, then answers."""

    async def handle(request):
        bodies.append((request.method, request.path, await request.read(), request.headers.get("Content-Type")))
        return await then(request)

    return handle


async def send(account):
    return await account.transactional.send_smart(SMART, TO, consent_to_track="Unchanged")


async def test_a_smart_email_goes_out_with_its_data():
    bodies = []
    async with serve(keeping(bodies, always(SENT, 202))) as fake, fake.connect() as account:
        (accepted,) = await account.transactional.send_smart(
            SMART,
            TO,
            cc=["bob@example.com"],
            bcc=["eve@example.com"],
            data={"order": {"lines": [1, "ü"]}},
            add_recipients_to_list=False,
            consent_to_track="No",
        )
        await send(account)
    assert (accepted.message_id, accepted.recipient, accepted.status) == tuple(SENT[0].values())
    (method, path, body, kind), (_, _, least, _) = bodies
    assert (method, path) == ("POST", f"/api/v3.3/transactional/smartEmail/{SMART}/send")
    assert kind == "application/json; charset=utf-8"
    assert json.loads(body) == {
        "To": TO,
        "CC": ["bob@example.com"],
        "BCC": ["eve@example.com"],
        "Data": {"order": {"lines": [1, "ü"]}},
        "AddRecipientsToList": False,
        "ConsentToTrack": "No",
    }
    assert json.loads(least) == {"To": TO, "AddRecipientsToList": True, "ConsentToTrack": "Unchanged"}
    assert fake.calls[0] == ("POST", "/transactional/smartEmail/{}/send", 202)


@pytest.mark.parametrize(
    ("body", "count"), [(b"", 0), (json.dumps(SENT[0]).encode(), 1), (b"\xef\xbb\xbf" + json.dumps(SENT).encode(), 1)]
)
async def test_a_message_is_sent_again_whatever_shape_the_answer_has(body, count):
    bodies = []
    async with serve(keeping(bodies, raw(body, 202))) as fake, fake.connect() as account:
        assert len(await account.messages.resend(SMART)) == count
    ((method, path, sent, _),) = bodies
    assert (method, path, sent) == ("POST", f"/api/v3.3/transactional/messages/{SMART}/resend", b"")
    assert fake.calls == [("POST", "/transactional/messages/{}/resend", 202)]


UNKNOWN = {
    "cut connection": cut,
    "server error": refuses(500, 500),
    "gateway's time is up": raw(b"<html>", 504),
    "answer that cannot be read": raw(b'[{"MessageID', 202),
}


@pytest.mark.parametrize("fault", UNKNOWN.values(), ids=UNKNOWN)
async def test_what_may_have_been_sent_is_not_sent_again(fault):
    """Somebody would get the same e-mail twice; whether it went out is for a person to see."""
    async with serve(fault, always(SENT, 202)) as fake, fake.connect() as account:
        with pytest.raises(OutcomeUnknown, match="Look in Campaign Monitor") as caught:
            await send(account)
    assert len(fake.asked) == 1
    assert "ada" not in str(caught.value)


async def test_a_silent_server_may_have_sent_it_too():
    async def silent(request):
        await asyncio.sleep(5)
        return web.Response()

    async with serve(silent) as fake, fake.connect(timeout=ClientTimeout(total=0.05)) as account:
        with pytest.raises(OutcomeUnknown):
            await send(account)
    assert len(fake.asked) == 1


async def test_what_was_declined_for_the_moment_is_sent_when_the_moment_is_over():
    limit = refuses(429, 429, X_RateLimit_Reset="0.2", X_RateLimit_Remaining="0")
    async with serve(limit, refuses(429, 429), always(SENT, 202)) as fake, fake.connect() as account:
        loop = asyncio.get_running_loop()
        began = loop.time()
        assert len(await send(account)) == 1
        assert loop.time() - began >= 0.2
    assert [status for _, _, status in fake.calls] == [429, 429, 202]


async def test_what_never_reached_a_server_is_tried_again_and_told_as_such():
    async with serve(always(SENT)) as fake:
        pass
    async with fake.connect() as account:
        with pytest.raises(Unavailable):
            await send(account)
    assert [status for _, _, status in fake.calls] == [0] * 4


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [(400, 954, RecordRefused), (400, 980, SetupRefused), (401, 100, SignInRefused), (410, 410, RecordRefused)],
)
async def test_a_refusal_is_told_as_what_it_is(status, code, kind):
    async with serve(refuses(status, code)) as fake, fake.connect() as account:
        with pytest.raises(kind) as caught:
            await account.messages.resend(SMART)
    assert caught.value.code == code
    assert not isinstance(caught.value, OutcomeUnknown)
    assert len(fake.asked) == 1


async def test_a_token_past_its_lifetime_is_renewed_and_the_write_goes_out_with_its_body():
    bodies = []

    async def store(tokens):
        pass

    renewal = always({"access_token": "new", "refresh_token": "r", "expires_in": 60})
    async with serve(refuses(401, 121), renewal, keeping(bodies, always(SENT, 202))) as fake:
        async with fake.connect(OAuth("old", "r", store)) as account:
            await send(account)
    assert json.loads(bodies[0][2])["To"] == TO
    assert fake.asked[2].headers["Authorization"] == "Bearer new"


async def test_suppressing_twice_is_as_good_as_once_and_is_tried_again():
    bodies = []
    async with serve(cut, refuses(500, 500), keeping(bodies, raw(b""))) as fake, fake.connect() as account:
        await account.suppression.suppress(CLIENT, ["ada@example.com", "bob@example.com"])
    ((method, path, body, _),) = bodies
    assert (method, path) == ("POST", f"/api/v3.3/clients/{CLIENT}/suppress.json")
    assert json.loads(body) == {"EmailAddresses": ["ada@example.com", "bob@example.com"]}
    assert len(fake.asked) == 3


async def test_an_address_is_allowed_again_or_told_not_to_be_suppressed():
    bodies = []
    async with serve(keeping(bodies, raw(b"")), refuses(400, 176)) as fake, fake.connect() as account:
        await account.suppression.unsuppress(CLIENT, "ada+news@example.com")
        with pytest.raises(RecordRefused) as caught:
            await account.suppression.unsuppress(CLIENT, "bob@example.com")
    assert caught.value.code == 176
    assert bodies[0][:3] == ("PUT", f"/api/v3.3/clients/{CLIENT}/unsuppress.json", b"")
    assert fake.asked[0].raw_path.endswith("?email=ada%2Bnews@example.com")
    assert fake.calls[0] == ("PUT", "/clients/{}/unsuppress", 200)


async def test_an_address_that_this_call_has_allowed_again_is_not_told_not_to_be_suppressed():
    async with serve(cut, refuses(400, 176)) as fake, fake.connect() as account:
        await account.suppression.unsuppress(CLIENT, "ada@example.com")
    assert len(fake.asked) == 2


@pytest.mark.parametrize("renewal", [cut, raw(b"", 503)], ids=["lost", "busy"])
async def test_a_write_whose_token_could_not_be_renewed_was_not_done_and_is_tried_again(renewal):
    """It was refused for its token: what got lost is the answer of another call."""

    async def store(tokens):
        pass

    granted = always({"access_token": "new", "expires_in": 60})
    async with serve(refuses(401, 121), renewal, refuses(401, 121), granted, always(SENT, 202)) as fake:
        async with fake.connect(OAuth("old", "r", store)) as account:
            assert len(await send(account)) == 1


async def test_an_unknown_outcome_is_of_the_moment_but_never_tried_again_by_the_client():
    """Who catches it together with other faults of the moment sees its own next step."""
    async with serve(cut, always(SENT, 202)) as fake, fake.connect() as account:
        with pytest.raises(Unavailable) as caught:
            await send(account)
    assert isinstance(caught.value, OutcomeUnknown)
    assert "Look" in caught.value.step
    assert len(fake.asked) == 1


async def test_every_call_on_the_wire_is_known_also_where_the_connection_ends_without_a_word():
    """The HTTP library would repeat such a call by itself: what the first has done would look like a refusal."""

    async def hang_up(request):
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async with serve(raw(b""), hang_up, refuses(400, 176)) as fake, fake.connect() as account:
        await account.suppression.unsuppress(CLIENT, "bob@example.com")  # the connection is now one in use
        await account.suppression.unsuppress(CLIENT, "ada@example.com")
    assert [status for _, _, status in fake.calls] == [200, 0, 400]
    assert len(fake.asked) == 3
