"""Laws of segments: their life, whom rules pick, and pages of members."""

from datetime import UTC, datetime

import pytest

from fairlead_emulators.campaignmonitor.segments import members
from fairlead_emulators.campaignmonitor.ties import Ties
from tests.unit.emulators.campaignmonitor.conftest import SPEC, assert_refused
from tests.unit.emulators.http import basic

EVERYBODY = [{"Rules": [{"RuleType": "EmailAddress", "Clause": "CONTAINS @"}]}]


def one(rule_type, clause):
    return [{"Rules": [{"RuleType": rule_type, "Clause": clause}]}]


def made(account, groups, title="S", on="Wide"):
    return account.call("POST", f"/api/v3.3/segments/{account.lists[on]}.json", {"Title": title, "RuleGroups": groups})


def at(account, identity, method="GET", body=None, tail="", version="3.3", **query):
    return account.call(method, f"/api/v{version}/segments/{identity}{tail}.json", body, **query)


def who(account, identity, **query):
    """The first letters of the members."""
    rows = at(account, identity, tail="/active", orderfield="email", **query).json["Results"]
    return "".join(each["EmailAddress"][0] for each in rows)


def picked(account, groups):
    """The first letters of whom a segment with these rules picks."""
    identity = made(account, groups, title=str(groups)).json
    assert len(identity) == 32, identity
    return who(account, identity)


@pytest.fixture
def people(account):
    """Four active subscribers a to d with values of all kinds, and an inactive one, e."""

    def add(email, name, mobile="", **values):
        fields = [{"Key": key, "Value": value} for key, said in values.items() for value in said]
        account.add("Wide", email, Name=name, MobileNumber=mobile or None, CustomFields=fields)

    account.emulator.clock.set(datetime(2026, 7, 10, 13, 59, tzinfo=UTC))  # 23:59 on the tenth in Sydney
    add("a@example.com", "Ann Öberg", "+12025550100", shoesize=[39], born=["1990-01-31"], likes=["tea", "milk"])
    account.emulator.clock.set(datetime(2026, 7, 10, 14, 1, tzinfo=UTC))
    add("b@example.org", "Ben", shoesize=[42.5], born=["2001-06-01"], likes=["tea"], colour=["red"], website=["Home"])
    account.emulator.clock.set(datetime(2026, 7, 12, 12, 0, tzinfo=UTC))
    add("C@Example.com", "", shoesize=[-1], likes=["coffee"], colour=["blue"])
    add("d@example.net", "Dee ann")
    add("e@example.com", "Eve")
    account.unsubscribe("Wide", "e@example.com")
    return account


@pytest.mark.parametrize(
    ("rule_type", "clause", "expected"),
    [
        ("EmailAddress", "CONTAINS @example.com", "aC"),
        ("EmailAddress", "equals c@EXAMPLE.com", "C"),
        ("EmailAddress", "NOT_EQUALS a@example.com", "bCd"),
        ("EmailAddress", "NOT_CONTAINS .com", "bd"),
        ("Name", "CONTAINS ann", "ad"),
        ("name", "EQUALS ann ÖBERG", "a"),
        ("Name", "PROVIDED", "abd"),
        ("Name", "NOT_PROVIDED", "C"),
        ("MobileNumber", "PROVIDED", "a"),
        ("MobileNumber", "CONTAINS 555", "a"),
        ("MobileNumber", "NOT_PROVIDED", "bCd"),
        ("DateSubscribed", "EQUALS 2026-07-10", "a"),
        ("DateSubscribed", "AFTER 2026-07-10", "bCd"),
        ("DateSubscribed", "BEFORE 2026-07-11", "a"),
        ("DateSubscribed", "BETWEEN 2026-07-10 AND 2026-07-11", "ab"),
        ("DateSubscribed", "BETWEEN '2026-07-11 and 2026-07-12'", "bCd"),
        ("[shoesize]", "EQUALS 39.0", "a"),
        ("[Shoe size]", "GREATER_THAN 39", "b"),
        ("[shoesize]", "LESS_THAN 0", "C"),
        ("[shoesize]", "BETWEEN -1 AND 39", "aC"),
        ("[shoesize]", "NOT_EQUALS 39", "bCd"),
        ("[shoesize]", "PROVIDED", "abC"),
        ("[born]", "AFTER 1990-01-31", "b"),
        ("[born]", "BEFORE 1990-02-01", "a"),
        ("[born]", "EQUALS 2001-06-01", "b"),
        ("[born]", "BETWEEN 1990-01-31 AND 2001-06-01", "ab"),
        ("[born]", "NOT_PROVIDED", "Cd"),
        ("[likes]", "EQUALS tea", "ab"),
        ("[likes]", "NOT_EQUALS TEA", "Cd"),
        ("[likes]", "PROVIDED", "abC"),
        ("[colour]", "EQUALS blue", "C"),
        ("[website]", "CONTAINS om", "b"),
        ("[website]", "NOT_PROVIDED", "aCd"),
        ("Engagement", "EQUALS new", "abCd"),
        ("Engagement", "NOT_EQUALS New", ""),
        ("Location", "EQUALS Australia", ""),
        ("Location", "NOT_EQUALS australia", "abCd"),
    ],
)
def test_a_rule_picks_active_subscribers_by_its_clause(people, rule_type, clause, expected):
    identity = made(people, one(rule_type, clause)).json
    assert who(people, identity) == expected
    assert at(people, identity).json["ActiveSubscribers"] == len(expected)


