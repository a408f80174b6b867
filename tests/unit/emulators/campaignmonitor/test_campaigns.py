"""Campaigns are made, scheduled, sent and deleted as the API tells."""

import json

import pytest

from tests.unit.emulators.campaignmonitor.conftest import assert_refused
from tests.unit.emulators.campaignmonitor.mailing import PAGE, Mailing
from tests.unit.emulators.http import basic


@pytest.fixture
def mailing(account):
    account.add("Wide", "a@example.com")
    return Mailing(account)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (319, {"Name": " "}),
        (304, {"Subject": ""}),
        (305, {"FromName": None}),
        (307, {"FromEmail": "nobody"}),
        (308, {"ReplyTo": ""}),
        (309, {"ReplyTo": "nobody"}),
        (310, {"HtmlUrl": ""}),
        (312, {"TextUrl": "nowhere"}),
        (313, {"ListIDs": ["a" * 32]}),
        (314, {"SegmentIDs": ["a" * 32]}),
        (315, {"ListIDs": []}),
        (322, {"FromName": "[unsubscribe]"}),
        (323, {"FromEmail": "[email]"}),
        (324, {"FromEmail": "[webversion,fallback=a@example.com]"}),
        (325, {"ReplyTo": "[email]"}),
        (326, {"ReplyTo": "[forward,fallback=a@example.com]"}),
        (400, {"ListIDs": "x"}),
    ],
)
def test_what_is_wrong_with_a_campaign_has_its_code(mailing, code, said):
    assert_refused(mailing.create("Wide", **said), 400, code)
    assert mailing.names("drafts") == []


def test_a_sender_may_be_a_tag_with_a_fallback(mailing):
    said = {"FromName": "[firstname]", "FromEmail": "[website, fallback=a@example.com]"}
    assert mailing.create("Wide", **said).status == 201


def test_two_campaigns_of_a_client_do_not_share_a_name(mailing):
    mailing.draft("Wide")
    assert_refused(mailing.create("Wide", Name="ONE"), 400, 303)
    assert mailing.create("Crowd", client="North").status == 201


def test_a_list_of_another_client_is_refused(mailing):
    assert_refused(mailing.create("Crowd"), 400, 313)


@pytest.mark.parametrize(
    ("code", "html"),
    [
        (4202, "<script>x</script><unsubscribe>Leave</unsubscribe>"),
        (4201, "<object></object><unsubscribe>Leave</unsubscribe>"),
        (4300, "<p>Hello"),
        (318, "<p>Hello [unsubscribe]"),
        (317, f"<a href='https://www.example.com/{'x' * 2000}'>x</a><unsubscribe>Leave</unsubscribe>"),
    ],
)
def test_a_page_that_was_told_of_is_checked(mailing, code, html):
    mailing.call("POST", "/_control/pages", {PAGE: html})
    assert_refused(mailing.create("Wide"), 400, code)


def test_the_links_of_a_page_are_those_of_the_campaign(mailing):
    url = "https://www.example.com/here"
    mailing.call("POST", "/_control/pages", {PAGE: f"<a href='{url}'>x</a><unsubscribe>Leave</unsubscribe>"})
    campaign = mailing.sent("Wide")
    assert mailing.account.act("Wide", "a@example.com", "click", campaign=campaign).status == 200
    assert [each["URL"] for each in mailing.rows(campaign, "clicks")] == [url]


def test_a_campaign_is_made_from_a_template_of_the_client(mailing):
    client = mailing.account.clients["South"]
    template = mailing.call("POST", f"/api/v3.3/templates/{client}.json", {"Name": "T", "HtmlPageURL": PAGE}).json
    said = {"Subject": "S", "FromName": "F", "FromEmail": "f@example.com", "ReplyTo": "f@example.com"}
    said["ListIDs"] = [mailing.account.lists["Wide"]]

    def make(name, **more):
        return mailing.call("POST", f"/api/v3.3/campaigns/{client}/fromtemplate.json", {**said, "Name": name, **more})

    assert_refused(make("a", TemplateID="a" * 32, TemplateContent={}), 400, 4001)
    assert_refused(make("a", TemplateID=template), 400, 320)
    wrong = {"Repeaters": [{"Items": [{"Images": [{"Content": "no address"}]}]}]}
    assert_refused(make("a", TemplateID=template, TemplateContent=wrong), 400, 321)
    right = {"Singlelines": [{"Content": "Hello", "Href": "https://www.example.com/hello"}]}
    assert make("a", TemplateID=template, TemplateContent=right).status == 201
    assert mailing.call("DELETE", f"/api/v3.3/templates/{template}.json").status == 200


