"""Laws of the settings: what nobody has verified can be had either way."""

import time

import pytest

from fairlead_emulators.campaignmonitor.app import ROOMS
from fairlead_emulators.campaignmonitor.auth import SCOPES
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.switches import SWITCHES
from tests.unit.emulators.campaignmonitor.conftest import SPEC, assert_refused

WHO = "Some.One@example.com"
LONG = [{"Key": "Website", "Value": "x" * 251}]


def _set(account, **settings):
    return account.call("POST", "/_control/settings", settings)


def test_every_setting_belongs_to_a_fact_and_accepts_its_default():
    for name, each in SWITCHES.items():
        assert each.fact in fact.entries, name
        assert each.problem(each.default) is None, name


def test_every_endpoint_that_needs_a_scope_needs_one_that_exists():
    endpoints = [each for room in ROOMS for each in room.endpoints]
    assert {each.scope for each in endpoints} <= {None, *SCOPES}
    assert all(each.scope == "ManageLists" for each in endpoints if "webhooks" in each.path)
    assert all(each.scope == "ImportSubscribers" for each in endpoints if each.path.startswith("subscribers/"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonsense": 1},
        {"add_delay_seconds": -1},
        {"add_delay_seconds": "1"},
        {"add_delay_seconds": True},
        {"refused_add_updates": 1},
        {"complaint_state": "Active"},
        {"oauth_error_status": 404},
    ],
)
def test_a_wrong_setting_changes_nothing_and_names_itself(account, wrong):
    reply = _set(account, add_limit=3, **wrong)
    assert reply.status == 400
    assert next(iter(wrong)) in reply.json["error"]
    assert account.call("GET", "/_control/settings").json["add_limit"]["value"] == SWITCHES["add_limit"].default
    with pytest.raises(ValueError, match=next(iter(wrong))):
        account.emulator.seed({**SPEC, "settings": wrong})
    assert account.call("GET", "/_control/state").json["kept"], "a wrong spec empties nothing"


def test_a_seed_brings_settings_and_takes_back_the_others(account):
    _set(account, add_limit=3)
    account.emulator.seed({**SPEC, "settings": {"add_delay_seconds": 2}})
    shown = account.call("GET", "/_control/settings").json
    assert (shown["add_limit"]["value"], shown["add_delay_seconds"]["value"]) == (20, 2)


def test_an_add_becomes_visible_after_its_delay_and_an_import_at_once(account):
    _set(account, add_delay_seconds=30)
    assert account.add("Wide", WHO, Name="N", CustomFields=[{"Key": "Shoe size", "Value": 43}]).status == 201
    assert_refused(account.get("Wide", WHO), 400, 203)
    path = f"/api/v3.3/subscribers/{account.lists['Wide']}/import.json"
    account.call("POST", path, {"Subscribers": [{"EmailAddress": "at.once@example.com", "ConsentToTrack": "No"}]})
    assert account.state("Wide", "at.once@example.com") == "Active"
    account.emulator.clock.advance(30)
    found = account.get("Wide", WHO).json
    assert (found["Name"], found["CustomFields"]) == ("N", [{"Key": "Shoe size", "Value": "43"}])


def test_a_queued_add_is_refused_at_once_when_it_has_to_be(account):
    account.add("Wide", WHO)
    account.unsubscribe("Wide", WHO)
    _set(account, add_delay_seconds=30)
    assert_refused(account.add("Wide", WHO), 400, 206)
    assert_refused(account.add("Wide", "nobody"), 400, 1)


def test_an_unsubscribe_that_overtakes_a_queued_add_holds(account):
    account.add("Wide", WHO)
    _set(account, add_delay_seconds=30)
    account.add("Wide", WHO, Name="Late")
    account.unsubscribe("Wide", WHO)
    account.emulator.clock.advance(60)
    assert account.state("Wide", WHO) == "Unsubscribed"
    assert account.get("Wide", WHO).json["Name"] == ""


def test_the_same_address_added_too_often_is_429_for_a_while_and_others_are_not(account):
    _set(account, add_limit=3, add_limit_seconds=60)
    assert [account.add("Wide", WHO.upper()).status for _ in range(4)] == [201, 201, 201, 429]
    reply = account.add("Wide", WHO)
    assert reply.json["Message"] == "Subscriber was added too many times too quickly, try again later."
    assert account.add("Wide", "other@example.com").status == 201
    assert account.add("Only here", WHO).status == 201
    account.emulator.clock.advance(61)
    assert account.add("Wide", WHO).status == 201


