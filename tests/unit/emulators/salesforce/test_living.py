"""Laws of hours that pass in an org, and of reading a part of its records past the API."""

import json

import pytest

from fairlead_emulators import seeds
from fairlead_emulators.clock import Clock
from fairlead_emulators.salesforce.acts import all_rows, find
from fairlead_emulators.salesforce.app import create
from fairlead_emulators.salesforce.living import live

MANY = 40


def _org():
    clock = Clock()
    clock.stand_still()
    emulator = create(clock)
    emulator.seed(seeds.spec("year-small", "salesforce"))
    return emulator


def _rows(emulator, name, *fields, **options):
    lines = all_rows(emulator.org, find(emulator.org, name), names=fields or None, **options)
    return [json.loads(line) for chunk in lines for line in chunk.splitlines()]


@pytest.fixture(scope="module")
def lived():
    """An org after many hours, its people before, and what each hour told."""
    emulator = _org()
    before = _people(emulator)
    emulator.clock.advance(3_600)
    return emulator, before, [live(emulator.org, {"seed": n}) for n in range(MANY)]


def _people(emulator):
    found = {}
    for name, fields in (("Contact", ("Id", "Email", "LastModifiedDate")), ("Lead", ("Id", "Email", "IsConverted"))):
        found |= {row["Id"]: row for row in _rows(emulator, name, *fields)}
    return found


def test_all_that_people_do_by_hand_happens_in_time(lived):
    kinds = set().union(*(hour["by"] for hour in lived[2]))
    assert kinds >= {
        "contact_created", "lead_created", "address_changed", "address_cleared", "title_changed", "contact_deleted",
        "lead_deleted", "contacts_merged", "lead_converted",
    }  # fmt: skip


def test_every_address_whose_people_changed_is_told(lived):
    emulator, before, hours = lived
    after = _people(emulator)
    changed = {
        (row[0]["Email"] or "").lower()
        for key in before.keys() | after.keys()
        for row in ([before[key]] if key in before else [], [after[key]] if key in after else [])
        if row and before.get(key) != after.get(key)
    }
    told = {each for hour in hours for each in hour["addresses"]}
    assert changed - {""} <= told


def test_the_same_seed_brings_the_same_hour():
    def hour(seed):
        return live(_org().org, {"seed": seed, "hours": 4})

    assert hour(2) == hour(2)
    assert hour(2) != hour(3)


@pytest.mark.parametrize("said", [{"hours": 0}, {"hours": 1e9}, {"share": -1}])
def test_what_cannot_be_is_explained(said):
    with pytest.raises(ValueError, match="use up to"):
        live(create(Clock()).org, said)


def test_an_empty_org_lives_on():
    emulator = create(Clock())
    emulator.reset()
    told = live(emulator.org, {"hours": 5})
    assert told["changed"] >= 30


def test_a_part_of_the_records_is_read_by_fields_and_by_when_they_were_written(lived):
    emulator, before, _ = lived
    moment = emulator.org.now()
    written = _rows(emulator, "Contact", "Id", "SystemModstamp", since=moment)
    made = _rows(emulator, "Contact", "Id", since=moment, made=True)
    assert written
    assert {row["Id"] for row in made} == {row["Id"] for row in _rows(emulator, "Contact", "Id")} - before.keys()
    assert len(made) < len(written) < len(_rows(emulator, "Contact", "Id"))
    with pytest.raises(LookupError, match="no field 'Shoe'"):
        _rows(emulator, "Contact", "Shoe")
