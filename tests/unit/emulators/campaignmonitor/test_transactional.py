"""Laws of transactional e-mails: who gets one, what becomes of it, how lists of them are read, what is refused."""

import base64
from datetime import UTC, datetime

import pytest

from fairlead_emulators.campaignmonitor.transactional.outcome import outcome
from tests.unit.emulators.campaignmonitor.conftest import assert_refused
from tests.unit.emulators.http import basic

TX = "/api/v3.3/transactional"
NOBODY = "00000000-0000-4000-8000-000000000000"
CLASSIC = {
    "Subject": "Hello",
    "From": "Team <team@example.com>",
    "To": ["ada@example.com"],
    "Html": "<p>Hello</p>",
    "ConsentToTrack": "Yes",
    "Group": "Greetings",
}


@pytest.fixture
def smart(account):
    """The id of a smart e-mail of the client South whose recipients are added to the list Wide."""
    return made(account, name="Welcome", subject="Hello [first_name]", list="Wide")


def made(account, **said):
    return account.call("POST", "/_control/smart_emails", {"client": account.clients["South"], **said}).json["id"]


def send_smart(account, smart, **body):
    posted = {"To": "Ada <ada@example.com>", "ConsentToTrack": "Yes", **body}
    return account.call("POST", f"{TX}/smartEmail/{smart}/send", posted)


def send_classic(account, **body):
    return account.call("POST", f"{TX}/classicEmail/send", {**CLASSIC, **body}, clientID=account.clients["South"])


def messages(account, **query):
    return account.call("GET", f"{TX}/messages", clientID=account.clients["South"], **query)


def statistics(account, **query):
    return account.call("GET", f"{TX}/statistics", clientID=account.clients["South"], **query)


def test_every_recipient_gets_a_message_of_its_own(account, smart):
    reply = send_smart(account, smart, CC=["b@example.com"], BCC="c@example.com", Data={"First_Name": "Ada"})
    assert reply.status == 202
    assert [each["Recipient"] for each in reply.json] == ["Ada <ada@example.com>", "b@example.com", "c@example.com"]
    assert {each["Status"] for each in reply.json} == {"Accepted"}
    details = account.call("GET", f"{TX}/messages/{reply.json[0]['MessageID']}").json
    assert details["SmartEmailID"] == smart
    assert details["SentAt"] == "2026-07-15T22:00:10+10:00"
    assert details["Message"]["Data"] == {"First_Name": "Ada"}
    assert details["Message"]["CC"] == ["b@example.com"]


def test_smart_emails_are_listed_by_status_and_tell_their_variables(account, smart):
    draft = made(account, name="Later", status="draft")
    client = account.clients["South"]
    rows = account.call("GET", f"{TX}/smartEmail", clientID=client).json
    assert {each["ID"]: each["Status"] for each in rows} == {smart: "Active", draft: "Draft"}
    drafts = account.call("GET", f"{TX}/smartemail.json", clientID=client, status="draft").json
    assert [each["ID"] for each in drafts] == [draft]
    found = account.call("GET", f"/api/v3.3/TRANSACTIONAL/SmartEmail/{smart.upper()}.JSON").json
    assert found["Properties"]["Content"]["EmailVariables"] == ["first_name"]
    assert_refused(send_smart(account, draft), 400, 926)
    assert_refused(account.call("GET", f"{TX}/smartEmail", clientID=client, status="no"), 400, 932)


def test_a_message_settles_in_emulated_time_and_is_opened_later(account):
    sent = send_classic(account).json[0]["MessageID"]
    address = f"{TX}/messages/{sent}"
    assert account.call("GET", address).json["Status"] == "Accepted"
    account.emulator.clock.advance(60)
    assert account.call("GET", address).json["Status"] in ("Delivered", "Bounced", "Spam")
    bounced = send_classic(account, To="bounce@example.com").json[0]["MessageID"]
    account.emulator.clock.advance(60)
    assert account.call("GET", f"{TX}/messages/{bounced}").json["Status"] == "Bounced"
    assert [each["MessageID"] for each in messages(account, status="bounced").json if each["MessageID"] == bounced]


def test_the_same_message_always_fares_alike_and_most_are_delivered():
    """What becomes of a message follows from its id; without tracking nobody is seen to open."""
    fates = [outcome(f"message {n}", "ada@example.com", 0, opens=True, clicks=True) for n in range(500)]
    assert fates == [outcome(f"message {n}", "ada@example.com", 0, opens=True, clicks=True) for n in range(500)]
    assert 0.85 < sum(each.status == "Delivered" for each in fates) / 500 < 1
    assert any(each.opens for each in fates)
    assert all(each.opens for each in fates if each.clicks)
    assert all(at > each.settled for each in fates for at in each.opens)
    hidden = [outcome(f"message {n}", "ada@example.com", 0, opens=False, clicks=False) for n in range(500)]
    assert not any(each.opens or each.clicks for each in hidden)


