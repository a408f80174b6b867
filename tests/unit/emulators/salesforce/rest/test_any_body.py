"""Whatever the body, each door answers or refuses: never a fault of ours, never something half done."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.emulators.salesforce.actions.test_actions import FILES
from tests.unit.emulators.salesforce.analytics.test_reports import found

DATA = "/services/data/v60.0"
WORDS = [
    "records", "attributes", "type", "referenceId", "Parent__c", "Child__c", "Name", "Children__r", "compositeRequest",
    "method", "url", "body", "POST", "GET", f"{DATA}/sobjects/Parent__c", f"{DATA}/query?q=SELECT+Id+FROM+Parent__c",
    "a", "@{a.id}", "@{", "graphs", "graphId", "httpHeaders", "If-Modified-Since", "batchRequests", "richInput", "ids", "fields", "Id",
    "reportMetadata", "reportFilters", "column", "operator", "value", "equals", "LAST_NAME", "CREATED_DATE", "groupingsDown",
    "name", "dateGranularity", "Week", "sortBy", "sortColumn", "topRows", "rowLimit", "aggregates", "s!LAST_NAME", "RowCount",
    "detailColumns", "reportBooleanFilter", "1 AND (", "standardDateFilter", "durationValue", "LAST_N_DAYS:7", "crossFilters", "reportType", "ContactList",
    "inputs", "recordId", "customNotifTypeId", "recipientIds", "title", "targetId", "0055e0000000001AAA", "allOrNone",
]  # fmt: skip
TEXTS = st.sampled_from(WORDS) | st.text(max_size=8)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
BODIES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=25,
)
DOORS = [
    "/composite", "/composite/graph", "/composite/batch", "/composite/tree/Parent__c", "/composite/sobjects/Parent__c",
    "/analytics/reports/{report}", "/analytics/reports/{report}/instances", "/analytics/reports/query",
    "/actions/standard/customNotificationAction", "/actions/custom/flow/Ask_It",
]  # fmt: skip
WRAPS = {
    "/composite": "compositeRequest",
    "/composite/graph": "graphs",
    "/composite/batch": "batchRequests",
    "/composite/tree/Parent__c": "records",
    "/analytics/reports/{report}": "reportMetadata",
    "/analytics/reports/{report}/instances": "reportMetadata",
    "/analytics/reports/query": "reportMetadata",
    "/actions/standard/customNotificationAction": "inputs",
    "/actions/custom/flow/Ask_It": "inputs",
}


@pytest.mark.parametrize("door", DOORS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES, wrapped=st.booleans())
def test_no_body_is_a_fault_of_ours(org, door, body, wrapped):
    if door == "/actions/custom/flow/Ask_It" and not org.ask("GET", "/actions/custom/flow").json()["actions"]:
        assert org.deploy(FILES)["success"]
    if wrapped and door in WRAPS:
        body = {WRAPS[door]: body}
    path = door.replace("{report}", found(org, "All_Contacts") if "{report}" in door else "")
    answer = org.ask("POST", path, data=json.dumps(body), headers={"Content-Type": "application/json"})
    assert answer.status_code < 500, (answer.text, body)


@pytest.mark.parametrize("door", DOORS)
def test_a_body_nested_beyond_reason_is_refused(org, door):
    wrap = WRAPS.get(door, "fields")
    for text in ("[" * 100_000, '{"a":' * 50_000, f'{{"{wrap}":[{{"body":' + "[" * 700 + "]" * 700 + "}]}"):
        path = door.replace("{report}", "00O5e0000000001")
        answer = org.ask("POST", path, data=text, headers={"Content-Type": "application/json"})
        assert 400 <= answer.status_code < 500


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(["/sobjects/Contact/updated", "/recent", "/sobjects/Contact/listviews", "/query", "/tooling/query", "/composite/sobjects/Contact", "/jobs/query", "/jobs/ingest"]),
    params=st.dictionaries(st.sampled_from(["start", "end", "limit", "offset", "q", "explain", "columns", "ids", "fields", "queryLocator", "jobType"]), st.text(max_size=12), max_size=4),
)  # fmt: skip
def test_no_parameter_is_a_fault_of_ours(org, path, params):
    assert org.ask("GET", path, params=params).status_code < 500


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    form=st.dictionaries(
        st.sampled_from(["grant_type", "code", "client_id", "client_secret", "refresh_token", "assertion", "response_type", "redirect_uri", "token", "username"]),
        st.sampled_from(["authorization_code", "refresh_token", "device", "device_code", "password", "urn:ietf:params:oauth:grant-type:jwt-bearer", "a.b.c"]) | st.text(max_size=10),
        max_size=6,
    ),
    door=st.sampled_from(["token", "introspect", "revoke"]),
)  # fmt: skip
def test_no_form_at_the_sign_in_is_a_fault_of_ours(org, form, door):
    answer = org.http.post(f"{org.url}/services/oauth2/{door}", data=form, headers={"Authorization": ""}, timeout=30)
    assert answer.status_code < 500
