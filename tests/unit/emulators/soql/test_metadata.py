"""Packages are read within bounds, and bad components are refused one by one."""

import pytest

from fairlead_emulators.salesforce import metadata
from fairlead_emulators.salesforce.storage import Storage
from tests.unit.emulators.salesforce.conftest import CHILD, PARENT, RIGHTS, zipped


@pytest.fixture
def org():
    storage = Storage(None)
    yield storage
    storage.close()


def deploy(org, files):
    with org.transaction() as connection:
        result = metadata.apply(metadata.read_package(zipped(files)), org.schema, connection)
        org.schema_changed()
    return result


def problems(result):
    return {failure.full_name: failure.problem for failure in result.failures}


@pytest.mark.parametrize("data", [b"", b"PK", b"no zip at all"])
def test_what_is_no_zip_is_no_package(data):
    with pytest.raises(metadata.BadPackage, match="not a zip"):
        metadata.read_package(data)


def test_a_damaged_zip_is_refused_whole():
    data = bytearray(zipped({"objects/Parent__c.object": PARENT}))
    data[data.index(b"pluralLabel")] ^= 0xFF
    with pytest.raises(metadata.BadPackage, match="cannot be unpacked"):
        metadata.read_package(bytes(data))


def test_a_field_that_stands_twice_is_refused_once(org):
    twice = PARENT.replace("</CustomObject>", PARENT[PARENT.index("<fields>") :])
    assert "stands twice" in problems(deploy(org, {"objects/Parent__c.object": twice}))["Parent__c.Key__c"]


def test_a_lookup_needs_its_parent(org):
    told = problems(deploy(org, {"objects/Child__c.object": CHILD}))
    assert "'Parent__c' does not resolve" in told["Child__c.Parent__c"]
    assert org.schema.object("Child__c").field("Note__c") is not None


def test_entities_of_xml_are_refused(org):
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>' + PARENT.partition("?>")[2]
    assert "Error parsing file" in problems(deploy(org, {"objects/Parent__c.object": bomb}))["Parent__c"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("<label>Readers</label>", "", "label"),
        ("Child__c.Note__c", "Child__c.Nothing__c", "no CustomField named Child__c.Nothing__c"),
        ("<object>Child__c", "<object>Nothing__c", "no CustomObject named Nothing__c"),
    ],
)
def test_a_bad_permission_set_is_refused_and_not_kept(org, old, new, words):
    files = {"objects/Parent__c.object": PARENT, "objects/Child__c.object": CHILD}
    result = deploy(org, files | {"permissionsets/Readers.permissionset": RIGHTS.replace(old, new)})
    assert words in problems(result)["Readers"]
    assert "Readers" not in {one.full_name for one in metadata.deployed(org.connection)}


def test_a_required_field_takes_no_permission(org):
    required = CHILD.replace("<length>20</length>", "<length>20</length><required>true</required>")
    files = {"objects/Parent__c.object": PARENT, "objects/Child__c.object": required}
    told = problems(deploy(org, files | {"permissionsets/Readers.permissionset": RIGHTS}))
    assert "required field: Child__c.Note__c" in told["Readers"]
