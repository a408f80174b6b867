"""Transactional e-mails: addresses without a suffix, listings, figures, messages."""

from contextlib import aclosing
from datetime import date

import pytest

from fairlead.campaignmonitor import SetupRefused
from tests.unit.campaignmonitor.server import CLIENT, SYSTEM_DATE, always, answer, refuses, serve

SMART = "bb4a6ebb-663d-42a0-bdbe-60512cf30a01"
SENT_AT = "2026-01-15T16:09:19-05:00"


def message(number, **more):
    return {
        "MessageID": f"{number:08x}-7788-4df3-a71a-a7cb935f00bd",
        "Status": "Delivered",
        "SentAt": SENT_AT,
        "Recipient": "Ada <ada@example.com>",
        "From": "Team <team@example.com>",
        "Subject": "Your order",
        "TotalOpens": 2,
        "TotalClicks": "4",
        "CanBeResent": True,
    } | more


async def test_smart_emails_are_listed_by_status_for_a_client():
    rows = [{"ID": SMART, "Name": "Welcome", "CreatedAt": SENT_AT, "Status": "Active"}]
    async with serve(always(rows)) as fake, fake.connect() as account:
        (found,) = await account.transactional.smart_emails(CLIENT, "active")
        await account.transactional.smart_emails()
    assert (found.smart_id, found.name, found.created, found.status) == (SMART, "Welcome", SENT_AT, "Active")
    assert dict(fake.asked[0].query) == {"clientID": CLIENT, "status": "active"}
    assert dict(fake.asked[1].query) == {"status": "all"}
    assert fake.asked[0].path == "/api/v3.3/transactional/smartEmail"
    assert fake.calls[0] == ("GET", "/transactional/smartEmail", 200)


@pytest.mark.parametrize("html", ["Html", "HTML"])
async def test_a_smart_emails_variables_are_told(html):
    """The documentation writes Html, samples of answers HTML."""
    body = {
        "SmartEmailID": SMART,
        "Name": "Reset",
        "CreatedAt": SENT_AT,
        "Status": "active",
        "Properties": {
            "From": '"Team" <team@example.com>',
            "ReplyTo": "reply@example.com",
            "Subject": "[username], hello",
            "Content": {html: "<p>", "Text": "t", "EmailVariables": ["username", "token"], "InlineCss": "true"},
            "TextPreviewUrl": "https://example.com/T",
            "HtmlPreviewUrl": "https://example.com/",
        },
        "AddRecipientsToList": True,
    }
    async with serve(always(body), always({"SmartEmailID": SMART})) as fake, fake.connect() as account:
        found = await account.transactional.smart_email(SMART)
        bare = await account.transactional.smart_email(SMART)
    assert (found.smart_id, found.name, found.created, found.status) == (SMART, "Reset", SENT_AT, "active")
    assert found.add_recipients_to_list
    properties = found.properties
    assert (properties.sender, properties.reply_to) == ('"Team" <team@example.com>', "reply@example.com")
    assert properties.subject == "[username], hello"
    assert (properties.html_preview_url, properties.text_preview_url) == (
        "https://example.com/",
        "https://example.com/T",
    )
    content = properties.content
    assert (content.html, content.text, content.variables, content.inline_css) == (
        "<p>",
        "t",
        ("username", "token"),
        True,
    )
    assert (bare.properties.content.variables, bare.add_recipients_to_list) == ((), False)
    assert fake.asked[0].path == f"/api/v3.3/transactional/smartEmail/{SMART}"
    assert fake.calls[0] == ("GET", "/transactional/smartEmail/{}", 200)


