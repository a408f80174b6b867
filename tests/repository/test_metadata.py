"""The org's metadata, the names in code and the emulated org agree."""

from functools import cache
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import parse

from fairlead.salesforce import names
from fairlead.salesforce.package import package_from_source
from fairlead_emulators.salesforce import metadata
from fairlead_emulators.salesforce.storage import Storage
from tests.repository.files import ROOT

PROJECT = ROOT / "salesforce"
SOURCE = PROJECT / "force-app" / "main" / "default"
SPACE = "{http://soap.sforce.com/2006/04/metadata}"
NAMES = {names.CLIENT: names.CLIENT_FIELDS, names.LIST: names.LIST_FIELDS, names.MEMBER: names.MEMBER_FIELDS}
KEYS = {names.CLIENT: names.CLIENT_KEY, names.LIST: names.LIST_KEY, names.MEMBER: names.MEMBER_KEY}


def own(path: str) -> str:
    """The field that a path of names.py stands on: `List__r.List_Id__c` on `List__c`."""
    head, dot, _ = path.partition(".")
    return head.removesuffix("__r") + "__c" if dot else head


def text(element: Element, name: str) -> str:
    return element.findtext(SPACE + name, "")


@cache
def fields(sobject: str) -> dict[str, Element]:
    roots = [parse(path).getroot() for path in (SOURCE / "objects" / sobject / "fields").glob("*.xml")]
    return {text(root, "fullName"): root for root in roots}


def permission_sets() -> dict[str, Element]:
    return {path.name.partition(".")[0]: parse(path).getroot() for path in (SOURCE / "permissionsets").glob("*.xml")}


@pytest.fixture(scope="module")
def org():
    storage = Storage(None)
    with storage.transaction() as connection:
        package = metadata.read_package(package_from_source(PROJECT, "60.0"))
        result = metadata.apply(package, storage.schema, connection)
        storage.schema_changed()
    assert [(f.full_name, f.problem) for f in result.failures] == []
    assert result.successes
    yield storage
    storage.close()


@pytest.mark.parametrize("sobject", NAMES)
def test_source_and_names_name_the_same_fields(sobject):
    assert set(fields(sobject)) == {own(path) for path in NAMES[sobject]} - {"Name"}


@pytest.mark.parametrize("sobject", NAMES)
def test_every_named_field_stands_in_an_org_that_took_the_metadata(org, sobject):
    found = org.schema.object(sobject)
    for path in NAMES[sobject]:
        field = found.field(own(path))
        assert field is not None, path
        if "." in path:
            relation, _, key = path.partition(".")
            assert field.relationship_name == relation
            assert org.schema.object(field.reference_to[0]).field(key).external_id


@pytest.mark.parametrize("sobject", KEYS)
def test_keys_are_unique_external_ids_without_regard_to_case(org, sobject):
    key = org.schema.object(sobject).field(KEYS[sobject])
    assert (key.unique, key.external_id, key.case_sensitive, key.nillable) == (True, True, False, False)


@pytest.mark.parametrize("sobject", NAMES)
def test_every_field_explains_itself(sobject):
    for name, root in fields(sobject).items():
        for part in ("label", "description", "inlineHelpText"):
            assert text(root, part).strip(), f"{sobject}.{name} has no {part}"
        assert len(text(root, "inlineHelpText")) <= 510, name


@pytest.mark.parametrize("name", permission_sets())
def test_field_permissions_name_only_fields_that_are_not_required(name):
    """A deployment with a permission of a required field is refused by the org."""
    told = [text(p, "field") for p in permission_sets()[name].findall(SPACE + "fieldPermissions")]
    assert told == sorted(set(told))
    for path in told:
        sobject, _, field = path.partition(".")
        if sobject in NAMES:
            assert text(fields(sobject)[field], "required") != "true", path


def test_the_full_set_gives_every_object_and_every_field_that_takes_a_permission():
    root = permission_sets()["Fairlead_Full_Access"]
    objects = {text(p, "object"): p for p in root.findall(SPACE + "objectPermissions")}
    told = {text(p, "field"): p for p in root.findall(SPACE + "fieldPermissions")}
    for sobject in NAMES:
        for right in ("allowRead", "allowCreate", "allowEdit", "allowDelete", "viewAllRecords", "modifyAllRecords"):
            assert text(objects[sobject], right) == "true", f"{sobject} {right}"
        for field, definition in fields(sobject).items():
            if text(definition, "required") != "true":
                assert text(told[f"{sobject}.{field}"], "editable") == "true", field


def test_there_are_four_permission_sets_and_the_custom_permission(org):
    deployed = {(one.type, one.full_name) for one in metadata.deployed(org.connection)}
    for name in ("Full", "Standard", "Limited", "Guest"):
        assert ("PermissionSet", f"Fairlead_{name}_Access") in deployed
    assert ("CustomPermission", "Manage_Memberships") in deployed
