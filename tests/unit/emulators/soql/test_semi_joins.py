"""Rows chosen by other objects' rows, and the limits of that."""

import pytest

from fairlead_emulators.salesforce.soql import SoqlError

MEMBERS = "SELECT ContactId FROM CampaignMember"


@pytest.fixture
def people(table):
    first, second = table.add("Campaign", Name="first"), table.add("Campaign", Name="second")
    one, two, three = (table.add("Contact", LastName=name) for name in ("One", "Two", "Three"))
    table.add("Contact", LastName="Gone", IsDeleted=1)
    for campaign, contact in ((first, one), (first, two), (second, two)):
        table.add("CampaignMember", CampaignId=campaign, ContactId=contact, Status="Sent")
    table.add("CampaignMember", CampaignId=second, ContactId=three, IsDeleted=1)
    table.add("CampaignMember", CampaignId=second, ContactId=None)
    return table


@pytest.mark.parametrize(
    ("where", "names"),
    [
        (f"Id IN ({MEMBERS})", ["One", "Two"]),
        (f"Id NOT IN ({MEMBERS})", ["Three"]),
        (f"Id IN ({MEMBERS} WHERE Campaign.Name = 'SECOND')", ["Two"]),
        (
            f"Id IN ({MEMBERS} WHERE Campaign.Name = 'first') AND Id NOT IN ({MEMBERS} WHERE Campaign.Name = 'second')",
            ["One"],
        ),
        (f"LastName LIKE 'T%' AND Id IN ({MEMBERS} m WHERE m.Status = 'Sent' AND m.Campaign.Name LIKE 'f%')", ["Two"]),
    ],
)
def test_rows_are_chosen_by_members(people, where, names):
    found = people.ask(f"SELECT LastName FROM Contact WHERE {where} ORDER BY LastName")
    assert [r["LastName"] for r in found] == names


def test_a_row_without_a_parent_is_among_none(people):
    """NOT IN lets through rows whose look-up is empty."""
    found = people.ask("SELECT ContactId FROM CampaignMember WHERE ContactId NOT IN (SELECT Id FROM Contact)")
    assert [r["ContactId"] for r in found] == [None]


@pytest.mark.parametrize(
    ("where", "words"),
    [
        (" AND ".join([f"Id IN ({MEMBERS})"] * 3), "at most 2"),
        (f"LastName = 'a' OR Id IN ({MEMBERS})", "top level"),
        (f"LastName = 'b' OR (LastName = 'a' AND Id IN ({MEMBERS}))", "top level"),
        (f"NOT Id IN ({MEMBERS})", "top level"),
        (f"Id IN ({MEMBERS} WHERE CampaignId IN (SELECT Id FROM Campaign))", "Nesting"),
        (f"Id IN ({MEMBERS} LIMIT 5)", "LIMIT"),
        (f"Id IN ({MEMBERS} OFFSET 5)", "LIMIT"),
        (f"Id IN ({MEMBERS} ORDER BY Id)", "ORDER BY"),
        ("Id IN (SELECT Id, ContactId FROM CampaignMember)", "one field"),
        ("Id IN (SELECT COUNT() FROM CampaignMember)", "one field"),
        ("Id IN (SELECT Id FROM Contact)", "same object"),
        ("Id IN (SELECT CampaignId FROM CampaignMember)", "same object type"),
        ("AccountId IN (SELECT ContactId FROM CampaignMember)", "same object type"),
    ],
)
def test_what_no_semi_join_may_do_is_refused(people, where, words):
    with pytest.raises(SoqlError, match="MALFORMED_QUERY") as refused:
        people.ask(f"SELECT Id FROM Contact WHERE {where}")
    assert words in refused.value.message


@pytest.mark.parametrize(
    "where", ["LastName IN (SELECT ContactId FROM CampaignMember)", "Id IN (SELECT Status FROM CampaignMember)"]
)
def test_both_sides_of_a_semi_join_hold_ids(people, where):
    with pytest.raises(SoqlError, match="INVALID_FIELD.*id or reference"):
        people.ask(f"SELECT Id FROM Contact WHERE {where}")
