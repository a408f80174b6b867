"""Laws of wrong rules, and of rules about campaigns."""

from datetime import UTC, datetime, timedelta

import pytest

from fairlead_emulators.campaignmonitor.segments.activity import NOTHING_SENT, Port
from tests.unit.emulators.campaignmonitor.conftest import assert_refused
from tests.unit.emulators.campaignmonitor.test_segments import at, made, one, who

SENT, ELSEWHERE, LINK = "a" * 32, "b" * 32, "https://www.example.com/offer?a=1"


class Known:
    """One campaign that went to the list Wide, to a, b and C; another that went elsewhere."""

    def __init__(self, now):
        self.now = now
        self.opened = {"a@example.com", "b@example.com"}

    def version(self):
        return frozenset(self.opened)

    def went_to(self, campaign, on):
        return {SENT: on.title == "Wide", ELSEWHERE: False}.get(campaign)

    def links(self, campaign):
        return [LINK]

    def recipients(self, campaign, on):
        return {"a@example.com", "b@example.com", "c@example.com"}

    def openers(self, campaign, on):
        return frozenset(self.opened)

    def clickers(self, campaign, on, url):
        return {"a@example.com"} if url in (None, LINK) else set()

    def last_active(self, on):
        return {"a@example.com": self.now - 40 * 86_400, "b@example.com": self.now - 400 * 86_400}

    def countries(self, on):
        return {"b@example.com": "Australia"}


@pytest.fixture
def known(account):
    """The account after campaigns; its list Wide has a, b, C and d, of whom d joined two months ago."""
    account.emulator.clock.set(datetime(2026, 5, 15, 12, tzinfo=UTC))
    account.add("Wide", "d@example.com")
    account.emulator.clock.advance(timedelta(days=61).total_seconds())
    for email in ("a@example.com", "b@example.com", "C@example.com"):
        account.add("Wide", email)
    port = account.emulator.service.own(Port)
    port.activity = Known(account.emulator.clock.now().timestamp())
    yield account
    port.activity = NOTHING_SENT


@pytest.mark.parametrize(
    ("rule_type", "clause", "expected"),
    [
        ("CampaignOpened", f"EQUALS {SENT.upper()}", "ab"),
        ("CampaignNotOpened", SENT, "C"),
        ("campaignclickedany", f"equals {SENT}", "a"),
        ("CampaignClickedSpecific", f"EQUALS {SENT} {LINK}", "a"),
        ("CampaignNotClickedSpecific", f"{SENT} {LINK}", "bC"),
        ("CampaignOpenedNoClick", f"EQUALS {SENT}", "b"),
        ("Engagement", "EQUALS Engaged", "a"),
        ("Engagement", "EQUALS Dormant", "b"),
        ("Engagement", "EQUALS New", "C"),
        ("Engagement", "EQUALS Ghost", "d"),
        ("Engagement", "EQUALS Active", ""),
        ("Engagement", "EQUALS Unengaged", ""),
        ("Location", "EQUALS australia", "b"),
        ("Location", "NOT_EQUALS Australia", "aCd"),
    ],
)
def test_rules_about_campaigns_pick_by_what_is_known_of_them(known, rule_type, clause, expected):
    assert who(known, made(known, one(rule_type, clause)).json) == expected


def test_members_follow_what_is_opened(known):
    identity = made(known, one("CampaignOpened", SENT)).json
    assert who(known, identity) == "ab"
    known.emulator.service.own(Port).activity.opened.add("d@example.com")
    assert who(known, identity) == "abd"


