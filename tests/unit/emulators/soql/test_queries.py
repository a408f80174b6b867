"""What queries mean: nulls, case, dates, relations, aggregates."""

from datetime import date, timedelta

import pytest

from fairlead_emulators.salesforce.soql import SoqlError


def test_case_does_not_matter_beyond_ascii_either(table):
    table.add("Child__c", Note__c="Zoë Ångström")
    for where in ("= 'ZOË ÅNGSTRÖM'", "LIKE 'zoË%'", "IN ('x', 'zoë ångström')", "= 'zOë ÅngSTRöm'"):
        assert table.notes(f"Note__c {where}") == ["Zoë Ångström"], where
    assert table.notes("Note__c != 'ZOË ÅNGSTRÖM'") == []
    assert table.notes("Note__c NOT IN ('ZOË ÅNGSTRÖM')") == []


def test_many_letters_beyond_ascii_compare_without_case_too(table):
    table.add("Child__c", Note__c="éèêëàâîïôûü")
    assert table.notes("Note__c = 'ÉÈêëÀÂÎÏÔÛü'") == ["éèêëàâîïôûü"]


def test_unequal_includes_nulls_and_an_empty_text_is_null(table):
    for note in ("a", None, "b"):
        table.add("Child__c", Note__c=note)
    assert table.notes("Note__c != 'a'") == [None, "b"]
    assert table.notes("Note__c = null") == table.notes("Note__c = ''") == [None]
    assert table.notes("Note__c != null") == table.notes("Note__c != ''") == ["a", "b"]
    assert table.notes("NOT Note__c = 'a'") == [None, "b"]
    assert table.notes("Note__c IN (null, 'a')") == ["a", None]


def test_nulls_stand_first_unless_told_otherwise(table):
    for note in ("a", None, "b"):
        table.add("Child__c", Note__c=note)

    def order(by):
        return [r["Note__c"] for r in table.ask(f"SELECT Note__c FROM Child__c ORDER BY Note__c {by}")]

    assert (order(""), order("ASC NULLS LAST")) == ([None, "a", "b"], ["a", "b", None])
    assert (order("DESC"), order("DESC NULLS FIRST")) == (["b", "a", None], [None, "b", "a"])


def test_escapes_stand_for_their_signs_and_like_keeps_escaped_wildcards(table):
    for note in ("it's", "50%", "500", "a\\b"):
        table.add("Child__c", Note__c=note)
    assert table.notes(r"Note__c = 'it\'s'") == ["it's"]
    assert table.notes(r"Note__c LIKE '50\%'") == ["50%"]
    assert table.notes("Note__c LIKE '50_'") == ["50%", "500"]
    assert table.notes(r"Note__c LIKE 'A\\b'") == table.notes(r"Note__c = 'a\\B'") == ["a\\b"]


def test_like_knows_no_case_matches_whole_texts_and_never_nulls(table):
    for note in ("Élan", "elan", "plan", None, "Pläne"):
        table.add("Child__c", Note__c=note)
    for pattern, notes in [
        ("é%", ["Élan"]),
        ("%LAN", ["Élan", "elan", "plan"]),
        ("_lan", ["Élan", "elan", "plan"]),
        ("lan", []),
        ("%Ä%", ["Pläne"]),
        ("%", ["Élan", "elan", "plan", "Pläne"]),
    ]:
        assert table.notes(f"Note__c LIKE '{pattern}'") == notes, pattern
    assert table.notes("(NOT Note__c LIKE '%LAN')") == [None, "Pläne"]
    assert table.notes("NOT (Note__c LIKE 'É%' OR Note__c = null)") == ["elan", "plan", "Pläne"]


