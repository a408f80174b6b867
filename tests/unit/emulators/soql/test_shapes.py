"""What answers look like: names, order, parents, children, ids, wildcards of fields."""

import pytest

from fairlead_emulators.salesforce.soql import SoqlError
from tests.unit.emulators.salesforce.conftest import PARENT, SCHEMA
from tests.unit.emulators.soql.conftest import Table


def test_a_record_has_the_asked_fields_in_the_asked_order_under_describes_names(table):
    parent = table.add("Parent__c", Name="Up", Key__c="p")
    child = table.add(
        "Child__c",
        Note__c="n",
        Moment__c="2026-01-02T03:04:05.678Z",
        Day__c="2026-01-02",
        Parent__c=parent,
        Amount__c=5.0,
    )
    (record,) = table.ask(
        "select MOMENT__C, parent__R.NAME, day__c, iD, PARENT__r.key__C, amount__c, flag__c from CHILD__c"
    )
    assert list(record) == ["attributes", "Moment__c", "Parent__r", "Day__c", "Id", "Amount__c", "Flag__c"]
    assert record == {
        "attributes": {"type": "Child__c", "url": f"/services/data/v60.0/sobjects/Child__c/{child}"},
        "Moment__c": "2026-01-02T03:04:05.678+0000",
        "Parent__r": {
            "attributes": {"type": "Parent__c", "url": f"/services/data/v60.0/sobjects/Parent__c/{parent}"},
            "Name": "Up",
            "Key__c": "p",
        },
        "Day__c": "2026-01-02",
        "Id": child,
        "Amount__c": 5.0,
        "Flag__c": False,
    }


def test_a_parent_with_empty_fields_is_not_a_missing_parent(table):
    parent = table.add("Parent__c", Name="Up")
    table.add("Child__c", Parent__c=parent)
    table.add("Child__c")
    with_parent, without = table.ask("SELECT Parent__r.Key__c FROM Child__c ORDER BY Id")
    assert with_parent["Parent__r"]["Key__c"] is None
    assert without["Parent__r"] is None


def account(table, name, parent=None):
    return table.add("Account", Name=name, ParentId=parent)


def test_parents_are_reached_over_five_levels_and_no_more(table):
    above = None
    for n in range(7):
        above = account(table, f"level {n}", above)
    path = "Parent." * 5 + "Name"
    found = table.ask(f"SELECT Id FROM Account WHERE {path} = 'level 1' AND Name = 'level 6'")
    assert [r["Id"] for r in found] == [above]
    record = table.ask(f"SELECT {path} FROM Account WHERE Name = 'level 6'")[0]
    for _ in range(5):
        record = record["Parent"]
    assert record["Name"] == "level 1"
    with pytest.raises(SoqlError) as refused:
        table.ask(f"SELECT Parent.{path} FROM Account")
    assert refused.value.code == "MALFORMED_QUERY"


def test_children_are_taken_parent_by_parent_with_order_limit_and_offset_of_their_own(table):
    for p in range(3):
        parent = table.add("Parent__c", Name=f"P{p}", Key__c=f"p{p}")
        for n in range(p * 2):
            table.add("Child__c", Note__c=f"{p}{n}", Parent__c=parent, Amount__c=n)
    inner = (
        "SELECT Note__c, Parent__r.Name FROM Children__r WHERE Amount__c > 0 ORDER BY Amount__c DESC LIMIT 2 OFFSET 1"
    )
    records = table.ask(f"SELECT Name, ({inner}) FROM Parent__c ORDER BY Name")
    found = [[c["Note__c"] for c in (r["Children__r"] or {"records": []})["records"]] for r in records]
    assert found == [[], [], ["22", "21"]]
    last = records[2]["Children__r"]
    assert (last["totalSize"], last["done"]) == (2, True)
    assert last["records"][0]["Parent__r"]["Name"] == "P2"
    assert records[0]["Children__r"] is None


def test_children_of_children_are_reached_over_five_levels_and_no_more(table):
    above = None
    for n in range(6):
        above = account(table, f"level {n}", above)

    def nested(depth):
        return f"SELECT Name, ({nested(depth - 1)}) FROM ChildAccounts" if depth else "SELECT Name FROM ChildAccounts"

    (record,) = table.ask(f"SELECT Name, ({nested(4)}) FROM Account WHERE Name = 'level 0'")
    for n in range(1, 6):
        record = record["ChildAccounts"]["records"][0]
        assert record["Name"] == f"level {n}"
    with pytest.raises(SoqlError, match="MALFORMED_QUERY"):
        table.ask(f"SELECT Name, ({nested(5)}) FROM Account")


