"""What Salesforce refuses is split by what happens next, and no text repeats a record's values."""

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fairlead_emulators.salesforce
from fairlead.salesforce import errors
from fairlead.salesforce.error_codes import MEANINGS, STATUSES
from fairlead.salesforce.error_reading import RowError, error_from, error_of, parse_row_error
from fairlead.salesforce.scrubbing import scrub

WAIT = """LIMIT_EXCEEDED QUERY_TIMEOUT INVALID_QUERY_LOCATOR UNABLE_TO_LOCK_ROW SERVER_UNAVAILABLE UNKNOWN_EXCEPTION
REQUEST_LIMIT_EXCEEDED rate_limit_exceeded EXCEEDEDQUOTA REQUEST_RUNNING_TOO_LONG TXN_LIMIT_EXCEEDED""".split()
SIGN_IN = "INVALID_SESSION_ID Bad_OAuth_Token Missing_OAuth_Token invalid_grant INVALID_LOGIN".split()
SETTINGS = """API_DISABLED_FOR_ORG API_CURRENTLY_DISABLED INSUFFICIENT_ACCESS INSUFFICIENT_ACCESS_OR_READONLY
INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY STORAGE_LIMIT_EXCEEDED TXN_SECURITY_METERING_ERROR INVALID_FIELD
INVALID_FIELD_FOR_INSERT_UPDATE INVALID_TYPE QUERY_TOO_COMPLICATED OPERATION_TOO_LARGE FeatureNotEnabled
INVALIDENTITY invalid_client invalid_client_id
invalid_app_access redirect_uri_mismatch inactive_user inactive_org unsupported_grant_type Wrong_Org
FUNCTIONALITY_NOT_ENABLED invalid_scope unsupported_response_type FORBIDDEN API_ERROR INVALID_REPORT_METADATA""".split()
RECORD = """CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY FIELD_CUSTOM_VALIDATION_EXCEPTION REQUIRED_FIELD_MISSING
INVALID_EMAIL_ADDRESS INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST STRING_TOO_LONG FIELD_INTEGRITY_EXCEPTION
INVALID_CROSS_REFERENCE_KEY INACTIVE_OWNER_OR_USER MALFORMED_ID CANNOT_UPDATE_CONVERTED_LEAD NOT_FOUND ENTITY_IS_DELETED DUPLICATE_VALUE
DUPLICATE_EXTERNAL_ID DUPLICATES_DETECTED ALL_OR_NONE_OPERATION_ROLLED_BACK PROCESSING_HALTED
CANNOT_EXECUTE_FLOW_TRIGGER DELETE_FAILED UNDELETE_FAILED INVALID_STATUS INVALID_TYPE_ON_FIELD_IN_RECORD MISSING_ARGUMENT""".split()
BUG = """UNSUPPORTED_API_VERSION MALFORMED_QUERY NUMBER_OUTSIDE_VALID_RANGE JSON_PARSER_ERROR INVALIDJOB INVALIDJOBSTATE
EXCEEDED_ID_LIMIT EXCEEDED_MAX_SIZE_REQUEST INVALID_FILTER_VALUE INVALID_ID_FIELD INVALID_INPUT INVALID_OPERATION
INVALID_QUERY_FILTER_OPERATOR INVALID_REPLICATION_DATE INVALID_TYPE_FOR_OPERATION INVALID_VERSION METHOD_NOT_ALLOWED
NOT_ACCEPTABLE REQUEST_ENTITY_TOO_LARGE UNSUPPORTED_MEDIA_TYPE""".split()

KINDS = [
    *((code, errors.Unavailable) for code in WAIT),
    *((code, errors.SessionRefused) for code in SIGN_IN),
    *((code, errors.SetupRefused) for code in SETTINGS),
    *((code, errors.RecordRefused) for code in RECORD),
    *((code, errors.RequestWrong) for code in BUG),
]


@pytest.mark.parametrize(("code", "kind"), KINDS)
def test_every_documented_code_says_what_happens_next(code, kind):
    error = error_of(code, "something")
    assert isinstance(error, kind)
    assert error.code == code
    assert error.step
    assert str(error).endswith(error.step)


