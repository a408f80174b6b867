"""Whatever is sent to the SOAP entrances, the answer is a result or a fault that SOAP clients understand."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.emulators.salesforce.soap.calls import METADATA, PARTNER, Soap, text

CALLS = {
    "m": (
        *("deploy", "checkDeployStatus", "cancelDeploy", "deployRecentValidation", "retrieve", "checkRetrieveStatus"),
        *("listMetadata", "describeMetadata", "createMetadata", "updateMetadata", "upsertMetadata", "deleteMetadata"),
        *("readMetadata", "checkStatus"),
    ),
    "u": (
        *("login", "query", "queryAll", "queryMore", "retrieve", "create", "update", "upsert", "delete", "getUserInfo"),
        *("describeSObject", "describeSObjects", "describeGlobal", "getServerTimestamp"),
    ),
}
NAMES = (
    *("type", "fullName", "fullNames", "metadata", "queries", "sObjects", "ids", "Id", "LastName", "Email", "Account"),
    *("fieldsToNull", "queryString", "queryLocator", "sObjectType", "fieldList", "externalIDFieldName", "ZipFile"),
    *("DeployOptions", "testLevel", "checkOnly", "retrieveRequest", "unpackaged", "types", "name", "members"),
    *(
        "asyncProcessId",
        "includeZip",
        "includeDetails",
        "label",
        "length",
        "label",
        "formula",
        "referenceTo",
        "username",
    ),
)
TEXTS = st.sampled_from(
    [
        "",
        "Contact",
        "CustomField",
        "CustomObject",
        "X__c",
        "X__c.Y__c",
        "Contact.Y__c",
        "Layout",
        "true",
        "-1",
        "*",
        "a/b",
    ]
    + ["003000000000001", "0Af000000000001", "SELECT Id FROM Contact", "SELECT", "UEsDBA==", "é&lt;", "Text", "Lookup"]
)
XSI = st.sampled_from(
    ["", ' xsi:type="CustomField"', ' xsi:type="x:CustomObject"', ' xsi:type="Contact"', ' xsi:nil="true"']
)


@st.composite
def elements(draw, depth=3):
    name = draw(st.sampled_from(NAMES))
    inside = (
        draw(TEXTS) if depth == 0 or draw(st.booleans()) else "".join(draw(st.lists(elements(depth - 1), max_size=4)))
    )
    return f"<{name}{draw(XSI)}>{inside}</{name}>"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_every_call_ends_in_a_result_or_a_fault(bare, data):
    letter = data.draw(st.sampled_from(sorted(CALLS)))
    soap = Soap(bare, letter, METADATA if letter == "m" else PARTNER)
    answer = soap.call(data.draw(st.sampled_from(CALLS[letter])), "".join(data.draw(st.lists(elements(), max_size=4))))
    assert answer.status in (200, 500)
    if answer.status == 500:
        assert answer.fault[0].startswith(("sf:", "soapenv:")), answer.text
        assert text(answer.root[-1][0], "faultstring")
