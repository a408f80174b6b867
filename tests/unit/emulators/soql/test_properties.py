"""Laws of SOQL that hold for every text and every table."""

import contextlib
from datetime import UTC

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead_emulators.salesforce import soql
from tests.unit.emulators.soql.conftest import NOW, Table

WORDS = (
    "SELECT FROM WHERE AND OR NOT IN LIKE INCLUDES ( ) , = != < > : 'a' '\\' null true 5 -1.5 Id Note__c Amount__c Flag__c "
    "Moment__c Day__c Kind__c Parent__r.Name Child__c Parent__c Children__r TODAY LAST_N_DAYS 2026-01-01 "
    "2026-01-01T00:00:00Z COUNT SUM GROUP BY HAVING ORDER LIMIT OFFSET NULLS FIRST ALL ROWS FIELDS FOR VIEW x"
).split()
TABLE = Table()
ANYTHING = st.text(st.characters(exclude_categories=()))
"""Texts with lone surrogates too, as JSON can carry them."""


def refused_or_run(text):
    with contextlib.suppress(soql.SoqlError):
        TABLE.ask(text)


@settings(max_examples=300, deadline=None)
@given(ANYTHING | st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join))
def test_no_text_raises_anything_but_a_refusal(text):
    refused_or_run(text)
    refused_or_run(f"SELECT Id FROM Child__c WHERE {text}")
    refused_or_run(f"SELECT {text} FROM Child__c")


NESTINGS = [
    ("(", "Flag__c = true", ")"),
    ("NOT (", "Flag__c = true", ")"),
    ("(Amount__c = 1 AND (Note__c = null OR ", "Flag__c = true", "))"),
    ("Parent__c IN (SELECT Id FROM Parent__c WHERE ", "Id != null", ")"),
    ("NOT ", "Flag__c = true", ""),
    ("Flag__c = true OR ", "Flag__c = true", ""),
]


@pytest.mark.parametrize("depth", [2, 66, 95, 190, 1_000, 5_000])
@pytest.mark.parametrize(("opening", "core", "closing"), NESTINGS)
def test_nesting_of_any_depth_is_run_or_refused(opening, core, closing, depth):
    where = opening * depth + core + closing * depth
    refused_or_run(f"SELECT Id FROM Child__c WHERE {where}")
    refused_or_run(f"SELECT Kind__c FROM Child__c GROUP BY Kind__c HAVING {where}")


def test_queries_inside_queries_of_any_depth_are_refused():
    for text in ("SELECT (" * 5_000, "SELECT (SELECT Id, " * 4_000, "SELECT Id FROM Child__c WHERE Id IN (" * 2_000):
        refused_or_run(text)


NOTES = st.none() | st.sampled_from(["a", "A", "b", "é", "É", "ab", "a_b", "it's"])
AMOUNTS = st.none() | st.integers(-2, 2)
ROWS = st.lists(st.tuples(NOTES, AMOUNTS, st.booleans()), max_size=8)


def compares(op, left, right):
    if op == "=":
        return left == right
    if op == "!=":
        return left != right
    return left is not None and {"<": left < right, ">": left > right, "<=": left <= right, ">=": left >= right}[op]


def folded(note):
    return None if note is None else note.lower()


def quoted(note):
    return "null" if note is None else "'" + note.replace("'", "\\'") + "'"


def text_filter(op, note):
    return f"Note__c {op} {quoted(note)}", lambda row: compares(op, folded(row[0]), folded(note))


def number_filter(op, amount):
    return f"Amount__c {op} {amount}", lambda row: compares(op, row[1], amount)


def list_filter(op, notes):
    keys = {folded(note) for note in notes}
    clause = f"Note__c {op} ({', '.join(quoted(note) for note in notes)})"
    return clause, lambda row: (folded(row[0]) in keys) == (op == "IN")


def flag_filter(flag):
    return f"Flag__c = {str(flag).lower()}", lambda row: row[2] == flag


def negated(inner):
    return f"(NOT {inner[0]})", lambda row: not inner[1](row)


def joined(op, parts):
    whole = all if op == "AND" else any
    return "(" + f" {op} ".join(p[0] for p in parts) + ")", lambda row: whole(p[1](row) for p in parts)


LEAVES = (
    st.builds(text_filter, st.sampled_from(["=", "!="]), NOTES)
    | st.builds(number_filter, st.sampled_from(["=", "!=", "<", ">", "<=", ">="]), st.integers(-2, 2))
    | st.builds(list_filter, st.sampled_from(["IN", "NOT IN"]), st.lists(NOTES, min_size=1, max_size=3))
    | st.builds(flag_filter, st.booleans())
)
FILTERS = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(negated, inner)
        | st.builds(joined, st.sampled_from(["AND", "OR"]), st.lists(inner, min_size=2, max_size=3))
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(ROWS, FILTERS)
def test_a_filter_takes_the_rows_that_its_meaning_says(rows, condition):
    clause, holds = condition
    TABLE.storage.connection.execute("DELETE FROM Child__c")
    ids = [TABLE.add("Child__c", Note__c=n, Amount__c=a, Flag__c=int(f)) for n, a, f in rows]
    found = {r["Id"] for r in TABLE.ask(f"SELECT Id FROM Child__c WHERE {clause}")}
    assert found == {i for i, row in zip(ids, rows, strict=True) if holds(row)}


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(soql.dates.FIXED)), st.integers(0, 99_999))
def test_spans_of_date_literals_are_whole_days_in_order(word, number):
    first, after = soql.dates.span(word, 0, NOW, UTC)
    assert first < after
    for numbered in soql.dates.NUMBERED:
        refused_or_run(f"SELECT Id FROM Child__c WHERE Moment__c = {numbered}:{number}")
