"""What is wrong in the org: each thing fails its own stage, says what to do, and is made good by the next sync after repair."""

import pytest
from django.test import override_settings

from tests.faults.whole import SF, Whole

HAPPENS = (
    "open", "click", "unsubscribe", "join", "suppress", "bounce", "campaign_tagged", "list_renamed", "campaign_sent",
)  # fmt: skip

FIELDS = {
    "CM_List__c.Opt_In__c": {"lists"},
    "CM_Member__c.Mobile_Number__c": {"members", "tidy"},
    "CM_Campaign__c.Subject__c": {"campaigns"},
    "CM_Tracking__c.City__c": {"tracking"},
    "CM_Suppression__c.Reason__c": {"suppression"},
    "Campaign.CM_Num_Opens__c": {"links", "campaign_members"},
}
"""A field of ours → the stages that cannot do without it, and those that hang on them."""


SLOW = {"CM_Campaign__c.Subject__c", "CM_Suppression__c.Reason__c", "CM_List__c.Opt_In__c"}
"""Left to `make slow`: what they show of one stage is shown of three others."""


@pytest.mark.parametrize("field", [pytest.param(one, marks=[pytest.mark.slow] * (one in SLOW)) for one in FIELDS])
def test_a_field_that_is_missing_or_hidden_fails_only_the_stages_that_write_it(whole: Whole, field: str) -> None:
    """The package is older than the service, or a right was taken: the message names the field; the rest is done."""
    name = field.partition(".")[2]
    with whole.without_right("FieldPermissions", SobjectType=field.partition(".")[0], Field=field):
        whole.live(field, *HAPPENS)
        told = whole.sync()

    assert told.not_done == FIELDS[field]
    first = next(stage for stage in told.stages if stage in FIELDS[field])
    assert f"No such column '{name}'" in told.message(first)
    assert "Check that the field exists and that the integration user may see it." in told.message(first)
    assert "(FL-" in told.message(first)
    assert told.failure is not None
    assert told.failure.told == told.message(first)

    assert whole.sync().failure is None
    assert whole.in_step()


OBJECTS = {
    "CM_List__c": {"lists", "figures", "members", "tidy", "records", "tracking"},
    "CM_Member__c": {"members", "tidy", "rollups"},
    "CM_Tracking__c": {"tracking", "retention"},
}


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_that_is_missing_or_hidden_leaves_the_others_alone(whole: Whole, name: str) -> None:
    """Nothing of other objects waits; the message names the object, and to deploy or to give the right."""
    with whole.without_right("ObjectPermissions", SobjectType=name):
        whole.live(name, *HAPPENS)
        told = whole.sync()

    assert told.not_done <= OBJECTS[name]
    assert told.failure is not None
    assert "FixThisRecord" not in {kind.__name__ for kind in type(told.failure).__mro__}
    failed = [stage for stage in told.stages.values() if stage["state"] == "failed"]
    assert failed
    assert any(name in stage["message"] for stage in failed)
    assert all("integration user" in stage["message"] and "(FL-" in stage["message"] for stage in failed)

    assert whole.sync().failure is None
    assert whole.in_step()


def test_what_is_linked_follows_its_people_although_one_object_is_hidden(whole: Whole) -> None:
    """A contact's address changes while suppressions are hidden: members and events are linked anew all the same."""
    member = next(row for row in whole.rows("CM_Member__c", "Id", "Email__c", "Contact__c") if row["Contact__c"])
    with whole.without_right("ObjectPermissions", SobjectType="CM_Suppression__c"):
        whole.act(act="edit", object="Contact", id=member["Contact__c"], fields={"Email": "moved.away@example.com"})
        told = whole.sync()

    assert told.not_done == {"match"}
    assert "CM_Suppression__c" in told.message("match")
    after = {row["Id"]: row for row in whole.rows("CM_Member__c", "Id", "Contact__c")}
    assert after[member["Id"]]["Contact__c"] is None

    assert whole.sync().failure is None
    assert whole.in_step()


@pytest.mark.parametrize(
    ("full_of", "stages"),
    [
        ("CM_Tracking__c", {"tracking"}),
        ("", {"members", "tidy", "campaigns", "tracking", "suppression", "campaign_members"}),
    ],
)
def test_a_full_org_stops_what_would_be_new_and_nothing_else(whole: Whole, full_of: str, stages: set[str]) -> None:
    """What is there already is still updated; it says to free storage, and nothing is lost until there is room."""
    whole.live(f"full {full_of}", *HAPPENS)
    whole.fault(SF, fault="storage_full", match={"object": f"^{full_of}"} if full_of else {})
    told = whole.sync()

    assert told.not_done
    assert told.not_done <= stages
    assert "STORAGE_LIMIT_EXCEEDED" in str(told.failure)
    assert "Free data storage in the org, or buy more, then sync again." in str(told.failure)

    whole.clear_faults()
    assert whole.sync().failure is None
    assert whole.in_step()


@pytest.mark.parametrize("after", [pytest.param(2, marks=pytest.mark.slow), 15])
def test_calls_that_are_spent_leave_the_rest_for_later(whole: Whole, after: int) -> None:
    """The org refuses every call from some point on: the run fails as one that passes by itself, and no cursor jumps ahead."""
    whole.live(f"spent {after}", *HAPPENS)
    whole.fault(SF, fault="request_limit", after=after)
    told = whole.sync()

    assert told.failure is not None
    assert told.failure.code == "FL-122"
    assert "REQUEST_LIMIT_EXCEEDED" in str(told.failure)
    assert "Wait: calls return as those of the last 24 hours grow old." in str(told.failure)

    whole.clear_faults()
    assert whole.sync().failure is None
    assert whole.in_step()


def test_our_own_share_of_calls_stops_us_before_the_org_does(whole: Whole) -> None:
    """The message tells how many calls are used, where we stop, and which setting says so; others keep their calls."""
    whole.live("share", *HAPPENS)
    whole.forget_requests()
    with override_settings(FAIRLEAD_SALESFORCE_CALL_SHARE=0.01):
        told = whole.sync()

    assert told.failure is not None
    assert told.failure.code == "FL-122"
    assert "this service stops at" in str(told.failure)
    assert "FAIRLEAD_SALESFORCE_CALL_SHARE" in str(told.failure)
    assert not [one for one in whole.requests(SF)["requests"] if one["status"] == 403]

    assert whole.sync().failure is None
    assert whole.in_step()
