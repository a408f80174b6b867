"""What a user may see and do: by profile, permission sets, field-level security and ownership."""

import pytest

from fairlead_emulators.salesforce.access.users import has_custom_permission
from tests.unit.emulators.salesforce.conftest import SCHEMA
from tests.unit.emulators.salesforce.records.conftest import Desk


class User(Desk):
    """Works at the same org with a session of its own."""

    def __init__(self, client, token: str, user_id: str) -> None:
        super().__init__(client)
        self.token, self.user_id = token, user_id

    def __enter__(self):
        self.client.http.headers["Authorization"] = f"Bearer {self.token}"
        return self

    def __exit__(self, *_):
        self.client.http.headers["Authorization"] = f"Bearer {self.client.emulator.sessions.first}"


@pytest.fixture
def user(desk):
    assert desk.client.deploy(SCHEMA)["success"]
    profile = desk.query("SELECT Id FROM Profile WHERE Name = 'Standard User'")[0]["Id"]
    fields = {"LastName": "Berg", "FirstName": "Bo", "Email": "bo@example.com", "Alias": "bo"}
    user_id = desk.make("User", Username="bo@example.com", ProfileId=profile, **fields)
    opened = desk.client.control("sessions", {"username": "BO@example.com"}).json()
    assert opened["user_id"] == user_id
    return User(desk.client, opened["access_token"], user_id)


def assign(desk, user, name):
    found = desk.query(f"SELECT Id FROM PermissionSet WHERE Name = '{name}'")[0]["Id"]
    desk.make("PermissionSetAssignment", PermissionSetId=found, AssigneeId=user.user_id)


def code(answer):
    return answer.status_code, answer.json()[0]["errorCode"]


def test_a_description_counts_as_changed_when_rights_changed_it(desk, user):
    def described(**headers):
        with user:
            return desk.client.ask("GET", "/sobjects/Child__c/describe", headers=headers)

    assert described().status_code == 404
    assert desk.client.deploy({"permissionsets/Writers.permissionset": WRITERS})["success"]
    assign(desk, user, "Readers")
    first = described()
    assert first.status_code == 200
    known = {"If-None-Match": first.headers["ETag"], "If-Modified-Since": first.headers["Last-Modified"]}
    assert described(**known).status_code == 304
    assign(desk, user, "Writers")
    for header, value in known.items():
        second = described(**{header: value})
        assert second.status_code == 200, header
    assert {f["name"] for f in first.json()["fields"]} < {f["name"] for f in second.json()["fields"]}
    assert described(**{"If-Modified-Since": second.headers["Last-Modified"]}).status_code == 304


def test_a_custom_object_is_not_there_without_a_right(desk, user):
    with user:
        names = {o["name"] for o in desk.client.ask("GET", "/sobjects").json()["sobjects"]}
        assert "Child__c" not in names
        assert "Contact" in names
        assert code(desk.client.ask("GET", "/query", params={"q": "SELECT Id FROM Child__c"})) == (400, "INVALID_TYPE")
        assert desk.client.ask("GET", "/sobjects/Child__c/describe").status_code == 404
        assert desk.client.ask("POST", "/sobjects/Child__c", json={}).status_code == 404


def test_a_permission_set_opens_what_it_names_and_no_more(desk, user):
    record = desk.make("Child__c", Note__c="n", Kind__c="Red")
    assign(desk, user, "Readers")
    with user:
        fields = {f["name"]: f for f in desk.client.ask("GET", "/sobjects/Child__c/describe").json()["fields"]}
        assert "Kind__c" not in fields
        assert (fields["Note__c"]["createable"], fields["Note__c"]["updateable"]) == (False, False)
        assert desk.query("SELECT Note__c FROM Child__c")[0]["Note__c"] == "n"
        asked = {"q": "SELECT Kind__c FROM Child__c"}
        assert code(desk.client.ask("GET", "/query", params=asked)) == (400, "INVALID_FIELD")
        assert "Kind__c" not in desk.read("Child__c", record)
        assert desk.refused("Child__c")[0] == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
        assert desk.refused("Child__c", record, Note__c="x")[0] == "INSUFFICIENT_ACCESS_OR_READONLY"
        assert desk.delete_refused("Child__c", record) == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert desk.read("Child__c", record)["Kind__c"] == "Red"


