"""The account over a real socket: what is asked, what is decoded, and how faults of the moment end."""

import asyncio
import re
from contextlib import aclosing
from datetime import date, datetime

import pytest
from aiohttp import ClientTimeout, web

from fairlead.campaignmonitor import RecordRefused, SetupRefused, SignInRefused, Unavailable
from tests.unit.campaignmonitor.server import (
    CLIENT,
    LIST,
    SYSTEM_DATE,
    Fake,
    always,
    answer,
    cut,
    raw,
    refusal,
    refuses,
    serve,
)

ADA = {
    "EmailAddress": "ada+news@example.com",
    "Name": "Ada",
    "Date": "2026-03-01 10:28:00",
    "ListJoinedDate": "2026-02-01 10:28:00",
    "State": "Active",
    "CustomFields": [{"Key": "[colour]", "Value": "red"}, {"Key": "[colour]", "Value": "blue"}],
    "ReadsEmailWith": "Gmail",
    "ConsentToTrack": "Yes",
    "NotOfInterest": {"deep": [1, 2]},
}


def envelope(rows, number=1, pages=1, total=None):
    total = len(rows) if total is None else total
    return {"Results": rows, "PageNumber": number, "NumberOfPages": pages, "TotalNumberOfRecords": total}


async def everything(pages):
    async with aclosing(pages):
        return [page async for page in pages]


async def test_the_clock_is_naive_and_costs_one_call():
    async with serve(SYSTEM_DATE) as fake, fake.connect() as account:
        assert await account.system_date() == datetime(2026, 3, 1, 9, 27)
    assert fake.asked[0].path == "/api/v3.3/systemdate.json"
    assert fake.asked[0].headers["Authorization"].startswith("Basic ")
    assert "gzip" in fake.asked[0].headers["Accept-Encoding"]
    assert fake.calls == [("GET", "/systemdate", 200)]


async def test_clients_lists_and_their_settings_are_decoded():
    async with serve(always([{"ClientID": CLIENT, "Name": "One"}])) as fake, fake.connect() as account:
        assert [(c.client_id, c.name) for c in await account.clients()] == [(CLIENT, "One")]
    details = {"ApiKey": "s3cret", "BasicDetails": {"ClientID": CLIENT, "CompanyName": "One", "TimeZone": "(GMT) X"}}
    async with serve(always(details)) as fake, fake.connect() as account:
        client = await account.client(CLIENT)
        assert (client.client_id, client.name, client.time_zone) == (CLIENT, "One", "(GMT) X")
        assert "s3cret" not in repr(client)
    async with serve(always([{"ListID": LIST, "Name": "News"}])) as fake, fake.connect() as account:
        assert [(x.list_id, x.name) for x in await account.lists(CLIENT)] == [(LIST, "News")]
        assert fake.asked[0].path == f"/api/v3.3/clients/{CLIENT}/lists.json"
    settings = {"ListID": LIST, "Title": "News", "ConfirmedOptIn": True, "UnsubscribeSetting": "AllClientLists"}
    async with serve(always(settings)) as fake, fake.connect() as account:
        got = await account.list_details(LIST)
        assert (got.title, got.confirmed_opt_in, got.unsubscribe_setting) == ("News", True, "AllClientLists")
    async with serve(always({"TotalActiveSubscribers": 6, "TotalBounces": "2"})) as fake, fake.connect() as account:
        stats = await account.list_stats(LIST)
        assert (stats.active, stats.unsubscribed, stats.bounced) == (6, 0, 2)
    fields = [
        {"FieldName": "Colour", "Key": "[Colour]", "DataType": "MultiSelectMany", "FieldOptions": ["red", "blue"]}
    ]
    async with serve(always(fields)) as fake, fake.connect() as account:
        (field,) = await account.custom_fields(LIST)
        assert (field.key, field.data_type, field.options) == ("[Colour]", "MultiSelectMany", ("red", "blue"))
    async with serve(always(["(GMT) X"])) as fake, fake.connect() as account:
        assert await account.timezones() == ["(GMT) X"]


