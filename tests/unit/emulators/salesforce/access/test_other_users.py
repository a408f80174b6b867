"""A user who is not the admin: what is its own, what stays hidden, and in whose name things happen."""

from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

import pytest

from fairlead_emulators.salesforce.access.record_types import MASTER
from tests.unit.emulators.salesforce.access.conftest import Desk, assign, code
from tests.unit.emulators.salesforce.conftest import wait
from tests.unit.emulators.salesforce.soap.calls import PARTNER, Soap, text

RECORD_TYPES = """<?xml version="1.0" encoding="UTF-8"?>
<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata">
  <recordTypes><fullName>Big</fullName><active>true</active><label>Big one</label></recordTypes>
  <recordTypes><fullName>Small</fullName><active>true</active><label>Small one</label></recordTypes>
  <recordTypes><fullName>Old</fullName><active>false</active><label>Old one</label></recordTypes>
</CustomObject>"""
SEES_BIG = """<?xml version="1.0" encoding="UTF-8"?>
<PermissionSet xmlns="http://soap.sforce.com/2006/04/metadata"><label>Big</label>
  <recordTypeVisibilities><recordType>Contact.Big</recordType><visible>true</visible></recordTypeVisibilities>
</PermissionSet>"""


def window() -> dict[str, str]:
    now = datetime.now(UTC)
    return {
        "start": (now - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "end": (now + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def test_a_hidden_parent_is_null_and_its_id_is_not(desk, private):
    account = desk.make("Account", Name="Theirs")
    contact = desk.make("Contact", LastName="Given", AccountId=account)
    desk.change("Contact", contact, OwnerId=private.user_id)
    asked = "SELECT AccountId, Account.Name, Account.Owner.Name FROM Contact"
    assert desk.query(asked)[0]["Account"]["Name"] == "Theirs"
    with private:
        (row,) = desk.query(asked)
        assert (row["AccountId"], row["Account"]) == (account, None)
        assert desk.query("SELECT Id FROM Contact WHERE Account.Name = 'Theirs'") == []
        assert desk.client.ask("GET", f"/sobjects/Contact/{contact}/Account").status_code == 404
        assert desk.client.ask("GET", f"/sobjects/Contact/{contact}/Owner").json()["Id"] == private.user_id


def test_children_of_others_are_not_among_the_related(desk, private):
    account = desk.make("Account", Name="Shared")
    desk.change("Account", account, OwnerId=private.user_id)
    desk.make("Contact", LastName="Theirs", AccountId=account)
    with private:
        mine = desk.make("Contact", LastName="Mine", AccountId=account)
        told = desk.client.ask("GET", f"/sobjects/Account/{account}/Contacts").json()
        assert [each["Id"] for each in told["records"]] == [mine]


def test_what_changed_lately_is_what_the_user_may_see(desk, private):
    theirs, gone = desk.make("Contact", LastName="Theirs"), desk.make("Contact", LastName="Gone")
    desk.delete("Contact", gone)
    with private:
        mine, dropped = desk.make("Contact", LastName="Mine"), desk.make("Contact", LastName="Dropped")
        desk.delete("Contact", dropped)
        ask = desk.client.ask
        assert [each["Id"] for each in ask("GET", "/recent").json()] == [mine]
        assert [each["Id"] for each in ask("GET", "/sobjects/Contact").json()["recentItems"]] == [mine]
        assert ask("GET", "/sobjects/Contact/updated", params=window()).json()["ids"] == [mine]
        deleted = ask("GET", "/sobjects/Contact/deleted", params=window()).json()["deletedRecords"]
        assert [each["id"] for each in deleted] == [dropped]
    assert set(desk.client.ask("GET", "/sobjects/Contact/updated", params=window()).json()["ids"]) == {theirs, mine}


def test_mine_is_the_users_own(desk, user):
    desk.make("Contact", LastName="Theirs")
    view = "SELECT Id FROM ListView WHERE SobjectType = 'Contact' AND DeveloperName LIKE 'My%'"
    with user:
        desk.make("Contact", LastName="Mine")
        assert [r["LastName"] for r in desk.query("SELECT LastName FROM Contact USING SCOPE mine")] == ["Mine"]
        (found,) = desk.query(view)
        told = desk.client.ask("GET", f"/sobjects/Contact/listviews/{found['Id']}/results").json()
        assert told["size"] == 1
        assert (
            f"OwnerId = '{user.user_id}'"
            in desk.client.ask("GET", f"/sobjects/Contact/listviews/{found['Id']}/describe").json()["query"]
        )
        asked = {"reportType": {"type": "ContactList"}, "detailColumns": ["LAST_NAME"], "scope": "user"}
        report = desk.client.ask("POST", "/analytics/reports/query", json={"reportMetadata": asked}).json()
        assert [row["dataCells"][0]["label"] for row in report["factMap"]["T!T"]["rows"]] == ["Mine"]


def test_a_report_in_the_background_runs_for_who_asked_and_is_shown_to_no_other(desk, private):
    desk.make("Contact", LastName="Theirs")
    (report,) = desk.query("SELECT Id FROM Report WHERE DeveloperName = 'All_Contacts'")
    path = f"/analytics/reports/{report['Id']}/instances"
    theirs = desk.client.ask("POST", path, json={}).json()["id"]
    with private:
        desk.make("Contact", LastName="Mine")
        begun = desk.client.ask("POST", f"{path}", json={}).json()
        done = wait(
            lambda: desk.client.ask("GET", f"{path}/{begun['id']}").json(),
            lambda told: told["attributes"]["status"] == "Success",
        )
        assert done["factMap"]["T!T"]["aggregates"][-1]["value"] == 1
        assert begun["ownerId"] == private.user_id
        assert [each["id"] for each in desk.client.ask("GET", path).json()] == [begun["id"]]
        assert desk.client.ask("GET", f"{path}/{theirs}").status_code == 404


def test_a_job_of_somebody_else_is_not_there(desk, private):
    desk.make("Contact", LastName="Theirs")
    asked = {"operation": "query", "query": "SELECT LastName FROM Contact"}
    theirs, upload = (
        desk.client.ask("POST", "/jobs/query", json=asked).json()["id"],
        desk.client.open_job(object="Contact"),
    )
    with private:
        desk.make("Contact", LastName="Mine")
        for path in (f"/jobs/query/{theirs}", f"/jobs/query/{theirs}/results", f"/jobs/ingest/{upload}"):
            assert desk.client.ask("GET", path).status_code == 404
        assert desk.client.ask("PUT", f"/jobs/ingest/{upload}/batches", data="LastName\nx\n").status_code == 404
        mine = desk.client.ask("POST", "/jobs/query", json=asked).json()["id"]
        job = f"/jobs/query/{mine}"
        wait(lambda: desk.client.ask("GET", job).json(), lambda told: told["state"] == "JobComplete")
        assert desk.client.ask("GET", f"{job}/results").text.split() == ['"LastName"', '"Mine"']
        assert [each["id"] for each in desk.client.ask("GET", "/jobs/query").json()["records"]] == [mine]
    assert {each["id"] for each in desk.client.ask("GET", "/jobs/query").json()["records"]} == {mine, theirs}


def test_further_pages_belong_to_who_asked(desk, private):
    rows = [{"attributes": {"type": "Contact"}, "LastName": f"N{n}"} for n in range(200)]
    for _ in range(2):
        desk.client.ask("POST", "/composite/sobjects", json={"records": rows})
    options = {"Sforce-Query-Options": "batchSize=200"}
    told = desk.client.ask("GET", "/query", params={"q": "SELECT LastName FROM Contact"}, headers=options).json()
    locator = "/query/" + told["nextRecordsUrl"].rpartition("/")[2]
    with private:
        assert code(desk.client.ask("GET", locator)) == (400, "INVALID_QUERY_LOCATOR")
    assert desk.client.ask("GET", locator).status_code == 200


def test_inner_requests_act_for_the_user(desk, private):
    theirs = desk.make("Contact", LastName="Theirs")
    url = "/services/data/v60.0"
    made = {"method": "POST", "url": f"{url}/sobjects/Contact", "referenceId": "a", "body": {"LastName": "Mine"}}
    read = {"method": "GET", "url": f"{url}/sobjects/Contact/{theirs}", "referenceId": "b"}
    with private:
        told = desk.client.ask("POST", "/composite", json={"compositeRequest": [made, read]}).json()[
            "compositeResponse"
        ]
        assert [each["httpStatusCode"] for each in told] == [201, 404]
        graph = {"graphs": [{"graphId": "1", "compositeRequest": [made]}]}
        assert desk.client.ask("POST", "/composite/graph", json=graph).json()["graphs"][0]["isSuccessful"]
        tree = {"records": [{"attributes": {"type": "Contact", "referenceId": "c"}, "LastName": "Mine"}]}
        assert desk.client.ask("POST", "/composite/tree/Contact", json=tree).status_code == 201
        batch = {"batchRequests": [{"method": "GET", "url": f"v60.0/sobjects/Contact/{theirs}"}]}
        told = desk.client.ask("POST", "/composite/batch", json=batch).json()["results"]
        assert [each["statusCode"] for each in told] == [404]
    owners = {row["OwnerId"] for row in desk.query("SELECT OwnerId FROM Contact WHERE LastName = 'Mine'")}
    assert owners == {private.user_id}


def test_who_one_is_told_wherever_one_asks(desk, user):
    with user:
        ask = desk.client.ask
        assert ask("GET", "").json()["identity"].endswith(user.user_id)
        assert ask("GET", "/connect/organization").json()["userSettings"]["userId"] == user.user_id
        names = {each["name"] for each in ask("GET", "/limits/recordCount").json()["sObjects"]}
        assert "Contact" in names
        assert "Child__c" not in names
        soql = "SELECT PermissionsModifyAllData, PermissionsModifyMetadata, PermissionsApiEnabled FROM UserPermissionAccess"
        assert [list(row.values())[1:] for row in desk.query(soql)] == [[False, False, True]]
    assert [list(row.values())[1:] for row in desk.query(soql)] == [[True, True, True]]


def test_definitions_are_those_that_the_user_may_see(desk, user):
    entities = "SELECT QualifiedApiName FROM EntityDefinition WHERE QualifiedApiName = 'Child__c'"
    fields = "SELECT QualifiedApiName FROM FieldDefinition WHERE EntityDefinition.QualifiedApiName = 'Child__c'"
    with user:
        assert desk.query(entities) == desk.query(fields) == []
    assign(desk, user, "Readers")
    with user:
        assert len(desk.query(entities)) == 1
        names = {row["QualifiedApiName"] for row in desk.query(fields)}
        assert "Note__c" in names
        assert "Kind__c" not in names


def test_who_may_do_everything_may_also_deploy(desk, user):
    profile = desk.query("SELECT Id FROM Profile WHERE Name = 'Standard User'")[0]["Id"]
    desk.change("Profile", profile, PermissionsModifyAllData=True)
    with user:
        told = desk.client.deploy({"objects/Contact.object": RECORD_TYPES})
        assert (told["success"], told["createdBy"]) == (True, user.user_id)
        assert desk.query("SELECT PermissionsModifyAllData FROM UserPermissionAccess")[0]["PermissionsModifyAllData"]


def test_describe_tells_the_record_types_that_the_user_may_give(desk, user):
    files = {"objects/Contact.object": RECORD_TYPES, "permissionsets/Big.permissionset": SEES_BIG}
    assert desk.client.deploy(files)["success"]
    ids = {row["DeveloperName"]: row["Id"] for row in desk.query("SELECT Id, DeveloperName FROM RecordType")}

    def told() -> dict[str, bool]:
        infos = desk.client.ask("GET", "/sobjects/Contact/describe").json()["recordTypeInfos"]
        assert {each["recordTypeId"] for each in infos} == {*ids.values(), MASTER}
        assert [each["name"] for each in infos if each["defaultRecordTypeMapping"]] == ["Master"]
        return {each["developerName"]: each["available"] for each in infos}

    assert told() == {"Big": True, "Small": True, "Old": False, "Master": True}
    with user:
        assert told() == {"Big": False, "Small": False, "Old": False, "Master": True}
        assert desk.refused("Contact", LastName="x", RecordTypeId=ids["Big"])[0] == "INVALID_CROSS_REFERENCE_KEY"
    assign(desk, user, "Big")
    with user:
        assert told() == {"Big": True, "Small": False, "Old": False, "Master": True}
        desk.make("Contact", LastName="x", RecordTypeId=ids["Big"])
        assert desk.refused("Contact", LastName="x", RecordTypeId=ids["Small"])[0] == "INVALID_CROSS_REFERENCE_KEY"
        mappings = desk.client.ask("GET", "/sobjects/Contact/describe/layouts").json()["recordTypeMappings"]
        assert {each["name"]: each["available"] for each in mappings}["Big one"]
        layout = desk.client.ask("GET", f"/sobjects/Contact/describe/layouts/{ids['Big']}")
        assert layout.status_code == 200
        assert desk.client.ask("GET", "/sobjects/Contact/describe/layouts/012000000000001").status_code == 404


def test_describe_flags_follow_the_rights(desk, user):
    assign(desk, user, "Readers")
    with user:
        told = desk.client.ask("GET", "/sobjects/Child__c/describe").json()
    assert [told[flag] for flag in ("createable", "updateable", "deletable", "queryable")] == [
        False,
        False,
        False,
        True,
    ]
    assert not any(each["createable"] or each["updateable"] for each in told["fields"])


@pytest.fixture
def soap(desk, private):
    return Soap(desk.client, "u", PARTNER, session=private.token)


def soap_of(desk: Desk) -> Soap:
    return Soap(desk.client, "u", PARTNER)


def test_records_of_others_are_neither_merged_nor_converted_nor_brought_back(desk, private, soap):
    theirs, lead = desk.make("Contact", LastName="Theirs"), desk.make("Lead", LastName="Theirs", Company="C")
    gone = desk.make("Contact", LastName="Gone")
    desk.delete("Contact", gone)
    with private:
        mine = desk.make("Contact", LastName="Mine")
    for winner, loser in ((mine, theirs), (theirs, mine)):
        master = f"<masterRecord><type>Contact</type><Id>{winner}</Id></masterRecord>"
        (result,) = soap.call(
            "merge", f"<request>{master}<recordToMergeIds>{loser}</recordToMergeIds></request>"
        ).results
        assert text(result, "errors", "statusCode") == "INSUFFICIENT_ACCESS_OR_READONLY"
    (result,) = soap.call("convertLead", f"<leadConverts><leadId>{lead}</leadId></leadConverts>").results
    assert text(result, "errors", "statusCode") == "INSUFFICIENT_ACCESS_OR_READONLY"
    (result,) = soap.call("undelete", f"<ids>{gone}</ids>").results
    assert text(result, "errors", "statusCode") == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert len(desk.query("SELECT Id FROM Contact")) == 2
    assert desk.query("SELECT IsConverted FROM Lead")[0]["IsConverted"] is False


def test_soap_reads_and_tells_as_the_user(desk, private, soap):
    theirs = desk.make("Contact", LastName="Theirs")
    with private:
        mine = desk.make("Contact", LastName="Mine")
    asked = f"<queryString>{escape('SELECT Id FROM Contact')}</queryString>"
    assert text(soap.call("query", asked).results[0], "size") == "1"
    wanted = "<fieldList>LastName</fieldList><sObjectType>Contact</sObjectType>"
    found = soap.call("retrieve", f"{wanted}<ids>{theirs}</ids><ids>{mine}</ids>").results
    assert [text(each, "LastName") for each in found] == [None, "Mine"]
    assert text(soap.call("getUserInfo").results[0], "userId") == private.user_id
    assert soap.call("describeSObject", "<sObjectType>Child__c</sObjectType>").status == 500
    told = soap.call("describeSObject", "<sObjectType>Contact</sObjectType>").results[0]
    assert text(told, "recordTypeInfos", "recordTypeId") == MASTER


def test_soap_login_signs_in_the_user_that_it_names(desk, user):
    desk.settings(soap_login_password="open sesame")
    soap = soap_of(desk)

    def login(name: str, password: str = "open sesame"):
        return soap.call("login", f"<username>{name}</username><password>{password}</password>")

    told = login("BO@example.com").results[0]
    assert (text(told, "userId"), text(told, "userInfo", "userName")) == (user.user_id, "bo@example.com")
    session = Soap(desk.client, "u", PARTNER, session=text(told, "sessionId"))
    assert text(session.call("getUserInfo").results[0], "userId") == user.user_id
    for wrong in (("nobody@example.com",), ("bo@example.com", "no")):
        assert login(*wrong).fault[0].endswith("INVALID_LOGIN")


def test_hidden_records_with_one_key_are_not_told_apart(desk, private):
    desk.client.deploy({"permissionsets/Loose.permissionset": LOOSE})
    desk.settings(sharing={"Child__c": "Private"})
    assign(desk, private, "Loose")
    desk.make("Child__c", Loose__c="same")
    desk.make("Child__c", Loose__c="same")
    with private:
        assert desk.client.ask("GET", "/sobjects/Child__c/Loose__c/same").status_code == 404
        mine = desk.make("Child__c", Loose__c="same")
        assert desk.client.ask("GET", "/sobjects/Child__c/Loose__c/same").json()["Id"] == mine
    assert desk.client.ask("GET", "/sobjects/Child__c/Loose__c/same").status_code == 300


LOOSE = """<?xml version="1.0" encoding="UTF-8"?>
<PermissionSet xmlns="http://soap.sforce.com/2006/04/metadata"><label>Loose</label>
  <fieldPermissions><field>Child__c.Loose__c</field><readable>true</readable><editable>true</editable></fieldPermissions>
  <objectPermissions><object>Child__c</object><allowRead>true</allowRead><allowCreate>true</allowCreate>
    <allowEdit>true</allowEdit><allowDelete>true</allowDelete></objectPermissions>
</PermissionSet>"""