def test_a_field_that_is_only_readable_is_not_written(desk, user):
    desk.client.deploy({"permissionsets/Writers.permissionset": WRITERS})
    assign(desk, user, "Writers")
    with user:
        assert desk.refused("Child__c", Note__c="x")[0] == "INVALID_FIELD_FOR_INSERT_UPDATE"
        assert desk.refused("Child__c", Amount__c=1)[0] == "INVALID_FIELD"
        record = desk.make("Child__c", Kind__c="Blue")
    read = desk.read("Child__c", record)
    assert (read["Kind__c"], read["Flag__c"], read["OwnerId"], read["CreatedById"]) == (
        "Blue", False, user.user_id, user.user_id,
    )  # fmt: skip


WRITERS = """<?xml version="1.0" encoding="UTF-8"?>
<PermissionSet xmlns="http://soap.sforce.com/2006/04/metadata"><label>Writers</label>
  <fieldPermissions><field>Child__c.Note__c</field><readable>true</readable><editable>false</editable></fieldPermissions>
  <fieldPermissions><field>Child__c.Kind__c</field><readable>true</readable><editable>true</editable></fieldPermissions>
  <objectPermissions><object>Child__c</object><allowRead>true</allowRead><allowCreate>true</allowCreate>
    <allowEdit>true</allowEdit><allowDelete>true</allowDelete></objectPermissions>
</PermissionSet>"""


@pytest.mark.parametrize(
    ("model", "reads", "edits"), [("Private", 0, False), ("Read", 1, False), ("ReadWrite", 1, True)]
)
def test_records_of_others_are_shared_by_the_model_of_the_object(desk, user, model, reads, edits):
    desk.settings(sharing={"Contact": model})
    theirs = desk.make("Contact", LastName="Theirs")
    with user:
        mine = desk.make("Contact", LastName="Mine")
        assert len(desk.query("SELECT Id FROM Contact")) == 1 + reads
        assert desk.client.ask("GET", f"/sobjects/Contact/{theirs}").status_code == (200 if reads else 404)
        desk.change("Contact", mine, LastName="Still mine")
        answer = desk.client.ask("PATCH", f"/sobjects/Contact/{theirs}", json={"LastName": "x"})
        assert answer.status_code == (204 if edits else 400)
        if not edits:
            assert code(answer)[1] == "INSUFFICIENT_ACCESS_OR_READONLY"
            assert desk.delete_refused("Contact", theirs) == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert len(desk.query("SELECT Id FROM Contact")) == 2


def test_what_is_not_seen_cannot_be_pointed_to_and_details_follow_their_masters(desk, user):
    desk.settings(sharing={"Contact": "Private", "Campaign": "Private"})
    contact, campaign = desk.make("Contact", LastName="Theirs"), desk.make("Campaign", Name="Theirs")
    desk.make("CampaignMember", CampaignId=campaign, ContactId=contact)
    with user:
        mine = desk.make("Campaign", Name="Mine")
        refused = desk.refused("CampaignMember", CampaignId=mine, ContactId=contact)
        assert refused[0] == "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"
        assert desk.query("SELECT Id FROM CampaignMember") == []
        assert {s["CampaignId"] for s in desk.query("SELECT CampaignId FROM CampaignMemberStatus")} == {mine}


def test_bulk_works_in_the_name_of_who_opened_the_job(desk, user):
    desk.settings(sharing={"Contact": "Private"})
    theirs = desk.make("Contact", LastName="Theirs")
    with user:
        job = desk.client.run_job("LastName\nMine\n", object="Contact")
        assert (job["createdById"], job["numberRecordsFailed"]) == (user.user_id, 0)
        failed = desk.client.run_job(f"Id,LastName\n{theirs},x\n", object="Contact", operation="update")
        assert "INSUFFICIENT_ACCESS_OR_READONLY" in desk.client.result(failed, "failedResults")
    assert {c["OwnerId"] for c in desk.query("SELECT OwnerId FROM Contact WHERE LastName = 'Mine'")} == {user.user_id}


