"""Journeys, segments, suppression, people and figures of lists: what is asked for and what is decoded."""

import pytest

from fairlead.campaignmonitor import RecordRefused, Unavailable
from fairlead.campaignmonitor.segments import SegmentName
from tests.unit.campaignmonitor.server import CLIENT, LIST, always, answer, refuses, serve
from tests.unit.campaignmonitor.test_account import ADA
from tests.unit.campaignmonitor.test_campaigns import envelope, everything

JOURNEY = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
SEGMENT = "dba84a225d5ce3d19105d7257baac46f"


async def test_journeys_and_the_figures_of_their_emails_are_decoded():
    listed = [{"ListID": LIST, "JourneyID": JOURNEY, "Name": "Welcome", "Status": "Not started"}]
    details = {
        "JourneyID": JOURNEY,
        "Name": "Welcome",
        "TriggerType": "On Subscription",
        "Status": "Active",
        "Emails": [
            {
                "EmailID": "b" * 32,
                "Name": "Day 1",
                "Sent": 11,
                "Opened": "12",
                "UniqueOpened": 4,
                "Clicked": 1,
                "Unsubscribed": 2,
                "Bounced": 7,
            },
            {"EmailID": "c" * 32, "Name": None},
        ],
    }
    async with serve(always(listed), always(details), always({"Name": "x"})) as fake, fake.connect() as account:
        (journey,) = await account.journeys.of_client(CLIENT)
        found = await account.journeys.details(JOURNEY)
        bare = await account.journeys.details(JOURNEY)
    assert (journey.journey_id, journey.list_id, journey.name, journey.status) == (
        JOURNEY,
        LIST,
        "Welcome",
        "Not started",
    )
    assert (found.journey_id, found.name, found.trigger, found.status) == (
        JOURNEY,
        "Welcome",
        "On Subscription",
        "Active",
    )
    first, second = found.emails
    assert (first.email_id, first.name, first.sent, first.opens, first.unique_opens) == ("b" * 32, "Day 1", 11, 12, 4)
    assert (first.clicks, first.unsubscribes, first.bounces) == (1, 2, 7)
    assert (second.name, second.sent) == ("", 0)
    assert bare.emails == ()
    assert [request.path for request in fake.asked[:2]] == [
        f"/api/v3.3/clients/{CLIENT}/journeys.json",
        f"/api/v3.3/journeys/{JOURNEY}.json",
    ]


async def test_segments_of_clients_and_lists_and_their_rules_are_decoded():
    names = [{"ListID": LIST, "SegmentID": SEGMENT, "Title": "Some"}]
    details = {
        "ListID": LIST,
        "SegmentID": SEGMENT,
        "Title": "Some",
        "ActiveSubscribers": "3",
        "RuleGroups": [
            {"Rules": [{"RuleType": "EmailAddress", "Clause": "CONTAINS @example.com"}]},
            {"Rules": [{"RuleType": "Name", "Clause": "PROVIDED"}, {"RuleType": "[age]", "Clause": "EQUALS 3"}]},
        ],
    }
    old = {"SegmentID": SEGMENT, "Rules": [{"Subject": "Name", "Clauses": ["PROVIDED"]}]}
    async with serve(always(names), always(names), always(details), always(old)) as fake, fake.connect() as account:
        assert await account.segments.of_client(CLIENT) == [SegmentName(LIST, SEGMENT, "Some")]
        assert await account.segments.of_list(LIST) == [SegmentName(LIST, SEGMENT, "Some")]
        found = await account.segments.details(SEGMENT)
        assert (await account.segments.details(SEGMENT)).rule_groups == ()
    assert (found.list_id, found.segment_id, found.title, found.active) == (LIST, SEGMENT, "Some", 3)
    assert [[(rule.rule_type, rule.clause) for rule in group.rules] for group in found.rule_groups] == [
        [("EmailAddress", "CONTAINS @example.com")],
        [("Name", "PROVIDED"), ("[age]", "EQUALS 3")],
    ]
    assert [request.path for request in fake.asked[:3]] == [
        f"/api/v3.3/clients/{CLIENT}/segments.json",
        f"/api/v3.3/lists/{LIST}/segments.json",
        f"/api/v3.3/segments/{SEGMENT}.json",
    ]


