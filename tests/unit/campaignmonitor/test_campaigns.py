"""Campaigns of a client: what is asked for, and the shapes that different versions answer with."""

import json
from contextlib import aclosing
from datetime import date, datetime

import pytest

from fairlead.campaignmonitor.segments import SegmentName
from tests.unit.campaignmonitor.server import CLIENT, always, answer, raw, serve

CAMPAIGN = "fc0ce7105baeaf97f47c99be31d02a91"
SENT = {
    "CampaignID": CAMPAIGN,
    "Name": "March",
    "Subject": "News of March",
    "FromName": "Ada",
    "FromEmail": "news@example.com",
    "ReplyTo": "reply@example.com",
    "SentDate": "2026-03-01 10:28:00",
    "TotalRecipients": 2245,
    "Tags": ["news", "spring"],
    "WebVersionURL": "https://example.com/r-1",
    "WebVersionTextURL": "https://example.com/r-1/t",
    "NotOfInterest": {"deep": [1, 2]},
}
DRAFT = {
    "CampaignID": CAMPAIGN,
    "Name": "April",
    "Subject": "News of April",
    "FromName": "Ada",
    "FromEmail": "news@example.com",
    "ReplyTo": "reply@example.com",
    "DateCreated": "2026-03-02 09:00:00",
    "PreviewURL": "https://example.com/p-1",
    "PreviewTextURL": "https://example.com/p-1/t",
    "Tags": ["spring"],
}


def envelope(rows, number=1, pages=1, total=None):
    return {
        "Results": rows,
        "PageNumber": number,
        "NumberOfPages": pages,
        "TotalNumberOfRecords": len(rows) if total is None else total,
    }


async def everything(pages):
    async with aclosing(pages):
        return [page async for page in pages]


async def test_sent_campaigns_are_asked_for_oldest_first_within_days_and_tags():
    """Who is sent while we read stands at the end, where it moves nobody."""
    async with serve(always(envelope([SENT]))) as fake, fake.connect() as account:
        (page,) = await everything(
            account.campaigns.sent(CLIENT, date(2026, 1, 2), datetime(2026, 4, 1, 12), ["news", "a b"], page_size=50)
        )
        await everything(account.campaigns.sent(CLIENT))
    first, second = (dict(request.query) for request in fake.asked)
    assert first == {
        "page": "1",
        "pagesize": "50",
        "orderdirection": "asc",
        "sentfromdate": "2026-01-02",
        "senttodate": "2026-04-01",
        "tags": "news,a b",
    }
    assert second == {"page": "1", "pagesize": "1000", "orderdirection": "asc"}
    assert fake.asked[0].path == f"/api/v3.3/clients/{CLIENT}/campaigns.json"
    assert fake.calls[0] == ("GET", "/clients/{}/campaigns", 200)
    (sent,) = page.rows
    assert (sent.campaign_id, sent.name, sent.subject) == (CAMPAIGN, "March", "News of March")
    assert (sent.from_name, sent.from_email, sent.reply_to) == ("Ada", "news@example.com", "reply@example.com")
    assert (sent.sent, sent.recipients, sent.tags) == ("2026-03-01 10:28:00", 2245, ("news", "spring"))
    assert (sent.web_version_url, sent.text_version_url) == ("https://example.com/r-1", "https://example.com/r-1/t")
    assert (page.number, page.pages, page.total) == (1, 1, 1)
    assert page.raw_bytes > 300


async def test_a_bare_array_of_campaigns_is_one_page():
    """Older versions of the API give all at once, without numbers of pages."""
    async with serve(always([SENT, SENT | {"CampaignID": "b" * 32}])) as fake, fake.connect() as account:
        (page,) = await everything(account.campaigns.sent(CLIENT))
    assert [row.campaign_id for row in page.rows] == [CAMPAIGN, "b" * 32]
    assert (page.number, page.pages, page.total) == (1, 1, 2)
    assert len(fake.asked) == 1


@pytest.mark.parametrize("body", [envelope([], pages=0), []], ids=["envelope", "array"])
async def test_a_client_without_campaigns_has_an_empty_page(body):
    async with serve(always(body)) as fake, fake.connect() as account:
        (page,) = await everything(account.campaigns.sent(CLIENT))
    assert (page.rows, page.total) == ([], 0)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
@pytest.mark.parametrize("tags", ["missing", "null"])
async def test_numbers_as_text_and_missing_tags_are_understood(mark, tags):
    row = SENT | {"TotalRecipients": "2245", "Tags": None, "Name": 2026}
    if tags == "missing":
        del row["Tags"]
    body = json.dumps(envelope([row]) | {"NumberOfPages": "1"}).encode()
    async with serve(raw(mark + body)) as fake, fake.connect() as account:
        (page,) = await everything(account.campaigns.sent(CLIENT))
    (sent,) = page.rows
    assert (sent.recipients, sent.tags, sent.name) == (2245, (), "2026")