def test_the_table_holds_no_code_that_this_test_does_not_walk():
    assert set(MEANINGS) == {code for code, _ in KINDS}


BY_STATUS = [
    *((status, errors.RequestWrong) for status in (400, 405, 412, 414, 415, 428, 431)),
    *((status, errors.RecordRefused) for status in (300, 404, 410)),
    *((status, errors.Unavailable) for status in (409, 420, 429, 500, 502, 503)),
    (401, errors.SessionRefused),
    (403, errors.SetupRefused),
]


@pytest.mark.parametrize(("status", "kind"), [*BY_STATUS, (418, errors.RequestWrong), (504, errors.Unavailable)])
def test_a_status_without_a_code_still_says_what_happens_next(status, kind):
    error = error_from(status, b"<html>")
    assert isinstance(error, kind)
    assert error.status == status
    assert error.step


def test_the_table_of_statuses_holds_the_documented_ones_and_no_other():
    assert set(STATUSES) == {status for status, _ in BY_STATUS}


@pytest.mark.parametrize(
    "body",
    [
        b'[{"message":"no","errorCode":"MALFORMED_QUERY"}]',
        b'{"exceptionCode":"MALFORMED_QUERY","exceptionMessage":"no"}',
        b'{"error":"MALFORMED_QUERY","error_description":"no"}',
        b'[{"message":"no","errorCode":"MALFORMED_QUERY","fields":["A"]},{"message":"b","errorCode":"B"}]',
    ],
)
def test_all_spellings_of_an_error_body_are_read(body):
    error = error_from(400, body)
    assert (error.code, error.text) == ("MALFORMED_QUERY", "MALFORMED_QUERY: no.")


@given(st.binary(max_size=60), st.integers(300, 599))
def test_any_body_of_any_status_becomes_an_error(body, status):
    assert isinstance(error_from(status, body), errors.SalesforceError)


SECRETS = ["ada@example.com", "Ada O'Brien", "555-0142 17", "Lovelace"]


@pytest.mark.parametrize(
    "message",
    [
        "Email: invalid email address: ada@example.com",
        "Email: invalid email address: Lovelace",
        "First Name: data value too large: Ada O'Brien (max length=40)",
        "State: bad value for restricted picklist field: Lovelace",
        "Foreign key external ID: Lovelace not found for field List_Id__c in entity CM_List__c",
        "No such record with 'Ada O'Brien' in it",
        'Value "Lovelace" is wrong',
        "unexpected token: 'Ada O\\'Brien' near it",
        "unclosed 'Lovelace",
        "No such column 'Ada O'Brien' on entity 'ada@example.com'",
        "a person (ada@example.com) with +1 555-0142 17",
        "WHERE Email = 'ada@example.com' AND Name = 'Lovelace'\n ^ ERROR at Row:1:Column:3",
    ],
)
def test_values_are_scrubbed_out_of_messages(message):
    for text in (scrub(message), str(error_of("FIELD_INTEGRITY_EXCEPTION", message))):
        assert not [secret for secret in SECRETS if secret in text]


@pytest.mark.parametrize(
    "message",
    [
        "Required fields are missing: [Name]",
        "sObject type X__c is not supported. It's the admin's turn (max length=80).",
        "No such column 'CM_Tracking__c.Tags__c' on entity 'CM_Tracking__c'. If it is custom, append __c.",
        "sObject type 'CM_Tracking__c' is not supported.",
        "duplicate value found: Member_Key__c duplicates value on record with id: 003000000000001AAA",
    ],
)
def test_words_of_salesforce_itself_stay(message):
    assert scrub(message) == message


@given(st.text(max_size=20), st.from_regex(r"[a-z0-9.+]{1,12}@[a-z]{1,8}\.example", fullmatch=True))
def test_no_address_survives_scrubbing(noise, address):
    assert address not in scrub(f"{noise} {address} {noise}")


