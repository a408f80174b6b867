"""The Tooling API: what the org knows of its own objects, fields and flows."""

import pytest

from tests.unit.emulators.salesforce.actions.test_actions import FLOW


def ask(org, soql):
    answer = org.ask("GET", "/tooling/query", params={"q": soql})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_objects_and_fields_are_found_by_name_and_through_each_other(org):
    body = ask(org, "SELECT Id, DurableId, Label, KeyPrefix FROM EntityDefinition WHERE QualifiedApiName = 'child__c'")
    (entity,) = body["records"]
    assert (entity["Label"], body["entityTypeName"], body["totalSize"]) == ("Child", "EntityDefinition", 1)
    assert entity["DurableId"].startswith("01I")
    soql = (
        "SELECT QualifiedApiName, DataType, EntityDefinition.QualifiedApiName FROM FieldDefinition "
        "WHERE EntityDefinition.QualifiedApiName = 'Child__c' AND QualifiedApiName IN ('Amount__c', 'Parent__c', 'Note__c')"
    )
    types = {each["QualifiedApiName"]: each["DataType"] for each in ask(org, soql)["records"]}
    assert types == {"Amount__c": "Number(6, 2)", "Parent__c": "Lookup(Parent__c)", "Note__c": "Text(20)"}


def test_custom_fields_and_flows_have_ids_that_stay_and_can_be_read_by(org):
    assert org.deploy({"flows/Ask_It.flow": FLOW})["success"]
    first = ask(org, "SELECT Id, DeveloperName FROM CustomField WHERE TableEnumOrId != null ORDER BY DeveloperName")
    assert first == ask(
        org, "SELECT Id, DeveloperName FROM CustomField WHERE TableEnumOrId != null ORDER BY DeveloperName"
    )
    (flow,) = ask(org, "SELECT Id, Definition.DeveloperName, Status FROM Flow")["records"]
    assert (flow["Definition"]["DeveloperName"], flow["Status"]) == ("Ask_It", "Active")
    url = flow["attributes"]["url"]
    assert "/tooling/sobjects/Flow/301" in url
    assert org.http.get(org.url + url, timeout=30).json()["ProcessType"] == "AutoLaunchedFlow"
    (definition,) = ask(org, "SELECT ActiveVersionId FROM FlowDefinition")["records"]
    assert definition["ActiveVersionId"] == flow["Id"]


def test_rows_of_people_are_asked_here_too(bare):
    assert ask(bare, "SELECT Username FROM User")["records"][0]["Username"] == bare.emulator.org.identity.username
    assert ask(bare, "SELECT COUNT() FROM ApexClass")["totalSize"] == 0


def test_tooling_objects_are_described(bare):
    names = {each["name"] for each in bare.ask("GET", "/tooling/sobjects").json()["sobjects"]}
    assert {"ApexClass", "EntityDefinition", "Flow"} <= names
    told = bare.ask("GET", "/tooling/sobjects/ApexClass/describe").json()
    assert {"Id", "Name", "Body"} <= {field["name"] for field in told["fields"]}
    assert (
        bare.ask("GET", "/tooling/sobjects/ApexClass").json()["objectDescribe"]["urls"]["describe"].count("tooling")
        == 1
    )
    assert bare.ask("GET", "/tooling").json()["query"].endswith("/tooling/query")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/tooling/sobjects/SourceMember/describe", 404, "NOT_FOUND"),
        ("GET", "/tooling/sobjects/ApexClass/01p5e0000000001", 404, "NOT_FOUND"),
        ("GET", "/tooling/sobjects/ApexClass/it's", 404, "NOT_FOUND"),
        ("POST", "/tooling/sobjects/ApexClass", 400, "INVALID_TYPE_FOR_OPERATION"),
        ("GET", "/tooling/executeAnonymous?anonymousBody=x", 400, "FUNCTIONALITY_NOT_ENABLED"),
        ("GET", "/tooling/query", 400, "MALFORMED_QUERY"),
        ("GET", "/tooling/query?q=SELECT+Id+FROM+Contact", 400, "INVALID_TYPE"),
        ("GET", "/tooling/query?q=SELECT+Nothing+FROM+Flow", 400, "INVALID_FIELD"),
    ],
)
def test_what_is_not_served_is_refused_by_name(bare, method, path, status, code):
    answer = bare.ask(method, path)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, code)


def test_definitions_are_asked_by_rest_too_and_a_text_that_names_them_is_only_a_text(org):
    soql = "SELECT QualifiedApiName FROM FieldDefinition WHERE EntityDefinition.QualifiedApiName = 'Parent__c' AND QualifiedApiName = 'Key__c'"
    assert org.ask("GET", "/query", params={"q": soql}).json()["totalSize"] == 1
    soql = "SELECT Id FROM Contact WHERE LastName = 'x from EntityDefinition'"
    assert org.ask("GET", "/query", params={"q": soql}).json()["totalSize"] == 0
