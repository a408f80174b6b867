"""Formulas as admins write them say in SQL what they say in Salesforce."""

import sqlite3

import pytest

from fairlead_emulators.salesforce.metadata.formulas import to_sql
from fairlead_emulators.salesforce.model.schema import SObject, field_from

FIELDS = [
    {"name": "Kind__c", "type": "picklist"},
    {"name": "Amount__c", "type": "double"},
    {"name": "Flag__c", "type": "boolean"},
    {"name": "Name", "type": "string"},
]
ROW = {"Kind__c": "Blue", "Amount__c": 7.0, "Flag__c": 1, "Name": 'O\'Neill said "and (so)"'}


@pytest.mark.parametrize(
    ("formula", "true"),
    [
        ('AND(ISPICKVAL(Kind__c, "Blue"), Flag__c)', 1),
        ("and( Amount__c > 8, Flag__c )", 0),
        ('OR(Amount__c > 8, ISPICKVAL(Kind__c, "Blue"))', 1),
        ("NOT(OR(Amount__c > 8, Amount__c < 1))", 1),
        ("Amount__c == 7 && Flag__c", 1),
        ("Amount__c == 8 || Flag__c", 1),
        ("Flag__c AND (Amount__c = 8)", 0),
        ("AND(Flag__c, OR(Amount__c = 8, AND(Amount__c = 7, ISBLANK(Name))))", 0),
        ('Name = "O\'Neill said \\"and (so)\\""', 1),
        ('Name <> "and (" && Flag__c', 1),
    ],
)
def test_a_formula_is_true_of_the_row_as_in_salesforce(formula, true):
    sobject = SObject("X__c", "X", "Xs", "a00", fields={f["name"].lower(): field_from(f) for f in FIELDS})
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE x (Kind__c TEXT, Amount__c REAL, Flag__c INTEGER, Name TEXT)")
    connection.execute("INSERT INTO x VALUES (?, ?, ?, ?)", tuple(ROW.values()))
    expression = to_sql(formula, "boolean", sobject, blank_as_zero=True)
    assert connection.execute(f"SELECT {expression} FROM x").fetchone() == (true,)
