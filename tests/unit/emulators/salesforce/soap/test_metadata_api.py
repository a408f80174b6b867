"""Metadata over SOAP: deployed, followed, stopped, given back, listed, described, written one by one."""

import base64
import io
import zipfile

import pytest

from tests.unit.emulators.salesforce.conftest import PARENT, RIGHTS, SCHEMA
from tests.unit.emulators.salesforce.soap.calls import METADATA, Soap, every, text

FIELD = (
    "<fullName>Parent__c.{name}</fullName><label>Extra</label><length>{length}</length><type>Text</type>"
    "<description>It&apos;s &lt;extra&gt;</description>"
)


@pytest.fixture
def soap(bare):
    return Soap(bare)


def field(name="Extra__c", length=20):
    return f'<metadata xsi:type="CustomField">{FIELD.format(name=name, length=length)}</metadata>'


def saved(answer):
    return [(text(r, "success"), text(r, "errors", "statusCode")) for r in answer.results]


def test_a_package_is_deployed_and_told_component_by_component(soap):
    result = soap.deploy(SCHEMA)
    assert (text(result, "status"), text(result, "success"), text(result, "numberComponentErrors")) == (
        "Succeeded",
        "true",
        "0",
    )
    told = every(every(result, "details")[0], "componentSuccesses")
    found = {(text(m, "componentType"), text(m, "fullName")): m for m in told}
    key = found["CustomField", "Parent__c.Key__c"]
    assert (text(key, "fileName"), text(key, "created"), text(key, "id")[:3]) == (
        "objects/Parent__c.object",
        "true",
        "00N",
    )
    assert soap.org.ask("GET", "/sobjects/Child__c/describe").status_code == 200
    names = [each.tag for each in result]
    assert names == sorted(names), "a strict reader of the WSDL needs its order"


def test_a_refused_component_names_its_line(soap):
    broken = PARENT.replace("<length>40</length>", "<length>999</length>")
    result = soap.deploy({"objects/Parent__c.object": broken})
    (failure,) = every(every(result, "details")[0], "componentFailures")
    line = broken[: broken.index("<fields>")].count("\n") + 1
    assert (text(failure, "fullName"), text(failure, "lineNumber")) == ("Parent__c.Key__c", str(line))
    assert text(result, "status") == "Failed"
    assert soap.org.ask("GET", "/sobjects/Parent__c/describe").status_code == 404


def test_without_rollback_good_components_stay(soap):
    files = {"objects/Parent__c.object": PARENT, "permissionsets/Readers.permissionset": RIGHTS}
    result = soap.deploy(files, "<rollbackOnError>false</rollbackOnError>")
    assert text(result, "status") == "SucceededPartial"
    assert soap.org.ask("GET", "/sobjects/Parent__c/describe").status_code == 200
    assert soap.org.rows("PermissionSet") == []


def test_a_check_that_ran_tests_is_deployed_by_its_id_alone(soap):
    options = "<checkOnly>true</checkOnly><rollbackOnError>true</rollbackOnError>"
    untested = text(soap.deploy(SCHEMA, options), "id")
    assert soap.call("deployRecentValidation", f"<validationId>{untested}</validationId>").status == 500
    tested = text(soap.deploy(SCHEMA, options + "<testLevel>RunLocalTests</testLevel>"), "id")
    assert soap.org.ask("GET", "/sobjects/Parent__c/describe").status_code == 404
    quick = soap.call("deployRecentValidation", f"<validationId>{tested}</validationId>").results[0].text
    assert text(soap.ended(quick), "status") == "Succeeded"
    assert soap.org.ask("GET", "/sobjects/Parent__c/describe").status_code == 200
    soap.org.control("clock", {"advance_seconds": 11 * 86_400})
    assert soap.call("deployRecentValidation", f"<validationId>{tested}</validationId>").status == 500


def test_a_waiting_deployment_is_cancelled_and_leaves_nothing(soap):
    from tests.unit.emulators.salesforce.conftest import zipped

    soap.org.fault("slow_job", match={"kind": "deploy"}, seconds=30)
    package = base64.b64encode(zipped(SCHEMA)).decode()
    started = text(soap.call("deploy", f"<ZipFile>{package}</ZipFile>").results[0], "id")
    assert text(soap.call("cancelDeploy", f"<String>{started}</String>").results[0], "done") == "false"
    assert text(soap.ended(started), "status") == "Canceled"
    assert soap.org.ask("GET", "/sobjects/Parent__c/describe").status_code == 404


