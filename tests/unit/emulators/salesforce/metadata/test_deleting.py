"""Destructive changes: what goes, what is lost with it, what holds it, and what leaves no trace."""

import pytest

from tests.unit.emulators.salesforce.conftest import CHILD, PARENT, RIGHTS, SCHEMA

NS = "http://soap.sforce.com/2006/04/metadata"
EMPTY = f'<Package xmlns="{NS}"><version>60.0</version></Package>'
FORMULA = (
    "<fields><fullName>Twice__c</fullName><label>Twice</label><type>Number</type><precision>10</precision>"
    "<scale>2</scale><formula>Amount__c * 2</formula></fields>"
)
RULE = (
    "<validationRules><fullName>Positive</fullName><active>true</active>"
    "<errorConditionFormula>Amount__c &lt; 0</errorConditionFormula><errorMessage>No.</errorMessage>"
    "<errorDisplayField>Amount__c</errorDisplayField></validationRules>"
)
LAYOUT = (
    f'<Layout xmlns="{NS}"><layoutSections><layoutColumns>'
    "<layoutItems><behavior>Edit</behavior><field>Note__c</field></layoutItems>"
    "<layoutItems><behavior>Edit</behavior><field>Day__c</field></layoutItems>"
    "</layoutColumns></layoutSections></Layout>"
)
FLOW = (
    f'<Flow xmlns="{NS}"><label>F</label><recordUpdates><object>Child__c</object>'
    "<inputAssignments><field>Note__c</field></inputAssignments></recordUpdates></Flow>"
)


def listed(**types):
    """A manifest of these members by type."""
    inside = "".join(
        f"<types>{''.join(f'<members>{m}</members>' for m in members)}<name>{kind}</name></types>"
        for kind, members in types.items()
    )
    return f'<Package xmlns="{NS}">{inside}<version>60.0</version></Package>'


def delete(org, when="", more=None, **types):
    files = {"package.xml": EMPTY, f"destructiveChanges{when}.xml": listed(**types), **(more or {})}
    return org.deploy(files)


def problems(result):
    return {f["fullName"]: f["problem"] for f in result["details"]["componentFailures"]}


def fields(org, sobject="Child__c"):
    return {f["name"] for f in org.ask("GET", f"/sobjects/{sobject}/describe").json()["fields"]}


def test_a_field_goes_with_its_values_and_rights(org):
    org.run_job("Note__c,Amount__c\na,1\n")
    result = delete(org, CustomField=["Child__c.Note__c"])
    (told,) = result["details"]["componentSuccesses"]
    assert (result["status"], told["deleted"], told["fileName"]) == ("Succeeded", True, "destructiveChanges.xml")
    assert "Note__c" not in fields(org)
    assert org.rows("FieldPermissions") == []
    assert [row["Amount__c"] for row in org.rows("Child__c")] == [1.0]
    assert (
        org.ask("GET", "/query", params={"q": "SELECT Note__c FROM Child__c"}).json()[0]["errorCode"] == "INVALID_FIELD"
    )
    assert org.deploy(SCHEMA)["success"]
    assert [row["Note__c"] for row in org.rows("Child__c")] == [None]


def test_a_key_goes_with_its_index(org):
    assert delete(org, CustomField=["Child__c.Key__c", "Child__c.Loose__c"])["success"]
    assert not {"Key__c", "Loose__c"} & fields(org)
    assert org.deploy(SCHEMA)["success"]


def test_an_object_goes_with_its_records_and_what_hangs_on_it(org):
    org.run_job("Note__c\na\n")
    assert delete(org, CustomObject=["Child__c"])["success"]
    assert org.ask("GET", "/sobjects/Child__c/describe").status_code == 404
    assert org.rows("ObjectPermissions") == []
    assert org.deploy({"objects/Child__c.object": CHILD})["success"]
    assert org.rows("Child__c") == []


def test_an_object_that_look_ups_point_to_stays_unless_they_go_too(org):
    assert "Custom Field - Child__c.Parent__c" in problems(delete(org, CustomObject=["Parent__c"]))["Parent__c"]
    assert org.ask("GET", "/sobjects/Parent__c/describe").status_code == 200
    assert delete(org, CustomObject=["Parent__c", "Child__c"])["success"]