def test_rules_of_a_group_are_alternatives_and_all_groups_must_hold(people):
    tea_or_blue = {"Rules": [*one("[likes]", "EQUALS tea")[0]["Rules"], *one("[colour]", "EQUALS blue")[0]["Rules"]]}
    assert picked(people, [tea_or_blue]) == "abC"
    assert picked(people, [tea_or_blue, *one("EmailAddress", "CONTAINS .com")]) == "aC"
    assert picked(people, []) == "", "without rules nobody is picked"


def test_members_follow_every_change_of_the_list(people):
    identity = made(people, one("Name", "CONTAINS ann")).json
    assert who(people, identity) == "ad"
    people.act("Wide", "a@example.com", "change_name", name="Other")
    people.act("Wide", "b@example.org", "change_name", name="Joanna")
    people.unsubscribe("Wide", "d@example.net")
    assert who(people, identity) == "b"


def test_members_are_given_to_other_rooms_by_number(people):
    identity = made(people, one("EmailAddress", "CONTAINS .com")).json
    service = people.emulator.service
    found = service.store.db.execute("SELECT n, key FROM subscribers").fetchall()
    assert [dict(found)[n] for n in members(service, identity)] == ["a@example.com", "c@example.com"]


def test_a_segment_s_life(account):
    identity = made(account, EVERYBODY, "First").json
    assert at(account, identity).json == {
        "ActiveSubscribers": 0,
        "RuleGroups": EVERYBODY,
        "ListID": account.lists["Wide"],
        "SegmentID": identity,
        "Title": "First",
    }
    for path in (f"lists/{account.lists['Wide']}", f"clients/{account.clients['South']}"):
        listed = account.call("GET", f"/api/v3.3/{path}/segments.json").json
        assert listed == [{"ListID": account.lists["Wide"], "SegmentID": identity, "Title": "First"}]
    assert at(account, identity, "PUT", {"Title": "Second"}).status == 200
    assert at(account, identity, "POST", one("Name", "PROVIDED")[0], "/rules").status == 200
    after = at(account, identity).json
    assert (after["Title"], after["RuleGroups"]) == ("Second", EVERYBODY + one("Name", "PROVIDED"))
    at(account, identity, "PUT", {"Title": "Third", "RuleGroups": one("Name", "EQUALS x")})
    assert at(account, identity).json["RuleGroups"] == one("Name", "EQUALS x")
    assert at(account, identity, "DELETE", tail="/rules").status == 200
    assert at(account, identity).json["RuleGroups"] == []
    assert at(account, identity, "DELETE").status == 200
    assert_refused(at(account, identity), 400, 271)
    assert made(account, EVERYBODY, "First").json != identity


@pytest.mark.parametrize(
    ("method", "tail"),
    [("GET", ""), ("GET", "/active"), ("PUT", ""), ("DELETE", ""), ("POST", "/rules"), ("DELETE", "/rules")],
)
def test_an_unknown_segment_is_271(account, method, tail):
    assert_refused(at(account, "0" * 32, method, {}, tail), 400, 271)


def test_titles_are_needed_and_unique_on_their_list(account):
    identity = made(account, EVERYBODY, "Same").json
    assert_refused(made(account, EVERYBODY, " "), 400, 273)
    assert_refused(made(account, EVERYBODY, "SAME"), 400, 275)
    assert made(account, EVERYBODY, "Same", on="Only here").status == 201
    assert at(account, identity, "PUT", {"Title": "same"}).status == 200, "its own title is no other's"
    other = made(account, EVERYBODY, "Other").json
    assert_refused(at(account, other, "PUT", {"Title": "Same"}), 400, 275)
    assert_refused(at(account, other, "PUT", {"Title": ""}), 400, 273)