def test_what_was_deployed_comes_back_and_deploys_again(soap):
    soap.deploy(SCHEMA)
    types = "".join(
        f"<types><members>*</members><name>{name}</name></types>" for name in ("CustomObject", "PermissionSet")
    )
    request = f"<apiVersion>60.0</apiVersion><singlePackage>true</singlePackage><unpackaged>{types}</unpackaged>"
    started = text(soap.call("retrieve", f"<retrieveRequest>{request}</retrieveRequest>").results[0], "id")
    result = soap.call("checkRetrieveStatus", f"<asyncProcessId>{started}</asyncProcessId>").results[0]
    assert (text(result, "success"), text(result, "status")) == ("true", "Succeeded")
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(text(result, "zipFile")))) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    assert set(files) == {
        "package.xml",
        "objects/Parent__c.object",
        "objects/Child__c.object",
        "permissionsets/Readers.permissionset",
    }
    again = soap.deploy(files)
    told = every(every(again, "details")[0], "componentSuccesses")
    assert (text(again, "status"), {text(m, "created") for m in told}) == ("Succeeded", {"false"})
    soap.org.control("reset", {})
    assert text(soap.deploy(files), "status") == "Succeeded"


def test_what_is_not_there_is_a_message_of_the_retrieval(soap):
    types = "<types><members>Nothing</members><name>Layout</name></types>"
    started = soap.call("retrieve", f"<retrieveRequest><unpackaged>{types}</unpackaged></retrieveRequest>").results[0]
    asked = f"<asyncProcessId>{text(started, 'id')}</asyncProcessId><includeZip>false</includeZip>"
    result = soap.call("checkRetrieveStatus", asked).results[0]
    assert "'Nothing' cannot be found" in text(result, "messages", "problem")
    assert text(result, "zipFile") is None


def test_components_are_listed_with_ids_and_dates(soap):
    soap.deploy(SCHEMA)
    queries = "<queries><type>CustomField</type></queries><queries><type>PermissionSet</type></queries>"
    listed = {text(r, "fullName"): r for r in soap.call("listMetadata", queries).results}
    assert text(listed["Child__c.Note__c"], "type") == "CustomField"
    assert text(listed["Readers"], "id") == soap.org.rows("PermissionSet")[0]["Id"]
    assert text(listed["Readers"], "createdDate").startswith("20")
    objects = soap.call("listMetadata", "<queries><type>CustomObject</type></queries>").results
    assert {"Contact", "Parent__c"} <= {text(r, "fullName") for r in objects}
    assert soap.call("listMetadata", "<queries><type>Nonsense</type></queries>").fault[0] == "sf:INVALID_TYPE"
    assert soap.call("listMetadata", "<queries><type>Layout</type></queries>" * 4).status == 500


def test_types_are_described(soap):
    types = {text(each, "xmlName"): each for each in every(soap.call("describeMetadata").results[0], "metadataObjects")}
    assert text(types["CustomObject"], "directoryName") == "objects"
    assert "ValidationRule" in {each.text for each in every(types["CustomObject"], "childXmlNames")}
    assert text(types["Report"], "inFolder") == "true"