def test_three_soft_bounces_make_bounced_without_a_suppression(account):
    account.add("Wide", WHO)
    states = [account.act("Wide", WHO, "soft_bounce").json["state"] for _ in range(3)]
    assert states == ["Active", "Active", "Bounced"]
    assert WHO not in account.suppressed("South")
    account.add("Wide", WHO, Resubscribe=True)
    assert account.act("Wide", WHO, "soft_bounce").json["state"] == "Active", "counted anew"


def test_activity_between_soft_bounces_starts_the_count_anew(account):
    account.add("Wide", WHO)
    on = account.emulator.store.list(account.lists["Wide"])
    for _ in range(3):
        account.act("Wide", WHO, "soft_bounce")
        account.act("Wide", WHO, "soft_bounce")
        account.emulator.life.active(on, WHO)
    assert account.state("Wide", WHO) == "Active"


def test_soft_bounces_may_be_fewer_and_suppress(account):
    _set(account, soft_bounce_limit=1, soft_bounces_suppress=True)
    account.add("Wide", WHO)
    assert account.act("Wide", WHO, "soft_bounce").json["state"] == "Bounced"
    assert account.suppressed("South")[WHO] == "Bounced"


@pytest.mark.parametrize("state", ["Unsubscribed", "Deleted"])
def test_a_complaint_makes_inactive_and_suppresses(account, state):
    _set(account, complaint_state=state)
    account.add("Wide", WHO)
    account.add("Wide too", WHO)
    assert account.act("Wide", WHO, "complain").json["state"] == state
    assert account.state("Wide too", WHO) == "Unsubscribed"
    assert WHO in account.suppressed("South")


def test_values_too_long_may_be_cut(account):
    assert_refused(account.add("Wide", WHO, CustomFields=LONG), 400, 810)
    _set(account, long_values="cut")
    account.add("Wide", WHO, CustomFields=LONG)
    assert account.get("Wide", WHO).json["CustomFields"][0]["Value"] == "x" * 250


def test_a_suppressed_address_that_never_was_on_the_list_may_be_refused(account):
    account.add("Wide", WHO)
    account.unsubscribe("Wide", WHO)
    _set(account, never_listed_suppressed="refused")
    assert_refused(account.add("Wide too", WHO), 400, 204)
    assert account.add("Only here", WHO).status == 201, "this list does not heed suppressions"
    assert account.add("Wide too", WHO, Resubscribe=True).status == 201


def test_a_refused_add_may_still_change_the_fields(account):
    account.add("Wide", WHO)
    account.unsubscribe("Wide", WHO)
    assert_refused(account.add("Wide", WHO, Name="Changed"), 400, 206)
    assert account.get("Wide", WHO).json["Name"] == ""
    _set(account, refused_add_updates=True)
    assert_refused(account.add("Wide", WHO, Name="Changed"), 400, 206)
    found = account.get("Wide", WHO).json
    assert (found["Name"], found["State"]) == ("Changed", "Unsubscribed")


def test_unsubscribing_again_may_be_accepted(account):
    account.add("Wide", WHO)
    account.unsubscribe("Wide", WHO)
    assert_refused(account.unsubscribe("Wide", WHO), 400, 203)
    _set(account, unsubscribe_again="accepted")
    assert account.unsubscribe("Wide", WHO).status == 200


def test_unknown_consents_may_have_their_own_codes(account):
    assert_refused(account.add("Wide", WHO, ConsentToTrack="perhaps"), 400, 400)
    _set(account, consent_unknown="code")
    assert_refused(account.add("Wide", WHO, ConsentToTrack="perhaps"), 400, 215)
    assert_refused(account.add("Wide", WHO, ConsentToSendSms="perhaps"), 400, 222)


def test_a_wrong_address_with_a_wrong_number_has_a_code_of_its_own(account):
    assert_refused(account.add("Wide", "nobody", MobileNumber="555-0100"), 400, 221)
    assert_refused(account.add("Wide", "nobody", MobileNumber="+12025550100"), 400, 1)
    assert_refused(account.add("Wide", WHO, MobileNumber="555-0100"), 400, 220)


def test_an_unknown_list_may_be_400(account):
    _set(account, unknown_list_status=400)
    assert_refused(account.call("GET", f"/api/v3.3/lists/{'0' * 32}.json"), 400, 101)