@pytest.mark.parametrize(
    ("literal", "first", "last"),
    [
        ("TODAY", "2026-03-15", "2026-03-15"),
        ("yesterday", "2026-03-14", "2026-03-14"),
        ("TOMORROW", "2026-03-16", "2026-03-16"),
        ("THIS_WEEK", "2026-03-15", "2026-03-21"),
        ("LAST_WEEK", "2026-03-08", "2026-03-14"),
        ("THIS_MONTH", "2026-03-01", "2026-03-31"),
        ("LAST_MONTH", "2026-02-01", "2026-02-28"),
        ("NEXT_QUARTER", "2026-04-01", "2026-06-30"),
        ("LAST_YEAR", "2025-01-01", "2025-12-31"),
        ("LAST_90_DAYS", "2025-12-15", "2026-03-15"),
        ("LAST_N_DAYS:7", "2026-03-08", "2026-03-15"),
        ("NEXT_N_DAYS:2", "2026-03-16", "2026-03-17"),
        ("N_DAYS_AGO:3", "2026-03-12", "2026-03-12"),
        ("LAST_N_MONTHS:2", "2026-01-01", "2026-02-28"),
        ("N_YEARS_AGO:2", "2024-01-01", "2024-12-31"),
    ],
)
def test_a_date_literal_is_a_span_of_whole_days(table, literal, first, last):
    low, high = date.fromisoformat(first), date.fromisoformat(last)
    before, after = low - timedelta(days=1), high + timedelta(days=1)
    for day in (before, low, high, after):
        table.add("Child__c", Day__c=day.isoformat(), Note__c=day.isoformat())
    inside = list(dict.fromkeys([first, last]))
    assert list(dict.fromkeys(table.notes(f"Day__c = {literal}"))) == inside
    assert table.notes(f"Day__c < {literal}") == [before.isoformat()]
    assert table.notes(f"Day__c > {literal}") == [after.isoformat()]


def test_today_begins_and_ends_by_the_users_clock(table):
    """At 13:30 UTC it is already the 16th in Auckland, where that day began at 11:00 UTC."""
    for moment in ("2026-03-15T10:59:59.999Z", "2026-03-15T11:00:00.000Z", "2026-03-16T10:59:59.000Z"):
        table.add("Child__c", Moment__c=moment, Note__c=moment[8:16])
    assert table.notes("Moment__c = TODAY", zone="Pacific/Auckland") == ["15T11:00", "16T10:59"]
    assert table.notes("Moment__c = TODAY", zone="UTC") == ["15T10:59", "15T11:00"]


def test_moments_compare_across_offsets(table):
    table.add("Child__c", Moment__c="2026-01-01T10:00:00.000Z", Note__c="x")
    assert table.notes("Moment__c = 2026-01-01T12:00:00+02:00") == ["x"]
    assert table.notes("Moment__c > 2026-01-01T10:00:00Z") == []


def test_parents_and_children_are_reached_by_their_relations(table):
    parent = table.add("Parent__c", Name="Up", Key__c="p")
    table.add("Parent__c", Name="Lonely", Key__c="q")
    for n in range(3):
        table.add("Child__c", Key__c=f"k{n}", Note__c=f"n{n}", Parent__c=parent)
    table.add("Child__c", Note__c="orphan")
    assert table.notes("Parent__r.Name = 'up'") == ["n0", "n1", "n2"]
    assert table.notes("Parent__r.Name = null") == ["orphan"]
    up, lonely = table.ask(
        "SELECT Name, (SELECT Note__c FROM Children__r ORDER BY Note__c DESC LIMIT 2) FROM Parent__c ORDER BY Key__c"
    )
    assert [r["Note__c"] for r in up["Children__r"]["records"]] == ["n2", "n1"]
    assert lonely["Children__r"] is None
    inner = "SELECT Parent__c FROM Child__c WHERE Note__c = 'n1'"
    assert [r["Name"] for r in table.ask(f"SELECT Name FROM Parent__c WHERE Id IN ({inner})")] == ["Up"]
    assert [r["Name"] for r in table.ask(f"SELECT Name FROM Parent__c WHERE Id NOT IN ({inner})")] == ["Lonely"]
    assert table.notes(f"Parent__c = '{parent[:15]}'") == ["n0", "n1", "n2"]


def test_groups_have_names_of_their_own_and_are_filtered_by_having(table):
    for kind, amount in (("Red", 1), ("Red", 2), ("Blue", 5)):
        table.add("Child__c", Kind__c=kind, Amount__c=amount)
    found = table.ask(
        "SELECT Kind__c, COUNT(Id), SUM(Amount__c) total FROM Child__c GROUP BY Kind__c HAVING COUNT(Id) > 1"
    )
    assert [{k: v for k, v in r.items() if k != "attributes"} for r in found] == [
        {"Kind__c": "Red", "expr0": 2, "total": 3.0}
    ]
    assert found[0]["attributes"] == {"type": "AggregateResult"}


def test_deleted_rows_show_only_when_asked(table):
    table.add("Child__c", Note__c="gone", IsDeleted=1)
    assert table.notes("Id != null") == []
    assert table.notes("Id != null", deleted=True) == ["gone"]


@pytest.mark.parametrize(
    "where",
    [
        "Key__c = 'x'",
        "Key__c = 'é'",
        "Key__c IN (" + ", ".join(f"'k{n}'" for n in range(200)) + ")",
    ],
)
def test_a_key_is_found_by_its_index(table, where):
    assert "SEARCH" in (plan := table.plan(f"SELECT Id FROM Child__c WHERE {where}")), plan


