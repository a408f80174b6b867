"""What a new org has in its Setup, and the object that tasks and events take their fields from."""

from defusedxml.ElementTree import fromstring

from fairlead_emulators.salesforce.metadata.package import deployed
from fairlead_emulators.salesforce.standard.layouts import OBJECTS
from tests.repository import metadata_types

SPACE = "http://soap.sforce.com/2006/04/metadata"
ACTIVITY = f"""<CustomObject xmlns="{SPACE}"><fields><fullName>Mood__c</fullName><label>Mood</label><type>Text</type>
<length>10</length></fields></CustomObject>"""
RIGHTS = f"""<PermissionSet xmlns="{SPACE}"><label>Moods</label><fieldPermissions><editable>true</editable>
<field>%s.Mood__c</field><readable>true</readable></fieldPermissions></PermissionSet>"""


def layouts(client):
    found = deployed(client.emulator.org.storage.connection)
    return {one.full_name: getattr(one, "xml", "") or one.content for one in found if one.type == "Layout"}


def test_each_standard_object_that_people_use_has_a_layout_of_the_metadata_apis_type(bare):
    found = layouts(bare)
    assert sorted(found) == [f"{name}-{name} Layout" for name in OBJECTS]
    for name, text in found.items():
        root = fromstring(text)
        assert metadata_types.problems(root, "Layout") == []
        fields = bare.emulator.org.storage.schema.object(name.partition("-")[0]).fields
        shown = [each.text for each in root.iter(f"{{{SPACE}}}field")]
        assert len(shown) > 3
        assert {each.lower() for each in shown} <= set(fields)


def test_a_reset_org_has_them_again(bare):
    bare.control("reset", {})
    assert len(layouts(bare)) == len(OBJECTS)


def test_the_signed_in_user_may_do_everything_and_is_told_so_in_one_row(bare):
    soql = "SELECT PermissionsModifyMetadata, PermissionsApiEnabled FROM UserPermissionAccess LIMIT 1"
    answer = bare.ask("GET", "/query", params={"q": soql}).json()
    assert answer["totalSize"] == 1
    assert answer["records"][0]["PermissionsModifyMetadata"] is True


def test_a_field_of_activities_is_one_of_tasks_and_one_of_events(bare):
    assert bare.deploy({"objects/Activity.object": ACTIVITY})["success"]
    for sobject in ("Task", "Event"):
        fields = {each["name"] for each in bare.ask("GET", f"/sobjects/{sobject}/describe").json()["fields"]}
        assert "Mood__c" in fields
        made = bare.ask("POST", f"/sobjects/{sobject}", json={"Subject": "Call", "Mood__c": "good"})
        assert made.status_code == 201, made.text
    assert bare.ask("GET", "/sobjects/Activity/describe").status_code == 404


def test_rights_on_fields_of_activities_are_given_on_tasks_and_events(bare):
    bare.deploy({"objects/Activity.object": ACTIVITY})
    assert bare.deploy({"permissionsets/Moods.permissionset": RIGHTS % "Event"})["success"]
    refused = bare.deploy({"permissionsets/Moods.permissionset": RIGHTS % "Activity"})
    assert not refused["success"]
    assert "Activity" in refused["details"]["componentFailures"][0]["problem"]
