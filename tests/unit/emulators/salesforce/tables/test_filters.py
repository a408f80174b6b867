"""Filters as SOQL: every value stays inside its literal, logic keeps its meaning."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead_emulators.salesforce import soql
from fairlead_emulators.salesforce.model.schema import standard_schema
from fairlead_emulators.salesforce.tables.columns import NoColumn, column
from fairlead_emulators.salesforce.tables.filters import OPERATORS, BadFilter, combined, condition, values_of

SCHEMA = standard_schema()
CONTACT = SCHEMA.objects["contact"]
CONTEXT = soql.Context(datetime(2026, 1, 31, tzinfo=UTC), UTC, False)


def named(name):
    return column(SCHEMA, CONTACT, name)


@pytest.mark.parametrize(
    ("name", "path", "shown"),
    [
        ("NAME", "Name", "Name"),
        ("FULL_NAME", "Name", "Name"),
        ("CONTACT.EMAIL", "Email", "Email"),
        ("LAST_NAME", "LastName", "LastName"),
        ("ACCOUNT.NAME", "Account.Name", "Account.Name"),
        ("AccountId", "AccountId", "Account.Name"),
        ("LAST_UPDATE", "LastModifiedDate", "LastModifiedDate"),
        ("CONTACT_ID", "Id", "Id"),
        ("ReportsTo.Account.Name", "ReportsTo.Account.Name", "ReportsTo.Account.Name"),
    ],
)
def test_a_column_is_found_by_each_of_its_names(name, path, shown):
    assert (named(name).path, named(name).shown) == (path, shown)


@pytest.mark.parametrize("name", ["", ".", "Nothing__c", "Account.Nothing", "Nothing.Name", "Name.Name"])
def test_a_name_that_is_no_column_is_refused(name):
    with pytest.raises(NoColumn):
        named(name)


@given(st.sampled_from(["Email", "Name", "AccountId", "CreatedDate", "Birthdate", "HasOptedOutOfEmail", "Id"]),
       st.sampled_from(OPERATORS), st.text(max_size=40))  # fmt: skip
def test_whatever_the_value_the_filter_is_one_whole_condition_or_is_refused(name, operator, value):
    try:
        made = condition(named(name), operator, value)
    except BadFilter:
        return
    try:
        soql.compile_query(soql.parse(f"SELECT Id FROM Contact WHERE ({made}) AND Id != null"), SCHEMA, CONTEXT)
    except soql.SoqlError as error:
        assert error.code != "MALFORMED_QUERY"


@pytest.mark.parametrize(
    ("name", "operator", "value", "made"),
    [
        ("Email", "equals", "a, b", "(Email = 'a' OR Email = 'b')"),
        ("Email", "notEqual", "a,b", "(Email != 'a' AND Email != 'b')"),
        ("Email", "equals", "", "Email = null"),
        ("Email", "equals", '"a,b"', "Email = 'a,b'"),
        ("Email", "startsWith", "o'_", "(Email LIKE 'o\\'\\_%')"),
        ("HasOptedOutOfEmail", "equals", "1", "HasOptedOutOfEmail = true"),
        ("CreatedDate", "greaterThan", "LAST MONTH", "CreatedDate > LAST_MONTH"),
        ("CreatedDate", "lessOrEqual", "2026-01-31", "CreatedDate < 2026-02-01T00:00:00Z"),
        ("CreatedDate", "equals", "1/31/2026", "(CreatedDate >= 2026-01-31T00:00:00Z AND CreatedDate < 2026-02-01T00:00:00Z)"),
        ("Birthdate", "lessThan", "2000-01-01", "Birthdate < 2000-01-01"),
        ("AccountId", "equals", "Acme", "Account.Name = 'Acme'"),
        ("AccountId", "equals", "0015e0000000001", "AccountId = '0015e0000000001AAA'"),
    ],
)  # fmt: skip
def test_a_filter_means(name, operator, value, made):
    assert condition(named(name), operator, value) == made


@pytest.mark.parametrize(
    ("name", "operator", "value"),
    [
        ("Birthdate", "equals", "someday"),
        ("CreatedDate", "equals", "x y!"),
        ("Email", "near", "x"),
        ("Id", "equals", "x"),
    ],
)
def test_a_filter_that_means_nothing_is_refused(name, operator, value):
    with pytest.raises(BadFilter):
        condition(named(name), operator, value)


def test_values_part_at_commas_outside_quotes():
    assert values_of('a, "b, c" ,d') == ["a", "b, c", "d"]
    assert values_of("") == [""]


@pytest.mark.parametrize("logic", ["1", "1 AND 3", "1 AND 2 OR x", "0 AND 1 AND 2", "1 AND 2; DROP", "1 2 3"])
def test_logic_that_leaves_out_or_invents_filters_is_refused(logic):
    with pytest.raises(BadFilter):
        combined(["a", "b"], logic)


@given(
    st.recursive(st.integers(1, 3), lambda inner: st.tuples(st.sampled_from(["AND", "OR"]), inner, inner), max_leaves=6)
)
def test_logic_has_the_truth_that_its_words_say(tree):
    """Each combination of truths gives what Python's own and/or give."""

    def text(node):
        return str(node) if isinstance(node, int) else f"({text(node[1])} {node[0]} {text(node[2])})"

    logic = f"{text(tree)} and (1 or not (1) or 2 or 3)"
    made = combined(["p1", "p2", "p3"], logic)
    python = re.sub(r"\b(AND|OR|NOT)\b", lambda m: m.group(1).lower(), made)
    for bits in range(8):
        truths = {f"p{n}": bool(bits >> (n - 1) & 1) for n in (1, 2, 3)}
        own = re.sub(r"\b([123])\b", r"p\1", text(tree)).replace("AND", "and").replace("OR", "or")
        assert eval(python, {}, truths) == eval(own, {}, truths)