def test_details_name_every_opening_and_click_when_asked(account):
    for n in range(30):
        send_classic(account, To=f"n{n}@example.com")
    account.emulator.clock.advance(86_400)
    row = next(each for each in messages(account).json if each["TotalClicks"])
    details = account.call(
        "GET", f"{TX}/messages/{row['MessageID']}", statistics="True", excludemessagebody="True"
    ).json
    assert (len(details["Opens"]), len(details["Clicks"])) == (row["TotalOpens"], row["TotalClicks"])
    assert details["Opens"][0]["EmailAddress"] == row["Recipient"]
    assert "Body" not in details["Message"]
    assert_refused(account.call("GET", f"{TX}/messages/{row['MessageID']}", statistics="maybe"), 400, 935)


def test_nobody_is_seen_who_did_not_consent(account):
    for n in range(30):
        send_classic(account, To=f"n{n}@example.com", ConsentToTrack="No")
    account.emulator.clock.advance(86_400)
    assert sum(each["TotalOpens"] for each in messages(account, count=200).json) == 0


def test_cursors_walk_through_all_messages_once_in_both_directions(account):
    ids = [send_classic(account, To=f"n{n}@example.com").json[0]["MessageID"] for n in range(25)]
    found, cursor = [], {}
    while rows := messages(account, count=10, **cursor).json:
        found += [each["MessageID"] for each in rows]
        cursor = {"sentBeforeID": found[-1]}
    assert found == ids[::-1]
    forward, cursor = [], {"sentAfterID": ids[0]}
    while rows := messages(account, count=10, **cursor).json:
        forward += [each["MessageID"] for each in rows[::-1]]
        cursor = {"sentAfterID": forward[-1]}
    assert forward == ids[1:]


def test_messages_and_statistics_narrow_to_a_group_or_a_smart_email(account, smart):
    send_classic(account)
    send_classic(account, Group=None)
    send_smart(account, smart)
    assert [each["Group"] for each in messages(account, group="greetings").json] == ["Greetings"]
    assert [each["SmartEmailID"] for each in messages(account, smartEmailID=smart).json] == [smart]
    assert [
        each["Group"]
        for each in account.call("GET", f"{TX}/classicEmail/groups", clientID=account.clients["South"]).json
    ] == ["Greetings"]
    account.emulator.clock.advance(60)
    found = statistics(account).json
    assert (found["Sent"], found["Bounces"] + found["Delivered"]) == (3, 3)
    assert statistics(account, group="Greetings").json["Sent"] == 1
    assert statistics(account, smartEmailID=smart).json["Query"]["SmartEmailID"] == smart


def test_days_of_statistics_are_those_of_the_client_or_utc(account):
    account.emulator.clock.set(datetime(2026, 7, 15, 20, 0, tzinfo=UTC))  # the 16th in Sydney
    send_classic(account)
    day = {"from": "2026-07-16", "to": "2026-07-16"}
    assert statistics(account, **day).json["Sent"] == 1
    assert statistics(account, timezone="utc", **day).json["Sent"] == 0
    assert statistics(account, timezone="utc", **day).json["Query"]["TimeZone"] == "UTC"


def test_recipients_join_the_list_of_the_smart_email_when_asked(account, smart):
    send_smart(account, smart)
    assert account.get("Wide", "ada@example.com").status == 400
    send_smart(account, smart, AddRecipientsToList=True)
    assert account.get("Wide", "ada@example.com").json["Name"] == "Ada"
    send_classic(account, To="b@example.com", AddRecipientsToList=account.lists["Wide too"])
    assert account.state("Wide too", "b@example.com") == "Active"
    account.unsubscribe("Wide", "ada@example.com")
    assert send_smart(account, smart, AddRecipientsToList=True).status == 202
    assert account.state("Wide", "ada@example.com") == "Unsubscribed"


def test_a_message_is_sent_again_under_a_new_id_until_its_content_is_gone(account):
    first = send_classic(account).json[0]["MessageID"]
    again = account.call("POST", f"{TX}/messages/{first}/resend")
    assert (again.status, again.json[0]["Recipient"]) == (202, "ada@example.com")
    assert again.json[0]["MessageID"] != first
    account.emulator.clock.advance(31 * 86_400)
    assert_refused(account.call("POST", f"{TX}/messages/{first}/resend"), 410, 410)
    assert account.call("GET", f"{TX}/messages/{first}").json["CanBeResent"] is False