@pytest.mark.parametrize(
    ("code", "to", "when"),
    [
        (338, "", "Immediately"),
        (339, "nobody", "Immediately"),
        (339, ",".join(["a@example.com"] * 6), "Immediately"),
        (337, "a@example.com", "2026-07-15 22:00"),
        (5, "a@example.com", "soon"),
        (5, "a@example.com", ""),
    ],
)
def test_what_is_wrong_with_a_send_has_its_code(mailing, code, to, when):
    campaign = mailing.draft("Wide")
    assert_refused(mailing.send(campaign, when, to), 400, code)
    assert mailing.names("drafts") == ["One"]


def test_nothing_is_sent_to_nobody(mailing):
    assert_refused(mailing.send(mailing.draft("Wide too")), 400, 340)


def test_nothing_is_sent_twice(mailing):
    assert_refused(mailing.send(mailing.sent("Wide")), 400, 331)


@pytest.mark.parametrize(("setting", "code"), [("not_approved", 334), ("plan_failed", 355), ("payment_failed", 336)])
def test_the_account_may_be_set_not_to_send(mailing, setting, code):
    mailing.call("POST", "/_control/settings", {"campaign_sending": setting})
    assert_refused(mailing.send(mailing.draft("Wide")), 400, code)


def test_a_scheduled_campaign_goes_out_at_its_time_in_the_clients_zone(mailing):
    campaign = mailing.draft("Wide")
    assert mailing.send(campaign, "2026-07-16 08:30").status == 200
    (shown,) = mailing.of_client("scheduled").json
    assert (shown["DateScheduled"], shown["ScheduledTimeZone"][:11]) == ("2026-07-16 08:30:00", "(GMT+10:00)")
    mailing.wait(hours=10, minutes=29)
    assert (mailing.names("scheduled"), mailing.names("campaigns")) == (["One"], [])
    mailing.account.add("Wide", "late@example.com")
    mailing.wait(minutes=2)
    (shown,) = mailing.of_client("campaigns").json["Results"]
    assert (shown["SentDate"], shown["TotalRecipients"]) == ("2026-07-16 08:30:00", 2)
    assert mailing.names("scheduled") == []


def test_an_unscheduled_campaign_is_a_draft_again(mailing):
    campaign = mailing.draft("Wide")
    assert_refused(mailing.post(campaign, "unschedule"), 400, 341)
    mailing.send(campaign, "2026-07-20 08:30")
    assert mailing.post(campaign, "unschedule").status == 200
    mailing.wait(days=10)
    assert (mailing.names("drafts"), mailing.names("campaigns")) == (["One"], [])


def test_previews_have_their_limits(mailing):
    campaign = mailing.draft("Wide")

    def preview(count, who="a{}@example.com", **more):
        return mailing.post(campaign, "sendpreview", PreviewRecipients=[who.format(n) for n in range(count)], **more)

    assert_refused(preview(0), 400, 370)
    assert_refused(preview(1, "nobody"), 400, 371)
    assert_refused(preview(16), 400, 374)
    assert_refused(preview(1, Personalize="stranger@example.com"), 400, 373)
    assert [preview(15, Personalize="a@example.com").status for _ in range(16)] == [200] * 16
    assert_refused(preview(1), 400, 375)
    mailing.wait(hours=25)
    assert preview(1).status == 200


@pytest.mark.parametrize("when", [None, "2026-07-20", "Immediately"])
def test_any_campaign_can_be_deleted_and_is_gone(mailing, when):
    campaign = mailing.draft("Wide")
    if when:
        mailing.send(campaign, when)
    assert mailing.call("DELETE", f"/api/v3.3/campaigns/{campaign}.json").status == 200
    assert [mailing.names(each) for each in ("drafts", "scheduled", "campaigns")] == [[], [], []]
    for what in ("summary", "opens", "emailclientusage"):
        assert_refused(mailing.call("GET", f"/api/v3.3/campaigns/{campaign}/{what}.json"), 400, 301)
    mailing.wait(days=30)
    assert mailing.call("GET", mailing_history(mailing)).json == []


def mailing_history(mailing, email="a@example.com"):
    return f"/api/v3.3/subscribers/{mailing.account.lists['Wide']}/history.json?email={email}"


