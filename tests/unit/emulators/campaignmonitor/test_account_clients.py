"""Laws of clients: making, changing, copying and deleting them, billing, domains, and events of other systems."""

import pytest

from fairlead_emulators.seeds import LONDON, SYDNEY
from tests.unit.emulators.campaignmonitor.conftest import SPEC, assert_refused
from tests.unit.emulators.campaignmonitor.test_segments import EVERYBODY, made
from tests.unit.emulators.http import basic

BASICS = {"CompanyName": "Renamed", "Country": "Canada", "TimeZone": SYDNEY}
PAYS = {"Currency": "usd", "CanPurchaseCredits": True, "ClientPays": True, "MarkupPercentage": 20}


def client(account, method="GET", body=None, tail="", name="South", **query):
    return account.call(method, f"/api/v3.3/clients/{account.clients[name]}{tail}.json", body, **query)


def fresh(account):
    """A client without people; it is known by the name Fresh."""
    account.clients["Fresh"] = account.call("POST", "/api/v3.3/clients.json", {**BASICS, "CompanyName": "Fresh"}).json


def test_basics_are_set_together(account):
    assert client(account, "PUT", BASICS, "/setbasics").status == 200
    basics = client(account).json["BasicDetails"]
    assert (basics["CompanyName"], basics["Country"], basics["TimeZone"]) == ("Renamed", "Canada", SYDNEY)
    assert {"ClientID": account.clients["South"], "Name": "Renamed"} in account.call(
        "GET", "/api/v3.3/clients.json"
    ).json


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"CompanyName": " "}, 154),
        ({"Country": "Atlantis"}, 157),
        ({"Country": None}, 157),
        ({"TimeZone": "Sydney"}, 152),
        ({"CompanyName": 1}, 400),
    ],
)
def test_wrong_basics_are_refused_when_made_and_when_set(account, wrong, code):
    assert_refused(client(account, "PUT", {**BASICS, **wrong}, "/setbasics"), 400, code)
    assert_refused(account.call("POST", "/api/v3.3/clients.json", {**BASICS, **wrong}), 400, code)
    assert client(account).json["BasicDetails"]["CompanyName"] == "South"


def test_the_contact_is_set_with_the_basics_only_where_there_is_exactly_one(account):
    said = {**BASICS, "ContactName": "C", "EmailAddress": "c@example.com"}
    assert client(account, "PUT", said, "/setbasics").status == 200
    basics = client(account).json["BasicDetails"]
    assert (basics["ContactName"], basics["EmailAddress"]) == ("C", "c@example.com")
    assert_refused(client(account, "PUT", {**said, "EmailAddress": "admin@example.com"}, "/setbasics"), 400, 150)
    fresh(account)
    assert_refused(client(account, "PUT", said, "/setbasics", name="Fresh"), 400, 110)
    assert client(account, "PUT", BASICS, "/setbasics", name="Fresh").status == 200


def test_dates_follow_the_client_s_time_zone(account):
    account.add("Wide", "a@example.com", CustomFields=[{"Key": "Website", "Value": "x"}])
    assert account.get("Wide", "a@example.com").json["Date"] == "2026-07-15 22:00:00"
    client(account, "PUT", {**BASICS, "TimeZone": LONDON}, "/setbasics")
    single = account.get("Wide", "a@example.com").json
    (row,) = account.members("Wide", "active").json["Results"]
    assert row["Date"] == single["Date"] == "2026-07-15 13:00:00"
    assert row["CustomFields"] == single["CustomFields"] == [{"Key": "Website", "Value": "x"}]


def test_a_client_is_deleted_with_everything_and_its_id_is_not_given_again(account):
    made(account, EVERYBODY, on="Crowd")
    page = "https://www.example.com/"
    template = {"Name": "T", "HtmlPageURL": page}
    account.call("POST", f"/api/v3.3/templates/{account.clients['North']}.json", template)
    gone = account.clients["North"]
    assert client(account, "DELETE", name="North").status == 200
    assert_refused(client(account, name="North"), 401, 102)
    assert_refused(account.members("Crowd", "active"), 401, 101)
    db = account.emulator.store.db
    for table in ("lists", "persons", "billing", "suppressions", "templates", "clients"):
        column = "id" if table == "clients" else "client"
        assert db.execute(f"SELECT count(*) FROM {table} WHERE {column} = ?", (gone,)).fetchone() == (0,), table
    again = account.call("POST", "/api/v3.3/clients.json", {**BASICS, "CompanyName": "North"})
    assert again.status == 201
    assert again.json != gone