@pytest.mark.parametrize(
    ("more", "name", "field", "word"),
    [
        (FORMULA, "CustomField", "Twice__c", "Formula Field - Twice__c"),
        (RULE, "ValidationRule", "Positive", "Validation Rule - Positive"),
    ],
)
def test_a_field_that_is_worked_with_stays_unless_that_goes_too(org, more, name, field, word):
    grown = CHILD.replace("</CustomObject>", more + "</CustomObject>")
    assert org.deploy({"objects/Child__c.object": grown})["success"]
    told = problems(delete(org, CustomField=["Child__c.Amount__c"]))["Child__c.Amount__c"]
    assert told.endswith(word)
    both = {"CustomField": ["Child__c.Amount__c"]}
    both[name] = [*both.get(name, []), f"Child__c.{field}"]
    assert delete(org, **both)["success"]
    assert not {"Amount__c", "Twice__c"} & fields(org)


def test_a_field_that_a_flow_names_stays(org):
    assert org.deploy({"flows/F.flow": FLOW})["success"]
    assert "Flow - F" in problems(delete(org, CustomField=["Child__c.Note__c"]))["Child__c.Note__c"]
    assert delete(org, Flow=["F-1"], CustomField=["Child__c.Note__c"])["success"]


def switched(number):
    return f'<FlowDefinition xmlns="{NS}"><activeVersionNumber>{number}</activeVersionNumber></FlowDefinition>'


def test_a_flow_goes_version_by_version_and_not_while_it_is_active(org):
    active = FLOW.replace("<label>", "<status>Active</status><label>")
    assert org.deploy({"flows/F.flow": active})["success"]
    refused = "insufficient access rights on cross-reference id"
    assert problems(delete(org, Flow=["F"])) == {"F": refused}
    assert problems(delete(org, Flow=["F-1"])) == {"F-1": refused}
    told = delete(org, Flow=["F-2", "G-1"])
    assert [each["problemType"] for each in told["details"]["componentSuccesses"]] == ["Warning", "Warning"]
    off = {"package.xml": listed(FlowDefinition=["F"]), "flowDefinitions/F.flowDefinition": switched(0)}
    assert problems(delete(org, "Pre", off, Flow=["F-1"])) == {"F-1": refused}
    assert delete(org, "Post", off, Flow=["F-1"])["success"]
    flows = org.ask("GET", "/tooling/query", params={"q": "SELECT Id FROM FlowDefinition"}).json()
    assert flows["totalSize"] == 0


def test_a_flow_that_is_switched_off_has_no_active_version_until_it_is_switched_on(org):
    active = FLOW.replace("<label>", "<status>Active</status><label>")
    assert org.deploy({"flows/F.flow": active})["success"]

    def told():
        answers = [
            org.ask("GET", "/tooling/query", params={"q": soql}).json()["records"][0]
            for soql in ("SELECT ActiveVersionId FROM FlowDefinition", "SELECT Status FROM Flow")
        ]
        return answers[0]["ActiveVersionId"] is not None, answers[1]["Status"]

    assert told() == (True, "Active")
    for number, expected in ((0, (False, "Obsolete")), (1, (True, "Active"))):
        assert org.deploy({"flowDefinitions/F.flowDefinition": switched(number)})["success"]
        assert told() == expected


def test_layouts_lose_the_field(org):
    assert org.deploy({"layouts/Child__c-L.layout": LAYOUT})["success"]
    assert delete(org, CustomField=["Child__c.Note__c"])["success"]
    (layout,) = [c for c in deployed(org) if c.type == "Layout" and c.full_name == "Child__c-L"]
    assert "Day__c" in layout.xml
    assert "Note__c" not in layout.xml


def deployed(org):
    from fairlead_emulators.salesforce.metadata import package

    return package.deployed(org.emulator.org.storage.connection)


def test_a_permission_set_goes_with_its_rows_and_assignments(org):
    (rights,) = org.rows("PermissionSet")
    assigned = {"PermissionSetId": rights["Id"], "AssigneeId": org.rows("User")[0]["Id"]}
    assert org.ask("POST", "/sobjects/PermissionSetAssignment", json=assigned).status_code == 201
    assert delete(org, PermissionSet=["Readers"])["success"]
    for name in ("PermissionSet", "PermissionSetAssignment", "ObjectPermissions", "FieldPermissions"):
        assert org.rows(name) == [], name