def test_what_an_unsent_campaign_uses_is_kept(mailing):
    on = mailing.account.lists["Wide"]
    rule = {"Rules": [{"RuleType": "EmailAddress", "Clause": "CONTAINS a@"}]}
    segment = mailing.call("POST", f"/api/v3.3/segments/{on}.json", {"Title": "S", "RuleGroups": [rule]}).json
    campaign = mailing.draft("Wide too", SegmentIDs=[segment])
    assert_refused(mailing.call("DELETE", f"/api/v3.3/segments/{segment}.json"), 400, 272)
    assert_refused(mailing.call("DELETE", f"/api/v3.3/lists/{mailing.account.lists['Wide too']}.json"), 400, 252)
    assert mailing.get(campaign, "listsandsegments") == {
        "Lists": [{"ListID": mailing.account.lists["Wide too"], "Name": "Wide too"}],
        "Segments": [{"ListID": on, "SegmentID": segment, "Title": "S"}],
    }
    assert mailing.send(campaign).status == 200
    assert [each["EmailAddress"] for each in mailing.rows(campaign, "recipients")] == ["a@example.com"]
    assert mailing.call("DELETE", f"/api/v3.3/segments/{segment}.json").status == 200


def test_who_is_on_two_lists_gets_it_once(mailing):
    mailing.account.add("Wide too", "A@example.com")
    campaign = mailing.sent("Wide", "Wide too")
    assert len(mailing.rows(campaign, "recipients")) == 1


def test_only_the_active_get_it(mailing):
    account = mailing.account
    for name in ("out", "hard", "gone"):
        account.add("Wide", f"{name}@example.com")
    account.unsubscribe("Wide", "out@example.com")
    account.act("Wide", "hard@example.com", "bounce")
    account.act("Wide", "gone@example.com", "delete")
    account.add("Confirmed", "waits@example.com")
    campaign = mailing.sent("Wide", "Confirmed")
    assert [each["EmailAddress"] for each in mailing.rows(campaign, "recipients")] == ["a@example.com"]


def sent_days(mailing, **tags):
    """One campaign a day, with these tags."""
    for name, given in tags.items():
        campaign = mailing.sent("Wide", Name=name)
        mailing.call("POST", "/_control/campaigns", {"id": campaign, "tags": given})
        mailing.wait(days=1)


def test_sent_campaigns_are_found_by_date_and_by_all_tags(mailing):
    sent_days(mailing, first=["News"], second=["News", "Offers"], third=["Offers"])
    assert mailing.names("campaigns") == ["third", "second", "first"]
    assert mailing.names("campaigns", orderdirection="asc") == ["first", "second", "third"]
    assert mailing.names("campaigns", sentfromdate="2026-07-16") == ["third", "second"]
    assert mailing.names("campaigns", sentfromdate="2026-07-16", senttodate="2026-07-17") == ["second"]
    assert mailing.names("campaigns", sentfromdate="2026-07-16 22:01", tags="") == ["third"]
    assert mailing.names("campaigns", tags="offers,news") == ["second"]
    assert mailing.names("campaigns", tags="News,Nothing") == []
    assert mailing.of_client("tags").json == [
        {"Name": "News", "NumberOfCampaigns": 2},
        {"Name": "Offers", "NumberOfCampaigns": 2},
    ]
    mailing.call("POST", "/_control/settings", {"tag_counts": "text"})
    assert mailing.of_client("tags").json[0]["NumberOfCampaigns"] == "2"


@pytest.mark.parametrize(
    ("code", "query"),
    [
        (920, {"sentfromdate": "x"}),
        (922, {"senttodate": "2026-02-30"}),
        (927, {"sentfromdate": "2026-07-16", "senttodate": "2026-07-16"}),
        (800, {"page": "0"}),
        (801, {"pagesize": "5"}),
        (803, {"orderdirection": "up"}),
    ],
)
def test_wrong_questions_about_sent_campaigns_have_their_code(mailing, code, query):
    assert_refused(mailing.of_client("campaigns", **query), 400, code)


def test_sent_campaigns_are_paged_and_older_versions_give_all(mailing):
    names = [f"n{n}" for n in range(12)]
    for name in names:
        mailing.sent("Wide", Name=name)
        mailing.wait(minutes=1)
    page = mailing.of_client("campaigns", page="2", pagesize="10").json
    assert [each["Name"] for each in page["Results"]] == ["n1", "n0"]
    shown = {name: value for name, value in page.items() if name != "Results"}
    assert shown == {
        "ResultsOrderedBy": "SentDate", "OrderDirection": "desc", "PageNumber": 2, "PageSize": 10,
        "RecordsOnThisPage": 2, "TotalNumberOfRecords": 12, "NumberOfPages": 2,
    }  # fmt: skip
    for version in ("3", "3.1", "3.2"):
        assert [each["Name"] for each in mailing.of_client("campaigns", version=version).json] == names[::-1]


