"""Aggregates: names of their own, groups, HAVING; and what cannot be grouped."""

import pytest

from fairlead_emulators.salesforce.soql import SoqlError


@pytest.fixture
def grouped(table):
    parents = [table.add("Parent__c", Name=name, Key__c=name) for name in ("P", "Q")]
    rows = [
        ("Red", 1, "x", parents[0], "2026-01-31"),
        ("Red", 2, "X", parents[0], "2026-02-01"),
        ("Blue", 5, None, parents[1], "2026-02-28"),
        (None, None, "y", None, None),
    ]
    for kind, amount, note, parent, day in rows:
        table.add("Child__c", Kind__c=kind, Amount__c=amount, Note__c=note, Parent__c=parent, Day__c=day)
    return table


def asked(table, text):
    return [{k: v for k, v in r.items() if k != "attributes"} for r in table.ask(text)]


def test_nameless_aggregates_are_numbered_among_themselves(grouped):
    (found,) = asked(
        grouped,
        "SELECT COUNT(Id), MIN(Amount__c) least, MAX(Amount__c), AVG(Amount__c), SUM(Amount__c) s FROM Child__c",
    )
    assert list(found.items()) == [("expr0", 4), ("least", 1.0), ("expr1", 5.0), ("expr2", 8 / 3), ("s", 8.0)]


def test_counts_of_a_field_leave_nulls_out_and_distinct_counts_ignore_case(grouped):
    assert asked(grouped, "SELECT COUNT(Note__c) a, COUNT_DISTINCT(Note__c) b, COUNT(Kind__c) c FROM Child__c") == [
        {"a": 3, "b": 2, "c": 3}
    ]


def test_texts_that_differ_in_case_alone_are_one_group(table):
    for note in ("Zoë", "ZOË", "zoe"):
        table.add("Child__c", Note__c=note)
    found = asked(table, "SELECT Note__c, COUNT(Id) n FROM Child__c GROUP BY Note__c ORDER BY COUNT(Id)")
    assert [(r["Note__c"].lower(), r["n"]) for r in found] == [("zoe", 1), ("zoë", 2)]
    assert asked(table, "SELECT COUNT_DISTINCT(Note__c) n FROM Child__c") == [{"n": 2}]


def test_aggregates_of_nothing_are_null_and_counts_zero(table):
    assert asked(table, "SELECT COUNT(Id), MAX(Amount__c) FROM Child__c") == [{"expr0": 0, "expr1": None}]


def test_null_is_a_group_of_its_own(grouped):
    found = asked(grouped, "SELECT Kind__c, COUNT(Id) n FROM Child__c GROUP BY Kind__c ORDER BY Kind__c NULLS LAST")
    assert found == [{"Kind__c": "Blue", "n": 1}, {"Kind__c": "Red", "n": 2}, {"Kind__c": None, "n": 1}]


def test_groups_are_ordered_by_their_aggregates_and_limited(grouped):
    text = "SELECT Kind__c k FROM Child__c GROUP BY Kind__c ORDER BY COUNT(Id) DESC, Kind__c NULLS FIRST LIMIT 2"
    assert asked(grouped, text) == [{"k": "Red"}, {"k": None}]


def test_a_parents_field_groups_under_its_own_name(grouped):
    text = "SELECT Parent__r.Name, COUNT(Id) FROM Child__c WHERE Parent__c != null GROUP BY Parent__r.Name"
    assert asked(grouped, text) == [{"Name": "P", "expr0": 2}, {"Name": "Q", "expr0": 1}]


def test_having_takes_keys_and_aggregates_together(grouped):
    text = "SELECT Kind__c FROM Child__c GROUP BY Kind__c HAVING "
    for having, kinds in [
        ("COUNT(Id) > 1 OR Kind__c = 'blue'", ["Blue", "Red"]),
        ("NOT (COUNT(Id) > 1) AND Kind__c != null", ["Blue"]),
        ("SUM(Amount__c) = null", [None]),
        ("MAX(Amount__c) >= 2 AND MIN(Note__c) LIKE 'x%'", ["Red"]),
        ("Kind__c IN ('RED', null)", [None, "Red"]),
    ]:
        assert sorted((r["Kind__c"] for r in asked(grouped, text + having)), key=str) == sorted(kinds, key=str), having


def test_parts_of_dates_group(grouped):
    text = "SELECT CALENDAR_MONTH(Day__c) m, COUNT(Id) n FROM Child__c WHERE Day__c != null GROUP BY CALENDAR_MONTH(Day__c)"
    assert asked(grouped, text) == [{"m": 1, "n": 1}, {"m": 2, "n": 2}]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "SELECT Kind__c, COUNT(Id) FROM Child__c GROUP BY Kind__c HAVING Note__c = 'x'",
            "Having field must be grouped",
        ),
        ("SELECT COUNT(Id) FROM Child__c HAVING COUNT(Id) > 1", "HAVING needs GROUP BY"),
        ("SELECT Id FROM Child__c HAVING Note__c = 'x'", "HAVING needs GROUP BY"),
        ("SELECT Parent__r.Name, Name FROM Child__c GROUP BY Parent__r.Name, Name", "duplicate alias: Name"),
        ("SELECT COUNT(Id) n, SUM(Amount__c) N FROM Child__c", "duplicate alias: N"),
        ("SELECT Description FROM Contact GROUP BY Description", "can not be grouped"),
        ("SELECT COUNT(), Id FROM Child__c", "must be the only item"),
        ("SELECT COUNT() FROM Child__c ORDER BY Id", "ORDER BY"),
        ("SELECT COUNT(Id), (SELECT Id FROM Children__r) FROM Parent__c", "Child queries"),
        ("SELECT Id, (SELECT COUNT(Id) FROM Children__r) FROM Parent__c", "child query"),
        ("SELECT COUNT(Id) FROM Child__c GROUP BY CUBE(Kind__c, Note__c, Day__c, Name)", "at most 3"),
        ("SELECT COUNT(Id) FROM Child__c GROUP BY Amount__c", "can not be grouped"),
        ("SELECT CALENDAR_YEAR(Note__c) FROM Child__c GROUP BY CALENDAR_YEAR(Note__c)", "needs a date"),
    ],
)
def test_what_does_not_group_is_refused(table, text, words):
    with pytest.raises(SoqlError, match="MALFORMED_QUERY") as refused:
        table.ask(text)
    assert words in refused.value.message