def test_a_confirmation_link_makes_active_once_and_cannot_be_guessed(account):
    account.add("Confirmed", WHO)
    account.add("Confirmed", "other@example.com")
    links = account.call("GET", "/_control/confirmations", list=account.lists["Confirmed"]).json
    paths = {each["email"]: each["path"] for each in links}
    assert set(paths) == {WHO, "other@example.com"}
    forged = paths[WHO].rsplit("/", 1)[0] + "/" + paths["other@example.com"].rsplit("/", 1)[1]
    assert account.call("GET", forged).status == 404
    assert account.call("GET", f"/confirm/{account.lists['Confirmed']}/%C3%A9/x").status == 404
    assert account.state("Confirmed", WHO) == "Unconfirmed"
    assert [account.call("GET", paths[WHO]).status for _ in range(2)] == [200, 200]
    assert account.state("Confirmed", WHO) == "Active"
    account.act("Confirmed", "other@example.com", "delete")
    assert account.call("GET", paths["other@example.com"]).status == 410


def test_a_confirmation_leads_to_the_list_s_page(account):
    body = {"Title": "With page", "ConfirmedOptIn": True, "ConfirmationSuccessPage": "https://example.com/thanks"}
    identity = account.call("POST", f"/api/v3.3/lists/{account.clients['South']}.json", body).json
    account.call("POST", f"/api/v3.3/subscribers/{identity}.json", {"EmailAddress": WHO, "ConsentToTrack": "Yes"})
    (link,) = account.call("GET", "/_control/confirmations", list=identity).json
    reply = account.call("GET", link["path"])
    assert (reply.status, reply.headers["location"]) == (302, "https://example.com/thanks")


def test_dates_may_be_exclusive(account):
    account.add("Wide", WHO)
    at = account.get("Wide", WHO).json["Date"]
    assert account.members("Wide", "active", date=at).json["TotalNumberOfRecords"] == 1
    _set(account, date_boundary="after")
    assert account.members("Wide", "active", date=at).json["TotalNumberOfRecords"] == 0


def test_a_list_may_have_so_many_custom_fields_and_no_more(account):
    path = f"/api/v3.3/lists/{account.lists['Only here']}/customfields.json"
    _set(account, most_custom_fields=1)
    assert account.call("POST", path, {"FieldName": "A", "DataType": "Text"}).status == 201
    assert_refused(account.call("POST", path, {"FieldName": "B", "DataType": "Text"}), 400, 260)


def test_the_lists_of_an_unknown_address_may_be_refused(account):
    path = f"/api/v3.3/clients/{account.clients['South']}/listsforemail.json"
    assert account.call("GET", path, email=WHO).json == []
    _set(account, lists_for_unknown_email="refused")
    assert_refused(account.call("GET", path, email=WHO), 400, 203)


def test_a_missing_consent_may_have_another_code(account):
    assert_refused(account.add("Wide", WHO, ConsentToTrack=""), 400, 214)
    _set(account, consent_missing_code=213)
    assert_refused(account.add("Wide", WHO, ConsentToTrack=""), 400, 213)


def test_what_comes_due_happens_without_a_call(account):
    _set(account, add_delay_seconds=0.1)
    account.add("Only here", WHO)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        rows = account.call("GET", "/_control/subscribers", list=account.lists["Only here"]).body
        if rows:
            break
        time.sleep(0.02)
    assert WHO.encode() in rows


def test_a_change_says_whether_automatic_mails_begin_or_start_again(account):
    seen = []
    account.emulator.life.watch(lambda change: seen.append((change.quiet, change.restart)))
    account.add("Wide", WHO)
    account.add("Wide", WHO, RestartSubscriptionBasedAutoresponders=True)
    path = f"/api/v3.3/subscribers/{account.lists['Wide']}/import.json"
    rows = [{"EmailAddress": "a@example.com", "ConsentToTrack": "No"}]
    account.call("POST", path, {"Subscribers": rows})
    more = {"QueueSubscriptionBasedAutoresponders": True, "RestartSubscriptionBasedAutoresponders": True}
    account.call("POST", path, {"Subscribers": rows, **more})
    assert seen == [(False, False), (False, True), (True, False), (False, True)]


def test_an_unknown_webhook_may_have_the_other_code(account):
    path = f"/api/v3.3/lists/{account.lists['Wide']}/webhooks/{'0' * 32}.json"
    assert_refused(account.call("DELETE", path), 400, 604)
    _set(account, webhook_unknown_code=699)
    assert_refused(account.call("DELETE", path), 400, 699)
