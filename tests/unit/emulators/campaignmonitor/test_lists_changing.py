"""Laws of changing lists and their custom fields, and of deleting them."""

from urllib.parse import quote

import pytest

from fairlead_emulators.campaignmonitor.ties import Ties
from tests.unit.emulators.campaignmonitor.conftest import assert_refused
from tests.unit.emulators.campaignmonitor.test_segments import at, made, one, who

WHO = "a@example.com"


def lists(account, title, method="GET", body=None, tail=""):
    return account.call(method, f"/api/v3.3/lists/{account.lists[title]}{tail}.json", body)


def field(account, key, method, body=None, tail="", title="Wide"):
    return lists(account, title, method, body, f"/customfields/{quote(key, safe='')}{tail}")


def fields(account, title="Wide"):
    return {each["Key"]: each for each in lists(account, title, tail="/customfields").json}


def values(account, email=WHO):
    return [(each["Key"], each["Value"]) for each in account.get("Wide", email).json["CustomFields"]]


def test_an_update_changes_what_it_says(account):
    body = {
        "Title": "Renamed",
        "UnsubscribePage": "https://www.example.com/bye",
        "UnsubscribeSetting": "onlythislist",
        "ConfirmedOptIn": True,
        "ConfirmationSuccessPage": "https://www.example.com/hi",
    }
    assert lists(account, "Wide", "PUT", body).status == 200
    after = lists(account, "Wide").json
    assert after == {**body, "UnsubscribeSetting": "OnlyThisList", "ListID": account.lists["Wide"]}
    assert lists(account, "Wide", "PUT", b" ").body == b""
    assert lists(account, "Wide").json == after, "what is not said stays"


@pytest.mark.parametrize(
    ("body", "code"),
    [({"Title": "wide TOO"}, 250), ({"Title": " "}, 251), ({"UnsubscribeSetting": "Never"}, 261), ({"Title": 1}, 400)],
)
def test_a_wrong_update_changes_nothing(account, body, code):
    before = lists(account, "Wide").json
    assert_refused(lists(account, "Wide", "PUT", {"UnsubscribePage": "x", **body}), 400, code)
    assert lists(account, "Wide").json == before
    assert lists(account, "Wide", "PUT", {"Title": "WIDE"}).status == 200, "its own title is no other's"


def test_an_update_may_suppress_who_unsubscribed_here(account):
    account.add("Only here", WHO)
    account.unsubscribe("Only here", WHO)
    account.add("Wide", WHO)
    add = {"AddUnsubscribesToSuppList": True}
    lists(account, "Only here", "PUT", add)
    assert WHO not in account.suppressed("South"), "the flag needs AllClientLists"
    lists(account, "Only here", "PUT", {"UnsubscribeSetting": "AllClientLists"})
    assert WHO not in account.suppressed("South"), "nor does the setting alone do it"
    lists(account, "Only here", "PUT", add)
    assert account.suppressed("South")[WHO] == "Unsubscribed"
    assert account.state("Wide", WHO) == "Unsubscribed"


def test_an_update_may_unsubscribe_from_here_who_is_suppressed(account):
    account.add("Only here", WHO)
    account.add("Only here", "b@example.com")
    account.call("POST", f"/api/v3.3/clients/{account.clients['South']}/suppress.json", {"EmailAddresses": [WHO]})
    scrub = {"ScrubActiveWithSuppList": True}
    lists(account, "Only here", "PUT", scrub)
    assert account.state("Only here", WHO) == "Active"
    lists(account, "Only here", "PUT", {**scrub, "UnsubscribeSetting": "AllClientLists"})
    assert (account.state("Only here", WHO), account.state("Only here", "b@example.com")) == ("Unsubscribed", "Active")


def test_a_list_is_deleted_with_everything_on_it_and_its_id_is_not_given_again(account):
    lists(
        account,
        "Crowd",
        "POST",
        {"Events": ["Subscribe"], "Url": "http://127.0.0.1:9/", "PayloadFormat": "json"},
        "/webhooks",
    )
    segment = made(account, one("Name", "PROVIDED"), on="Crowd").json
    assert lists(account, "Crowd", "DELETE").status == 200
    assert_refused(lists(account, "Crowd"), 401, 101)
    assert_refused(at(account, segment), 400, 271)
    db = account.emulator.store.db
    for table in ("subscribers", "custom_fields", "segments", "webhooks"):
        here = db.execute(f"SELECT count(*) FROM {table} WHERE list NOT IN (SELECT n FROM lists)").fetchone()
        assert here == (0,), table
    path = f"/api/v3.3/lists/{account.clients['North']}.json"
    assert account.call("POST", path, {"Title": "Crowd"}).json != account.lists["Crowd"]


def test_adds_that_wait_for_a_list_that_is_deleted_are_forgotten(account):
    account.call("POST", "/_control/settings", {"add_delay_seconds": 30})
    account.add("Confirmed", WHO)
    lists(account, "Confirmed", "DELETE")
    account.emulator.clock.advance(60)
    assert account.call("GET", "/api/v3.3/systemdate.json").status == 200


def test_a_list_of_a_draft_is_not_deleted(account):
    ties = account.emulator.service.own(Ties)
    ties.in_draft.append(account.lists["Wide"].__eq__)
    try:
        assert_refused(lists(account, "Wide", "DELETE"), 400, 252)
    finally:
        ties.in_draft.pop()
    assert lists(account, "Wide").status == 200