async def test_active_members_of_a_segment_are_subscribers_in_pages():
    row = {key: value for key, value in ADA.items() if key != "ReadsEmailWith"}
    async with serve(always(envelope([row]))) as fake, fake.connect() as account:
        (page,) = await everything(account.segments.active(SEGMENT, page_size=10))
        await everything(account.segments.active(SEGMENT, tracking_preference=False))
    (ada,) = page.rows
    assert (ada.email, ada.consent_to_track, ada.reads_email_with) == ("ada+news@example.com", "Yes", "")
    assert ada.custom_fields == [("[colour]", "red"), ("[colour]", "blue")]
    order = {"page": "1", "orderfield": "date", "orderdirection": "asc"}
    assert dict(fake.asked[0].query) == order | {"pagesize": "10", "includetrackingpreference": "true"}
    assert dict(fake.asked[1].query) == order | {"pagesize": "1000"}
    assert fake.asked[0].path == f"/api/v3.3/segments/{SEGMENT}/active.json"


@pytest.mark.parametrize("code", [278, 287])
async def test_a_segment_that_is_busy_is_asked_again_and_then_told_when_to_come_back(code):
    """Being calculated or locked is no fault of the request, although the status says so."""
    async with serve(refuses(400, code), always(envelope([ADA]))) as fake, fake.connect() as account:
        (page,) = await everything(account.segments.active(SEGMENT))
        assert len(page.rows) == 1
        assert len(fake.asked) == 2
    async with serve(refuses(400, code)) as fake, fake.connect() as account:
        with pytest.raises(Unavailable) as caught:
            await account.segments.details(SEGMENT)
    assert caught.value.code == code
    assert caught.value.step.startswith("Read the segment again")
    assert len(fake.asked) == 4


async def test_one_page_of_the_suppression_list_tells_the_newest_entries_and_how_many_there_are():
    row = {"EmailAddress": "p@example.com", "Date": "2026-03-01 10:00:07", "SuppressionReason": "Unsubscribed"}
    async with serve(always(envelope([row], 2, 3, 21))) as fake, fake.connect() as account:
        page = await account.suppression.newest(CLIENT, 2, page_size=10)
    assert (page.total, page.pages, page.rows[0].date) == (21, 3, "2026-03-01 10:00:07")
    order = {"orderfield": "date", "orderdirection": "desc"}
    assert dict(fake.asked[0].query) == {"page": "2", "pagesize": "10"} | order


