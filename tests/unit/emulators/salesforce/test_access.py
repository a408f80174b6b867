"""Sign-in, sessions, versions, limits, storage, control routes and the explorer."""

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from fairlead_emulators.clock import Clock
from fairlead_emulators.salesforce.app import create


def token(org, **form):
    me = org.emulator.org.identity
    body = {"client_id": me.client_id, "client_secret": me.client_secret, **form}
    return org.http.post(f"{org.url}/services/oauth2/token", data=body, headers={"Authorization": ""}, timeout=30)


def test_client_credentials_give_a_session_and_no_refresh_token(bare):
    answer = token(bare, grant_type="client_credentials").json()
    assert answer["access_token"].startswith(bare.emulator.org.identity.org_id[:15] + "!")
    assert (answer["instance_url"], answer["token_type"]) == (bare.url, "Bearer")
    assert answer["issued_at"].isdecimal()
    assert "refresh_token" not in answer
    assert "expires_in" not in answer
    bare.http.headers["Authorization"] = f"Bearer {answer['access_token']}"
    assert bare.ask("GET", "/limits").status_code == 200
    me = bare.http.get(answer["id"] + "?version=latest", timeout=30).json()
    assert me["username"] == bare.emulator.org.identity.username
    assert me["urls"]["rest"].startswith(f"{bare.url}/services/data/v67.0")
    assert bare.http.get(f"{bare.url}/services/oauth2/userinfo", timeout=30).json()["user_id"] == me["user_id"]


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "client_credentials", "client_secret": "wrong"}, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": "wrong"}, "invalid_client_id"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "wrong"}, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": "wrong"}, "invalid_grant"),
    ],
)
def test_a_wrong_token_request_is_a_400_that_says_why(bare, form, error):
    answer = token(bare, **form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def authorize(org, *, press="allow", **query):
    me = org.emulator.org.identity
    asked = {"response_type": "code", "client_id": me.client_id, "redirect_uri": "http://127.0.0.1:1/back", **query}
    url = f"{org.url}/services/oauth2/authorize"
    assert "Allow access?" in org.http.get(url, params=asked, timeout=30).text
    pressed = org.http.post(url, params=asked, data={"answer": press}, allow_redirects=False, timeout=30)
    return {k: v[0] for k, v in parse_qs(urlsplit(pressed.headers["Location"]).query).items()}


def test_a_person_signs_in_with_pkce_and_refreshes(bare):
    verifier = "v" * 64
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    back = authorize(bare, state="s", code_challenge=challenge)
    assert back["state"] == "s"
    grant = {"grant_type": "authorization_code", "redirect_uri": "http://127.0.0.1:1/back"}
    answer = token(bare, **grant, code=back["code"], code_verifier=verifier).json()
    again = token(bare, **grant, code=back["code"], code_verifier=verifier)
    assert again.json()["error"] == "invalid_grant"
    for _ in range(2):
        fresh = token(bare, grant_type="refresh_token", refresh_token=answer["refresh_token"]).json()
        assert "refresh_token" not in fresh
    for verifier, error in (("", "invalid_grant"), ("w" * 64, "invalid_request")):
        code = authorize(bare, code_challenge=challenge)["code"]
        assert token(bare, **grant, code=code, code_verifier=verifier).json()["error"] == error


def test_a_person_may_refuse(bare):
    assert authorize(bare, press="deny")["error"] == "access_denied"


def test_a_rotated_refresh_token_is_good_once(bare):
    bare.control("settings", {"rotate_refresh_tokens": True})
    code = authorize(bare)["code"]
    grant = {"grant_type": "authorization_code", "redirect_uri": "http://127.0.0.1:1/back", "code": code}
    first = token(bare, **grant).json()["refresh_token"]
    second = token(bare, grant_type="refresh_token", refresh_token=first).json()["refresh_token"]
    assert token(bare, grant_type="refresh_token", refresh_token=first).json()["error"] == "invalid_grant"
    assert token(bare, grant_type="refresh_token", refresh_token=second).status_code == 200


def test_a_revoked_token_is_dead_and_inactive(bare):
    access = token(bare, grant_type="client_credentials").json()["access_token"]
    base = f"{bare.url}/services/oauth2"
    assert bare.http.post(f"{base}/introspect", data={"token": access}, timeout=30).json()["active"] is True
    assert bare.http.post(f"{base}/revoke", data={"token": access}, timeout=30).status_code == 200
    assert bare.http.post(f"{base}/introspect", data={"token": access}, timeout=30).json() == {"active": False}
    bare.http.headers["Authorization"] = f"Bearer {access}"
    assert bare.ask("GET", "/limits").status_code == 401


def test_an_unknown_session_is_401_in_salesforces_words(bare):
    bare.http.headers["Authorization"] = "Bearer nonsense"
    answer = bare.ask("GET", "/sobjects")
    assert answer.status_code == 401
    assert answer.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


def test_a_session_ends_after_two_hours_without_use(bare):
    access = token(bare, grant_type="client_credentials").json()["access_token"]
    bare.http.headers["Authorization"] = f"Bearer {access}"
    for seconds, status in ((7_000, 200), (7_000, 200), (7_300, 401)):
        bare.control("clock", {"advance_seconds": seconds})
        assert bare.ask("GET", "/limits").status_code == status


def test_an_expired_session_fault_ends_that_session_for_good(bare):
    access = token(bare, grant_type="client_credentials").json()["access_token"]
    bare.http.headers["Authorization"] = f"Bearer {access}"
    bare.fault("expired_session", after=1)
    assert [bare.ask("GET", "/limits").status_code for _ in range(3)] == [200, 401, 401]


def test_versions_are_listed_without_a_session_and_others_refused(bare):
    bare.http.headers.pop("Authorization")
    listed = bare.http.get(f"{bare.url}/services/data/", timeout=30).json()
    assert [v["version"] for v in (listed[0], listed[-1])] == ["31.0", "67.0"]
    bare.http.headers["Authorization"] = f"Bearer {bare.emulator.sessions.first}"
    assert bare.ask("GET", "/").status_code == 200
    bare.version = "20.0"
    assert bare.ask("GET", "/limits").json()[0]["errorCode"] == "UNSUPPORTED_API_VERSION"
    bare.version = "99.0"
    assert bare.ask("GET", "/limits").status_code == 404


def test_unknown_paths_and_wrong_methods_are_json_errors(bare):
    assert bare.ask("GET", "/nonsense").json()[0]["errorCode"] == "NOT_FOUND"
    assert bare.ask("PUT", "/limits").json()[0]["errorCode"] == "METHOD_NOT_ALLOWED"


def test_describe_is_not_sent_twice(bare):
    first = bare.ask("GET", "/sobjects/Contact/describe")
    email = next(f for f in first.json()["fields"] if f["name"] == "Email")
    assert (email["type"], email["length"], email["idLookup"]) == ("email", 80, True)
    for header, value in (
        ("If-None-Match", first.headers["ETag"]),
        ("If-Modified-Since", first.headers["Last-Modified"]),
    ):
        assert bare.ask("GET", "/sobjects/Contact/describe", headers={header: value}).status_code == 304
    everything = bare.ask("GET", "/sobjects").json()
    assert (everything["encoding"], everything["maxBatchSize"]) == ("UTF-8", 200)


def test_calls_are_counted_told_and_limited_over_24_hours(bare):
    bare.control("settings", {"daily_api_requests": 3})
    used = [bare.ask("GET", "/limits").headers["Sforce-Limit-Info"] for _ in range(3)]
    assert used == ["api-usage=1/3", "api-usage=2/3", "api-usage=3/3"]
    answer = bare.ask("GET", "/limits")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")
    bare.control("clock", {"advance_seconds": 25 * 3600})
    assert bare.ask("GET", "/limits").headers["Sforce-Limit-Info"] == "api-usage=1/3"


def test_the_request_limit_can_be_hit_by_a_fault(bare):
    bare.fault("request_limit")
    assert [bare.ask("GET", "/limits").status_code for _ in range(2)] == [403, 200]


def test_storage_counts_2_kb_a_record_and_refuses_what_is_over(bare):
    bare.control("settings", {"data_storage_mb": 0})
    answer = bare.ask("POST", "/sobjects/Contact", json={"LastName": "x"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "STORAGE_LIMIT_EXCEEDED")
    bare.control("settings", {"data_storage_mb": 1})
    job = bare.run_job("LastName\n" + "x\n" * 600, object="Contact")
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (600, 600 - 512)
    assert bare.ask("GET", "/limits").json()["DataStorageMB"] == {"Max": 1, "Remaining": 0}


def test_full_storage_can_be_had_by_a_fault(bare):
    bare.fault("storage_full")
    answers = [bare.ask("POST", "/sobjects/Contact", json={"LastName": "x"}).status_code for _ in range(2)]
    assert answers == [400, 201]


def test_a_person_edits_without_a_call_being_counted(org):
    before = org.ask("GET", "/limits").json()["DailyApiRequests"]["Remaining"]
    made = org.control("act", {"act": "create", "object": "Child__c", "fields": {"Note__c": "a"}}).json()
    org.control("act", {"act": "edit", "object": "Child__c", "id": made["id"], "fields": {"Note__c": "b"}})
    assert [row["Note__c"] for row in org.rows("Child__c")] == ["b"]
    refused = org.control(
        "act", {"act": "edit", "object": "Child__c", "id": made["id"], "fields": {"Note__c": "x" * 21}}
    )
    assert (refused.status_code, "STRING_TOO_LONG" in refused.json()["error"]) == (400, True)
    org.control("act", {"act": "delete", "object": "Child__c", "id": made["id"]})
    assert org.rows("Child__c") == []
    assert org.ask("GET", "/limits").json()["DailyApiRequests"]["Remaining"] == before - 1


def test_the_demo_org_has_its_people_the_same_each_time(bare):
    seeded = bare.control("seed", {"name": "demo"}).json()["seeded"]
    assert (seeded["Contact"], seeded["Lead"]) == (12_000, 6_000)
    first = bare.rows("Contact")
    assert sum(row["IsConverted"] for row in bare.rows("Lead")) == 300
    assert all(row["Email"] is None or len(row["Email"]) <= 80 for row in first)
    bare.control("seed", {"name": "demo"})
    assert bare.rows("Contact") == first
    bare.control("seed", {"name": "empty"})
    assert bare.rows("Contact") == []


def test_the_explorer_shows_objects_records_relations_and_setup(org):
    org.run_job("Key__c,Name\np,<Parent> & Co\n", object="Parent__c")
    org.run_job("Note__c,Parent__r.Key__c\nfind me,p\n")
    parent, child = org.rows("Parent__c")[0]["Id"], org.rows("Child__c")[0]["Id"]

    def page(path):
        answer = org.http.get(org.url + path, timeout=30)
        assert answer.status_code == 200
        return answer.text

    assert "Child__c" in page("/")
    assert child in page("/_explorer/o/Child__c?q=find")
    assert child not in page("/_explorer/o/Child__c?q=nothing+like+it")
    assert "&lt;Parent&gt; &amp; Co" in page(f"/_explorer/r/{child}")
    assert f"/_explorer/r/{child}" in page(f"/_explorer/r/{parent}")
    setup = page("/_explorer/setup")
    assert "Readers" in setup
    assert "Amount__c" in setup
    assert "/jobs/ingest" in page("/_explorer/usage/requests")
    assert org.http.get(f"{org.url}/_explorer/r/nonsense", timeout=30).status_code == 404


def test_deployed_rights_are_rows_and_can_be_assigned(org):
    (rights,) = org.rows("PermissionSet")
    assert (rights["Name"], rights["Label"]) == ("Readers", "Readers")
    (on_field,) = org.rows("FieldPermissions")
    assert (on_field["Field"], on_field["PermissionsRead"], on_field["PermissionsEdit"]) == (
        "Child__c.Note__c",
        True,
        False,
    )
    user = org.rows("User")[0]["Id"]
    assigned = {"PermissionSetId": rights["Id"], "AssigneeId": user}
    assert org.ask("POST", "/sobjects/PermissionSetAssignment", json=assigned).status_code == 201
    again = org.ask("POST", "/sobjects/PermissionSetAssignment", json=assigned)
    assert (again.status_code, again.json()[0]["errorCode"]) == (400, "DUPLICATE_VALUE")


def test_what_an_object_cannot_do_is_refused(bare):
    user = bare.rows("User")[0]["Id"]
    for answer in (bare.ask("DELETE", f"/sobjects/User/{user}"), bare.ask("POST", "/sobjects/Organization", json={})):
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_TYPE_FOR_OPERATION")


def test_a_lost_answer_leaves_the_record_behind(bare):
    bare.fault("lost_answer", match={"method": "POST", "path": "Contact"})
    with pytest.raises(requests.ConnectionError):
        bare.ask("POST", "/sobjects/Contact", json={"LastName": "x"})
    assert len(bare.rows("Contact")) == 1


def test_a_failed_or_checked_deployment_changes_nothing(bare):
    from tests.unit.emulators.salesforce.conftest import CHILD, PARENT

    result = bare.deploy({"objects/Parent__c.object": PARENT}, checkOnly=True)
    assert (result["status"], result["success"], result["numberComponentsDeployed"] > 0) == ("Succeeded", True, True)
    assert bare.ask("GET", "/sobjects/Parent__c/describe").status_code == 404
    result = bare.deploy({"objects/Child__c.object": CHILD})
    assert (result["status"], result["success"]) == ("Failed", False)
    assert "Child__c.Parent__c" in [failure["fullName"] for failure in result["details"]["componentFailures"]]
    assert bare.ask("GET", "/sobjects/Child__c/describe").status_code == 404


def test_deploying_again_keeps_the_records(org):
    from tests.unit.emulators.salesforce.conftest import SCHEMA

    org.run_job("Note__c\na\n")
    assert org.deploy(SCHEMA)["success"]
    assert [row["Note__c"] for row in org.rows("Child__c")] == ["a"]


def test_an_org_with_a_data_folder_remembers_everything(tmp_path):
    first = create(Clock(), tmp_path)
    first.seed({"records": {"Contact": [{"LastName": "Smith"}]}})
    session = first.sessions.first
    first.close()
    second = create(Clock(), tmp_path)
    assert second.state() == {"kept": True, "objects": {**first_counts(), "Contact": 1}}
    assert second.sessions.is_live(session)
    second.close()


def first_counts():
    return {"Organization": 1, "Profile": 4, "User": 1, "UserLicense": 3, "UserPermissionAccess": 2}