def test_renaming_a_field_changes_its_key_and_takes_values_and_rules_along(account):
    account.add("Wide", WHO, CustomFields=[{"Key": "Shoe size", "Value": 40}, {"Key": "Website", "Value": "Shoe size"}])
    segment = made(account, one("[shoesize]", "EQUALS 40")).json
    reply = field(account, "[ShoeSize]", "PUT", {"FieldName": "Größe", "VisibleInPreferenceCenter": False})
    assert (reply.status, reply.json) == (200, "[gre]")
    assert "[shoesize]" not in fields(account)
    shown = fields(account)["[gre]"]
    assert (shown["FieldName"], shown["VisibleInPreferenceCenter"]) == ("Größe", False)
    assert values(account) == [("Größe", "40"), ("Website", "Shoe size")]
    (row,) = account.members("Wide", "active").json["Results"]
    assert row["CustomFields"] == account.get("Wide", WHO).json["CustomFields"], "pages show it, too"
    assert at(account, segment).json["RuleGroups"] == one("[gre]", "EQUALS 40")
    assert who(account, segment) == "a"
    account.add("Wide", WHO, CustomFields=[{"Key": "[gre]", "Value": 41}])
    assert values(account)[0] == ("Größe", "41")


def test_a_field_keeps_what_an_update_does_not_say(account):
    assert field(account, "[website]", "PUT", {"VisibleInPreferenceCenter": False}).json == "[website]"
    assert field(account, "[website]", "PUT", {"FieldName": "WebSite"}).json == "[website]"
    shown = fields(account)["[website]"]
    assert (shown["FieldName"], shown["VisibleInPreferenceCenter"]) == ("WebSite", False)


@pytest.mark.parametrize(
    ("key", "method", "body", "tail", "code"),
    [
        ("[nothing]", "PUT", {"FieldName": "X"}, "", 253),
        ("website", "PUT", {"FieldName": "X"}, "", 253),
        ("[website]", "PUT", {"FieldName": " "}, "", 254),
        ("[website]", "PUT", {"FieldName": "shoe SIZE"}, "", 255),
        ("[nothing]", "DELETE", None, "", 253),
        ("[nothing]", "PUT", {"Options": ["x"]}, "/options", 253),
        ("[website]", "PUT", {"Options": ["x"]}, "/options", 256),
        ("[colour]", "PUT", {"Options": [" "], "KeepExistingOptions": False}, "/options", 257),
        ("[colour]", "PUT", {"Options": [7]}, "/options", 400),
    ],
)
def test_a_wrong_change_of_a_field_changes_nothing(account, key, method, body, tail, code):
    before = fields(account)
    assert_refused(field(account, key, method, body, tail), 400, code)
    assert fields(account) == before


def test_options_are_added_or_replaced_and_subscribers_lose_what_is_gone(account):
    account.add("Wide", WHO, CustomFields=[{"Key": "Likes", "Value": each} for each in ("tea", "milk")])
    field(account, "[likes]", "PUT", {"KeepExistingOptions": True, "Options": ["wine", "tea"]}, "/options")
    assert fields(account)["[likes]"]["FieldOptions"] == ["tea", "coffee", "milk", "wine"]
    assert values(account) == [("Likes", "tea"), ("Likes", "milk")]
    field(account, "[likes]", "PUT", {"KeepExistingOptions": False, "Options": ["wine", "tea"]}, "/options")
    assert fields(account)["[likes]"]["FieldOptions"] == ["wine", "tea"]
    assert values(account) == [("Likes", "tea")]


def test_with_a_field_go_its_values_and_the_rules_about_it(account):
    account.add("Wide", WHO, CustomFields=[{"Key": "Website", "Value": "x"}, {"Key": "Colour", "Value": "red"}])
    rules = one("[website]", "PROVIDED")[0]["Rules"] + one("[colour]", "EQUALS red")[0]["Rules"]
    segment = made(account, [{"Rules": rules}, *one("[Website]", "EQUALS x")]).json
    assert field(account, "[website]", "DELETE").status == 200
    assert "[website]" not in fields(account)
    assert values(account) == [("Colour", "red")]
    assert at(account, segment).json["RuleGroups"] == one("[colour]", "EQUALS red")
    again = lists(account, "Wide", "POST", {"FieldName": "Website", "DataType": "Text"}, "/customfields")
    assert (again.json, list(fields(account))[-1]) == ("[website]", "[website]")
    assert values(account) == [("Colour", "red")], "a field of the same name begins empty"


def test_countries_and_states_have_options_that_nobody_gave(account):
    for name in ("Country", "USState"):
        lists(account, "Wide too", "POST", {"FieldName": name, "DataType": name}, "/customfields")
    shown = fields(account, "Wide too")
    assert "Australia" in shown["[country]"]["FieldOptions"]
    assert len(shown["[usstate]"]["FieldOptions"]) == 51
    body = {"FieldName": "Other", "DataType": "Country", "Options": ["Here"]}
    assert_refused(lists(account, "Wide too", "POST", body, "/customfields"), 400, 256)


def test_many_subscribers_follow_a_renamed_field(account):
    key = lists(account, "Crowd", "POST", {"FieldName": "Mark", "DataType": "Text"}, "/customfields").json
    rows = account.members("Crowd", "active").json["Results"]
    posted = [
        {"EmailAddress": each["EmailAddress"], "ConsentToTrack": "Yes", "CustomFields": [{"Key": key, "Value": "x"}]}
        for each in rows[::2]
    ]
    account.call("POST", f"/api/v3.3/subscribers/{account.lists['Crowd']}/import.json", {"Subscribers": posted})
    field(account, key, "PUT", {"FieldName": "Sign"}, title="Crowd")
    after = account.members("Crowd", "active").json["Results"]
    marked = {each["EmailAddress"] for each in after if {"Key": "Sign", "Value": "x"} in each["CustomFields"]}
    assert marked == {each["EmailAddress"] for each in posted}
    assert {each["EmailAddress"]: each["Date"] for each in after} == {
        each["EmailAddress"]: each["Date"] for each in rows
    }
