"""What describe tells of a field is what a query does with it, whatever the field."""

from datetime import UTC, datetime

import pytest

from fairlead_emulators.salesforce import soql
from fairlead_emulators.salesforce.model.describe import describe_field
from fairlead_emulators.salesforce.model.schema import SObject, field_from, standard_schema, system_fields

SCHEMA = standard_schema()
TEXTS = [
    field_from({"name": f"Text{n}__c", "type": "textarea", "length": n, "custom": True}) for n in (1, 255, 256, 32_768)
]
SCHEMA.add(
    SObject(
        "Area__c", "Area", "Areas", "a00", custom=True, fields={f.name.lower(): f for f in [*system_fields(), *TEXTS]}
    )
)
CLAUSES = {
    "filterable": "SELECT Id FROM {0} WHERE {1} {2}",
    "sortable": "SELECT Id FROM {0} ORDER BY {1}",
    "groupable": "SELECT {1} FROM {0} GROUP BY {1}",
    "aggregatable": "SELECT COUNT({1}) FROM {0}",
}


def accepted(text):
    try:
        soql.compile_query(
            soql.parse(text), SCHEMA, soql.Context(datetime(2026, 1, 1, tzinfo=UTC), UTC, everything=True)
        )
    except soql.SoqlError:
        return False
    return True


def condition(field):
    return "INCLUDES ('a')" if field.type == "multipicklist" else "= null"


@pytest.mark.parametrize("flag", CLAUSES)
@pytest.mark.parametrize("sobject", [o for o in SCHEMA.objects.values() if o.fields], ids=lambda o: o.name)
def test_each_flag_is_what_queries_accept(sobject, flag):
    told = {f.name: describe_field(sobject, f)[flag] for f in sobject.fields.values()}
    found = {
        f.name: accepted(CLAUSES[flag].format(sobject.name, f.name, condition(f))) for f in sobject.fields.values()
    }
    assert found == told


def test_short_text_areas_are_texts_and_long_ones_are_only_read():
    flags = [[describe_field(SCHEMA.objects["area__c"], f)[flag] for flag in CLAUSES] for f in TEXTS]
    assert flags == [[True] * 4, [True] * 4, [False] * 4, [False] * 4]