@pytest.mark.parametrize(
    ("rule_type", "clause", "code"),
    [
        ("EmailAddress", " ", 2710),
        ("Name", "AFTER x", 2712),
        ("EmailAddress", "PROVIDED", 2713),
        ("DateSubscribed", "PROVIDED", 2714),
        ("[website]", "BETWEEN a AND b", 2715),
        ("[shoesize]", "CONTAINS 4", 2716),
        ("[colour]", "CONTAINS r", 2717),
        ("[born]", "CONTAINS 1990", 2718),
        ("Name", "EQUALS", 2719),
        ("DateSubscribed", "AFTER", 2719),
        ("DateSubscribed", "AFTER 2026-02-30", 2720),
        ("[born]", "EQUALS yesterday", 2720),
        ("[shoesize]", "EQUALS large", 2721),
        ("[shoesize]", "LESS_THAN nan", 2721),
        ("[likes]", "EQUALS wine", 2722),
        ("DateSubscribed", "AFTER 2015-12-31", 2723),
        ("DateSubscribed", "BETWEEN 2015-12-31 AND 2026-01-01", 2723),
        ("CampaignOpened", "EQUALS 1234", 2750),
        ("CampaignOpened", "EQUALS", 2750),
        ("CampaignOpened", "c" * 32, 2750),
        ("CampaignOpened", ELSEWHERE, 2751),
        ("CampaignClickedSpecific", f"{SENT} https://www.example.com/other", 2753),
        ("CampaignClickedSpecific", SENT, 2753),
        ("[born]", "BETWEEN 1990-01-01", 2755),
        ("[born]", "BETWEEN 1990-01-01 AND 1990-02-30", 2755),
        ("[shoesize]", "BETWEEN 39", 2756),
        ("Location", "CONTAINS land", 2757),
        ("Location", "EQUALS Atlantis", 2758),
        ("Engagement", "EQUALS Keen", 2761),
        ("Engagement", "CONTAINS e", 2761),
        ("MobileNumber", "AFTER 5", 2762),
    ],
)
def test_a_wrong_clause_is_told_with_its_code(known, rule_type, clause, code):
    reply = made(known, one(rule_type, clause))
    assert_refused(reply, 400, 277)
    (told,) = reply.json["ResultData"]
    assert list(told) == ["RuleType", "Code", "Message", "ClauseResults"]
    assert (told["RuleType"], told["Code"]) == (rule_type, 2703)
    (result,) = told["ClauseResults"]
    assert list(result) == ["Clause", "Code", "Message"]
    assert (result["Clause"], result["Code"]) == (clause, code)
    assert result["Message"]
    assert told["Message"]


@pytest.mark.parametrize(
    ("rule", "code", "clauses"),
    [
        ({"RuleType": " ", "Clause": "PROVIDED"}, 2704, [2754]),
        ({"Clause": "PROVIDED"}, 2704, [2754]),
        ({"RuleType": "Shoe", "Clause": "PROVIDED"}, 2705, [2754]),
        ({"RuleType": "[shoe]", "Clause": "PROVIDED"}, 2705, [2754]),
        ({"RuleType": "Name"}, 2706, []),
        ({"Subject": "", "Clauses": ["PROVIDED"]}, 2700, [2754]),
        ({"Subject": "Shoe", "Clauses": ["PROVIDED", "EQUALS x"]}, 2701, [2754, 2754]),
        ({"Subject": "Name", "Clauses": []}, 2702, []),
        ({"Subject": "Name", "Clauses": ["PROVIDED", "", "AFTER x"]}, 2703, [2710, 2712]),
    ],
)
def test_a_rule_that_is_wrong_as_a_whole_is_told_so(account, rule, code, clauses):
    reply = made(account, [{"Rules": [rule]}])
    assert_refused(reply, 400, 277)
    (told,) = reply.json["ResultData"]
    assert (told["Code"], [each["Code"] for each in told["ClauseResults"]]) == (code, clauses)
    assert ("Subject" in told, "RuleType" in told) == ("Subject" in rule, "Subject" not in rule)


def test_only_what_is_wrong_is_told_and_nothing_is_changed(account):
    identity = made(account, one("Name", "PROVIDED")).json
    right, wrong = {"RuleType": "Name", "Clause": "PROVIDED"}, {"RuleType": "Name", "Clause": "BEFORE x"}
    reply = at(account, identity, "PUT", {"Title": "T", "RuleGroups": [{"Rules": [right, wrong]}, {"Rules": [wrong]}]})
    assert_refused(reply, 400, 277)
    assert len(reply.json["ResultData"]) == 2
    assert_refused(at(account, identity, "POST", {"Rules": [right, wrong]}, "/rules"), 400, 277)
    shown = at(account, identity).json
    assert (shown["Title"], shown["RuleGroups"]) == ("S", one("Name", "PROVIDED"))


def test_a_group_needs_rules(account):
    assert_refused(made(account, [{"Rules": []}]), 400, 282)
    assert_refused(made(account, [{}]), 400, 282)


def test_engagement_rules_stand_alone_in_their_group(account):
    mixed = [*one("Engagement", "EQUALS New")[0]["Rules"], *one("Name", "PROVIDED")[0]["Rules"]]
    assert_refused(made(account, [{"Rules": mixed}]), 400, 285)
    assert made(account, one("Engagement", "EQUALS New") + one("Name", "PROVIDED")).status == 201


def test_a_rule_whose_campaign_has_gone_picks_nobody(known):
    identity = made(known, one("CampaignOpened", SENT)).json
    known.emulator.service.own(Port).activity = NOTHING_SENT
    assert who(known, identity) == ""
