"""What licences allow permission sets to give, and which sets give a custom permission."""

import pytest

from tests.unit.emulators.salesforce.conftest import SCHEMA

PERMISSION = """<?xml version="1.0" encoding="UTF-8"?>
<CustomPermission xmlns="http://soap.sforce.com/2006/04/metadata"><label>Manage</label></CustomPermission>"""
GIVES = """<?xml version="1.0" encoding="UTF-8"?>
<PermissionSet xmlns="http://soap.sforce.com/2006/04/metadata"><label>Managers</label>
  <customPermissions><enabled>true</enabled><name>Manage</name></customPermissions></PermissionSet>"""


@pytest.mark.parametrize(
    ("profile", "status"),
    [("Standard User", 201), ("Standard Platform User", 201), ("Minimum Access - API Only Integrations", 400)],
)
def test_a_licence_decides_which_sets_can_be_assigned(desk, profile, status):
    assert desk.client.deploy(SCHEMA)["success"]
    found = desk.query(f"SELECT Id FROM Profile WHERE Name = '{profile}'")[0]["Id"]
    user = desk.make(
        "User", Username="li@example.com", LastName="Li", Alias="li", Email="li@example.com", ProfileId=found
    )
    wanted = desk.query("SELECT Id FROM PermissionSet WHERE Name = 'Readers'")[0]["Id"]
    pair = {"PermissionSetId": wanted, "AssigneeId": user}
    answer = desk.client.ask("POST", "/sobjects/PermissionSetAssignment", json=pair)
    assert answer.status_code == status
    if status == 400:
        (error,) = answer.json()
        assert error["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"
        assert "The user license doesn't allow the permission" in error["message"]


def test_a_profile_tells_its_licence(desk):
    rows = desk.query("SELECT Name, UserLicense.Name FROM Profile WHERE Name = 'System Administrator'")
    assert rows[0]["UserLicense"]["Name"] == "Salesforce"


def test_rows_tell_which_sets_give_a_custom_permission(desk):
    files = {"customPermissions/Manage.customPermission": PERMISSION, "permissionsets/Managers.permissionset": GIVES}
    assert desk.client.deploy(files)["success"]
    found = desk.query("SELECT Id FROM CustomPermission WHERE DeveloperName = 'Manage'")[0]["Id"]
    given = f"SELECT Parent.Name FROM SetupEntityAccess WHERE SetupEntityId = '{found}'"
    assert [row["Parent"]["Name"] for row in desk.query(given)] == ["Managers"]
