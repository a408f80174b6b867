"""Laws of a subscriber's life: add, update, import, unsubscribe, delete, bounce, suppression."""

import pytest

from tests.unit.emulators.campaignmonitor.conftest import assert_refused

WHO = "Some.One@example.com"
LEAVE = {
    "Deleted": (lambda account, title: account.act(title, WHO, "delete"), 205),
    "Unsubscribed": (lambda account, title: account.act(title, WHO, "unsubscribe"), 206),
    "Bounced": (lambda account, title: account.act(title, WHO, "bounce"), 207),
}


def test_a_new_address_is_active_with_its_case_kept(account):
    reply = account.add("Wide", WHO, Name="Some One")
    assert (reply.status, reply.json) == (201, WHO)
    found = account.get("Wide", WHO.lower()).json
    assert (found["EmailAddress"], found["Name"], found["State"]) == (WHO, "Some One", "Active")
    assert found["Date"] == found["ListJoinedDate"] == "2026-07-15 22:00:00", "Sydney's wall clock"


def test_dates_are_rounded_to_the_nearest_minute_so_they_can_lie_ahead(account):
    account.emulator.clock.advance(35)  # 12:00:45
    account.add("Wide", WHO)
    assert account.get("Wide", WHO).json["Date"] == "2026-07-15 22:01:00"


def test_adding_an_active_address_again_updates_it_and_keeps_its_date(account):
    account.add("Wide", WHO, Name="Before")
    account.emulator.clock.advance(3_600)
    assert account.add("Wide", WHO.upper(), Name="After").status == 201
    found = account.get("Wide", WHO).json
    assert (found["Name"], found["Date"]) == ("After", "2026-07-15 22:00:00")
    assert account.members("Wide", "active").json["TotalNumberOfRecords"] == 1


@pytest.mark.parametrize("state", LEAVE)
def test_who_left_comes_back_only_by_resubscribe(account, state):
    leave, code = LEAVE[state]
    account.add("Only here", WHO)
    assert leave(account, "Only here").status == 200
    assert account.state("Only here", WHO) == state
    assert_refused(account.add("Only here", WHO, Name="New"), 400, code)
    assert account.state("Only here", WHO) == state
    assert account.add("Only here", WHO, Resubscribe=True).status == 201
    assert account.state("Only here", WHO) == "Active"


def test_confirmed_opt_in_waits_for_the_click(account):
    account.add("Confirmed", WHO)
    assert account.state("Confirmed", WHO) == "Unconfirmed"
    assert_refused(account.add("Confirmed", WHO), 400, 208)
    account.emulator.clock.advance(600)
    account.act("Confirmed", WHO, "confirm")
    found = account.get("Confirmed", WHO).json
    assert (found["State"], found["Date"]) == ("Active", "2026-07-15 22:10:00")
    assert found["ListJoinedDate"] == "2026-07-15 22:00:00", "joining stays where it was"


def test_unsubscribing_holds_client_wide_and_suppresses_except_on_lists_of_their_own(account):
    for title in ("Wide", "Wide too", "Only here"):
        account.add(title, WHO)
    assert account.unsubscribe("Wide", WHO).status == 200
    states = [account.state(title, WHO) for title in ("Wide", "Wide too", "Only here")]
    assert states == ["Unsubscribed", "Unsubscribed", "Active"]
    assert account.suppressed("South") == {WHO: "Unsubscribed"}


def test_unsubscribing_from_a_list_of_its_own_stays_there(account):
    account.add("Only here", WHO)
    account.add("Wide", WHO)
    assert account.unsubscribe("Only here", WHO).status == 200
    assert account.state("Wide", WHO) == "Active"
    assert account.suppressed("South") == {}