def test_what_is_not_there_is_a_warning_in_the_services_words(org):
    result = delete(org, CustomField=["Child__c.No__c"], Layout=["Nothing"])
    told = {(m["componentType"], m["problemType"], m["problem"]) for m in result["details"]["componentSuccesses"]}
    assert told == {
        ("CustomField", "Warning", "No CustomField named: Child__c.No__c found"),
        ("Layout", "Warning", "No Layout named: Nothing found"),
    }
    assert result["success"]


def test_standard_objects_fields_and_wildcards_are_refused(org):
    assert "standard object" in problems(delete(org, CustomObject=["Contact"]))["Contact"]
    assert "standard field" in problems(delete(org, CustomField=["Contact.Email"]))["Contact.Email"]
    assert "Wildcards" in problems(delete(org, CustomObject=["*"]))["*"]
    assert problems(delete(org, Nonsense=["X"]))["destructiveChanges.xml"].startswith("Unknown type name 'Nonsense'")


def test_a_check_or_a_failure_deletes_nothing(org):
    org.run_job("Note__c\na\n")
    files = {"package.xml": EMPTY, "destructiveChanges.xml": listed(CustomObject=["Child__c"])}
    assert org.deploy(files, checkOnly=True)["success"]
    assert not delete(org, CustomObject=["Child__c", "Contact"])["success"]
    assert [row["Note__c"] for row in org.rows("Child__c")] == ["a"]
    assert org.rows("FieldPermissions") != []


def test_deletions_come_before_or_after_what_is_added(org):
    """A permission set names a field that the same package deletes: after it is too late, before it is refused."""
    package = listed(PermissionSet=["Readers"])
    changed = RIGHTS.replace("<label>Readers", "<label>Lesers")
    more = {"package.xml": package, "permissionsets/Readers.permissionset": changed}
    assert "Readers" in problems(delete(org, "Pre", more, CustomField=["Child__c.Note__c"]))
    assert delete(org, "Post", more, CustomField=["Child__c.Note__c"])["success"]
    assert org.rows("PermissionSet")[0]["Label"] == "Lesers"
    assert org.rows("FieldPermissions") == []


def test_a_deleted_rule_and_record_type_are_gone(org):
    kind = "<recordTypes><fullName>R</fullName><active>true</active><label>R</label></recordTypes>"
    grown = CHILD.replace("</CustomObject>", RULE + kind + "</CustomObject>")
    assert org.deploy({"objects/Child__c.object": grown})["success"]
    schema = org.emulator.org.storage.schema
    (rule,) = schema.object("Child__c").validation_rules
    assert (rule.name, rule.active, rule.message, rule.field) == ("Positive", True, "No.", "Amount__c")
    (row,) = org.rows("RecordType")
    assert (row["DeveloperName"], row["SobjectType"], row["IsActive"]) == ("R", "Child__c", True)
    assert "RecordTypeId" in fields(org)
    assert delete(org, ValidationRule=["Child__c.Positive"], RecordType=["Child__c.R"])["success"]
    assert org.rows("RecordType") == []
    assert not org.emulator.org.storage.schema.object("Child__c").validation_rules


def test_fields_of_standard_objects_go_too(bare):
    field = CHILD[CHILD.index("<fields><fullName>Note__c") :].partition("</fields>")[0] + "</fields>"
    contact = f'<CustomObject xmlns="{NS}">{field}</CustomObject>'
    assert bare.deploy({"objects/Contact.object": contact})["success"]
    bare.ask("POST", "/sobjects/Contact", json={"LastName": "x", "Note__c": "n"})
    assert delete(bare, CustomField=["Contact.Note__c"])["success"]
    assert "Note__c" not in bare.rows("Contact")[0]


def test_an_org_with_a_data_folder_forgets_what_was_deleted(tmp_path):
    from fairlead_emulators.clock import Clock
    from fairlead_emulators.salesforce.app import create
    from fairlead_emulators.salesforce.metadata.changing import carry_out
    from fairlead_emulators.salesforce.metadata.package import read_package
    from tests.unit.emulators.salesforce.conftest import zipped

    first = create(Clock(), tmp_path)
    assert not carry_out(first.org, read_package(zipped({"objects/Parent__c.object": PARENT}))).failures
    gone = {"package.xml": EMPTY, "destructiveChanges.xml": listed(CustomField=["Parent__c.Key__c"])}
    assert not carry_out(first.org, read_package(zipped(gone))).failures
    first.close()
    second = create(Clock(), tmp_path)
    assert second.org.storage.schema.object("Parent__c").field("Key__c") is None
    second.close()