def test_addresses_of_people_are_found_by_their_index(table):
    addresses = ", ".join(f"'n{n}@example.com'" for n in range(200))
    for sobject in ("Contact", "Lead"):
        assert "SEARCH" in table.plan(f"SELECT Id FROM {sobject} WHERE Email IN ({addresses})")


VALID = [
    "select id from child__c where (Note__c = 'a' or Note__c = 'b') and not Flag__c = true limit 5 offset 2000",
    "SELECT c.Id, c.Parent__r.Name FROM Child__c c WHERE c.Amount__c >= -1.5 ORDER BY c.Parent__r.Name NULLS LAST",
    "SELECT Child__c.Id FROM Child__c USING SCOPE mine WITH SECURITY_ENFORCED",
    "SELECT FIELDS(STANDARD) FROM Child__c",
    "SELECT FIELDS(ALL) FROM Child__c LIMIT 200",
    "SELECT Id FROM Child__c WHERE CALENDAR_YEAR(Moment__c) = 2026 FOR VIEW",
    "SELECT CALENDAR_MONTH(Moment__c), COUNT_DISTINCT(Note__c) n FROM Child__c GROUP BY CALENDAR_MONTH(Moment__c)",
    "SELECT COUNT() FROM Child__c WHERE Note__c LIKE '%x'",
    "SELECT Id FROM Child__c WHERE " + "NOT " * 9_000 + "Flag__c = true",
    "SELECT Id FROM Child__c WHERE " + " OR ".join(["Flag__c = true"] * 3_000),
    "SELECT Id FROM Child__c LIMIT " + "9" * 6_000,
    "SELECT Id FROM Child__c WHERE Id = '0035e0000000001'",
    "SELECT Id FROM Child__c WHERE Note__c <> 'a' AND Amount__c = .5 AND Amount__c != +1e3",
    "SELECT Id FROM Child__c WHERE (((Flag__c = true)))",
    "SELECT Id\n\tFROM\r\nChild__c\n",
    "SELECT Id FROM Contact WHERE MailingStreet LIKE '1 %' ORDER BY MailingStreet",
    "SELECT Id FROM Child__c WHERE Moment__c >= 2026-01-01T00:00:00+00:00 AND Moment__c < 2026-01-02T00:00:00.000-0800",
    "SELECT Id FROM Child__c WHERE Moment__c = LAST_N_QUARTERS:3 OR Day__c > NEXT_N_FISCAL_YEARS:2 OR Day__c = LAST_FISCAL_QUARTER",
    "SELECT Id FROM Child__c WHERE Kind__c NOT IN ('Red', 'blue') ORDER BY Kind__c ASC, Note__c DESC NULLS FIRST FOR REFERENCE",
    "SELECT Id, (SELECT Id, Parent__r.Name FROM Children__r WHERE Note__c LIKE 'a%') FROM Parent__c p WHERE p.Name != null",
    "SELECT Name, InstanceName, IsSandbox, TrialExpirationDate, NamespacePrefix FROM Organization WHERE Id = null",
    "SELECT Id, Username FROM User WHERE Username = 'nobody@example.com'",
    "SELECT Id FROM PermissionSet WHERE Name IN ('a') limit 1",
    "SELECT Id FROM ApexClass WHERE Name LIKE 'a%'",
]


@pytest.mark.parametrize("text", VALID, ids=lambda text: text[:60])
def test_a_valid_query_is_run(table, text):
    assert table.ask(text) == []


