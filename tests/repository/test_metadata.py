"""The org's metadata, the names in code and the emulated org agree."""

from functools import cache
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import parse

from fairlead.domain import member
from fairlead.features.members import rules
from fairlead.salesforce import names
from fairlead.salesforce.package import package_from_source
from fairlead.sync import convert
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


def rights(name: str, part: str, key: str) -> dict[str, Element]:
    return {text(p, key): p for p in permission_sets()[f"Fairlead_{name}_Access"].findall(SPACE + part)}


def changes(element: Element) -> list[str]:
    kinds = ("editable", "allowCreate", "allowEdit", "allowDelete", "viewAllRecords", "modifyAllRecords")
    return [kind for kind in kinds if text(element, kind) == "true"]


@pytest.mark.parametrize("name", ["Guest", "Limited"])
def test_guests_and_limited_users_change_nothing_and_see_no_app(name):
    given = rights(name, "objectPermissions", "object") | rights(name, "fieldPermissions", "field")
    assert given
    assert {path: found for path, element in given.items() if (found := changes(element))} == {}
    for part in ("applicationVisibilities", "tabSettings", "customPermissions"):
        assert not permission_sets()[f"Fairlead_{name}_Access"].findall(SPACE + part), part


def test_guests_of_a_site_see_no_persons_data():
    """Anybody may be a guest: members, and the look-ups to them, are not theirs to read."""
    assert set(rights("Guest", "objectPermissions", "object")) == {names.LIST}
    assert {path.partition(".")[0] for path in rights("Guest", "fieldPermissions", "field")} == {names.LIST}


def test_standard_users_change_memberships_and_nothing_that_a_sync_lives_by():
    objects = rights("Standard", "objectPermissions", "object")
    assert {name: changes(element) for name, element in objects.items()} == {
        names.CLIENT: [],
        names.LIST: [],
        names.MEMBER: ["allowCreate", "allowEdit"],
    }
    editable = {path for path, element in rights("Standard", "fieldPermissions", "field").items() if changes(element)}
    assert editable
    assert {path.partition(".")[0] for path in editable} == {names.MEMBER}
    assert f"{names.MEMBER}.Sync_Run__c" not in editable


def test_what_may_be_changed_may_be_read():
    for root in permission_sets().values():
        for element in [*root.findall(SPACE + "fieldPermissions"), *root.findall(SPACE + "objectPermissions")]:
            assert "true" in (text(element, "readable"), text(element, "allowRead"))


def test_members_are_written_with_the_named_fields_in_the_named_order():
    assert convert.MEMBER_FIELDS == names.MEMBER_FIELDS


def test_every_file_of_the_project_is_sound_xml_of_the_metadata_api():
    files = sorted(SOURCE.rglob("*.xml"))
    assert len(files) > 30
    for path in files:
        assert parse(path).getroot().tag.startswith(SPACE), path


def test_every_object_explains_itself():
    for sobject in NAMES:
        root = parse(SOURCE / "objects" / sobject / f"{sobject}.object-meta.xml").getroot()
        for part in ("label", "pluralLabel", "description"):
            assert text(root, part).strip(), f"{sobject} has no {part}"


def test_the_org_has_room_for_what_is_written(org):
    """Texts are cut to these lengths before they are written: a shorter field would refuse them."""
    lengths = {
        name: org.schema.object(names.MEMBER).field(name).length for name in names.MEMBER_FIELDS if "." not in name
    }
    assert lengths["Full_Name__c"] >= member.MAX_NAME
    assert lengths["Reads_Email_With__c"] >= member.MAX_READS_WITH
    assert lengths["Custom_Fields__c"] >= member.MAX_CUSTOM_FIELDS


def test_restricted_picklists_know_every_value_that_is_written(org):
    def values(sobject, field):
        return set(org.schema.object(sobject).field(field).picklist)

    assert values(names.MEMBER, "State__c") >= set(member.STATES)
    assert values(names.LIST, "Opt_In__c") == set(rules.OPT_IN.values())
    assert values(names.LIST, "Unsubscribe_Setting__c") == set(rules.UNSUBSCRIBE.values())