async def test_groups_and_figures_are_decoded():
    groups = [{"Group": "Order shipped", "CreatedAt": SENT_AT}]
    figures = {
        "Query": {"TimeZone": "UTC"},
        "Sent": 1000,
        "Bounces": 8,
        "Delivered": "992",
        "Opened": 300,
        "Clicked": 50,
    }
    async with serve(always(groups), always(figures)) as fake, fake.connect() as account:
        (group,) = await account.transactional.classic_groups(CLIENT)
        found = await account.transactional.statistics(
            CLIENT, first=date(2026, 1, 2), last=date(2026, 2, 1), timezone="utc", group="Order shipped"
        )
        await account.transactional.statistics(smart_id=SMART)
        with pytest.raises(ValueError, match="give one of them"):
            await account.transactional.statistics(smart_id=SMART, group="Order shipped")
    assert (group.name, group.created) == ("Order shipped", SENT_AT)
    assert (found.sent, found.bounces, found.delivered, found.opened, found.clicked) == (1000, 8, 992, 300, 50)
    paths = ["/api/v3.3/transactional/classicEmail/groups"] + ["/api/v3.3/transactional/statistics"] * 2
    assert [request.path for request in fake.asked] == paths
    assert dict(fake.asked[1].query) == {
        "clientID": CLIENT,
        "timezone": "utc",
        "from": "2026-01-02",
        "to": "2026-02-01",
        "group": "Order shipped",
    }
    assert dict(fake.asked[2].query) == {"timezone": "client", "smartEmailID": SMART}


async def test_messages_are_listed_from_a_cursor():
    rows = [message(3, SmartEmailID=SMART), message(2, Group="Order shipped", New=1)]
    async with serve(always(rows)) as fake, fake.connect() as account:
        smart, classic = await account.messages.listed(CLIENT, status="bounced", smart_id=SMART, before="b", count=50)
        await account.messages.listed(after="a")
        for count in (0, 201):
            with pytest.raises(ValueError, match=f"{count} messages cannot be asked for"):
                await account.messages.listed(count=count)
        with pytest.raises(ValueError, match="give one of them"):
            await account.messages.listed(smart_id=SMART, group="x")
    assert (smart.message_id, smart.status, smart.sent) == (rows[0]["MessageID"], "Delivered", SENT_AT)
    assert (smart.recipient, smart.sender) == ("Ada <ada@example.com>", "Team <team@example.com>")
    assert (smart.subject, smart.opens, smart.clicks, smart.can_be_resent) == ("Your order", 2, 4, True)
    assert [(each.smart_id, each.group) for each in (smart, classic)] == [(SMART, ""), ("", "Order shipped")]
    assert fake.asked[0].path == "/api/v3.3/transactional/messages"
    assert dict(fake.asked[0].query) == {
        "clientID": CLIENT,
        "status": "bounced",
        "smartEmailID": SMART,
        "sentBeforeID": "b",
        "count": "50",
    }
    assert dict(fake.asked[1].query) == {"status": "all", "sentAfterID": "a", "count": "200"}
    assert len(fake.asked) == 2


def timeline(rows, at_most=1000):
    """Newest first; a new message enters before each answer. Gives no more than `at_most` however many are asked for."""

    async def handle(request):
        rows.insert(0, message(1000 + len(rows)))
        ids = [row["MessageID"] for row in rows]
        before = request.query.get("sentBeforeID")
        begin = ids.index(before) + 1 if before else 0
        return answer(rows[begin : begin + min(int(request.query["count"]), at_most)])

    return handle


@pytest.mark.parametrize("at_most", [1000, 7])
async def test_every_message_comes_once_although_new_ones_enter(at_most):
    rows = [message(number) for number in range(25, 0, -1)]
    old = [row["MessageID"] for row in rows]
    async with serve(timeline(rows, at_most)) as fake, fake.connect() as account:
        async with aclosing(account.messages.every(CLIENT, count=10)) as pages:
            got = [each.message_id async for page in pages for each in page]
    assert got[1:] == old
    assert got[0] not in old
    assert fake.asked[1].query["clientID"] == CLIENT


async def test_messages_end_at_one_that_is_known():
    rows = [message(number) for number in range(25, 0, -1)]
    known = rows[12]["MessageID"]
    async with serve(timeline(rows)) as fake, fake.connect() as account:
        got = [each.message_id async for page in account.messages.every(known=known, count=10) for each in page]
    assert len(got) == 13
    assert known not in got
    assert len(fake.asked) == 2