INVALID = {
    "SELECT Nope FROM Child__c": ("INVALID_FIELD", "No such column 'Nope' on entity 'Child__c'"),
    "SELECT Id FROM Nope": ("INVALID_TYPE", "sObject type 'Nope' is not supported."),
    "SELECT Up__r.Name FROM Child__c": ("INVALID_FIELD", "Didn't understand relationship 'Up__r'"),
    "SELECT Id, id FROM Child__c": ("INVALID_FIELD", "duplicate field selected"),
    "SELECT Id x FROM Child__c": ("MALFORMED_QUERY", "aliasing"),
    "SELECT Id FROM Child__c WHERE Note__c = 5": ("INVALID_FIELD", "should be enclosed in quotes"),
    "SELECT Id FROM Child__c WHERE Amount__c = '5'": ("INVALID_FIELD", "should not be enclosed in quotes"),
    "SELECT Id FROM Child__c WHERE Moment__c > '2026-01-01T00:00:00Z'": ("INVALID_FIELD", "dateTime"),
    "SELECT Id FROM Child__c WHERE Moment__c > 2026-01-01": ("INVALID_FIELD", "dateTime"),
    "SELECT Id FROM Child__c WHERE Day__c = 2026-13-01": ("MALFORMED_QUERY", "not a date"),
    "SELECT Id FROM Child__c WHERE Moment__c = N_YEARS_AGO:9999": ("MALFORMED_QUERY", "calendar"),
    "SELECT Id FROM Child__c WHERE Id = 'nonsense'": ("INVALID_QUERY_FILTER_OPERATOR", "invalid ID field"),
    "SELECT Id FROM Child__c WHERE Flag__c = true AND Flag__c = true OR Flag__c = true": ("MALFORMED_QUERY", "OR"),
    "SELECT Id FROM Child__c WHERE Note__c = 'a": ("MALFORMED_QUERY", "unexpected token"),
    r"SELECT Id FROM Child__c WHERE Note__c = '\q'": ("MALFORMED_QUERY", "Illegal escape"),
    r"SELECT Id FROM Child__c WHERE Note__c = '\%'": ("MALFORMED_QUERY", "LIKE"),
    "SELECT Id FROM Child__c WHERE COUNT(Id) > 1": ("MALFORMED_QUERY", "WHERE"),
    "SELECT Id FROM Child__c ORDER BY COUNT(Id)": ("MALFORMED_QUERY", "GROUP BY"),
    "SELECT COUNT(Id) FROM Child__c GROUP BY COUNT(Id)": ("MALFORMED_QUERY", "GROUP BY"),
    "SELECT COUNT(Id) FROM Child__c GROUP BY Kind__c ORDER BY Note__c": ("MALFORMED_QUERY", "grouped"),
    "SELECT Note__c, COUNT(Id) FROM Child__c GROUP BY Kind__c": ("MALFORMED_QUERY", "grouped"),
    "SELECT COUNT(Id) FROM Child__c LIMIT 1": ("MALFORMED_QUERY", "GROUP BY"),
    "SELECT SUM(Note__c) FROM Child__c": ("MALFORMED_QUERY", "SUM"),
    "SELECT Note__c FROM Child__c ALL ROWS": ("MALFORMED_QUERY", "ALL ROWS not allowed in this context"),
    "SELECT FIELDS(ALL) FROM Child__c": ("MALFORMED_QUERY", "LIMIT"),
    "SELECT TYPEOF Owner WHEN User THEN Id END FROM Child__c": ("MALFORMED_QUERY", "TYPEOF"),
    "SELECT Id FROM Child__c OFFSET 2001": ("NUMBER_OUTSIDE_VALID_RANGE", "2000"),
    "SELECT Id FROM Child__c LIMIT -1": ("MALFORMED_QUERY", "-1"),
    "SELECT (SELECT Id FROM Nope__r) FROM Parent__c": ("INVALID_TYPE", "Nope__r"),
    "SELECT Id FROM Parent__c WHERE Id IN (SELECT Id FROM Parent__c)": ("MALFORMED_QUERY", "same object"),
    "SELECT Id FROM Parent__c WHERE Id IN (SELECT Parent__c FROM Child__c LIMIT 1)": ("MALFORMED_QUERY", "LIMIT"),
    "SELECT Id FROM Parent__c WHERE Name = 'a' OR Id IN (SELECT Parent__c FROM Child__c)": ("MALFORMED_QUERY", "top"),
    "SELECT Id FROM Child__c WHERE Note__c INCLUDES ('a')": ("INVALID_FIELD", "INCLUDES"),
    "SELECT Id FROM Child__c WHERE Id LIKE '003%'": ("INVALID_QUERY_FILTER_OPERATOR", "LIKE"),
    "SELECT Id FROM Child__c WHERE Amount__c LIKE '5%'": ("INVALID_QUERY_FILTER_OPERATOR", "LIKE"),
    "SELECT Id FROM Child__c WHERE Flag__c > false": ("INVALID_QUERY_FILTER_OPERATOR", "boolean"),
    "SELECT Id FROM Child__c WHERE Flag__c = 'true'": ("INVALID_FIELD", "should not be enclosed in quotes"),
    "SELECT Id FROM Child__c WHERE Amount__c > null": ("INVALID_FIELD", "null"),
    "SELECT Id FROM Child__c WHERE Note__c = TODAY": ("INVALID_FIELD", "enclosed in quotes"),
    "SELECT Id FROM Contact WHERE Description = 'x'": ("INVALID_FIELD", "can not be filtered"),
    "SELECT Id FROM Contact WHERE Description LIKE 'x'": ("INVALID_FIELD", "can not be filtered"),
    "SELECT Id FROM Contact WHERE Description != null": ("INVALID_FIELD", "can not be filtered"),
    "SELECT Id FROM Contact ORDER BY Description": ("INVALID_FIELD", "can not be sorted"),
    "SELECT Id FROM Child__c WHERE Parent__r = null": ("INVALID_FIELD", "No such column 'Parent__r'"),
    "SELECT Parent__r.Nope FROM Child__c": ("INVALID_FIELD", "No such column 'Nope' on entity 'Parent__c'"),
    "SELECT Id FROM Child__c WHERE Note__c IN ()": ("MALFORMED_QUERY", "unexpected token: ')'"),
    "SELECT Id FROM Child__c WHERE": ("MALFORMED_QUERY", "unexpected token: '<EOF>'"),
    "SELECT Id FROM Child__c WHERE Note__c == 'a'": ("MALFORMED_QUERY", "unexpected token"),
    "SELECT Id FROM Child__c WHERE Note__c = a": ("MALFORMED_QUERY", "unexpected token: 'a'"),
    'SELECT Id FROM Child__c WHERE Note__c = "a"': ("MALFORMED_QUERY", "unexpected token"),
    "SELECT * FROM Child__c": ("MALFORMED_QUERY", "unexpected token: '*'"),
    "SELECT FROM Child__c": ("MALFORMED_QUERY", "unexpected"),
    "SELECT Id, FROM Child__c": ("MALFORMED_QUERY", "unexpected"),
    "SELECT Id Child__c": ("MALFORMED_QUERY", "unexpected"),
    "SELECT Id FROM Child__c; DELETE FROM Child__c": ("MALFORMED_QUERY", "unexpected token: ';'"),
    "SELECT Id FROM Child__c -- all": ("MALFORMED_QUERY", "unexpected token: '-'"),
    "SELECT Id FROM Child__c JOIN Parent__c": ("MALFORMED_QUERY", "unexpected"),
    "SELECT Id FROM Child__c LIMIT 5 WHERE Flag__c = true": ("MALFORMED_QUERY", "unexpected token: 'WHERE'"),
    "SELECT Id FROM Child__c ORDER BY Id LIMIT x": ("MALFORMED_QUERY", "unexpected token: 'x'"),
    "SELECT DISTANCE(Location, 1) FROM Child__c": ("MALFORMED_QUERY", "unexpected token: '1'"),
    "SELECT Id FROM Child__c WITH DATA CATEGORY x AT y": ("MALFORMED_QUERY", "DATA CATEGORY"),
    "FIND {x} IN ALL FIELDS RETURNING Contact": ("MALFORMED_QUERY", "unexpected token: '{'"),
    "UPDATE Child__c SET Note__c = 'x'": ("MALFORMED_QUERY", "unexpected token: 'UPDATE'"),
    "SELECT Id FROM Child__c WHERE Moment__c = LAST_N_DAYS": ("MALFORMED_QUERY", "LAST_N_DAYS"),
    "SELECT Id FROM Child__c WHERE Moment__c = LAST_N_DAYS:-1": ("MALFORMED_QUERY", "-1"),
    "SELECT Id FROM Child__c WHERE Note__c = '" + "x" * 4_001 + "'": ("MALFORMED_QUERY", "4000"),
    "SELECT Id FROM Child__c WHERE Moment__c = 2026-02-30T00:00:00Z": ("MALFORMED_QUERY", "not a date-time"),
    "SELECT Who.Company FROM Task": ("INVALID_FIELD", "No such column 'Company' on entity 'Name'"),
    "SELECT FIELDS(NICE) FROM Child__c": ("MALFORMED_QUERY", "FIELDS"),
    "SELECT Id, FIELDS(STANDARD) FROM Child__c": ("INVALID_FIELD", "duplicate field selected"),
    "SELECT Id FROM Child__c " + " " * 100_000: ("MALFORMED_QUERY", "100,000"),
}


@pytest.mark.parametrize("text", INVALID, ids=lambda text: text[:60])
def test_a_refused_query_has_its_code_and_names_the_fault(table, text):
    with pytest.raises(SoqlError) as refused:
        table.ask(text)
    code, words = INVALID[text]
    assert refused.value.code == code
    assert words in refused.value.message