def test_five_clients_may_be_made_within_half_an_hour_copies_among_them(account):
    for n in range(4):
        assert account.call("POST", "/api/v3.3/clients.json", {**BASICS, "CompanyName": f"C{n}"}).status == 201
    assert client(account, "POST", None, "/copy").status == 201
    assert_refused(account.call("POST", "/api/v3.3/clients.json", BASICS), 400, 172)
    assert_refused(client(account, "POST", None, "/copy"), 400, 172)
    account.emulator.clock.advance(1801)
    assert account.call("POST", "/api/v3.3/clients.json", BASICS).status == 201


def test_a_copy_of_a_client_has_its_lists_without_subscribers(account):
    account.add("Wide", "a@example.com")
    made(account, EVERYBODY)
    assert_refused(client(account, "POST", {"CompanyName": " "}, "/copy"), 400, 154)
    account.clients["Copy"] = client(account, "POST", {"CompanyName": "Copy"}, "/copy").json
    old, new = (client(account, tail="/lists", name=name).json for name in ("South", "Copy"))
    assert [each["Name"] for each in new] == [each["Name"] for each in old]
    assert not {each["ListID"] for each in new} & {each["ListID"] for each in old}
    path = f"/api/v3.3/lists/{new[0]['ListID']}"
    keys = [each["Key"] for each in account.call("GET", f"{path}/customfields.json").json]
    assert keys == ["[shoesize]", "[website]", "[born]", "[likes]", "[colour]"]
    assert account.call("GET", f"{path}/active.json").json["TotalNumberOfRecords"] == 0
    assert [each["Title"] for each in client(account, tail="/segments", name="Copy").json] == ["S"]


def test_clients_pay_as_they_go_with_markups(account):
    assert client(account, "PUT", {**PAYS, "MarkupOnDelivery": 3}, "/setpaygbilling").status == 200
    shown = client(account).json["BillingDetails"]
    assert (shown["Currency"], shown["ClientPays"], shown["CanPurchaseCredits"]) == ("USD", True, True)
    assert (shown["MarkupPerRecipient"], shown["MarkupOnDelivery"], shown["MarkupOnDesignSpamTest"]) == (0.2, 3.0, 1.0)
    assert shown["Credits"] == 500


def test_clients_pay_by_the_month_under_a_scheme(account):
    body = {"Currency": "GBP", "ClientPays": True, "MarkupPercentage": 50, "MonthlyScheme": "unlimited"}
    assert client(account, "PUT", body, "/setmonthlybilling").status == 200
    shown = client(account).json["BillingDetails"]
    assert (shown["Currency"], shown["MonthlyScheme"], shown["CurrentMonthlyRate"]) == ("GBP", "Unlimited", 43.5)
    client(account, "PUT", PAYS, "/setpaygbilling")
    assert "MonthlyScheme" not in client(account).json["BillingDetails"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"Currency": "XYZ"}, 167),
        ({"Currency": None}, 167),
        ({"MarkupPercentage": -1}, 170),
        ({"MarkupPercentage": 10**400}, 400),
        ({"MarkupPercentage": "much"}, 400),
    ],
)
def test_wrong_billing_is_refused(account, wrong, code):
    for tail in ("/setpaygbilling", "/setmonthlybilling"):
        assert_refused(client(account, "PUT", {**PAYS, **wrong}, tail), 400, code)


def test_schemes_markups_and_clients_without_people_have_their_codes(account):
    assert_refused(client(account, "PUT", {**PAYS, "MonthlyScheme": "Daily"}, "/setmonthlybilling"), 400, 720)
    assert_refused(client(account, "PUT", {**PAYS, "MarkupPerRecipient": -0.5}, "/setpaygbilling"), 400, 170)
    fresh(account)
    for tail in ("/setpaygbilling", "/setmonthlybilling"):
        assert client(account, "PUT", PAYS, tail, "Fresh").status == 200
    account.call("POST", "/_control/settings", {"billing_without_people": "refused"})
    for tail in ("/setpaygbilling", "/setmonthlybilling"):
        assert_refused(client(account, "PUT", PAYS, tail, "Fresh"), 400, 173)
        nobody_pays = {**PAYS, "ClientPays": False, "CanPurchaseCredits": False}
        assert client(account, "PUT", nobody_pays, tail, "Fresh").status == 200


