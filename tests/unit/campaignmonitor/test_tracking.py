"""What became of campaigns and journeys' e-mails: what is asked for, what is decoded, and that counts are kept."""

import json
from collections import Counter
from datetime import UTC, datetime

import pytest

from fairlead.campaignmonitor.paging import StillMoving
from tests.unit.campaignmonitor.server import LIST, always, answer, raw, serve
from tests.unit.campaignmonitor.test_campaigns import CAMPAIGN, envelope, everything

EMAIL = "b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1"
SINCE = datetime(2026, 3, 1, 10, 28, 59)
PLACE = {
    "IPAddress": "192.0.2.1",
    "Latitude": -33.8683,
    "Longitude": 151,
    "City": "Sydney",
    "Region": "New South Wales",
    "CountryCode": "AU",
    "CountryName": "Australia",
}
EVENT = {"EmailAddress": "ada+news@example.com", "ListID": LIST, "Date": "2026-03-01 10:28:00"}
ROWS = {
    "opens": EVENT | PLACE,
    "clicks": EVENT | PLACE | {"URL": "https://example.com/?a=b"},
    "bounces": EVENT | {"BounceType": "Soft", "Reason": "Soft Bounce - Dns Failure"},
    "unsubscribes": EVENT | {"IPAddress": "192.0.2.1"},
    "spam": EVENT,
}
OF_JOURNEYS = ("opens", "clicks", "bounces", "unsubscribes")


@pytest.mark.parametrize("kind", ROWS)
async def test_events_of_a_campaign_are_asked_for_oldest_first_from_a_minute_on(kind):
    async with serve(always(envelope([ROWS[kind]]))) as fake, fake.connect() as account:
        ask = getattr(account.tracking, kind)
        (page,) = await everything(ask(CAMPAIGN, SINCE, page_size=100))
        await everything(ask(CAMPAIGN))
    first, second = (dict(request.query) for request in fake.asked)
    order = {"page": "1", "orderfield": "date", "orderdirection": "asc"}
    assert first == order | {"pagesize": "100", "date": "2026-03-01 10:28"}
    assert second == order | {"pagesize": "1000"}
    assert fake.asked[0].path == f"/api/v3.3/campaigns/{CAMPAIGN}/{kind}.json"
    assert fake.calls[0] == ("GET", f"/campaigns/{{}}/{kind}", 200)
    (row,) = page.rows
    assert (row.email, row.list_id, row.date) == ("ada+news@example.com", LIST, "2026-03-01 10:28:00")


@pytest.mark.parametrize("kind", OF_JOURNEYS)
async def test_events_of_a_journeys_email_have_no_list(kind):
    without_list = {key: value for key, value in ROWS[kind].items() if key != "ListID"}
    async with serve(always(envelope([without_list]))) as fake, fake.connect() as account:
        (page,) = await everything(getattr(account.journey_tracking, kind)(EMAIL, SINCE))
    assert dict(fake.asked[0].query) == {
        "page": "1",
        "pagesize": "1000",
        "orderdirection": "asc",
        "date": "2026-03-01 10:28",
    }
    assert fake.asked[0].path == f"/api/v3.3/journeys/email/{EMAIL}/{kind}.json"
    (row,) = page.rows
    assert (row.email, row.list_id, row.date) == ("ada+news@example.com", "", "2026-03-01 10:28:00")


async def test_what_events_tell_is_decoded():
    async def read(kind):
        async with serve(always(envelope([ROWS[kind]]))) as fake, fake.connect() as account:
            ((row,),) = [page.rows for page in await everything(getattr(account.tracking, kind)(CAMPAIGN))]
            return row

    for kind in ("opens", "clicks"):
        row = await read(kind)
        assert row.coordinates == (-33.8683, 151.0)
        assert (row.ip_address, row.city, row.region) == ("192.0.2.1", "Sydney", "New South Wales")
        assert (row.country_code, row.country) == ("AU", "Australia")
    assert (await read("clicks")).url == "https://example.com/?a=b"
    bounce = await read("bounces")
    assert (bounce.kind, bounce.reason) == ("Soft", "Soft Bounce - Dns Failure")
    assert (await read("unsubscribes")).ip_address == "192.0.2.1"


@pytest.mark.parametrize("kind", ["opens", "clicks"])
@pytest.mark.parametrize(
    ("blank", "coordinates"),
    [
        (dict.fromkeys(PLACE, ""), None),
        (dict.fromkeys(PLACE), None),
        ({}, None),
        ({"Latitude": "-33.8683", "Longitude": "151.2"}, (-33.8683, 151.2)),
        ({"Latitude": "-33.8683", "Longitude": 151.2, "City": None}, (-33.8683, 151.2)),
        ({"Latitude": 0, "Longitude": 0.0}, (0.0, 0.0)),
    ],
    ids=["blank", "null", "missing", "text", "mixed", "on the equator"],
)
async def test_a_place_may_be_unknown_or_told_in_text(kind, blank, coordinates):
    row = EVENT | blank | {"New": [1]}
    body = b"\xef\xbb\xbf" + json.dumps(envelope([row, ROWS[kind]])).encode()
    async with serve(raw(body)) as fake, fake.connect() as account:
        (page,) = await everything(getattr(account.tracking, kind)(CAMPAIGN))
    unknown, known = page.rows
    assert unknown.coordinates == coordinates
    assert unknown.city == unknown.country == ""
    assert known.coordinates == (-33.8683, 151.0)


