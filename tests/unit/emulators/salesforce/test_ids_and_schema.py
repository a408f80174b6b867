"""Ids, describe model, facts."""

from hypothesis import given
from hypothesis import strategies as st

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.ids import checksum, make_id, make_ids, to18
from fairlead_emulators.salesforce.model.schema import Schema, standard_schema


def test_a_known_id_has_its_known_checksum():
    assert checksum("001A0000006Vm9u") == "IAC"  # the example of Salesforce's own article on ids
    assert checksum("003000000000000") == "AAA"


@given(st.integers(0, 62**5), st.integers(0, 300))
def test_ids_in_bulk_are_the_same_as_one_by_one_and_rise(first: int, count: int):
    ids = make_ids("a0X", first, count)
    assert ids == [make_id("a0X", n) for n in range(first, first + count)]
    assert ids == sorted(ids)


@given(st.integers(0, 62**6))
def test_an_id_is_known_at_both_lengths_and_with_its_case_lost(serial: int):
    full = make_id("00Q", serial)
    assert to18(full) == to18(full[:15]) == to18(full.lower()) == to18(full.upper()) == full


def test_what_is_no_id_is_none():
    assert [to18(text) for text in ("", "abc", "0035e0000000001!AA", "0035e0000000001ZZZ")] == [None] * 4


def test_the_schema_survives_being_kept_as_json():
    schema = standard_schema()
    assert Schema.from_json(schema.to_json()) == schema


def test_every_lookup_of_the_standard_objects_points_to_a_standard_object():
    schema = standard_schema()
    targets = {t for o in schema.objects.values() for f in o.fields.values() for t in f.reference_to}
    assert {t for t in targets if schema.object(t) is None} == set()


def test_key_prefixes_are_unique():
    prefixes = [o.key_prefix for o in standard_schema().objects.values()]
    assert len(prefixes) == len(set(prefixes))


def test_every_imitated_behaviour_has_a_fact_and_every_fact_is_imitated():
    assert fact.problems() == []