def test_every_answer_tells_the_rate_limit_and_beyond_it_all_is_refused(account):
    """The refusal carries the same headers; the window ends in emulated time."""
    account.emulator.switches.set({"transactional_limit": 2, "transactional_limit_seconds": 60})
    assert messages(account).headers["x-ratelimit-remaining"] == "1"
    assert messages(account, count=0).headers["x-ratelimit-remaining"] == "0"
    refused = messages(account)
    assert_refused(refused, 429, 429)
    assert refused.json["Message"] == "Rate limit exceeded"
    assert refused.headers["x-ratelimit-limit"] == "2"
    assert 0 < int(refused.headers["x-ratelimit-reset"]) <= 60
    account.emulator.clock.advance(60)
    assert messages(account).status == 200


def test_the_accounts_key_names_a_client_and_a_clients_key_sees_its_own(account):
    assert_refused(account.call("GET", f"{TX}/messages"), 401, 102)
    sent = send_classic(account).json[0]["MessageID"]
    keys = {each.name: each.api_key for each in account.emulator.store.clients()}
    own, other = (account.caller(basic(keys[name])) for name in ("South", "North"))
    assert [each["MessageID"] for each in own("GET", f"{TX}/messages").json] == [sent]
    assert other("GET", f"{TX}/messages").json == []
    assert_refused(other("GET", f"{TX}/messages/{sent}"), 400, 302)
    assert_refused(other("GET", f"{TX}/messages", clientID=account.clients["South"]), 401, 102)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"count": 201}, 850),
        ({"count": 0}, 850),
        ({"count": "x"}, 850),
        ({"sentBeforeID": "x"}, 904),
        ({"sentAfterID": "x"}, 905),
        ({"sentAfterID": NOBODY}, 302),
        ({"status": "lost"}, 932),
        ({"group": "a", "smartEmailID": NOBODY}, 924),
        ({"smartEmailID": "x"}, 925),
        ({"smartEmailID": NOBODY}, 926),
    ],
)
def test_messages_are_refused(account, query, code):
    assert_refused(messages(account, **query), 400, code)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"from": "15/07/2026"}, 920),
        ({"from": "2026-07-16", "to": "2026-07-15"}, 921),
        ({"to": "soon"}, 922),
        ({"timezone": "mars"}, 923),
    ],
)
def test_statistics_are_refused(account, query, code):
    assert_refused(statistics(account, **query), 400, code)


FILE = {"Name": "a.pdf", "Type": "application/pdf", "Content": base64.b64encode(b"x").decode()}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"To": None}, 952),
        ({"To": "a" * 251 + "@example.com"}, 953),
        ({"To": [f"n{n}@example.com" for n in range(26)]}, 954),
        ({"ReplyTo": "nobody"}, 955),
        ({"From": "nobody"}, 957),
        ({"From": "x" * 251}, 958),
        ({"Html": "", "Text": None}, 960),
        ({"TrackClicks": "x"}, 970),
        ({"TrackOpens": "x"}, 971),
        ({"InlineCSS": "x"}, 972),
        ({"AddRecipientsToList": "x"}, 973),
        ({"ConsentToTrack": None}, 974),
        ({"ConsentToTrack": "perhaps"}, 974),
        ({"Attachments": [{**FILE, "Name": ""}]}, 981),
        ({"Attachments": [{**FILE, "Type": ""}]}, 982),
        ({"Attachments": [{**FILE, "Name": "a.exe"}]}, 983),
        ({"Attachments": [{**FILE, "Content": "!"}]}, 984),
    ],
)
def test_what_cannot_be_sent_is_refused_and_nothing_goes_out(account, body, code):
    assert_refused(send_classic(account, **body), 400, code)
    assert messages(account).json == []


def test_too_much_data_is_refused(account, smart):
    assert_refused(send_smart(account, smart, Data={"x": "y" * 103_000}), 400, 996)


@pytest.mark.parametrize(
    ("state", "code"),
    [("not_in_plan", 980), ("stopped", 990), ("domain_not_set_up", 993), ("domain_not_authenticated", 994)],
)
def test_an_account_that_may_not_send_is_told_so(account, state, code):
    account.emulator.switches.set({"transactional_sending": state})
    assert_refused(send_classic(account), 400, code)


def test_seeds_lay_smart_emails_and_their_messages_alike(account):
    account.call("POST", "/_control/seed", {"name": "small"})
    (first,) = account.call("GET", "/_control/transactional").json["clients"]
    account.call("POST", "/_control/seed", {"name": "small"})
    assert account.call("GET", "/_control/transactional").json["clients"] == [first]
    assert [each["name"] for each in first["smart_emails"]] == ["Welcome", "Order shipped", "Survey"]
    assert len(first["messages"]) == 50