async def test_the_suppression_list_is_read_oldest_first_in_pages():
    """An address that leaves while it is read makes no other one missed."""
    rows = [
        {
            "EmailAddress": f"p{i}@example.com",
            "Date": f"2026-03-01 10:00:{i:02}",
            "State": "Suppressed",
            "SuppressionReason": "Bounced",
        }
        for i in range(35)
    ]

    async def handle(request):
        number = int(request.query["page"])
        body = envelope(rows[(number - 1) * 10 : number * 10], number, -(-len(rows) // 10), len(rows))
        del rows[0]
        return answer(body)

    async with serve(handle) as fake, fake.connect(concurrency=1) as account:
        pages = await everything(account.suppression.suppressed(CLIENT, page_size=10))
    read = {row.email: row for page in pages for row in page.rows}
    assert {row["EmailAddress"] for row in rows} <= set(read)
    last = read["p34@example.com"]
    assert (last.date, last.state, last.reason) == ("2026-03-01 10:00:34", "Suppressed", "Bounced")
    assert dict(fake.asked[0].query) == {
        "page": "1",
        "pagesize": "10",
        "orderfield": "date",
        "orderdirection": "asc",
    }
    assert fake.asked[0].path == f"/api/v3.3/clients/{CLIENT}/suppressionlist.json"


async def test_the_lists_of_an_address_are_found_whatever_its_state():
    rows = [
        {
            "ListID": LIST,
            "ListName": "News",
            "SubscriberState": "Unsubscribed",
            "DateSubscriberAdded": "2012-08-21 01:35:00",
        }
    ]
    async with serve(always(rows), always([]), refuses(400, 1)) as fake, fake.connect() as account:
        (found,) = await account.suppression.lists_for_email(CLIENT, "ada+news@example.com")
        assert await account.suppression.lists_for_email(CLIENT, "nobody@example.com") == []
        with pytest.raises(RecordRefused):
            await account.suppression.lists_for_email(CLIENT, "no address")
    assert (found.list_id, found.list_name, found.state, found.added) == (
        LIST,
        "News",
        "Unsubscribed",
        "2012-08-21 01:35:00",
    )
    assert fake.asked[0].raw_path.endswith(f"/clients/{CLIENT}/listsforemail.json?email=ada%2Bnews@example.com")
    assert fake.calls[0] == ("GET", "/clients/{}/listsforemail", 200)


async def test_people_administrators_and_primary_contacts_are_decoded():
    person = {"EmailAddress": "ada@example.com", "Name": "Ada", "Status": "Active", "AccessLevel": "31"}
    contact = {"EmailAddress": "ada@example.com"}
    async with (
        serve(
            always([person]),
            always(person),
            always(contact),
            always([person]),
            always(person),
            always(contact),
            always({"EmailAddress": None}),
        ) as fake,
        fake.connect() as account,
    ):
        (one,) = await account.people.of_client(CLIENT)
        assert await account.people.person(CLIENT, "ada@example.com") == one
        assert await account.people.primary_contact(CLIENT) == "ada@example.com"
        (administrator,) = await account.people.administrators()
        assert await account.people.administrator("ada+x@example.com") == administrator
        assert await account.people.account_contact() == "ada@example.com"
        assert await account.people.primary_contact(CLIENT) == ""
    assert (one.email, one.name, one.status, one.access_level) == ("ada@example.com", "Ada", "Active", 31)
    assert (administrator.email, administrator.name, administrator.status) == ("ada@example.com", "Ada", "Active")
    assert [request.path.removeprefix("/api/v3.3") for request in fake.asked] == [
        f"/clients/{CLIENT}/people.json",
        f"/clients/{CLIENT}/people.json",
        f"/clients/{CLIENT}/primarycontact.json",
        "/admins.json",
        "/admins.json",
        "/primarycontact.json",
        f"/clients/{CLIENT}/primarycontact.json",
    ]
    assert "email=ada%2Bx" in fake.asked[4].raw_path


async def test_all_24_figures_of_a_list_are_read_each_as_its_own():
    totals = {"active": "TotalActiveSubscribers", "unsubscribed": "TotalUnsubscribes"}
    totals |= {"deleted": "TotalDeleted", "bounced": "TotalBounces"}
    events = {"new_active": "NewActiveSubscribers", "unsubscribed": "Unsubscribes", "deleted": "Deleted"}
    events |= {"bounced": "Bounces"}
    spans = {"today": "Today", "yesterday": "Yesterday", "this_week": "ThisWeek"}
    spans |= {"this_month": "ThisMonth", "this_year": "ThisYear"}
    wire = totals | {f"{e}_{s}": events[e] + spans[s] for e in events for s in spans}
    body = {name: number for number, name in enumerate(wire.values(), 1)}
    async with serve(always(body)) as fake, fake.connect() as account:
        stats = await account.list_stats(LIST)
    assert {name: getattr(stats, name) for name in wire} == {name: body[wire[name]] for name in wire}
    assert len(wire) == 24
