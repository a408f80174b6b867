"""Records are merged, leads converted and records brought back over SOAP; users have their own rights there too."""

import pytest

from tests.unit.emulators.salesforce.soap.calls import METADATA, PARTNER, Soap, every, text


@pytest.fixture
def soap(bare):
    return Soap(bare, "u", PARTNER)


def made(soap, kind="Contact", **fields):
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    (result,) = soap.call("create", f"<sObjects><type>{kind}</type>{inner}</sObjects>").results
    assert text(result, "success") == "true", text(result, "errors", "message")
    return text(result, "id")


def merge(soap, winner, *losers, fields=""):
    ids = "".join(f"<recordToMergeIds>{each}</recordToMergeIds>" for each in losers)
    master = f"<masterRecord><type>Contact</type><Id>{winner}</Id>{fields}</masterRecord>"
    return soap.call("merge", f"<request>{master}{ids}</request>").results[0]


def test_the_winner_takes_what_is_given_and_the_losers_name_it(soap):
    winner, loser = made(soap, LastName="W"), made(soap, LastName="L")
    child = made(soap, "Task", WhoId=loser, Subject="S", Status="Completed", Priority="Normal")
    result = merge(soap, winner, loser, fields="<FirstName>Given</FirstName>")
    assert (text(result, "success"), text(result, "id"), text(result, "mergedRecordIds")) == ("true", winner, loser)
    assert child in [each.text for each in every(result, "updatedRelatedIds")]
    query = "<queryString>SELECT Id, FirstName, MasterRecordId, IsDeleted FROM Contact</queryString>"
    rows = {text(r, "Id"): r for r in every(soap.call("queryAll", query).results[0], "records")}
    assert (text(rows[loser], "MasterRecordId"), text(rows[loser], "IsDeleted")) == (winner, "true")
    assert text(rows[winner], "FirstName") == "Given"


def test_a_refused_merge_tells_why_and_changes_nothing(soap):
    winner = made(soap, LastName="W")
    assert text(merge(soap, winner, winner), "errors", "statusCode") == "INVALID_INPUT"
    assert text(merge(soap, winner, "x"), "errors", "statusCode") == "MALFORMED_ID"
    assert text(merge(soap, winner, "003000000000000AAA"), "errors", "statusCode") == "INVALID_CROSS_REFERENCE_KEY"
    assert len(soap.org.rows("Contact")) == 1


def test_a_lead_becomes_an_account_and_a_contact_once(soap):
    lead = made(soap, "Lead", LastName="Lee", Company="Acme", Email="lee@example.com")
    inner = f"<leadConverts><convertedStatus>Closed - Converted</convertedStatus><leadId>{lead}</leadId></leadConverts>"
    result = soap.call("convertLead", inner).results[0]
    assert (text(result, "success"), text(result, "leadId")) == ("true", lead)
    (contact,) = soap.org.rows("Contact")
    assert (contact["Id"], contact["AccountId"], contact["Email"]) == (
        text(result, "contactId"),
        text(result, "accountId"),
        "lee@example.com",
    )
    again = soap.call("convertLead", inner).results[0]
    assert (text(again, "success"), text(again, "errors", "statusCode")) == ("false", "CANNOT_UPDATE_CONVERTED_LEAD")


def test_deleted_records_come_back(soap):
    record = made(soap, LastName="B")
    soap.call("delete", f"<ids>{record}</ids>")
    results = soap.call("undelete", f"<ids>{record}</ids><ids>x</ids>").results
    assert [text(each, "success") for each in results] == ["true", "false"]
    assert [row["Id"] for row in soap.org.rows("Contact")] == [record]


def test_a_user_without_rights_does_not_deploy_and_is_told_who_it_is(soap):
    admin = soap.org.rows("User")[0]
    person = {"Username": "u@example.com", "LastName": "U", "Email": "u@example.com", "Alias": "u"}
    profile = soap.org.ask("GET", "/query", params={"q": "SELECT Id FROM Profile WHERE Name != 'System Administrator'"})
    ids = [each["Id"] for each in profile.json()["records"]] or [admin["ProfileId"]]
    assert soap.org.ask("POST", "/sobjects/User", json=person | {"ProfileId": ids[0]}).status_code == 201
    soap.session = soap.org.control("sessions", {"username": "u@example.com"}).json()["access_token"]
    assert text(soap.call("getUserInfo").results[0], "userName") == "u@example.com"
    metadata = Soap(soap.org, "m", METADATA, session=soap.session)
    assert metadata.call("describeMetadata").fault[0] == "sf:INSUFFICIENT_ACCESS"


@pytest.mark.parametrize("name", ["request", "mergeRequest", "mergeRequests"])
def test_a_merge_may_be_asked_under_the_names_that_clients_use(soap, name):
    winner, loser = made(soap, LastName="W"), made(soap, LastName="L")
    master = f"<masterRecord><type>Contact</type><Id>{winner}</Id></masterRecord>"
    inner = f"<{name}>{master}<recordToMergeIds>{loser}</recordToMergeIds></{name}>"
    (result,) = soap.call("merge", inner).results
    assert (text(result, "success"), text(result, "mergedRecordIds")) == ("true", loser)


def all_contacts(soap):
    query = "<queryString>SELECT Id FROM Contact</queryString>"
    return [text(each, "Id") for each in every(soap.call("queryAll", query).results[0], "records")]


def test_what_is_emptied_from_the_bin_is_gone_for_good_with_its_details(soap):
    account = made(soap, "Account", Name="A")
    role = made(soap, "AccountTeamMember", AccountId=account, UserId=soap.org.rows("User")[0]["Id"])
    gone, kept = made(soap, LastName="G"), made(soap, LastName="K")
    soap.call("delete", f"<ids>{gone}</ids><ids>{account}</ids>")
    found = soap.call("emptyRecycleBin", f"<ids>{gone}</ids><ids>{account}</ids>").results
    assert [text(each, "id") for each in found] == [gone, account]
    assert all_contacts(soap) == [kept]
    for each in (gone, account, role):
        assert text(soap.call("undelete", f"<ids>{each}</ids>").results[0], "success") == "false"


def test_what_is_not_in_the_bin_stays(soap):
    kept = made(soap, LastName="K")
    asked = f"<ids>{kept}</ids><ids>x</ids><ids>003000000000000AAA</ids><ids>zzz000000000000AAA</ids>"
    found = soap.call("emptyRecycleBin", asked).results
    assert [text(each, "errors", "statusCode") for each in found] == [
        "INVALID_ID_FIELD",
        "MALFORMED_ID",
        "INVALID_CROSS_REFERENCE_KEY",
        "INVALID_CROSS_REFERENCE_KEY",
    ]
    assert all_contacts(soap) == [kept]
