"""The oracle of the demo is right about small worlds, and notices each kind of difference."""

from copy import deepcopy
from dataclasses import replace

import pytest

from fairlead.cli.demo_check import SHOWN, Truth, changed, check, key_of, links

MOMENT = "2026-03-01T10:00:00.000+0000"
LATER = "2026-03-02T10:00:00.000+0000"


def subscriber(email, **more):
    row = {
        "client": "c1", "list": "l1", "email": email, "name": "Some One", "state": "Active",
        "state_date": "2026-01-05T08:30:00Z", "state_date_ambiguous": False,
        "joined_date": "2025-12-05T08:30:00Z", "joined_date_ambiguous": False, "custom_fields": [],
    }  # fmt: skip
    return row | more


def member(row, **more):
    record = {
        "Id": f"a0{row['email']}", "Member_Key__c": key_of(row), "List__c": "L1", "Email__c": row["email"], "Full_Name__c": row["name"],
        "State__c": row["state"], "State_Date__c": row["state_date"].replace("Z", ".000+0000"),
        "Joined_Date__c": row["joined_date"].replace("Z", ".000+0000"), "Contact__c": None, "Lead__c": None, "SystemModstamp": MOMENT,
    }  # fmt: skip
    return record | more


def lead(record_id, email, modified=MOMENT, became=None):
    return {
        "Id": record_id,
        "Email": email,
        "LastModifiedDate": modified,
        "IsConverted": became is not None,
        "ConvertedContactId": became,
    }


def contact(record_id, email, modified=MOMENT):
    return {"Id": record_id, "Email": email, "LastModifiedDate": modified}


@pytest.fixture
def world():
    ann, bob, cy = subscriber("Ann@example.com"), subscriber("bob@example.com"), subscriber("c" * 80 + "@example.com")
    return Truth(
        subscribers=[ann, bob, cy],
        clients=[{"id": "c1", "name": "One", "lists": [{"id": "l1", "title": "News"}]}],
        contacts=[contact("003A", "ann@EXAMPLE.com"), contact("003B", "ann@example.com", LATER)],
        leads=[lead("00QA", "ann@example.com"), lead("00QB", "bob@example.com", became="003C")],
        client_records=[{"Id": "C1", "Client_Id__c": "c1", "Name": "One"}],
        list_records=[{"Id": "L1", "List_Id__c": "l1", "Name": "News", "Client__c": "C1"}],
        members=[member(ann, Contact__c="003B", Lead__c="00QA"), member(bob, Contact__c="003C")],
    )


def test_a_right_org_is_found_right(world):
    """Newest contact, contact and lead, converted lead, refused long address: all as the rules say."""
    verdict = check(world)
    assert verdict.wrong == []
    assert (verdict.members, verdict.refused, verdict.both, verdict.contact, verdict.lead, verdict.unlinked) == (
        2,
        1,
        1,
        1,
        0,
        0,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("State__c", "Bounced"), ("Email__c", "ann@example.com"), ("Full_Name__c", "Other"), ("List__c", "L2"), ("Contact__c", "003A"),
        ("Contact__c", None), ("Lead__c", None), ("State_Date__c", "2026-01-05T09:30:00.000+0000"), ("State_Date__c", None),
        ("Joined_Date__c", "2025-12-05T08:31:00.000+0000"), ("Member_Key__c", "l1:other@example.com"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_noticed(world, name, value):
    """Every compared field of a member counts."""
    members = deepcopy(list(world.members))
    members[0][name] = value
    assert not check(replace(world, members=members)).ok


@pytest.mark.parametrize("side", ["members", "client_records", "list_records"])
def test_a_missing_and_a_doubled_record_are_noticed(world, side):
    """Counts matter: nothing is lost, nothing doubled."""
    records = list(getattr(world, side))
    assert not check(replace(world, **{side: records[1:]})).ok
    assert not check(replace(world, **{side: [*records, {**records[0], "Id": "twice"}]})).ok


def test_an_empty_world_is_no_proof(world):
    """A check of nothing does not pass."""
    assert not check(replace(world, subscribers=[], members=[])).ok


def test_an_hour_off_is_right_only_where_the_clock_showed_it_twice(world):
    """In the night in which summer time ends a wall clock without offset means either of two hours."""
    early = "2026-01-05T07:30:00.000+0000"
    members = [{**world.members[0], "State_Date__c": early}, world.members[1]]
    assert not check(replace(world, members=members)).ok
    twice = [{**world.subscribers[0], "state_date_ambiguous": True}, *world.subscribers[1:]]
    assert check(replace(world, members=members, subscribers=twice)).ok


def test_a_contact_of_its_own_goes_before_one_by_a_converted_lead():
    """A converted lead leads to its contact only where no contact has the address itself."""
    leads = [lead("00QA", "a@example.com", LATER, became="003X")]
    assert links([contact("003A", "a@example.com")], leads).contacts["a@example.com"] == {"003A"}
    assert links([], leads).contacts["a@example.com"] == {"003X"}
    assert links([], leads).leads == {}


def test_of_many_differences_the_first_are_told(world):
    """The list of differences stays readable."""
    many = [subscriber(f"person{n}@example.com") for n in range(100)]
    assert len(check(replace(world, subscribers=[*world.subscribers, *many])).wrong) == SHOWN + 1


def test_what_changed_is_told_by_key(world):
    """Rows that are new or not as they were, and that can be members at all."""
    after = [
        {**world.subscribers[0], "state": "Bounced"},
        world.subscribers[1],
        {**world.subscribers[2], "state": "Bounced"},
        subscriber("d@example.com"),
    ]
    assert changed(world.subscribers, after) == {"l1:ann@example.com", "l1:d@example.com"}
    assert changed(world.subscribers, world.subscribers) == set()