def test_resubscribing_leaves_the_suppression_which_only_unsuppress_lifts(account):
    account.add("Wide", WHO)
    account.unsubscribe("Wide", WHO)
    account.add("Wide", WHO, Resubscribe=True)
    assert account.state("Wide", WHO) == "Active"
    assert account.suppressed("South") == {WHO: "Unsubscribed"}
    path = f"/api/v3.3/clients/{account.clients['South']}/unsuppress.json"
    assert account.call("PUT", path, b" ", email=WHO).status == 200
    assert account.suppressed("South") == {}
    assert_refused(account.call("PUT", path, b" ", email=WHO), 400, 176)


def test_a_deleted_address_that_is_suppressed_gives_204(account):
    account.add("Wide", WHO)
    account.unsubscribe("Wide", WHO)
    account.act("Wide", WHO, "delete")
    assert_refused(account.add("Wide", WHO), 400, 204)


def test_suppressing_takes_off_client_wide_lists(account):
    account.add("Wide", WHO)
    account.add("Only here", WHO)
    path = f"/api/v3.3/clients/{account.clients['South']}/suppress.json"
    reply = account.call("POST", path, {"EmailAddresses": [WHO, "never@example.com"]})
    assert (reply.status, reply.body) == (200, b"")
    assert (account.state("Wide", WHO), account.state("Only here", WHO)) == ("Unsubscribed", "Active")
    assert set(account.suppressed("South")) == {WHO, "never@example.com"}


def test_suppression_dates_show_seconds_where_lists_do_not(account):
    account.add("Wide", WHO)
    account.unsubscribe("Wide", WHO)
    reply = account.call("GET", f"/api/v3.3/clients/{account.clients['South']}/suppressionlist.json", pagesize=10)
    (row,) = reply.json["Results"]
    assert (row["Date"], row["State"]) == ("2026-07-15 22:00:10", "Suppressed")
    assert reply.json["ResultsOrderedBy"] == "email"


def test_a_bounce_suppresses_and_a_delete_does_not(account):
    account.add("Wide", WHO)
    account.add("Wide", "two@example.com")
    account.act("Wide", WHO, "bounce")
    assert (
        account.call("DELETE", f"/api/v3.3/subscribers/{account.lists['Wide']}.json", email="two@example.com").status
        == 200
    )
    assert account.suppressed("South") == {WHO: "Bounced"}
    assert account.state("Wide", "two@example.com") == "Deleted", "still readable"


@pytest.mark.parametrize("email", ["nobody@example.com", WHO])
def test_who_is_not_there_or_already_left_gives_203(account, email):
    account.add("Wide", WHO)
    account.act("Wide", WHO, "delete")
    assert_refused(account.unsubscribe("Wide", email), 400, 203)
    path = f"/api/v3.3/subscribers/{account.lists['Wide']}.json"
    assert_refused(account.call("DELETE", path, email=email), 400, 203)
    assert account.get("Wide", "nobody@example.com").json == {
        "Code": 203,
        "Message": "Subscriber not in list or has already been removed.",
    }


@pytest.mark.parametrize("bad", ["", "nobody", "a b@example.com", "example+1@example", "@example.com"])
def test_malformed_addresses_are_code_1(account, bad):
    reply = account.add("Wide", bad)
    assert (reply.status, reply.json) == (400, {"Code": 1, "Message": "Invalid Email Address"})


def test_an_update_changes_address_name_and_fields_in_every_state(account):
    account.add("Wide", WHO, Name="Before", CustomFields=[{"Key": "[shoesize]", "Value": "42"}])
    account.act("Wide", WHO, "delete")
    path = f"/api/v3.3/subscribers/{account.lists['Wide']}.json"
    reply = account.call("PUT", path, {"EmailAddress": "new@example.com", "Name": "After"}, email=WHO)
    assert (reply.status, reply.body) == (200, b"")
    found = account.get("Wide", "new@example.com").json
    assert (found["State"], found["Name"]) == ("Deleted", "After")
    assert found["CustomFields"] == [{"Key": "Shoe size", "Value": "42"}]
    assert_refused(account.get("Wide", WHO), 400, 203)


