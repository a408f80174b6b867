"""What is wrong in the account: keys that end, clients, lists and campaigns that are gone, fields that are called otherwise."""

from typing import Any

import pytest

from tests.faults.whole import CM, SF, Whole

HAPPENS = ("open", "click", "join", "unsubscribe", "suppress")
WRONG_KEY = {"Code": 50, "Message": "Must supply a valid HTTP Basic Authorization header"}
NO_LIST = {"Code": 101, "Message": "Invalid ListID"}


@pytest.mark.parametrize("after", [0, 12, 30])
def test_a_key_that_is_revoked_in_the_midst_of_a_run_ends_it_with_the_way_back(whole: Whole, after: int) -> None:
    """No more calls than those under way; what was written is right, and the first run with a new key does the rest."""
    whole.live(f"revoked {after}", *HAPPENS)
    whole.fault(CM, fault="status", status=401, body=WRONG_KEY, after=after, match={"path": "/api/"})
    told = whole.sync()

    assert told.failure is not None
    assert told.failure.code == "FL-211"
    assert "Authorization header not usable (code 50)" in str(told.failure)
    assert "fairlead connect campaign-monitor" in str(told.failure)
    assert whole.struck(CM) < 12

    whole.clear_faults()
    assert whole.sync().failure is None
    assert whole.in_step()


def test_a_session_that_the_org_ends_again_and_again_ends_the_run_with_the_way_back(whole: Whole) -> None:
    """A user who is frozen gets no new session: it says to connect Salesforce again."""
    user = whole.user_id()
    whole.live("frozen", *HAPPENS)
    whole.act(act="edit", object="User", id=user, fields={"IsActive": False})
    told = whole.sync()

    assert told.failure is not None
    assert told.failure.code == "FL-221"
    assert "fairlead connect salesforce" in str(told.failure)

    whole.act(act="edit", object="User", id=user, fields={"IsActive": True})
    assert whole.sync().failure is None
    assert whole.in_step()


def test_a_list_that_answers_as_gone_is_left_out_by_name_and_its_members_stay(whole: Whole) -> None:
    """It is listed, and asked for it says that it does not exist: nothing of it is deleted; later it is simply read."""
    of = whole.list_called("Two offers")
    whole.live("dead list", *HAPPENS)
    before = len(whole.rows("CM_Member__c", "Id"))
    whole.fault(CM, fault="status", status=401, body=NO_LIST, match={"path": f"/lists/{of}"})
    told = whole.sync()

    assert told.failure is None
    assert "“Two offers" in told.message("lists")
    assert "List id unknown (code 101)" in told.message("lists")
    assert "(FL-316)" in told.message("lists")
    assert len(whole.rows("CM_Member__c", "Id")) >= before

    whole.clear_faults()
    assert whole.sync().failure is None
    assert whole.in_step()


UNWRITTEN: dict[str, tuple[str, dict[str, Any]]] = {
    "unread": (
        CM,
        {"fault": "status", "status": 400, "body": {"Code": 1}, "match": {"path": "/lists/[0-9a-f]{32}.json"}},
    ),
    "locked": (SF, {"fault": "row_lock", "data": {"rows": 99}, "match": {"object": "CM_List__c"}}),
}


@pytest.mark.parametrize("how", UNWRITTEN)
def test_a_new_name_of_a_list_that_could_not_be_read_or_written_is_there_after_the_next_sync(
    whole: Whole, how: str
) -> None:
    """It was seen, but not written: it counts as unseen."""
    of = whole.list_called("Two news")
    name = f"Two news, {how}"
    whole.api("PUT", f"lists/{of}", {"Title": name, "ConfirmedOptIn": False, "UnsubscribeSetting": "AllClientLists"})
    side, rule = UNWRITTEN[how]
    whole.fault(side, **rule)
    whole.sync()
    assert whole.struck(side)

    whole.clear_faults()
    assert whole.sync().failure is None
    assert name in {row["Name"] for row in whole.rows("CM_List__c", "Name")}


def test_a_renamed_custom_field_is_followed_by_the_next_reading_of_its_list(whole: Whole) -> None:
    """What members say of it changes its name; nothing fails meanwhile."""
    of = whole.list_called("One news")
    whole.subscribe(of, "remarkable@example.org", CustomFields=[{"Key": "Remarks", "Value": "Likes tea"}])
    assert whole.sync().failure is None
    whole.api(
        "PUT", f"lists/{of}/customfields/%5BRemarks%5D", {"FieldName": "Notes", "VisibleInPreferenceCenter": True}
    )
    assert whole.sync().failure is None
    assert whole.sync(full=True, list=of).failure is None
    held = next(
        row for row in whole.rows("CM_Member__c", "Email__c", "Custom_Fields__c") if "remarkable" in row["Email__c"]
    )
    assert held["Custom_Fields__c"] == "Notes: Likes tea"
    assert whole.in_step()


def test_campaigns_and_lists_that_are_deleted_keep_their_records_until_a_full_sync(whole: Whole) -> None:
    """Nothing fails; then a full sync takes out just them, with their members and events, and leaves contacts and leads."""
    people = {name: len(whole.rows(name, "Id")) for name in ("Contact", "Lead", "Campaign")}
    of, sent = whole.list_called("One offers"), whole.sent()
    whole.live("deleted", *HAPPENS)
    whole.sync()
    whole.api("DELETE", f"lists/{of}")
    whole.api("DELETE", f"campaigns/{sent['One July']}")
    told = whole.sync()
    assert told.failure is None
    assert "1 lists are gone in Campaign Monitor; a full sync removes them." in told.message("lists")
    assert of in {row["List_Id__c"] for row in whole.rows("CM_List__c", "List_Id__c")}

    told = whole.sync(full=True)
    assert told.failure is None, told.failure
    whole.tolerance.forget()
    assert whole.in_step()
    assert {name: len(whole.rows(name, "Id")) for name in people} == people


def test_a_client_that_is_gone_is_named_and_the_others_are_synced(whole: Whole) -> None:
    """The last of this file: the account no longer has the client. Its records stay, and its standing says why."""
    gone = whole.clients()["Two"]
    whole.live("gone", *HAPPENS)
    whole.sync()
    whole.api("DELETE", f"clients/{gone}")
    whole.subscribe(whole.list_called("One news"), "stays@example.org")
    told = whole.sync()

    assert told.not_done == set()
    assert "The client “Two”: " in told.message("clients")
    assert "Client id not part of this account (code 102)" in told.message("clients")
    assert "(FL-316)" in told.message("clients")
    assert told.counts["clients_failed"] == 1
    addresses = {row["Email__c"] for row in whole.rows("CM_Member__c", "Email__c")}
    assert "stays@example.org" in addresses
    assert gone in {row["Client_Id__c"] for row in whole.rows("CM_Client__c", "Client_Id__c")}
