"""The unmodified `simple-salesforce` client works against the local org, over verified HTTPS."""

import pytest
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceExpiredSession, SalesforceMalformedRequest

from fairlead_emulators.salesforce.app import SalesforceOrgEmulator

# The client leaves files and sockets to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")


def test_records_are_created_read_changed_queried_and_deleted(client: Salesforce):
    made = client.Contact.create({"LastName": "O'Neill", "Email": "a@example.com"})
    assert made["success"]
    assert client.Contact.get(made["id"])["LastName"] == "O'Neill"
    assert client.Contact.update(made["id"], {"FirstName": "Zoë"}) == 204
    found = client.query("SELECT Id, Name FROM Contact WHERE LastName = 'O\\'Neill'")
    assert [record["Name"] for record in found["records"]] == ["Zoë O'Neill"]
    assert client.Contact.upsert("Email/a@example.com", {"Title": "Owner"}) == 200
    assert client.Contact.upsert("Email/b@example.com", {"LastName": "New"}) == 201
    assert client.Contact.delete(made["id"]) == 204
    assert len(client.query_all("SELECT Id FROM Contact")["records"]) == 1


def test_pages_of_a_query_are_followed_to_the_end(client: Salesforce, emulator: SalesforceOrgEmulator):
    emulator.seed({"contacts": [{"first": 0, "count": 4_100}]})
    assert len({record["Id"] for record in client.query_all_iter("SELECT Id FROM Contact")}) == 4_100


def test_describe_and_limits_are_understood(client: Salesforce):
    assert "Email" in {field["name"] for field in client.Contact.describe()["fields"]}
    assert client.describe()["maxBatchSize"] == 200
    assert client.limits()["DailyApiRequests"]["Max"] > 0
    assert client.api_usage["api-usage"].used >= 3


def test_a_refused_record_raises_the_clients_own_error(client: Salesforce):
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_EMAIL_ADDRESS"):
        client.Contact.create({"LastName": "x", "Email": "nonsense"})


def test_an_ended_session_raises_the_clients_own_error(client: Salesforce, emulator: SalesforceOrgEmulator):
    emulator.sessions.expire_all()
    with pytest.raises(SalesforceExpiredSession, match="INVALID_SESSION_ID"):
        client.limits()


def test_bulk_2_upserts_and_reports_each_row(client: Salesforce):
    rows = [{"LastName": f"N{n}", "Email": f"n{n}@example.com"} for n in range(50)] + [
        {"LastName": "x", "Email": "bad"}
    ]
    (report,) = client.bulk2.Contact.upsert(records=rows, external_id_field="Email", wait=1)
    assert (report["numberRecordsTotal"], report["numberRecordsFailed"]) == (51, 1)
    job = report["job_id"]
    assert len(client.bulk2.Contact.get_successful_records(job).splitlines()) == 51
    assert "INVALID_EMAIL_ADDRESS" in client.bulk2.Contact.get_failed_records(job)
    assert len(client.bulk2.Contact.get_unprocessed_records(job).splitlines()) == 1
    again = client.bulk2.Contact.upsert(records=rows[:50], external_id_field="Email", wait=1)
    assert again[0]["numberRecordsFailed"] == 0
    assert client.query("SELECT COUNT() FROM Contact")["totalSize"] == 50


def test_bulk_2_query_gives_every_row(client: Salesforce, emulator: SalesforceOrgEmulator):
    emulator.seed({"contacts": [{"first": 0, "count": 1_500}]})
    parts = list(client.bulk2.Contact.query("SELECT Id, LastName FROM Contact", max_records=1_000, wait=1))
    assert [len(part.splitlines()) - 1 for part in parts] == [1_000, 500]
