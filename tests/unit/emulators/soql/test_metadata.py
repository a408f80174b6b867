"""Packages are read within bounds, and bad components are refused one by one."""

import io
import zipfile

import pytest

from fairlead_emulators.salesforce.metadata import package as metadata
from fairlead_emulators.salesforce.state.storage import Storage
from tests.unit.emulators.salesforce.conftest import CHILD, MANIFEST, PARENT, RIGHTS, zipped


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


def custom_object(fields="", *, label="<label>Thing</label>", plural="<pluralLabel>Things</pluralLabel>"):
    name = "<nameField><label>Name</label><type>Text</type></nameField>"
    space = "http://soap.sforce.com/2006/04/metadata"
    return f'<CustomObject xmlns="{space}">{label}{plural}{name}{fields}</CustomObject>'


def custom_field(name, kind, more=""):
    return f"<fields><fullName>{name}</fullName><label>{name}</label><type>{kind}</type>{more}</fields>"


def lookup(name, target, relation, kind="Lookup"):
    more = f"<referenceTo>{target}</referenceTo><relationshipName>{relation}</relationshipName>"
    return custom_field(name, kind, more)


def test_a_lookup_may_point_to_an_object_that_stands_later_in_the_package(org):
    files = {
        "objects/A__c.object": custom_object(lookup("Z__c", "Z__c", "As", "MasterDetail")),
        "objects/Z__c.object": custom_object(lookup("A__c", "A__c", "Zs")),
    }
    result = deploy(org, files)
    assert problems(result) == {}
    assert {one.full_name for one in result.successes} == {"A__c", "Z__c", "A__c.Z__c", "Z__c.A__c"}
    assert all(one.created for one in result.successes)
    field = org.schema.object("A__c").field("Z__c")
    assert (field.reference_to, field.relationship_name, field.nillable, field.cascade_delete) == (
        ("Z__c",),
        "Z__r",
        False,
        True,
    )
    assert org.schema.object("Z__c").child("As__r").child_object == "A__c"


def test_the_same_package_again_creates_nothing_new(org):
    files = {"objects/Parent__c.object": PARENT, "objects/Child__c.object": CHILD}
    deploy(org, files)
    before = org.schema.to_json()
    again = deploy(org, files)
    assert problems(again) == {}
    assert not any(one.created for one in again.successes)
    assert org.schema.to_json() == before


def test_a_field_may_be_added_to_a_standard_object(org):
    extra = f'<CustomObject xmlns="x">{custom_field("Extra__c", "Checkbox", "<defaultValue>true</defaultValue>")}</CustomObject>'
    assert problems(deploy(org, {"objects/Contact.object": extra})) == {}
    field = org.schema.object("Contact").field("Extra__c")
    assert (field.type, field.default, field.custom) == ("boolean", True, True)


def test_the_children_of_one_parent_have_names_of_their_own(org):
    twice = custom_object(lookup("One__c", "Contact", "Things") + lookup("Two__c", "Contact", "THINGS"))
    told = problems(deploy(org, {"objects/A__c.object": twice}))
    assert list(told) == ["A__c.Two__c"]
    assert "Duplicate relationship name" in told["A__c.Two__c"]