def test_an_update_never_creates_nor_takes_an_address_of_another(account):
    path = f"/api/v3.3/subscribers/{account.lists['Wide']}.json"
    assert_refused(account.call("PUT", path, {"EmailAddress": WHO}, email=WHO), 400, 203)
    account.add("Wide", WHO)
    account.add("Wide", "two@example.com")
    assert_refused(account.call("PUT", path, {"EmailAddress": "TWO@example.com"}, email=WHO), 400, 201)
    assert_refused(account.call("PUT", path, {"EmailAddress": "bad"}, email=WHO), 400, 211)
    assert account.call("PUT", path, {"EmailAddress": WHO.upper()}, email=WHO).status == 200


def test_consent_is_needed_from_v32_on_and_holds_client_wide(account):
    wide, too = (f"subscribers/{account.lists[title]}.json" for title in ("Wide", "Wide too"))
    assert_refused(account.call("POST", f"/api/v3.3/{wide}", {"EmailAddress": WHO}), 400, 214)
    assert account.call("POST", f"/api/v3.1/{wide}", {"EmailAddress": WHO}).status == 201
    assert account.get("Wide", WHO, includetrackingpreference="True").json["ConsentToTrack"] == "Yes"
    account.call("POST", f"/api/v3.3/{too}", {"EmailAddress": WHO, "ConsentToTrack": "no"})
    rows = account.members("Wide", "active", includeTrackingPreference="true").json["Results"]
    assert [each["ConsentToTrack"] for each in rows] == ["No"]
    assert "ConsentToTrack" not in account.members("Wide", "active").json["Results"][0]


def test_mobile_numbers_are_e164_and_shown_with_their_consent_when_asked(account):
    assert_refused(account.add("Wide", WHO, MobileNumber="555-0100"), 400, 220)
    account.add("Wide", WHO, MobileNumber="+12025550100", ConsentToSendSms="Yes")
    account.add("Wide", "two@example.com")
    plain = account.members("Wide", "active", orderfield="email").json["Results"]
    asked = account.members("Wide", "active", orderfield="email", includesmspreference="true").json["Results"]
    assert [each.get("MobileNumber") for each in plain] == ["+12025550100", None]
    assert [each.get("ConsentToSendSms") for each in plain] == [None, None]
    assert [each.get("ConsentToSendSms") for each in asked] == ["Yes", None]
    account.add("Wide", WHO, MobileNumber="")
    assert "MobileNumber" not in account.get("Wide", WHO).json


def test_too_many_adds_of_one_address_is_a_429_on_demand(account):
    account.emulator.faults.add([{"fault": "added_too_often", "match": {"email": "^some"}}])
    reply = account.add("Wide", WHO)
    assert_refused(reply, 429, 429)
    assert reply.json["Message"] == "Subscriber was added too many times too quickly, try again later."
    assert account.add("Wide", WHO).status == 201


def _import(account, title, subscribers, **more):
    rows = [{"ConsentToTrack": "Unchanged", **each} for each in subscribers]
    path = f"/api/v3.3/subscribers/{account.lists[title]}/import.json"
    return account.call("POST", path, {"Subscribers": rows, **more})


def test_an_import_counts_new_existing_and_repeated(account):
    account.add("Wide", WHO)
    reply = _import(
        account, "Wide", [{"EmailAddress": each} for each in (WHO, "a@example.com", "b@example.com", "A@example.com")]
    )
    assert reply.status == 201
    assert reply.json == {
        "FailureDetails": [],
        "TotalUniqueEmailsSubmitted": 3,
        "TotalExistingSubscribers": 1,
        "TotalNewSubscribers": 2,
        "DuplicateEmailsInSubmission": ["a@example.com"],
    }


def test_an_import_with_failures_is_a_400_that_imported_the_rest(account):
    account.add("Wide", WHO)
    account.unsubscribe("Wide", WHO)
    reply = _import(account, "Wide", [{"EmailAddress": each} for each in (WHO, "bad", "good@example.com")])
    assert (reply.status, reply.json["Code"], reply.json["Message"]) == (
        400,
        210,
        "Subscriber Import had some failures",
    )
    failed = {each["EmailAddress"]: each["Code"] for each in reply.json["ResultData"]["FailureDetails"]}
    assert failed == {WHO: 206, "bad": 1}
    assert reply.json["ResultData"]["TotalNewSubscribers"] == 1
    assert account.state("Wide", "good@example.com") == "Active"
    assert account.state("Wide", WHO) == "Unsubscribed"


