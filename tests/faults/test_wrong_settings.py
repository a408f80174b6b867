"""Settings that cannot be, or are no longer so: what they rule fails and says which, the rest of the sync goes on."""

from typing import Any

import pytest

from fairlead.domain.setting import Setting
from fairlead.features.members import settings as members
from fairlead.features.record_creation import settings as creation
from fairlead.features.salesforce_campaigns import settings as campaigns
from fairlead.store.models import SettingRow
from tests.faults.whole import Whole
from tests.oracle.reading import CM

HAPPENS = ("open", "click", "join", "unsubscribe", "suppress")
MATCHED = {"match", "members", "records", "tracking", "suppression", "tidy"}
"""Stages that cannot do without knowing whom an address belongs to."""


def heals(whole: Whole) -> None:
    """The next sync makes it all good."""
    told = whole.sync()
    assert told.failure is None, told.failure
    assert whole.in_step()


def test_a_match_field_that_is_gone_stops_what_would_be_linked_wrongly_and_nothing_else(whole: Whole) -> None:
    """Nobody is linked, made or unlinked by other rules than those that were chosen."""
    whole.live("match", *HAPPENS)
    whole.choose(members.CONTACT_FIELDS, ["Email", "Old_Email__c"])
    told = whole.sync()

    assert told.not_done == MATCHED
    assert told.failure is not None
    assert told.failure.code == "FL-381"
    assert "Contact has no field “Old_Email__c” to match by" in told.message("match")
    assert "Correct “Match contacts by”" in told.message("match")
    assert told.message("members") == "Not run, because “Match index” failed."

    whole.unchoose(members.CONTACT_FIELDS)
    heals(whole)


KEPT: list[tuple[Setting[Any], Any, set[str]]] = [
    (members.TIE, "newest", MATCHED),
    (members.FULL_READ_DAYS, -5, {"members", "tidy"}),
    (campaigns.STATUS_REFRESH, "sometimes", {"campaign_members"}),
    (creation.MOST, "many", {"records"}),
]


@pytest.mark.parametrize(("setting", "value", "stages"), KEPT, ids=[setting.name for setting, _, _ in KEPT])
def test_a_kept_setting_that_is_no_longer_possible_fails_what_it_rules(
    whole: Whole, setting: Setting[Any], value: Any, stages: set[str]
) -> None:
    """A version that knows less choices finds what another one kept: it names the setting, the value, and what can be."""
    whole.live(setting.name, *HAPPENS)
    whole.choose(creation.RULE, "contact", offers := whole.list_called("One offers"))
    SettingRow.objects.create(org=whole.org, name=setting.name, subject="", value=value, version=1)
    try:
        told = whole.sync()
    finally:
        whole.unchoose(setting)
        whole.unchoose(creation.RULE, offers)

    assert told.not_done <= stages
    assert told.failure is not None
    assert told.failure.code == "FL-360"
    assert f"“{setting.name}” cannot be {value!r}" in str(told.failure)
    assert setting.possible in str(told.failure)
    heals(whole)


def test_a_record_type_that_is_gone_stops_its_list_and_the_others_get_their_people(whole: Whole) -> None:
    """The list, the object and the record type are named; another list's contacts are made in the same run."""
    wrong, right = whole.list_called("Two offers"), whole.list_called("Two news")
    whole.choose(creation.RULE, "lead", wrong)
    whole.choose(creation.VALUES, [{"field": "Company", "value": "C"}], wrong)
    whole.choose(creation.RECORD_TYPE, "Gone", wrong)
    whole.choose(creation.RULE, "contact", right)
    told = whole.sync()

    assert told.not_done == {"records"}
    assert "The list “Two offers”: No leads can be created: Lead has no record type Gone." in told.message("records")
    assert "(FL-435)" in told.message("records")
    assert told.counts["contacts_created"] > 0
    assert told.counts["leads_created"] == 0

    whole.unchoose(creation.RECORD_TYPE, wrong)
    assert whole.sync().counts["leads_created"] > 0
    for of in (wrong, right):
        whole.unchoose(creation.RULE, of)
    heals(whole)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        (campaigns.RECORD_TYPE, "012000000000001AAA"),
        pytest.param(campaigns.PARENT, "701000000000099AAA", marks=pytest.mark.slow),
    ],
)
def test_what_a_new_salesforce_campaign_points_to_is_gone(whole: Whole, setting: Setting[Any], value: str) -> None:
    """The setting and its value are named; campaigns that are linked already get their figures and members."""
    whole.choose(campaigns.AUTO_CREATE, value=True)
    whole.sync()
    whole.choose(setting, value)
    whole.live(setting.name, "campaign_sent", "open", "click")
    told = whole.sync()

    assert told.not_done == {"links"}
    assert told.failure is not None
    assert told.failure.code == "FL-345"
    assert f"Correct “{setting.title}” ({value})" in told.message("links")

    whole.unchoose(setting)
    assert whole.sync().counts["salesforce_campaigns_created"] > 0
    whole.unchoose(campaigns.AUTO_CREATE)
    heals(whole)


def test_a_status_that_the_campaign_lacks_refuses_its_members_alone(whole: Whole) -> None:
    """Where statuses are not added, each refused row names the status and the campaign; with them added, all are there."""
    whole.choose(campaigns.AUTO_CREATE_STATUSES, value=False)
    for row in whole.rows("CampaignMemberStatus", "Id", "Label"):
        if row["Label"] == "Spam complaint":
            whole.act(act="delete", object="CampaignMemberStatus", id=row["Id"])
    news = whole.list_called("One news")
    members = whole.rows("CM_Member__c", "Email__c", "Contact__c", "Member_Key__c", "State__c")
    there = [row for row in members if row["Member_Key__c"].startswith(news) and row["State__c"] == "Active"]
    email = next(row["Email__c"] for row in there if row["Contact__c"])
    act = {"list": news, "email": email, "do": "complain", "campaign": whole.sent()["One July"]}
    whole.emulators.post(CM, "/_control/act", act)
    told = whole.sync()

    assert told.failure is None
    assert told.counts["campaign_members_refused"] > 0
    reasons = whole.refusals("campaign_members")
    assert all("“Spam complaint”" in reason and "Create missing member statuses" in reason for reason in reasons), (
        reasons
    )

    whole.choose(campaigns.AUTO_CREATE_STATUSES, value=True)
    told = whole.sync()
    assert told.counts["campaign_members_written"] > 0
    assert whole.refusals("campaign_members") == []
    whole.unchoose(campaigns.AUTO_CREATE_STATUSES)
    heals(whole)


def test_a_custom_field_for_ids_that_no_list_has_is_told_and_matching_goes_on_by_address(whole: Whole) -> None:
    """Somebody misspelt it, or a list lacks it: which lists, and where to correct it; nobody loses a link."""
    whole.choose(members.ID_FIELD, "Salesforce Number")
    told = whole.sync()

    assert told.failure is None
    assert "No custom field “Salesforce Number” on “One news”" in told.message("match")
    assert "Correct “Custom field with the Salesforce Id”" in told.message("match")
    assert whole.in_step()

    whole.unchoose(members.ID_FIELD)
    heals(whole)