def test_credits_go_to_a_client_and_back(account):
    def moved(credits):
        return client(account, "POST", {"Credits": credits, "CanUseMyCreditsWhenTheyRunOut": False}, "/credits")

    assert account.call("GET", "/api/v3.3/billingdetails.json").json == {"Credits": 3021}
    assert moved(21).json == {"AccountCredits": 3000, "ClientCredits": 521}
    assert moved(-521).json == {"AccountCredits": 3521, "ClientCredits": 0}
    assert_refused(moved(-1), 400, 177)
    assert_refused(moved(3522), 400, 178)
    assert account.call("GET", "/api/v3.3/billingdetails.json").json == {"Credits": 3521}


AGENCY_ONLY = [
    ("GET", "billingdetails"),
    ("POST", "clients"),
    ("DELETE", "clients/{}"),
    ("POST", "clients/{}/copy"),
    ("POST", "clients/{}/credits"),
    ("PUT", "clients/{}/setpaygbilling"),
    ("PUT", "clients/{}/setmonthlybilling"),
]


@pytest.mark.parametrize(("method", "path"), AGENCY_ONLY)
def test_some_calls_are_for_agencies_with_the_account_s_key(account, method, path):
    path = f"/api/v3.3/{path.format(account.clients['South'])}.json"
    call = account.caller(basic(account.emulator.ready()["client_api_key"]))
    assert_refused(call(method, path, {}), 401, 60)
    account.emulator.seed({**SPEC, "agency": False})
    assert_refused(account.call(method, path, {}), 403, 403)
    assert client(account, "PUT", BASICS, "/setbasics").status == 200


def test_domains_are_added_authenticated_and_removed(account):
    assert client(account, tail="/sendingdomains").json == []
    made = client(account, "POST", {"Domain": "Mail.Example.com"}, "/sendingdomains")
    assert (made.status, made.json) == (201, "mail.example.com")
    (shown,) = client(account, tail="/sendingdomains").json
    assert (shown["Domain"], shown["Status"], len(shown["Records"])) == ("mail.example.com", "Not authenticated", 1)
    for tail, query in (
        ("/authenticate", {"domain": "mail.example.com"}),
        ("/sendingdomains/authenticate", {"domain": "mail.example.com"}),
        ("/sendingdomains/mail.example.com/authenticate", {}),
    ):
        assert client(account, "PUT", b"", tail, **query).json["Status"] == "Authenticated"
    assert client(account, "DELETE", None, "/sendingdomains/mail.example.com").status == 200
    assert_refused(client(account, "DELETE", None, "/sendingdomains", domain="mail.example.com"), 404, 404)
    assert_refused(client(account, "PUT", b"", "/authenticate", domain="mail.example.com"), 404, 404)
    assert_refused(client(account, "POST", {"Domain": "nowhere"}, "/sendingdomains"), 400, 400)


EVENT = {"ContactID": {"Email": "a@example.com"}, "EventName": "Bought", "Data": {"Item": "Hat"}}


@pytest.mark.parametrize("path", ["publish/{}", "custom/{}/track", "Identify/{}/track", "shopify/{}/Track"])
def test_events_of_other_systems_are_taken(account, path):
    reply = account.call("POST", f"/api/v3.3/events/{path.format(account.clients['South'])}.json", EVENT)
    assert (reply.status, len(reply.json["EventID"])) == (200, 36)
    (told,) = account.call("GET", "/_control/events").json
    assert (told["id"], told["name"], told["data"]) == (reply.json["EventID"], "Bought", {"Item": "Hat"})
    assert (told["contact"], told["date"]) == ({"Email": "a@example.com"}, "2026-07-15 22:00:00")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"ContactID": {"Email": "nobody"}}, 1),
        ({"ContactID": {}}, 400),
        ({"ContactID": None}, 400),
        ({"EventName": ""}, 400),
        ({"EventName": "x" * 1001}, 400),
    ],
)
def test_wrong_events_are_refused(account, wrong, code):
    here = account.clients["South"]
    assert_refused(account.call("POST", f"/api/v3.3/events/custom/{here}/track.json", {**EVENT, **wrong}), 400, code)
    assert account.call("GET", "/_control/events").json == []


def test_events_have_known_kinds_and_clients(account):
    assert_refused(
        account.call("POST", f"/api/v3.3/events/other/{account.clients['South']}/track.json", EVENT), 404, 404
    )
    assert_refused(account.call("POST", f"/api/v3.3/events/publish/{'0' * 32}.json", EVENT), 401, 102)
    unnamed = {"ContactID": {"AnonymousID": 7}}
    path = f"/api/v3.3/events/identify/{account.clients['South']}/track.json"
    assert account.call("POST", path, unnamed).status == 200
