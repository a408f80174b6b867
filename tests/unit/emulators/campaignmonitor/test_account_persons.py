"""Laws of administrators, of the people of clients, and of sessions that others begin."""

import pytest

from tests.unit.emulators.campaignmonitor.conftest import SPEC, assert_refused
from tests.unit.emulators.http import basic

WHO = "Someone@example.com"
PERSON = {"EmailAddress": WHO, "Name": "Someone", "AccessLevel": 1023, "Password": "sea-shell"}


def admins(account, method="GET", body=None, **query):
    return account.call(method, "/api/v3.3/admins.json", body, **query)


def contact(account, method="GET", **query):
    return account.call(method, "/api/v3.3/primarycontact.json", **query)


def people(account, method="GET", body=None, tail="people", client="South", **query):
    return account.call(method, f"/api/v3.3/clients/{account.clients[client]}/{tail}.json", body, **query)


def accept(account, email):
    return account.call("POST", "/_control/invitations", {"email": email})


def test_an_administrator_is_invited_accepts_changes_and_goes(account):
    made = admins(account, "POST", {"EmailAddress": WHO, "Name": "A"})
    assert (made.status, made.json) == (201, {"EmailAddress": WHO})
    shown = admins(account, email=WHO.lower()).json
    assert shown == {"EmailAddress": WHO, "Name": "A", "Status": "Waiting to Accept the Invitation"}
    assert [each["email"] for each in account.call("GET", "/_control/invitations").json] == [WHO]
    assert accept(account, WHO).json == []
    assert admins(account, email=WHO).json["Status"] == "Active"
    changed = admins(account, "PUT", {"EmailAddress": "new@example.com", "Name": "B"}, email=WHO)
    assert changed.json == {"EmailAddress": "new@example.com"}
    assert [each["Name"] for each in admins(account).json] == ["Administrator", "B"]
    assert admins(account, "DELETE", email="new@example.com").status == 200
    assert_refused(admins(account, email="new@example.com"), 400, 752)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"EmailAddress": "nobody", "Name": "A"}, 1),
        ({"EmailAddress": "ADMIN@example.com", "Name": "A"}, 150),
        ({"EmailAddress": WHO, "Name": " "}, 751),
        ({"EmailAddress": 1}, 400),
        (None, 1),
    ],
)
def test_a_wrong_administrator_is_refused(account, body, code):
    assert_refused(admins(account, "POST", body), 400, code)
    admins(account, "POST", {"EmailAddress": "other@example.com", "Name": "O"})
    assert_refused(admins(account, "PUT", body, email="other@example.com"), 400, code)
    assert len(admins(account).json) == 2


def test_the_last_administrator_stays_and_unknown_ones_are_752(account):
    assert_refused(admins(account, "DELETE", email="admin@example.com"), 400, 753)
    assert_refused(admins(account, "DELETE", email=WHO), 400, 752)
    assert_refused(admins(account, "PUT", {"EmailAddress": WHO, "Name": "A"}, email=WHO), 400, 752)
    assert_refused(contact(account, "PUT", email=WHO), 400, 752)


def test_the_account_s_primary_contact_has_accepted(account):
    assert contact(account).json == {"EmailAddress": "admin@example.com"}
    admins(account, "POST", {"EmailAddress": WHO, "Name": "A"})
    assert_refused(contact(account, "PUT", email=WHO), 400, 754)
    accept(account, WHO)
    assert contact(account, "PUT", email=WHO.lower()).json == {"EmailAddress": WHO}
    assert contact(account).json == {"EmailAddress": WHO}
    admins(account, "DELETE", email=WHO)
    assert contact(account).json == {"EmailAddress": "admin@example.com"}


def test_a_person_with_a_password_is_active_and_one_without_is_invited(account):
    made = people(account, "POST", PERSON)
    assert (made.status, made.json) == (201, {"EmailAddress": WHO})
    assert people(account, email=WHO).json == {
        "EmailAddress": WHO,
        "Name": "Someone",
        "Status": "Active",
        "AccessLevel": 1023,
    }
    people(account, "POST", {"EmailAddress": "b@example.com", "Name": "B", "AccessLevel": None, "Password": None})
    assert [each["Status"] for each in people(account).json] == ["Active", "Active", "Waiting to Accept the Invitation"]
    changed = people(account, "PUT", {**PERSON, "Name": "Else", "AccessLevel": 0}, email=WHO)
    assert changed.json == {"EmailAddress": WHO}
    assert (people(account, email=WHO).json["Name"], people(account, email=WHO).json["AccessLevel"]) == ("Else", 0)
    assert people(account, "DELETE", email=WHO).status == 200
    assert_refused(people(account, email=WHO), 400, 702)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"EmailAddress": "nobody"}, 1),
        ({"EmailAddress": "admin@example.com"}, 150),
        ({"Name": ""}, 701),
        ({"AccessLevel": 1024}, 153),
        ({"AccessLevel": -1}, 153),
        ({"AccessLevel": "all"}, 400),
        ({"Password": "Password"}, 174),
        ({"Password": "aaaaaaaa"}, 174),
        ({"Password": "short"}, 175),
    ],
)
def test_a_wrong_person_is_refused(account, wrong, code):
    assert_refused(people(account, "POST", {**PERSON, **wrong}), 400, code)
    people(account, "POST", {**PERSON, "EmailAddress": "other@example.com"})
    assert_refused(people(account, "PUT", {**PERSON, **wrong}, email="other@example.com"), 400, code)
    assert people(account, email="other@example.com").json["Name"] == "Someone"