def test_an_import_takes_1000_at_most_and_one_at_least(account):
    rows = [{"EmailAddress": f"n{number}@example.com"} for number in range(1_001)]
    assert_refused(_import(account, "Wide", rows), 400, 209)
    assert_refused(_import(account, "Wide", []), 400, 212)
    assert _import(account, "Wide", rows[:1_000]).json["TotalNewSubscribers"] == 1_000


def test_an_import_row_fails_on_demand(account):
    account.emulator.faults.add([{"fault": "import_failure", "match": {"email": "two"}, "data": {"code": 500}}])
    reply = _import(account, "Wide", [{"EmailAddress": "one@example.com"}, {"EmailAddress": "two@example.com"}])
    assert [each["Code"] for each in reply.json["ResultData"]["FailureDetails"]] == [500]


def _values(account):
    return [(each["Key"], each["Value"]) for each in account.get("Wide", WHO).json["CustomFields"]]


def test_custom_fields_take_names_or_keys_and_drop_what_they_do_not_know(account):
    sent = [("shoe size", 42), ("[website]", "https://example.com"), ("[nope]", "x"), ("BORN", "2010/03/09")]
    account.add("Wide", WHO, CustomFields=[{"Key": key, "Value": value} for key, value in sent])
    assert _values(account) == [("Shoe size", "42"), ("Website", "https://example.com"), ("Born", "2010-03-09")]


def test_many_options_are_replaced_as_a_whole_and_other_fields_stay(account):
    account.add("Wide", WHO, CustomFields=[{"Key": "Likes", "Value": each} for each in ("tea", "milk")])
    account.add("Wide", WHO, CustomFields=[{"Key": "Website", "Value": "w"}])
    assert _values(account) == [("Website", "w"), ("Likes", "tea"), ("Likes", "milk")]
    account.add("Wide", WHO, CustomFields=[{"Key": "Likes", "Value": "coffee"}])
    assert _values(account) == [("Website", "w"), ("Likes", "coffee")]


def test_clear_empties_a_field_or_takes_one_option(account):
    account.add("Wide", WHO, CustomFields=[{"Key": "Likes", "Value": each} for each in ("tea", "milk")])
    account.add("Wide", WHO, CustomFields=[{"Key": "Likes", "Value": "tea", "Clear": True}])
    assert _values(account) == [("Likes", "milk")]
    account.add("Wide", WHO, CustomFields=[{"Key": "Likes", "Clear": True}])
    assert _values(account) == []


@pytest.mark.parametrize(
    ("key", "bad"),
    [("Born", "1899-12-31"), ("Born", "2076/06/07"), ("Born", "x"), ("Shoe size", "big"), ("Colour", "green")],
)
def test_values_that_are_not_valid_leave_what_was_there(account, key, bad):
    good = {"Born": "2010-03-09", "Shoe size": "42", "Colour": "red"}[key]
    account.add("Wide", WHO, CustomFields=[{"Key": key, "Value": good}])
    assert account.add("Wide", WHO, CustomFields=[{"Key": key, "Value": bad}]).status == 201
    assert _values(account) == [(key, good)]


def test_the_zero_date_clears(account):
    account.add("Wide", WHO, CustomFields=[{"Key": "Born", "Value": "2010/03/09"}])
    account.add("Wide", WHO, CustomFields=[{"Key": "Born", "Value": "0000-00-00"}])
    assert _values(account) == []


def test_values_over_250_characters_are_code_810(account):
    assert account.add("Wide", WHO, CustomFields=[{"Key": "Website", "Value": "x" * 250}]).status == 201
    assert_refused(account.add("Wide", WHO, CustomFields=[{"Key": "Website", "Value": "x" * 251}]), 400, 810)
