"""Records over SOAP, as partner clients see them; signing in, which is off unless it is turned on."""

import pytest

from tests.unit.emulators.salesforce.soap.calls import PARTNER, Soap, every, text


@pytest.fixture
def soap(bare):
    return Soap(bare, "u", PARTNER)


def contact(last, more="", kind="Contact"):
    return f"<sObjects><type>{kind}</type><LastName>{last}</LastName>{more}</sObjects>"


def saved(answer):
    return [(text(r, "success"), text(r, "errors", "statusCode")) for r in answer.results]


def test_records_are_created_changed_found_and_deleted(soap):
    made = soap.call("create", contact("O&apos;Neill", "<Email>a@example.com</Email>") + contact("B"))
    first, second = (text(r, "id") for r in made.results)
    changed = f"<sObjects><type>Contact</type><fieldsToNull>Email</fieldsToNull><Id>{first}</Id></sObjects>"
    assert saved(soap.call("update", changed)) == [("true", None)]
    query = "<queryString>SELECT LastName, Email, CreatedDate FROM Contact ORDER BY LastName DESC</queryString>"
    result = soap.call("query", query).results[0]
    assert (text(result, "done"), text(result, "size")) == ("true", "2")
    record = every(result, "records")[0]
    assert [each.tag.rpartition("}")[2] for each in record] == ["type", "Id", "LastName", "Email", "CreatedDate"]
    assert (text(record, "LastName"), text(record, "CreatedDate")[-1]) == ("O'Neill", "Z")
    assert {each.tag.partition("}")[0] for each in record} == {"{urn:sobject.partner.soap.sforce.com"}
    assert saved(soap.call("delete", f"<ids>{first}</ids><ids>{second}</ids><ids>x</ids>")) == [
        ("true", None),
        ("true", None),
        ("false", "MALFORMED_ID"),
    ]
    assert text(soap.call("query", query).results[0], "size") == "0"
    assert text(soap.call("queryAll", query).results[0], "size") == "2"


def test_a_refused_record_is_told_in_its_place(soap):
    answer = soap.call("create", contact("A") + contact("B", "<Email>nonsense</Email>") + contact("C", kind="Lead"))
    assert saved(answer) == [("true", None), ("false", "INVALID_EMAIL_ADDRESS"), ("false", "REQUIRED_FIELD_MISSING")]
    undone = "<AllOrNoneHeader><allOrNone>true</allOrNone></AllOrNoneHeader>"
    answer = soap.call("create", contact("D") + contact("E", "<Email>nonsense</Email>"), undone)
    assert saved(answer)[0] == ("false", "ALL_OR_NONE_OPERATION_ROLLED_BACK")
    assert [row["LastName"] for row in soap.org.rows("Contact")] == ["A"]


def test_upsert_matches_by_the_named_field(soap):
    inner = "<externalIDFieldName>Email</externalIDFieldName>" + contact("A", "<Email>a@example.com</Email>")
    assert [text(soap.call("upsert", inner).results[0], "created") for _ in range(2)] == ["true", "false"]
    wrong = inner.replace("FieldName>Email<", "FieldName>Title<")
    assert soap.call("upsert", wrong).fault[0] == "sf:INVALID_FIELD"


def test_pages_are_followed_by_the_locator(soap):
    soap.org.control("seed", {"spec": {"contacts": [{"first": 0, "count": 450}]}})
    options = "<QueryOptions><batchSize>200</batchSize></QueryOptions>"
    page = soap.call("query", "<queryString>SELECT Id FROM Contact</queryString>", options).results[0]
    seen = []
    while True:
        seen += [text(record, "Id") for record in every(page, "records")]
        if text(page, "done") == "true":
            break
        page = soap.call("queryMore", f"<queryLocator>{text(page, 'queryLocator')}</queryLocator>").results[0]
    assert len(seen) == len(set(seen)) == 450
    assert soap.call("queryMore", "<queryLocator>x</queryLocator>").fault[0] == "sf:INVALID_QUERY_LOCATOR"


def test_a_bad_query_is_a_fault_with_its_code_in_the_detail(soap):
    answer = soap.call("query", "<queryString>SELECT Nothing FROM Contact</queryString>")
    assert (answer.status, answer.fault[0]) == (500, "sf:INVALID_FIELD")
    assert "<sf:exceptionCode>INVALID_FIELD</sf:exceptionCode>" in answer.text


def test_records_are_retrieved_in_order(soap):
    made = text(soap.call("create", contact("A")).results[0], "id")
    ids = f"<ids>003000000000001</ids><ids>{made}</ids>"
    answer = soap.call("retrieve", f"<fieldList>LastName</fieldList><sObjectType>Contact</sObjectType>{ids}")
    assert [text(record, "LastName") for record in answer.results] == [None, "A"]


def test_objects_are_described(soap):
    names = {text(each, "name") for each in every(soap.call("describeGlobal").results[0], "sobjects")}
    assert "Contact" in names
    told = soap.call("describeSObject", "<sObjectType>Contact</sObjectType>").results[0]
    assert "Email" in {text(each, "name") for each in every(told, "fields")}
    assert soap.call("describeSObject", "<sObjectType>No__c</sObjectType>").fault[0] == "sf:INVALID_TYPE"


def test_the_user_and_the_time_are_told(soap):
    me = soap.org.emulator.org.identity
    told = soap.call("getUserInfo").results[0]
    assert (text(told, "userName"), text(told, "organizationId")) == (me.username, me.org_id)
    assert text(soap.call("getServerTimestamp").results[0], "timestamp").startswith("20")


def login(soap, password):
    name = soap.org.emulator.org.identity.username
    return soap.call("login", f"<username>{name}</username><password>{password}</password>")


def test_login_is_off_unless_turned_on_and_gone_from_65_on(soap):
    soap.session = ""
    assert login(soap, "x").fault == (
        "sf:INVALID_OPERATION",
        "INVALID_OPERATION: SOAP API login() is disabled by default in this org.",
    )
    soap.org.control("settings", {"soap_login_password": "open sesame"})
    assert login(soap, "x").fault[0] == "sf:INVALID_LOGIN"
    granted = login(soap, "open sesame").results[0]
    soap.session = text(granted, "sessionId")
    assert text(granted, "serverUrl").startswith(f"{soap.org.url}/services/Soap/u/60.0/00D")
    assert soap.call("getUserInfo").status == 200
    assert soap.call("logout").status == 200
    assert soap.call("getUserInfo").fault[0] == "sf:INVALID_SESSION_ID"
    soap.version = "65.0"
    assert "No operation available" in login(soap, "open sesame").fault[1]


def test_enterprise_clients_find_the_same_in_their_namespace(bare):
    soap = Soap(bare, "c", "urn:enterprise.soap.sforce.com")
    record = '<sObjects xsi:type="Contact"><LastName>A</LastName></sObjects>'
    assert saved(soap.call("create", record)) == [("true", None)]
    answer = soap.call("query", "<queryString>SELECT LastName FROM Contact</queryString>")
    assert "urn:sobject.enterprise.soap.sforce.com" in answer.text