async def test_campaigns_that_are_deleted_while_they_are_read_make_no_other_one_missed():
    """Of 35 campaigns in pages of 10, one goes between any two answers."""
    rows = [SENT | {"CampaignID": f"{i:032x}"} for i in range(35)]

    async def handle(request):
        number = int(request.query["page"])
        shown = rows[(number - 1) * 10 : number * 10]
        body = envelope(shown, number, -(-len(rows) // 10), len(rows))
        del rows[0]
        return answer(body)

    async with serve(handle) as fake, fake.connect(concurrency=1) as account:
        pages = await everything(account.campaigns.sent(CLIENT, page_size=10))
    read = {row.campaign_id for page in pages for row in page.rows}
    assert {row["CampaignID"] for row in rows} <= read


async def test_wishes_that_cannot_be_asked_are_refused_by_name():
    async with serve(always([])) as fake, fake.connect() as account:
        with pytest.raises(ValueError, match="from 2026-03-01 to 2026-03-01"):
            account.campaigns.sent(CLIENT, date(2026, 3, 1), date(2026, 3, 1))
        with pytest.raises(ValueError, match="'a,b' is not a tag"):
            account.campaigns.sent(CLIENT, tags=["news", "a,b"])
        with pytest.raises(ValueError, match="page of 5 rows"):
            account.campaigns.sent(CLIENT, page_size=5)
    assert fake.asked == []


async def test_campaigns_that_wait_and_drafts_are_decoded():
    waiting = DRAFT | {"DateScheduled": "2026-04-01 08:00:00", "ScheduledTimeZone": "(GMT) X"}
    async with serve(always([waiting])) as fake, fake.connect() as account:
        (scheduled,) = await account.campaigns.scheduled(CLIENT)
    assert (scheduled.campaign_id, scheduled.name, scheduled.created) == (CAMPAIGN, "April", "2026-03-02 09:00:00")
    assert (scheduled.scheduled, scheduled.time_zone) == ("2026-04-01 08:00:00", "(GMT) X")
    assert fake.asked[0].path == f"/api/v3.3/clients/{CLIENT}/scheduled.json"
    without_tags = {key: value for key, value in DRAFT.items() if key != "Tags"}
    async with serve(always([DRAFT, without_tags])) as fake, fake.connect() as account:
        drafts = await account.campaigns.drafts(CLIENT)
    assert [draft.tags for draft in drafts] == [("spring",), ()]
    assert (drafts[0].preview_url, drafts[0].text_preview_url) == (
        "https://example.com/p-1",
        "https://example.com/p-1/t",
    )
    assert fake.asked[0].path == f"/api/v3.3/clients/{CLIENT}/drafts.json"


async def test_tags_count_campaigns_as_number_or_as_text():
    tags = [{"Name": "news", "NumberOfCampaigns": 3}, {"Name": "spring", "NumberOfCampaigns": "1"}]
    async with serve(always(tags)) as fake, fake.connect() as account:
        assert [(tag.name, tag.campaigns) for tag in await account.campaigns.tags(CLIENT)] == [
            ("news", 3),
            ("spring", 1),
        ]
    assert fake.asked[0].path == f"/api/v3.3/clients/{CLIENT}/tags.json"


async def test_a_summary_tells_openings_from_people_and_may_lack_parts():
    body = {
        "Name": "March",
        "Recipients": 5,
        "TotalOpened": 10,
        "UniqueOpened": 4,
        "Clicks": "3",
        "Unsubscribed": 1,
        "Bounced": 2,
        "SpamComplaints": 6,
        "Mentions": 7,
        "Forwards": 8,
        "Likes": 9,
        "WebVersionURL": "https://example.com/r",
        "WebVersionTextURL": "https://example.com/r/t",
        "WorldviewURL": "https://example.com/w",
    }
    async with serve(always(body), always({"Recipients": 5})) as fake, fake.connect() as account:
        full = await account.campaigns.summary(CAMPAIGN)
        old = await account.campaigns.summary(CAMPAIGN)
    assert (full.recipients, full.opens, full.unique_opens, full.clicks, full.unsubscribes) == (5, 10, 4, 3, 1)
    assert (full.bounces, full.spam_complaints, full.mentions, full.forwards, full.likes) == (2, 6, 7, 8, 9)
    assert (full.web_version_url, full.text_version_url) == ("https://example.com/r", "https://example.com/r/t")
    assert (full.name, full.worldview_url) == ("March", "https://example.com/w")
    assert (old.name, old.recipients, old.mentions) == ("", 5, 0)
    assert fake.asked[0].path == f"/api/v3.3/campaigns/{CAMPAIGN}/summary.json"


async def test_mail_programs_and_the_audience_are_decoded():
    usage = [{"Client": "Gmail", "Version": "Web", "Percentage": 10, "Subscribers": 7}]
    async with serve(always(usage), always([usage[0] | {"Percentage": "19.83"}])) as fake, fake.connect() as account:
        (whole,) = await account.campaigns.email_client_usage(CAMPAIGN)
        (text,) = await account.campaigns.email_client_usage(CAMPAIGN)
    assert (whole.client, whole.version, whole.percentage, whole.subscribers) == ("Gmail", "Web", 10.0, 7)
    assert text.percentage == 19.83
    audience = {
        "Lists": [{"ListID": "a" * 32, "Name": "News"}],
        "Segments": [{"ListID": "a" * 32, "SegmentID": "b" * 32, "Title": "Some"}],
    }
    async with serve(always(audience), always({"Lists": []})) as fake, fake.connect() as account:
        found = await account.campaigns.lists_and_segments(CAMPAIGN)
        empty = await account.campaigns.lists_and_segments(CAMPAIGN)
    assert [(each.list_id, each.name) for each in found.lists] == [("a" * 32, "News")]
    assert found.segments == (SegmentName("a" * 32, "b" * 32, "Some"),)
    assert (empty.lists, empty.segments) == ((), ())
    assert fake.asked[0].path == f"/api/v3.3/campaigns/{CAMPAIGN}/listsandsegments.json"