def test_pages_of_members_are_like_those_of_the_list(account):
    identity = made(account, EVERYBODY, on="Crowd").json
    query = {"pagesize": 10, "orderfield": "date", "orderdirection": "desc"}
    listed = account.members("Crowd", "active", **query).json
    assert listed["NumberOfPages"] > 2
    for page in range(1, listed["NumberOfPages"] + 2):
        expected = account.members("Crowd", "active", page=page, **query).json
        for each in expected["Results"]:
            del each["ReadsEmailWith"]
        assert at(account, identity, tail="/active", page=page, **query).json == expected
    since = listed["Results"][4]["Date"]
    late = at(account, identity, tail="/active", date=since).json
    assert late["TotalNumberOfRecords"] == account.members("Crowd", "active", date=since).json["TotalNumberOfRecords"]
    assert 5 <= late["TotalNumberOfRecords"] < listed["TotalNumberOfRecords"]
    assert (late["ResultsOrderedBy"], late["OrderDirection"], late["PageSize"]) == ("date", "asc", 1000)
    assert_refused(at(account, identity, tail="/active", page=0), 400, 800)
    assert_refused(at(account, identity, tail="/active", date="never"), 400, 5)


@pytest.mark.parametrize("flag", ["includetrackingpreference", "includeTrackingInformation"])
def test_consents_are_shown_under_both_names_of_the_flag(people, flag):
    identity = made(people, EVERYBODY).json
    rows = at(people, identity, tail="/active", **{flag: "True", "includesmspreference": "true"}).json["Results"]
    assert {each["ConsentToTrack"] for each in rows} == {"Yes"}
    assert [each["EmailAddress"] for each in rows if "ConsentToSendSms" in each] == ["a@example.com"]
    assert "ConsentToTrack" not in at(people, identity, tail="/active").json["Results"][0]


def test_older_versions_have_subjects_with_clauses(people):
    older = [{"Subject": "EmailAddress", "Clauses": ["CONTAINS .com", "CONTAINS .org"]}]
    path = f"/api/v3/segments/{people.lists['Wide']}.json"
    identity = people.call("POST", path, {"Title": "Older", "Rules": older}).json
    assert who(people, identity) == "abC"
    more = {"Subject": "Name", "Clauses": ["PROVIDED"]}
    assert at(people, identity, "POST", more, "/rules", version="3").status == 200
    assert who(people, identity) == "ab"
    assert at(people, identity, version="3").json["Rules"] == [*older, more]
    assert len(at(people, identity, version="3.1").json["RuleGroups"]) == 2


def test_a_built_in_segment_stays_as_it_is(account):
    seeded = {"title": "All", "groups": [[{"type": "EmailAddress", "clause": "CONTAINS @"}]], "built_in": True}
    clients = [dict(each) for each in SPEC["clients"]]
    clients[0] = {**clients[0], "lists": [{**clients[0]["lists"][0], "segments": [seeded]}]}
    assert account.emulator.seed({**SPEC, "clients": clients})["segments"] == 1
    (row,) = account.call("GET", f"/api/v3.3/clients/{account.clients['South']}/segments.json").json
    identity = row["SegmentID"]
    assert at(account, identity).json["RuleGroups"] == EVERYBODY
    for method, tail in (("PUT", ""), ("DELETE", ""), ("POST", "/rules"), ("DELETE", "/rules")):
        assert_refused(at(account, identity, method, {}, tail), 400, 284)


def test_a_segment_of_a_draft_is_not_deleted(account):
    identity = made(account, EVERYBODY).json
    drafts = {identity}
    ties = account.emulator.service.own(Ties)
    ties.in_draft.append(drafts.__contains__)
    try:
        assert_refused(at(account, identity, "DELETE"), 400, 272)
        drafts.clear()
        assert at(account, identity, "DELETE").status == 200
    finally:
        ties.in_draft.pop()


def test_members_may_not_be_readable_for_a_time_after_a_change(people):
    identity = made(people, EVERYBODY).json
    assert who(people, identity) == "abCd", "at once, unless set otherwise"
    people.call("POST", "/_control/settings", {"segment_seconds": 60})
    assert_refused(at(people, identity, tail="/active"), 400, 278)
    people.emulator.clock.advance(60)
    assert who(people, identity) == "abCd"
    people.add("Wide", "f@example.com")
    people.call("POST", "/_control/settings", {"segment_busy_code": 287})
    assert_refused(at(people, identity, tail="/active"), 400, 287)
    people.emulator.clock.advance(60)
    assert who(people, identity) == "abCdf"


def test_a_plan_may_lack_engagement_rules_and_an_account_may_be_full(account):
    account.call("POST", "/_control/settings", {"engagement_rules": "not_in_plan", "most_segments": 1})
    assert_refused(made(account, one("Engagement", "EQUALS Active")), 400, 286)
    assert made(account, EVERYBODY).status == 201
    assert_refused(made(account, EVERYBODY, "Another"), 400, 283)


def test_a_client_s_key_opens_segments_of_its_own_lists_only(account):
    identity = made(account, EVERYBODY, on="Crowd").json
    call = account.caller(basic(account.emulator.ready()["client_api_key"]))
    assert_refused(call("GET", f"/api/v3.3/segments/{identity}.json"), 401, 102)
