"""Records as columns of texts: the same by both doors, and which door a query can take."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fairlead.features.import_wizard import reading
from fairlead.features.import_wizard.rules.columns import Column

THERE = [Column("Id"), Column("Email"), Column("Account.Name")]


@pytest.mark.parametrize(
    ("soql", "order"),
    [
        ("SELECT Id, Email, Account.Name FROM Contact", ["Id", "Email", "Account.Name"]),
        ("select account.name,\n id , EMAIL from Contact where Name = 'x' LIMIT 5", ["Account.Name", "Id", "Email"]),
        ("SELECT Id, Email, Account.Name FROM Contact WHERE Id IN (SELECT WhoId FROM Task)", ["Id", "Email", "Account.Name"]),
        ("SELECT Id, Email FROM Contact", None),
        ("SELECT Id, Email, Account.Name, (SELECT Id FROM Cases) FROM Contact", None),
        ("SELECT Id, Email, Account.Name FROM Contact GROUP BY Id, Email, Account.Name", None),
        ("SELECT Id, Email, Account.Name FROM Contact LIMIT 5 OFFSET 5", None),
        ("SELECT Id, toLabel(Email), Account.Name FROM Contact", None),
        ("SELECT FIELDS(ALL) FROM Contact LIMIT 200", None),
        ("SELECT Id, Id, Email, Account.Name FROM Contact", None),
    ],
)  # fmt: skip
def test_only_a_plain_query_is_read_in_bulk_and_its_columns_are_known_in_order(soql: str, order: object) -> None:
    """Anything that a bulk query would refuse, or whose columns are not surely these, is read by pages."""
    assert reading.bulk_order(soql, THERE) == order


def test_values_of_records_are_texts_and_a_missing_parent_is_blank() -> None:
    assert reading.column_of(["a", "b"]) == ["a", "b"]
    assert reading.column_of(["a", None, True, 5.0, 5.5, 7, {"x": 1}, []]) == ["a", "", "true", "5", "5.5", "7", "", ""]
    parents = [{"Name": "Acme"}, None, {}, "odd", {"Name": {"deep": 1}}]
    assert reading.column_of(parents, "Name") == ["Acme", "", "", "", ""]
    assert reading.at_path({"Owner": {"Manager": {"Name": "Eve"}}}, "Owner.Manager.Name") == "Eve"


@given(some.floats(allow_nan=False, allow_infinity=False) | some.integers(-(2**53), 2**53))
def test_a_number_is_the_same_text_by_both_doors(number: float) -> None:
    """JSON gives a number, CSV its text, which may have needless zeros or an exponent."""
    assert reading.as_in_json([str(number)], "double") == [reading.text_of(number)]


def test_other_cells_of_csv_are_as_in_json() -> None:
    """Moments end with their offset; what is no number where one was promised, and all other texts, stay."""
    assert reading.as_in_json(["2026-01-02T03:04:05.000Z", ""], "datetime") == ["2026-01-02T03:04:05.000+0000", ""]
    assert reading.as_in_json(["", "odd"], "currency") == ["", "odd"]
    assert reading.as_in_json(["1.0", "Z"], "string") == ["1.0", "Z"]