def test_ids_are_taken_in_both_lengths_and_in_lost_case(table):
    parent = table.add("Parent__c", Name="Up")
    child = table.add("Child__c", Note__c="n", Parent__c=parent)
    other = table.add("Child__c", Note__c="other")
    for given in (child, child[:15], child.upper(), child.lower()):
        assert table.notes(f"Id = '{given}'") == ["n"], given
        assert table.notes(f"Id IN ('{given}', '{other[:15]}')") == ["n", "other"]
    assert table.notes(f"Parent__r.Id = '{parent[:15]}'") == ["n"]
    assert table.notes(f"Id > '{child[:15]}'") == ["other"]
    assert table.notes(f"Parent__c != '{parent[:15]}'") == ["other"]


def test_a_boolean_of_no_parent_is_false(table):
    """`Contact.HasOptedOutOfEmail` of a member without contact counts as false."""
    campaign = table.add("Campaign", Name="c")
    out = table.add("Contact", LastName="a", HasOptedOutOfEmail=1)
    for contact in (out, None):
        table.add("CampaignMember", CampaignId=campaign, ContactId=contact)

    def count(where):
        return len(table.ask(f"SELECT Id FROM CampaignMember WHERE Contact.HasOptedOutOfEmail {where}"))

    assert [count(w) for w in ("= false", "= true", "!= true", "!= false", "= null", "!= null")] == [1] * 6


def fields_of(record):
    return set(record) - {"attributes"}


def test_fields_stands_for_all_standard_or_custom_fields(table):
    child = table.add("Child__c", Note__c="n")
    every = {field.name for field in table.storage.schema.object("Child__c").fields.values()}
    custom = {name for name in every if name.endswith("__c")}

    def of(which, rest):
        return fields_of(table.ask(f"SELECT FIELDS({which}) FROM Child__c {rest}")[0])

    assert of("ALL", "LIMIT 200") == every
    assert of("custom", "LIMIT 1") == custom
    assert of("STANDARD", "") == every - custom
    assert of("ALL", f"WHERE Id = '{child}'") == every
    assert of("ALL", f"WHERE Flag__c = false AND Id IN ('{child}')") == every


@pytest.mark.parametrize("rest", ["LIMIT 201", "WHERE Note__c = 'n'", "WHERE Id != null OR Id = '0015e0000000001AAA'"])
def test_fields_without_a_bound_is_refused(table, rest):
    with pytest.raises(SoqlError, match="LIMIT of at most 200"):
        table.ask(f"SELECT FIELDS(ALL) FROM Child__c {rest}")


def test_offset_skips_after_ordering(table):
    for n in range(5):
        table.add("Child__c", Note__c=f"n{n}")
    found = table.ask("SELECT Note__c FROM Child__c ORDER BY Note__c DESC LIMIT 2 OFFSET 1")
    assert [r["Note__c"] for r in found] == ["n3", "n2"]
    assert len(table.ask("SELECT Id FROM Child__c OFFSET 3")) == 2


def test_a_count_is_a_number_without_records(table):
    for n in range(3):
        table.add("Child__c", Note__c=f"n{n}")
    assert table.answer("SELECT COUNT() FROM Child__c WHERE Note__c != 'n0'") == ([], 2)
    assert table.answer("SELECT COUNT() FROM Child__c LIMIT 1") == ([], 1)


def test_escapes_of_unicode_are_read(table):
    table.add("Child__c", Note__c="Zoë")
    assert table.notes(r"Note__c = 'zo\u00EB'") == ["Zoë"]
    assert table.notes(r"Note__c LIKE '%\u00cb'") == ["Zoë"]


CHOICES = """<fields><fullName>Choices__c</fullName><label>Choices</label><type>MultiselectPicklist</type>
  <visibleLines>3</visibleLines><valueSet><restricted>true</restricted><valueSetDefinition><sorted>false</sorted>
  <value><fullName>Red</fullName><label>Red</label></value><value><fullName>Café</fullName><label>Café</label></value>
  <value><fullName>50%</fullName><label>50%</label></value></valueSetDefinition></valueSet></fields></CustomObject>"""


@pytest.fixture
def choosing():
    files = SCHEMA | {"objects/Parent__c.object": PARENT.replace("</CustomObject>", CHOICES)}
    made = Table(files)
    for name, chosen in (("a", "Red"), ("b", "Red;Café"), ("c", "50%"), ("d", None), ("e", "Redder;500")):
        made.add("Parent__c", Name=name, Choices__c=chosen)
    yield made
    made.storage.close()


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("INCLUDES ('Red')", "ab"),
        ("INCLUDES ('red;CAFÉ')", "b"),
        ("INCLUDES ('Café', '50%')", "bc"),
        ("EXCLUDES ('Red')", "cde"),
        ("EXCLUDES ('Red;Café', '50%')", "ade"),
        ("= 'Red;Café'", "b"),
        ("= null", "d"),
    ],
)
def test_chosen_values_are_looked_for_one_by_one(choosing, where, names):
    found = choosing.ask(f"SELECT Name FROM Parent__c WHERE Choices__c {where} ORDER BY Name")
    assert "".join(r["Name"] for r in found) == names