async def test_a_server_that_ignores_the_cursor_does_not_keep_us_for_ever():
    rows = [message(2), message(1)]
    async with serve(always(rows)) as fake, fake.connect() as account:
        got = [page async for page in account.messages.every()]
    assert len(got) == len(fake.asked) == 2


async def test_a_message_is_told_with_its_content_and_who_opened_it():
    place = {"Latitude": -33.8, "Longitude": 151.2, "City": "Sydney", "Region": "", "CountryCode": "AU"}
    opened = {"EmailAddress": "ada@example.com", "Date": "2026-01-15 16:45:00", "IPAddress": "192.0.2.1"}
    body = message(1, SmartEmailID=SMART) | {
        "Message": {
            "From": "Team <team@example.com>",
            "Subject": "Hello",
            "To": ["Ada <ada@example.com>", "bob@example.com"],
            "CC": None,
            "BCC": "eve@example.com",
            "Attachments": [{"Name": "Invoice.pdf", "Type": "application/pdf"}],
            "Body": {"Html": "<p>", "Text": "t"},
            "Data": {"order": {"lines": ["a", "b"]}},
        },
        "Opens": [opened | {"Geolocation": place, "MailClient": {"Name": "Mail"}}],
        "Clicks": [opened | {"URL": "https://example.com/x"}],
    }
    async with serve(always(body), always(message(1))) as fake, fake.connect() as account:
        found = await account.messages.details(body["MessageID"], statistics=True)
        bare = await account.messages.details(body["MessageID"])
    assert (found.message_id, found.status, found.sent) == (body["MessageID"], "Delivered", SENT_AT)
    assert (found.recipient, found.smart_id, found.group) == ("Ada <ada@example.com>", SMART, "")
    assert (found.opens, found.clicks, found.can_be_resent) == (2, 4, True)
    content = found.content
    assert (content.sender, content.subject) == ("Team <team@example.com>", "Hello")
    assert (content.to, content.cc, content.bcc) == (
        ("Ada <ada@example.com>", "bob@example.com"),
        (),
        "eve@example.com",
    )
    assert [(each.name, each.type) for each in content.attachments] == [("Invoice.pdf", "application/pdf")]
    assert (content.body.html, content.body.text) == ("<p>", "t")
    assert content.data == {"order": {"lines": ["a", "b"]}}
    ((opening,), (click,)) = found.open_events, found.click_events
    assert (opening.email, opening.date, opening.ip_address) == ("ada@example.com", "2026-01-15 16:45:00", "192.0.2.1")
    assert (opening.place.city, opening.place.country_code, opening.url) == ("Sydney", "AU", "")
    assert (click.url, click.place.city) == ("https://example.com/x", "")
    assert (bare.open_events, bare.content.to, bare.content.data) == ((), (), {})
    assert dict(fake.asked[0].query) == {"statistics": "true"}
    assert dict(fake.asked[1].query) == {}
    assert fake.asked[0].path == f"/api/v3.3/transactional/messages/{body['MessageID']}"
    assert fake.calls[0] == ("GET", "/transactional/messages/{}", 200)


async def test_a_plan_without_transactional_is_a_matter_of_settings():
    async with serve(refuses(400, 980)) as fake, fake.connect() as account:
        with pytest.raises(SetupRefused) as caught:
            await account.transactional.smart_emails(CLIENT)
    assert caught.value.code == 980
    assert len(fake.asked) == 1


@pytest.mark.parametrize("bad", ["../clients", "a/b", "", "-", "ada@example.com"])
async def test_an_id_that_is_none_is_refused_before_anything_is_sent(bad):
    async with serve(SYSTEM_DATE) as fake, fake.connect() as account:
        with pytest.raises(ValueError, match="not an id"):
            await account.messages.details(bad)
    assert fake.asked == []