async def test_members_are_asked_for_oldest_first_from_a_day_on():
    async with serve(always(envelope([ADA]))) as fake, fake.connect() as account:
        (page,) = await everything(account.members(LIST, "Active", datetime(2026, 2, 3, 23, 59), page_size=100))
        await everything(account.members(LIST, "Bounced", date(2026, 2, 3), tracking_preference=False))
        await everything(account.members(LIST, "Deleted"))
    first, second, third = (dict(request.query) for request in fake.asked)
    order = {"orderfield": "date", "orderdirection": "asc", "page": "1"}
    assert first == order | {"pagesize": "100", "date": "2026-02-03", "includetrackingpreference": "true"}
    assert second == order | {"pagesize": "1000", "date": "2026-02-03"}
    assert "date" not in third
    assert fake.asked[1].path == f"/api/v3.3/lists/{LIST}/bounced.json"
    (ada,) = page.rows
    assert (ada.email, ada.name, ada.state, ada.reads_email_with) == ("ada+news@example.com", "Ada", "Active", "Gmail")
    assert (ada.date, ada.joined) == ("2026-03-01 10:28:00", "2026-02-01 10:28:00")
    assert (ada.consent_to_track, ada.custom_text) == ("Yes", "colour: red\ncolour: blue")
    assert (page.state, page.number, page.pages, page.total) == ("Active", 1, 1, 1)
    assert page.raw_bytes > 300


async def test_pages_are_fetched_several_at_a_time_within_the_limit():
    on_wire = most = 0

    async def handle(request):
        nonlocal on_wire, most
        on_wire += 1
        most = max(most, on_wire)
        await asyncio.sleep(0.01)
        on_wire -= 1
        number = int(request.query["page"])
        return answer(envelope([ADA | {"EmailAddress": f"p{number}@example.com"}], number, 12, 12))

    async with serve(handle) as fake, fake.connect(concurrency=3) as account:
        pages = await everything(account.members(LIST, "Active"))
    assert most == 3
    assert sorted(page.number for page in pages) == list(range(1, 13))
    assert len(fake.asked) == 12


async def test_one_subscriber_is_found_by_an_address_with_a_plus_and_its_absence_is_told():
    async with serve(always(ADA), refuses(400, 203)) as fake, fake.connect() as account:
        ada = await account.subscriber(LIST, "ada+news@example.com")
        assert (ada.name, ada.custom_fields) == ("Ada", [("[colour]", "red"), ("[colour]", "blue")])
        with pytest.raises(RecordRefused) as caught:
            await account.subscriber(LIST, "gone@example.com")
    assert caught.value.code == 203
    assert "email=ada%2Bnews" in fake.asked[0].raw_path
    assert fake.calls == [("GET", "/subscribers/{}", 200), ("GET", "/subscribers/{}", 400)]


@pytest.mark.parametrize("body", [b"\xef\xbb\xbf", b""])
async def test_odd_but_known_bodies_are_understood(body):
    """A byte order mark, numbers where texts are promised, texts where numbers are, nulls."""
    odd = (
        b'{"Results":[{"EmailAddress":"ada@example.com","Name":null,"State":"Active",'
        b'"CustomFields":[{"Key":"age","Value":42},{"Key":"vip","Value":true},{"Key":"x","Value":null}]}],'
        b'"NumberOfPages":"1","TotalNumberOfRecords":"1","PageNumber":1}'
    )
    async with serve(raw(body + odd)) as fake, fake.connect() as account:
        (page,) = await everything(account.members(LIST, "Active"))
    assert page.rows[0].name == ""
    assert page.rows[0].custom_text == "age: 42\nvip: true"
    assert (page.pages, page.total) == (1, 1)