@pytest.mark.parametrize(
    ("text", "code", "message", "fields"),
    [
        ("REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --",
         "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", ("Name",)),
        ("UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--",
         "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record", ()),
        ("STRING_TOO_LONG:a: data value too large: ada@example.com (max length=80):A__c, B__c --",
         "STRING_TOO_LONG", "a: data value too large: ‹value› (max length=80)", ("A__c", "B__c")),
        ("INVALID_EMAIL_ADDRESS:Email: invalid email address: ada@@example.com:Email__c --",
         "INVALID_EMAIL_ADDRESS", "Email: invalid email address: ‹value›", ("Email__c",)),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION:two\nlines:Name --",
         "FIELD_CUSTOM_VALIDATION_EXCEPTION", "two\nlines", ("Name",)),
        ("DUPLICATE_VALUE:no fields here", "DUPLICATE_VALUE", "no fields here", ()),
        ("", "UNKNOWN", "", ()),
    ],
)  # fmt: skip
def test_the_error_cell_of_a_bulk_result_is_read_in_parts(text, code, message, fields):
    assert parse_row_error(text) == RowError(code, message, fields)


@given(st.text())
def test_any_error_cell_is_read(text):
    assert parse_row_error(text).code


@pytest.mark.parametrize(
    ("code", "retryable"),
    [
        ("UNABLE_TO_LOCK_ROW", True),
        ("SERVER_UNAVAILABLE", True),
        ("QUERY_TIMEOUT", True),
        ("STRING_TOO_LONG", False),
        ("STORAGE_LIMIT_EXCEEDED", False),
    ],
)
def test_only_rows_that_may_succeed_later_are_retryable(code, retryable):
    assert RowError(code, "").retryable is retryable
    assert RowError(code, "").next_step


def test_the_words_of_the_identity_door_are_understood():
    """Plain text of one word, where other doors send JSON."""
    error = error_from(403, b"Bad_OAuth_Token")
    assert isinstance(error, errors.SessionRefused)
    assert isinstance(error_from(403, b"Wrong_Org"), errors.SetupRefused)
    assert error_from(403, b"Something_Else").code == "HTTP_403"


def test_a_spent_hour_of_reports_is_a_matter_of_time():
    body = b'[{"errorCode": "FORBIDDEN", "message": "You can\'t run more than 500 reports every 60 minutes."}]'
    error = error_from(403, body)
    assert type(error) is errors.Unavailable
    assert "in the background" in error.step


def raised_by_the_local_org():
    """Codes that stand as words in calls of its source: `ApiError(400, "CODE", …)` and the like."""
    for path in Path(fairlead_emulators.salesforce.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            kind = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            if kind in {"ApiError", "RowError", "SoapFault", "SoqlError", "refuse", "refused"}:
                words = [each.value for each in node.args[:2] if isinstance(each, ast.Constant)]
                yield from (word for word in words if isinstance(word, str) and re.fullmatch(r"[A-Z]+(_[A-Z]+)+", word))


def test_every_code_that_the_local_org_refuses_with_is_known():
    """Answers of the door for foreign SOAP clients, and of a broken body, are not asked for by this client."""
    codes = set(raised_by_the_local_org())
    assert len(codes) > 40
    assert codes - set(MEANINGS) == {
        "EXCEEDED_LEAD_CONVERT_LIMIT",
        "EXCEEDED_MAX_TYPES_LIMIT",
        "INVALID_GZIP",
        "INVALID_HEADER",
    }


def test_a_field_that_is_unknown_is_named_without_the_query_around_it():
    message = (
        "\nSELECT Id, Tags__c FROM CM_Campaign__c WHERE Email__c = 'ada@example.com'\n           ^\n"
        "ERROR at Row:1:Column:12\nNo such column 'Tags__c' on entity 'CM_Campaign__c'. If you are attempting to use a "
        "custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL."
    )
    told = error_of("INVALID_FIELD", message, status=400).text
    assert told == "INVALID_FIELD: No such column 'Tags__c' on entity 'CM_Campaign__c'."
    assert "ERROR at Row" in error_of("MALFORMED_QUERY", message, status=400).text
