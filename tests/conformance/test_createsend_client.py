"""Campaign Monitor's own Python client, unmodified but for its base address, against the local account."""

import http.client

import createsend
import createsend.createsend
import pytest
from createsend import BadRequest, Client, CreateSend, ExpiredOAuthToken, List, Subscriber, Unauthorized

from fairlead_emulators.campaignmonitor.app import create
from fairlead_emulators.clock import Clock
from fairlead_emulators.seeds import SYDNEY, spec
from fairlead_emulators.server import serving

WHO = "Some.One+tag@example.com"


@pytest.fixture(scope="module")
def served():
    emulator = create(Clock())
    with serving(emulator.app) as url:
        yield emulator, url


@pytest.fixture
def account(served, monkeypatch):
    """The emulator, with the client pointed at it: its TLS is hard-wired, so its connection class is set."""
    emulator, url = served
    emulator.seed(spec("small", "campaign_monitor"))
    monkeypatch.setattr(CreateSend, "base_uri", f"{url}/api/v3.3")
    monkeypatch.setattr(CreateSend, "oauth_token_uri", f"{url}/oauth/token")
    monkeypatch.setattr(createsend.createsend, "VerifiedHTTPSConnection", http.client.HTTPConnection)
    return emulator


@pytest.fixture
def auth(account):
    return {"api_key": account.ready()["api_key"]}


@pytest.fixture
def client(account, auth):
    return Client(auth, account.ready()["client_id"])


@pytest.fixture
def wide(client, auth):
    """The list whose unsubscribes hold client-wide."""
    return List(auth, next(each.ListID for each in client.lists() if each.Name == "Newsletter"))


def test_account(auth):
    cs = CreateSend(auth)
    assert [each.Name for each in cs.clients()] == ["Small & Co"]
    assert len(cs.timezones()) == 97
    assert "Australia" in cs.countries()
    assert cs.systemdate().endswith(":00")
    assert cs.billing_details().Credits > 0
    assert "@" in cs.get_primary_contact().EmailAddress


def test_clients(client, auth):
    details = client.details()
    assert details.BasicDetails.CompanyName == "Small & Co"
    assert [each.Name for each in client.lists()] == ["Newsletter", "Customers"]
    made = Client(auth).create("Another", SYDNEY, "Australia")
    assert Client(auth, made).details().BasicDetails.TimeZone == SYDNEY


def test_a_wrong_key_is_unauthorized(account):
    with pytest.raises(Unauthorized) as refused:
        CreateSend({"api_key": "wrong"}).clients()
    assert refused.value.data.Code == 100


def test_lists(client, auth):
    identity = List(auth).create(client.client_id, "Made here", "", False, "")
    made = List(auth, identity)
    assert made.details().Title == "Made here"
    assert made.create_custom_field("Colour", "MultiSelectOne", ["red", "blue"]) == "[colour]"
    assert [each.FieldName for each in made.custom_fields()] == ["Colour"]
    assert made.stats().TotalActiveSubscribers == 0
    with pytest.raises(BadRequest) as refused:
        List(auth).create(client.client_id, "Made here", "", False, "")
    assert refused.value.data.Code == 250


@pytest.mark.parametrize("state", ["active", "unconfirmed", "unsubscribed", "bounced", "deleted"])
def test_members_by_state(wide, state):
    """The client always sends an empty date, its own spelling of names, and True for booleans."""
    first = getattr(wide, state)(page_size=100, include_tracking_preference=True)
    rows = list(first.Results)
    for page in range(2, first.NumberOfPages + 1):
        rows += getattr(wide, state)(page=page, page_size=100).Results
    assert len(rows) == first.TotalNumberOfRecords
    assert {each.State for each in rows} <= {state.capitalize()}
    assert [each.EmailAddress.lower() for each in rows] == sorted(each.EmailAddress.lower() for each in rows)
    assert all(each.ConsentToTrack in ("Yes", "No") for each in first.Results)


def test_the_life_of_a_subscriber(client, wide, auth):
    subscriber = Subscriber(auth, wide.list_id, WHO)
    fields = [{"Key": "Age", "Value": 42}, {"Key": "Interests", "Value": "Art"}]
    assert subscriber.add(wide.list_id, WHO, "Some One", fields, False, "Yes") == WHO
    found = subscriber.get(wide.list_id, WHO, include_tracking_preference=True)
    assert (found.Name, found.State, found.ConsentToTrack) == ("Some One", "Active", "Yes")
    assert {each.Key: each.Value for each in found.CustomFields} == {"Age": "42", "Interests": "Art"}
    subscriber.update("new@example.com", "New Name", [], False, "No")
    assert subscriber.get(wide.list_id, "new@example.com").Name == "New Name"
    assert subscriber.history() == []
    subscriber.unsubscribe()
    assert subscriber.get(wide.list_id, "new@example.com").State == "Unsubscribed"
    with pytest.raises(BadRequest) as refused:
        subscriber.add(wide.list_id, "new@example.com", "Again", [], False, "Unchanged")
    assert refused.value.data.Code == 206
    subscriber.delete()
    assert [each.SubscriberState for each in client.lists_for_email("new@example.com")] == ["Deleted"]
    with pytest.raises(BadRequest) as refused:
        subscriber.get(wide.list_id, "nobody@example.com")
    assert refused.value.data.Code == 203


def test_an_import(wide, auth):
    rows = [{"EmailAddress": f"n{number}@example.com", "Name": "N", "ConsentToTrack": "Yes"} for number in range(20)]
    done = Subscriber(auth).import_subscribers(wide.list_id, rows, False)
    assert (done.TotalNewSubscribers, done.FailureDetails) == (20, [])
    # A partial failure is no exception for this client: it hands over what came with it.
    partly = Subscriber(auth).import_subscribers(
        wide.list_id, [*rows[:2], {"EmailAddress": "bad", "ConsentToTrack": "Yes"}], False
    )
    assert [each.Code for each in partly.FailureDetails] == [1]
    assert partly.TotalExistingSubscribers == 2


def test_suppressions(client):
    client.suppress([WHO])
    before = client.suppressionlist(page_size=1000)
    assert WHO in [each.EmailAddress for each in before.Results]
    client.unsuppress(WHO)
    assert client.suppressionlist().TotalNumberOfRecords == before.TotalNumberOfRecords - 1


def test_tokens(account):
    ready = account.ready()
    cs = CreateSend({"access_token": ready["access_token"], "refresh_token": ready["refresh_token"]})
    assert len(cs.clients()) == 1
    account.faults.add([{"fault": "expired_token"}])
    with pytest.raises(ExpiredOAuthToken):
        cs.clients()
    access, expires_in, refresh = cs.refresh_token()
    assert (access != ready["access_token"], expires_in, refresh) == (True, 1_209_600, ready["refresh_token"])
    assert len(cs.clients()) == 1