async def test_equal_events_are_all_kept():
    """The same link in the same minute by the same person: that is two clicks."""
    async with serve(always(envelope([ROWS["clicks"]] * 3))) as fake, fake.connect() as account:
        (page,) = await everything(account.tracking.clicks(CAMPAIGN))
    assert len(page.rows) == 3


@pytest.mark.parametrize("pages", [0, 1])
async def test_a_campaign_without_events_has_an_empty_page(pages):
    async with serve(always(envelope([], pages=pages))) as fake, fake.connect() as account:
        (page,) = await everything(account.tracking.opens(CAMPAIGN))
    assert (page.rows, page.total) == ([], 0)
    assert len(fake.asked) == 1


def paged(rows, change, size=10):
    """Serves the rows; `change` is called after each answer."""

    async def handle(request):
        number = int(request.query["page"])
        shown = rows[(number - 1) * size : number * size]
        body = envelope(shown, number, -(-len(rows) // size), len(rows))
        change(rows)
        return answer(body)

    return handle


@pytest.mark.parametrize("concurrency", [1, 4])
async def test_events_that_enter_while_they_are_read_change_no_count(concurrency):
    """Equal rows cannot be told from a page that comes twice, so none may."""
    rows = [EVENT | {"EmailAddress": f"p{i % 7}@example.com"} for i in range(35)]
    before = Counter(row["EmailAddress"] for row in rows)

    def enter(rows):
        if len(rows) < 60:
            rows.append(EVENT | {"EmailAddress": "late@example.com"})

    async with serve(paged(rows, enter)) as fake, fake.connect(concurrency=concurrency) as account:
        pages = await everything(account.tracking.opens(CAMPAIGN, page_size=10))
    got = Counter(row.email for page in pages for row in page.rows)
    assert {email: got[email] for email in before} == before


async def test_events_that_leave_while_they_are_read_make_no_other_one_missed():
    rows = [EVENT | {"EmailAddress": f"p{i}@example.com"} for i in range(35)]
    async with serve(paged(rows, lambda rows: rows.pop(0))) as fake, fake.connect(concurrency=1) as account:
        pages = await everything(account.journey_tracking.opens(EMAIL, page_size=10))
    read = {row.email for page in pages for row in page.rows}
    assert {row["EmailAddress"] for row in rows} <= read


async def test_recipients_come_by_address_and_again_while_it_is_still_being_sent():
    """They have no date: a recipient who enters stands anywhere, and moves others to pages that were read."""
    rows = [{"EmailAddress": f"p{i:02}@example.com", "ListID": LIST} for i in range(10, 45)]
    entering = [{"EmailAddress": f"p0{i}@example.com", "ListID": LIST} for i in range(3)]

    def enter(rows):
        if entering:
            rows.insert(0, entering.pop())

    async with serve(paged(rows, enter)) as fake, fake.connect(concurrency=1) as account:
        pages = await everything(account.tracking.recipients(CAMPAIGN, page_size=10))
    assert {(row.email, row.list_id) for page in pages for row in page.rows} == {
        (row["EmailAddress"], LIST) for row in rows
    }
    query = {"page": "1", "pagesize": "10", "orderfield": "email", "orderdirection": "asc"}
    assert dict(fake.asked[0].query) == query
    assert fake.asked[0].path == f"/api/v3.3/campaigns/{CAMPAIGN}/recipients.json"


async def test_a_sending_that_does_not_rest_is_told_with_a_next_step():
    rows = [{"EmailAddress": f"p{i:02}@example.com", "ListID": LIST} for i in range(35)]
    async with serve(paged(rows, lambda rows: rows.insert(0, rows[0]))) as fake, fake.connect() as account:
        with pytest.raises(StillMoving, match="Read again"):
            await everything(account.tracking.recipients(CAMPAIGN, page_size=10))
    assert len(fake.asked) < 60


async def test_sendings_of_a_journeys_email_are_a_log():
    row = {"EmailAddress": "ada@example.com", "SentDate": "2026-03-01 10:28:00"}
    async with serve(always(envelope([row, row]))) as fake, fake.connect() as account:
        (page,) = await everything(account.journey_tracking.recipients(EMAIL, SINCE))
    assert [(each.email, each.sent) for each in page.rows] == [("ada@example.com", "2026-03-01 10:28:00")] * 2
    assert fake.asked[0].query["date"] == "2026-03-01 10:28"
    assert "orderfield" not in fake.asked[0].query


async def test_a_time_with_an_offset_is_refused_before_anything_is_asked():
    """The server compares with the client's wall clock: a time of another zone would skip events in silence."""
    async with serve(always(envelope([]))) as fake, fake.connect() as account:
        with pytest.raises(ValueError, match="has an offset"):
            account.tracking.opens(CAMPAIGN, SINCE.replace(tzinfo=UTC))
        with pytest.raises(ValueError, match="page of 2000 rows"):
            account.journey_tracking.opens(EMAIL, page_size=2000)
    assert fake.asked == []