def test_a_hidden_campaign_is_absent_everywhere(mailing):
    campaign = mailing.sent("Wide")
    mailing.account.act("Wide", "a@example.com", "open", campaign=campaign)
    mailing.call("POST", "/_control/campaigns", {"id": campaign, "hidden": True, "tags": ["Secret"]})
    assert mailing.names("campaigns") == []
    assert mailing.of_client("tags").json == []
    assert mailing.call("GET", mailing_history(mailing)).json == []
    for method, what in (("GET", "/summary"), ("GET", "/opens"), ("POST", "/send"), ("DELETE", "")):
        assert_refused(mailing.call(method, f"/api/v3.3/campaigns/{campaign}{what}.json"), 400, 301)
    assert mailing.call("GET", "/_control/campaigns").json["campaigns"][0]["hidden"] is True
    mailing.call("POST", "/_control/campaigns", {"id": campaign, "hidden": False})
    assert mailing.names("campaigns") == ["One"]


def test_a_clients_key_sees_only_its_campaigns(mailing, account):
    campaign = mailing.sent("Wide")
    keys = {each.name: each.api_key for each in account.emulator.store.clients()}
    for name, status in (("South", 200), ("North", 400)):
        caller = account.caller(basic(keys[name]))
        assert caller("GET", f"/api/v3.3/campaigns/{campaign}/summary.json").status == status


def test_a_deleted_client_takes_its_campaigns_along(mailing):
    mailing.sent("Wide")
    mailing.draft("Wide too", Name="Two")
    assert mailing.call("DELETE", f"/api/v3.3/clients/{mailing.account.clients['South']}.json").status == 200
    assert mailing.call("GET", "/_control/campaigns").json == {"campaigns": []}
    for table in ("tracked", "planned", "mails"):
        assert mailing.account.emulator.store.db.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


def test_segments_know_of_campaigns(mailing):
    account, on = mailing.account, mailing.account.lists["Wide"]
    for name in ("b", "c"):
        account.add("Wide", f"{name}@example.com")
    campaign = mailing.sent("Wide")
    account.act("Wide", "b@example.com", "open", campaign=campaign)
    account.act("Wide", "c@example.com", "open", campaign=campaign)
    account.act("Wide", "c@example.com", "click", campaign=campaign, url="https://www.example.com/about")

    def members(kind, clause=campaign):
        rules = [{"Rules": [{"RuleType": kind, "Clause": clause}]}]
        body = {"Title": f"{kind} {clause}", "RuleGroups": rules}
        made = mailing.call("POST", f"/api/v3.3/segments/{on}.json", body)
        assert made.status == 201, made.body
        found = mailing.call("GET", f"/api/v3.3/segments/{made.json}/active.json", orderfield="email")
        return "".join(each["EmailAddress"][0] for each in found.json["Results"])

    assert members("CampaignOpened") == "bc"
    assert members("CampaignNotOpened") == "a"
    assert members("CampaignOpenedNoClick") == "b"
    assert members("CampaignClickedAny") == "c"
    assert members("CampaignClickedSpecific", f"{campaign} https://www.example.com/about") == "c"
    assert members("CampaignNotClickedSpecific", f"{campaign} https://www.example.com/about") == "ab"
    assert members("Engagement", "EQUALS Active") == "bc"


def test_the_control_route_says_what_it_wants(mailing):
    client = mailing.account.clients["South"]
    made = mailing.call(
        "POST", "/_control/campaigns", {"client": client, "name": "X", "lists": ["Wide"], "tags": ["t"]}
    )
    assert (made.json["status"], made.json["tags"]) == ("draft", ["t"])
    for wrong in (
        {"client": client},
        {"client": client, "name": "Y", "lists": ["Nothing"]},
        {"client": client, "name": "Y", "sent_days_ago": 1},
        {"id": "a" * 32, "tags": []},
        {"id": made.json["id"], "tags": "x"},
        {"id": made.json["id"], "hidden": "yes"},
    ):
        assert mailing.call("POST", "/_control/campaigns", wrong).status == 400, json.dumps(wrong)
    assert mailing.call("POST", "/_control/pages", {"nowhere": "x"}).status == 400