def test_modify_all_data_is_everything(desk, user):
    profile = desk.query("SELECT Id FROM Profile WHERE Name = 'Standard User'")[0]["Id"]
    desk.change("Profile", profile, PermissionsModifyAllData=True)
    with user:
        assert desk.read("Child__c", desk.make("Child__c", Kind__c="Red"))["CreatedById"] == user.user_id


def test_who_may_not_use_the_api_is_told_so(desk, user):
    profile = desk.query("SELECT Id FROM Profile WHERE Name = 'Standard User'")[0]["Id"]
    desk.change("Profile", profile, PermissionsApiEnabled=False)
    with user:
        assert code(desk.client.ask("GET", "/sobjects")) == (403, "API_CURRENTLY_DISABLED")
    desk.settings(api_enabled=False)
    assert code(desk.client.ask("GET", "/sobjects")) == (403, "API_DISABLED_FOR_ORG")


def test_who_is_no_admin_deploys_nothing(desk, user):
    with user:
        answer = desk.client.ask("POST", "/metadata/deployRequest", files={"json": (None, "{}", "application/json")})
        assert code(answer) == (403, "INSUFFICIENT_ACCESS")


def test_a_sign_in_names_the_user_and_its_session_is_the_users(desk, user):
    org, url = desk.client.emulator.org, desk.client.url
    asked = {"response_type": "code", "client_id": org.identity.client_id, "redirect_uri": "http://127.0.0.1/back"}
    pressed = desk.client.http.post(
        f"{url}/services/oauth2/authorize", params=asked, data={"answer": "allow", "username": "bo@example.com"},
        allow_redirects=False, timeout=30,
    )  # fmt: skip
    given = pressed.headers["Location"].partition("code=")[2]
    form = {"grant_type": "authorization_code", "code": given, "redirect_uri": asked["redirect_uri"]}
    form["client_id"] = org.identity.client_id
    answer = desk.client.http.post(f"{url}/services/oauth2/token", data=form, timeout=30).json()
    assert answer["id"].endswith(user.user_id)
    form = {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"], "client_id": form["client_id"]}
    answer = desk.client.http.post(f"{url}/services/oauth2/token", data=form, timeout=30).json()
    with User(desk.client, answer["access_token"], user.user_id):
        told = desk.client.http.get(f"{url}/services/oauth2/userinfo", timeout=30).json()
        assert (told["user_id"], told["preferred_username"], told["name"]) == (
            user.user_id,
            "bo@example.com",
            "Bo Berg",
        )
        assert desk.client.ask("GET", "/sobjects/Child__c/describe").status_code == 404


def test_a_custom_permission_is_had_by_whoever_has_a_set_that_grants_it(desk, user):
    org = desk.client.emulator.org
    org.storage.set_meta("custom_permissions", {"Readers": ["Manage_Memberships"]})
    assert has_custom_permission(org, "", "Manage_Memberships")
    assert not has_custom_permission(org, user.user_id, "Manage_Memberships")
    assign(desk, user, "Readers")
    assert has_custom_permission(org, user.user_id, "manage_memberships")
    assert not has_custom_permission(org, user.user_id, "Other")


def test_the_parts_of_a_geolocation_go_with_the_whole(desk, user):
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    space = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
    place = "<fields><fullName>Place__c</fullName><label>Place</label><type>Location</type><scale>6</scale></fields>"
    right = "<field>Contact.Place__c</field><readable>true</readable><editable>true</editable>"
    files = {
        "objects/Contact.object": f"{head}<CustomObject {space}>{place}</CustomObject>",
        "permissionsets/Placed.permissionset": (
            f"{head}<PermissionSet {space}><label>Placed</label><fieldPermissions>{right}</fieldPermissions></PermissionSet>"
        ),
    }
    answer = desk.client.deploy(files)
    assert answer["success"], answer

    def seen():
        with user:
            return {f["name"] for f in desk.client.ask("GET", "/sobjects/Contact/describe").json()["fields"]}

    parts = {"Place__Latitude__s", "Place__Longitude__s"}
    assert not parts & seen()
    assign(desk, user, "Placed")
    assert parts | {"Place__c"} <= seen()
    with user:
        desk.make("Contact", LastName="There", Place__Latitude__s=1.5, Place__Longitude__s=2.5)