def test_the_last_person_stays_and_unknown_ones_are_702(account):
    (only,) = people(account).json
    assert_refused(people(account, "DELETE", email=only["EmailAddress"]), 400, 703)
    for method, tail in (("GET", "people"), ("PUT", "people"), ("DELETE", "people"), ("PUT", "primarycontact")):
        assert_refused(people(account, method, PERSON, tail, email=WHO), 400, 702)
    assert_refused(people(account, "DELETE"), 400, 702)


def test_a_client_s_primary_contact_has_accepted(account):
    (only,) = people(account).json
    assert people(account, tail="primarycontact").json == {"EmailAddress": only["EmailAddress"]}
    people(account, "POST", {**PERSON, "Password": ""})
    assert_refused(people(account, "PUT", tail="primarycontact", email=WHO), 400, 704)
    accept(account, WHO)
    assert people(account, "PUT", tail="primarycontact", email=WHO).json == {"EmailAddress": WHO}
    assert people(account, tail="primarycontact").json == {"EmailAddress": WHO}


def test_an_invitation_is_accepted_once(account):
    assert accept(account, WHO).status == 400
    people(account, "POST", {**PERSON, "Password": ""})
    assert [accept(account, WHO).status for _ in range(2)] == [200, 400]


def test_details_tell_of_the_contact_only_when_there_is_exactly_one(account):
    path = f"/api/v3.3/clients/{account.clients['South']}.json"
    details = account.call("GET", path).json
    assert {"ContactName", "EmailAddress"} <= set(details["BasicDetails"])
    assert set(details["AccessDetails"]) == {"Username", "AccessLevel"}
    people(account, "POST", PERSON)
    details = account.call("GET", path).json
    assert not {"ContactName", "EmailAddress"} & set(details["BasicDetails"])
    assert "AccessDetails" not in details


SESSION = {
    "Email": "admin@example.com",
    "Chrome": "None",
    "Url": "/subscribers/",
    "IntegratorID": "abc",
    "ClientID": "",
}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"Email": WHO}, 5001),
        ({"Email": None}, 5001),
        ({"IntegratorID": " "}, 5002),
        ({"Chrome": "some"}, 5003),
        ({"Url": "subscribers"}, 5004),
    ],
)
def test_a_session_needs_a_member_an_integrator_a_chrome_and_an_address(account, wrong, code):
    made = account.call("PUT", "/api/v3.3/externalsession.json", SESSION)
    assert made.status == 200
    assert made.json["SessionUrl"].startswith("https://external.example.com/cd/create/")
    assert_refused(account.call("PUT", "/api/v3.3/externalsession.json", {**SESSION, **wrong}), 400, code)


def test_a_session_of_a_client_is_for_its_people_too(account):
    (only,) = people(account).json
    session = {**SESSION, "Email": only["EmailAddress"]}
    assert_refused(account.call("PUT", "/api/v3.3/externalsession.json", session), 400, 5001)
    session["ClientID"] = account.clients["South"]
    assert account.call("PUT", "/api/v3.3/externalsession.json", session).status == 200
    session["ClientID"] = account.clients["North"]
    assert_refused(account.call("PUT", "/api/v3.3/externalsession.json", session), 400, 5001)
    session["ClientID"] = "0" * 32
    assert_refused(account.call("PUT", "/api/v3.3/externalsession.json", session), 401, 102)


def test_a_seed_names_administrators_contacts_and_integrators(account):
    clients = [{**SPEC["clients"][0], "contacts": [{"email": WHO, "name": "S", "invited": True}]}]
    more = {"administrators": [{"email": "boss@example.com", "name": "B"}], "integrators": ["xyz"]}
    account.emulator.seed({**SPEC, **more, "clients": clients})
    assert [each["EmailAddress"] for each in admins(account).json] == ["boss@example.com"]
    assert people(account, email=WHO).json["Status"] == "Waiting to Accept the Invitation"
    session = {**SESSION, "Email": "boss@example.com"}
    assert_refused(account.call("PUT", "/api/v3.3/externalsession.json", session), 400, 5002)
    assert account.call("PUT", "/api/v3.3/externalsession.json", {**session, "IntegratorID": "xyz"}).status == 200


def test_a_client_s_key_opens_its_people_and_no_administrators(account):
    call = account.caller(basic(account.emulator.ready()["client_api_key"]))
    assert call("GET", f"/api/v3.3/clients/{account.clients['South']}/people.json").status == 200
    assert_refused(call("GET", f"/api/v3.3/clients/{account.clients['North']}/people.json"), 401, 102)
    for method, path in (("GET", "admins"), ("POST", "admins"), ("PUT", "primarycontact"), ("PUT", "externalsession")):
        assert_refused(call(method, f"/api/v3.3/{path}.json", {}), 401, 60)