def test_fields_are_made_changed_read_and_deleted_one_by_one(soap):
    soap.deploy({"objects/Parent__c.object": PARENT})
    assert saved(soap.call("createMetadata", field())) == [("true", None)]
    assert saved(soap.call("createMetadata", field())) == [("false", "DUPLICATE_DEVELOPER_NAME")]
    assert saved(soap.call("createMetadata", field("Other__c", 999))) == [("false", "FIELD_INTEGRITY_EXCEPTION")]
    assert saved(soap.call("updateMetadata", field("Other__c"))) == [("false", "INVALID_CROSS_REFERENCE_KEY")]
    assert saved(soap.call("updateMetadata", field(length=30))) == [("true", None)]
    upserted = soap.call("upsertMetadata", field("Other__c")).results[0]
    assert (text(upserted, "created"), text(upserted, "success")) == ("true", "true")
    described = soap.org.ask("GET", "/sobjects/Parent__c/describe").json()["fields"]
    assert {f["name"]: f["length"] for f in described}["Extra__c"] == 30
    names = "<fullNames>Parent__c.Extra__c</fullNames><fullNames>Parent__c.No__c</fullNames>"
    read = soap.call("readMetadata", f"<type>CustomField</type>{names}")
    first, second = every(read.results[0], "records")
    assert (text(first, "fullName"), text(first, "description")) == ("Parent__c.Extra__c", "It's <extra>")
    assert all(each.tag.startswith(f"{{{METADATA}}}") for each in first)
    assert list(second) == []
    deleted = soap.call("deleteMetadata", f"<type>CustomField</type>{names}")
    assert saved(deleted) == [("true", None), ("false", "INVALID_CROSS_REFERENCE_KEY")]
    assert soap.call("readMetadata", f"<type>CustomField</type>{names}").text.count('xsi:nil="true"') == 2


def test_a_whole_object_is_made_read_and_deleted(soap):
    made = PARENT[PARENT.index("<label>") : PARENT.index("</CustomObject>")].replace("Key__c", "Key2__c")
    inner = f'<metadata xsi:type="CustomObject"><fullName>Whole__c</fullName>{made}</metadata>'
    assert saved(soap.call("createMetadata", inner)) == [("true", None)]
    assert soap.org.ask("GET", "/sobjects/Whole__c/describe").status_code == 200
    read = soap.call("readMetadata", "<type>CustomObject</type><fullNames>Whole__c</fullNames>").results[0]
    (record,) = every(read, "records")
    assert (text(record, "fullName"), text(record, "fields", "fullName")) == ("Whole__c", "Key2__c")
    deleted = soap.call("deleteMetadata", "<type>CustomObject</type><fullNames>Whole__c</fullNames>")
    assert saved(deleted) == [("true", None)]
    assert soap.org.ask("GET", "/sobjects/Whole__c/describe").status_code == 404


@pytest.mark.parametrize("session", ["", "nonsense", "00D!x"])
def test_a_bad_session_is_a_fault_that_clients_know(soap, session):
    soap.session = session
    answer = soap.call("describeMetadata")
    assert answer.status == 500
    assert answer.fault == (
        "sf:INVALID_SESSION_ID",
        "INVALID_SESSION_ID: Invalid Session ID found in SessionHeader: Illegal Session",
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "soapenv:Client"),
        (b"<x", "soapenv:Client"),
        (b"<x/>", "soapenv:VersionMismatch"),
        (b"\xff\xfe\x00", "soapenv:Client"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "soapenv:Client"),
        (b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"/>', "soapenv:Client"),
        (b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body/></e:Envelope>', "soapenv:Client"),
    ],
)
def test_what_is_no_call_is_a_fault(soap, body, code):
    answer = soap.send(body)
    assert (answer.status, answer.fault[0]) == (500, code)


def test_unknown_calls_versions_and_ids_are_faults(soap):
    assert "No operation available for request {" + METADATA + "}nonsense" in soap.call("nonsense").fault[1]
    assert soap.call("checkDeployStatus", "<id>0Af000000000001</id>").fault[0] == "sf:INVALID_CROSS_REFERENCE_KEY"
    assert soap.call("checkDeployStatus").fault[0] == "sf:INVALID_CROSS_REFERENCE_KEY"
    assert soap.call("deploy", "<ZipFile>%%%</ZipFile>").fault[0] == "sf:INVALID_OPERATION"
    soap.version = "20.0"
    assert soap.call("describeMetadata").fault[0] == "sf:UNSUPPORTED_API_VERSION"


def test_calls_are_counted(soap):
    before = soap.org.ask("GET", "/limits").json()["DailyApiRequests"]["Remaining"]
    soap.call("describeMetadata")
    assert soap.org.ask("GET", "/limits").json()["DailyApiRequests"]["Remaining"] == before - 2
    soap.org.fault("request_limit")
    assert soap.call("describeMetadata").fault[0] == "sf:REQUEST_LIMIT_EXCEEDED"
