"""Whatever a row holds, it is taken or refused with a code: nothing breaks."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead_emulators.clock import Clock
from fairlead_emulators.salesforce.app import create
from fairlead_emulators.salesforce.model.batch import from_json
from fairlead_emulators.salesforce.records import writes

OBJECTS = (
    *("Account", "Contact", "Lead", "Campaign", "CampaignMember", "CampaignMemberStatus", "Task", "Individual"),
    *("User", "PermissionSet", "PermissionSetAssignment", "RecordType", "Profile", "ContactHistory"),
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=40),
    st.text(alphabet=st.characters(categories=["Cs", "Cc", "Co"]), max_size=5),
    st.sampled_from(
        ["", "0035e0000000001AAA", "7015e0000000001AAA", "0055e0000000001AAA", "2026-01-01", "a@example.com", "Sent"]
        + ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "1e999", "NaN", "1" * 400]
    ),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["Id", "Name", "Email", "attributes", "type"]), st.text(max_size=5), max_size=2),
)


@pytest.fixture(scope="module")
def emulator():
    made = create(Clock())
    made.org.settings.update(duplicate_rules={"Contact": ["Email"]}, tracked_fields={"Contact": ["LastName"]})
    yield made
    made.close()


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_a_row_is_written_or_refused_with_a_code(emulator, data):
    org = emulator.org
    sobject = org.storage.schema.object(data.draw(st.sampled_from(OBJECTS)))
    names = [f.name for f in sobject.fields.values()] + [
        f.relationship_name for f in sobject.fields.values() if f.relationship_name
    ]
    rows = data.draw(st.lists(st.dictionaries(st.sampled_from(names), VALUES, max_size=6), min_size=1, max_size=3))
    for row in rows:
        for field in sobject.fields.values():
            if field.required and field.type == "string" and data.draw(st.booleans()):
                row.setdefault(field.name, data.draw(VALUES.filter(lambda value: isinstance(value, str) and value)))
    operation = data.draw(st.sampled_from(["insert", "update", "upsert"]))
    known = [row[0] for row in org.storage.connection.execute(f"SELECT Id FROM {sobject.name} ORDER BY Id LIMIT 5")]
    for row in rows if operation != "insert" and known else ():
        row["Id"] = data.draw(st.sampled_from(known))
    written = writes.write(org, operation, from_json(org.storage.schema, sobject, rows))
    for row in range(len(rows)):
        assert (row in written.errors) == (written.ids[row] is None)
        if row in written.errors:
            assert written.errors[row].code