@pytest.mark.parametrize(
    ("files", "name", "words"),
    [
        ({"objects/A__c.object": custom_object(label="")}, "A__c", "label"),
        ({"objects/A__c.object": custom_object(plural="")}, "A__c", "pluralLabel"),
        ({"objects/A.object": custom_object()}, "A", "end with __c"),
        (
            {"objects/A__c.object": custom_object(custom_field("F__c", "Nonsense"))},
            "A__c.F__c",
            "Invalid field type: Nonsense",
        ),
        ({"objects/A__c.object": custom_object(custom_field("F__c", "Text"))}, "A__c.F__c", "missing: length"),
        (
            {"objects/A__c.object": custom_object(custom_field("F__c", "Text", "<length>256</length>"))},
            "A__c.F__c",
            "1 and 255",
        ),
        ({"objects/A__c.object": custom_object(custom_field("F__c", "Number"))}, "A__c.F__c", "missing: precision"),
        ({"objects/A__c.object": custom_object(custom_field("F__c", "Picklist"))}, "A__c.F__c", "valueSet"),
        (
            {"objects/A__c.object": custom_object(custom_field("F__c", "Date").replace("<label>F__c</label>", ""))},
            "A__c.F__c",
            "label is required",
        ),
        (
            {"objects/A__c.object": custom_object(lookup("F__c", "Nothing__c", "As"))},
            "A__c.F__c",
            "'Nothing__c' does not resolve",
        ),
        ({"objects/A__c.object": "<CustomObject><label>"}, "A__c", "Error parsing file"),
        ({"objects/A__c.object": ""}, "A__c", "Error parsing file"),
        (
            {"tabs/Nothing__c.tab": "<CustomTab><customObject>true</customObject></CustomTab>"},
            "Nothing__c",
            "no CustomObject",
        ),
        (
            {"layouts/Contact-L.layout": "<Layout><layoutItems><field>Nothing__c</field></layoutItems></Layout>"},
            "Contact-L",
            "no CustomField named Contact.Nothing__c",
        ),
        (
            {
                "objects/A__c.object": custom_object(
                    "<listViews><fullName>All</fullName><columns>No__c</columns></listViews>"
                )
            },
            "A__c.All",
            "list view column: No__c",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_component_is_refused_by_name(org, files, name, words):
    assert words in problems(deploy(org, files))[name]


@pytest.mark.parametrize(("kind", "more"), [("Checkbox", "<defaultValue>false</defaultValue>"), ("AutoNumber", "")])
def test_the_type_of_a_field_stays(org, kind, more):
    deploy(org, {"objects/A__c.object": custom_object(custom_field("F__c", "Text", "<length>9</length>"))})
    told = problems(deploy(org, {"objects/A__c.object": custom_object(custom_field("F__c", kind, more))}))
    assert told["A__c.F__c"] == f"Cannot change the type of A__c.F__c from string to {kind}"
    assert org.schema.object("A__c").field("F__c").length == 9


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {n} "{m * 10}">' for n, m in (("b", "&a;"), ("c", "&b;")))
    + "]>"
)


@pytest.mark.parametrize(
    "head",
    [
        BOMB,
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x [<!ENTITY % a SYSTEM "http://127.0.0.1/">%a;]>',
    ],
)
def test_entities_grow_nothing_and_fetch_nothing(org, head):
    told = problems(deploy(org, {"objects/A__c.object": head + custom_object().replace("Thing<", "&a;<")}))
    assert "Error parsing file" in told["A__c"]
    assert org.schema.object("A__c") is None


def test_files_that_no_component_comes_from_are_refused(org):
    assert problems(deploy(org, {"nonsense/A.thing": "<x/>"})) == {"A.thing": "Not in package.xml"}
    for path in ("destructiveChanges.xml", "destructiveChangesPost.xml"):
        with pytest.raises(metadata.BadPackage, match="Package is expected"):
            metadata.read_package(zipped({path: "<x/>"}))


def test_a_package_lies_at_the_root_or_in_one_folder():
    inside = io.BytesIO()
    with zipfile.ZipFile(inside, "w") as archive:
        archive.writestr("pkg/package.xml", MANIFEST)
        archive.writestr("pkg/objects/Parent__c.object", PARENT)
    (component,) = metadata.read_package(inside.getvalue()).components
    assert (component.type, component.full_name) == ("CustomObject", "Parent__c")
    empty = io.BytesIO()
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("objects/Parent__c.object", PARENT)
    with pytest.raises(metadata.BadPackage, match=r"No package\.xml"):
        metadata.read_package(empty.getvalue())


def test_packages_have_bounds():
    many = {f"classes/C{n}.cls": "" for n in range(metadata.MAX_FILES)}
    with pytest.raises(metadata.BadPackage, match="at most 10000"):
        metadata.read_package(zipped(many))