FAULTS = {
    "cut connection": cut,
    "server error": refuses(500, 500),
    "gateway's page": raw(b"<html>", 502),
    "limit": refuses(429, 429),
    "truncated body": raw(b'{"SystemDate": "2026-'),
    "no JSON": raw(b"<html>busy</html>"),
    "another shape": raw(b"[1, 2]"),
    "no date": raw(b'{"SystemDate": "soon"}'),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_a_fault_of_the_moment_is_tried_again_and_forgotten(fault):
    async with serve(fault, fault, SYSTEM_DATE) as fake, fake.connect() as account:
        assert (await account.system_date()).year == 2026
    assert len(fake.asked) == len(fake.calls) == 3


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_a_fault_that_does_not_end_is_told_with_a_next_step(fault):
    async with serve(fault) as fake, fake.connect() as account:
        with pytest.raises(Unavailable) as caught:
            await account.system_date()
    assert len(fake.asked) == 4
    assert caught.value.step


async def test_a_server_that_is_silent_is_given_up():
    async def silent(request):
        await asyncio.sleep(5)
        return web.Response()

    async with serve(silent) as fake, fake.connect(timeout=ClientTimeout(total=0.02)) as account:
        with pytest.raises(Unavailable, match="TimeoutError"):
            await account.system_date()
    assert fake.calls == [("GET", "/systemdate", 0)] * 4


async def test_nobody_listening_is_told_without_a_persons_address():
    async with serve(SYSTEM_DATE) as fake:
        pass
    async with fake.connect() as account:
        with pytest.raises(Unavailable) as caught:
            await account.subscriber(LIST, "ada@example.com")
    assert "ada" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__  # aiohttp's own error is not shown with it


async def test_an_asked_pause_is_kept_by_every_task():
    async with (
        serve(refuses(429, 429, X_RateLimit_Reset="0.2", X_RateLimit_Remaining="0"), SYSTEM_DATE) as fake,
        fake.connect() as account,
    ):
        loop = asyncio.get_running_loop()
        began = loop.time()
        await account.system_date()
        assert loop.time() - began >= 0.2
    assert fake.calls == [("GET", "/systemdate", 429), ("GET", "/systemdate", 200)]


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [(401, 100, SignInRefused), (401, 60, SetupRefused), (401, 102, SetupRefused), (400, 203, RecordRefused)],
)
async def test_what_waiting_cannot_cure_is_not_tried_again(status, code, kind):
    async with serve(refuses(status, code)) as fake, fake.connect() as account:
        with pytest.raises(kind) as caught:
            await account.system_date()
    assert caught.value.code == code
    assert len(fake.asked) == 1


async def test_an_error_does_not_repeat_the_servers_words():
    async def handle(request):
        return refusal(400, 1, f"{request.query['email']} is no address")

    async with serve(handle) as fake, fake.connect() as account:
        with pytest.raises(RecordRefused) as caught:
            await account.subscriber(LIST, "ada@example.com")
    assert not re.search("ada|example", f"{caught.value!r}")


@pytest.mark.parametrize("bad", ["../clients", "a/b", "", "ada@example.com"])
async def test_an_id_that_is_none_is_refused_before_anything_is_sent(bad):
    async with serve(SYSTEM_DATE) as fake, fake.connect() as account:
        with pytest.raises(ValueError, match="not an id"):
            await account.lists(bad)
    assert not fake.asked


async def test_wrong_wishes_are_refused_by_name():
    async with serve(SYSTEM_DATE) as fake, fake.connect() as account:
        with pytest.raises(ValueError, match="'active' is not a state"):
            account.members(LIST, "active")
        with pytest.raises(ValueError, match="page of 5 subscribers"):
            account.members(LIST, "Active", page_size=5)
    fake.url = "api.example.com"
    with pytest.raises(ValueError, match="not the address of a service"):
        async with fake.connect():
            pass


async def test_the_environments_proxy_is_used_unless_the_host_is_excepted(monkeypatch):
    async with serve(SYSTEM_DATE) as fake:
        monkeypatch.setenv("http_proxy", fake.url)
        monkeypatch.setenv("no_proxy", "")
        behind = Fake("http://api.example.com")
        async with behind.connect() as account:
            await account.system_date()
        assert fake.asked[0].headers["Host"] == "api.example.com"
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        async with fake.connect() as account:
            await account.system_date()
        assert fake.asked[1].headers["Host"] == fake.url.removeprefix("http://")
