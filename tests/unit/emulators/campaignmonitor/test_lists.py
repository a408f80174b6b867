"""Laws of lists: pages of members, dates, statistics, custom fields, details."""

from datetime import UTC, datetime, timedelta

import pytest

from fairlead_emulators.campaignmonitor.app import create
from fairlead_emulators.clock import Clock
from fairlead_emulators.seeds import LONDON, NEW_YORK
from fairlead_emulators.server import serving
from tests.unit.emulators.campaignmonitor.conftest import assert_refused
from tests.unit.emulators.http import Caller, basic

STATES = ("active", "unconfirmed", "unsubscribed", "bounced", "deleted")
CROWD = {
    "clients": [
        {
            "name": "Crowded",
            "country": "Canada",
            "time_zone": NEW_YORK,
            "lists": [
                {"title": "Other", "people": [[500, 200]]},
                {
                    "title": "Crowd",
                    "confirmed_opt_in": True,
                    "custom_fields": [{"name": "Remarks", "type": "Text"}],
                    "people": [[0, 2_345]],
                },
            ],
        }
    ]
}


@pytest.fixture(scope="module")
def crowd():
    """A list of 2,345 persons that no test changes: the path of the list, and a caller."""
    emulator = create(Clock())
    emulator.seed(CROWD)
    with serving(emulator.app) as url:
        yield emulator, Caller(url, basic(emulator.ready()["api_key"]))


def _path(emulator, state="active"):
    (found,) = (each for each in emulator.store.lists() if each.title == "Crowd")
    return f"/api/v3.3/lists/{found.id}/{state}.json"


def _pages(crowd, state="active", **query):
    emulator, call = crowd
    rows, page = [], 1
    while True:
        body = call("GET", _path(emulator, state), page=page, **query).json
        rows += body["Results"]
        assert body["PageNumber"] == page
        assert body["RecordsOnThisPage"] == len(body["Results"])
        if page >= body["NumberOfPages"]:
            assert body["TotalNumberOfRecords"] == len(rows)
            return rows
        page += 1


def test_pages_of_the_five_states_hold_everybody_once(crowd):
    emulator, _ = crowd
    addresses = [each["EmailAddress"] for state in STATES for each in _pages(crowd, state, pagesize=100)]
    assert len(addresses) == len({each.lower() for each in addresses}) == 2_345
    for state in STATES:
        assert {each["State"].lower() for each in _pages(crowd, state)} == {state}


@pytest.mark.parametrize("field", ["email", "name", "date"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_pages_are_in_the_order_asked_for_and_the_pages_size_does_not_matter(crowd, field, direction):
    whole = _pages(crowd, orderfield=field, orderdirection=direction)
    name = {"email": "EmailAddress", "name": "Name", "date": "Date"}[field]
    values = [each[name].lower() if field == "email" else each[name] for each in whole]
    if field != "date":  # wall clocks repeat an hour in autumn
        assert values == sorted(values, reverse=direction == "desc")
    assert _pages(crowd, orderfield=field, orderdirection=direction, pagesize=77) == whole


def test_pages_read_in_any_order_are_the_pages_read_in_order(crowd):
    """What was remembered of earlier pages does not change a page."""
    emulator, call = crowd
    in_order = [call("GET", _path(emulator), page=page, pagesize=50).json for page in range(1, 31)]
    emulator.store.touch(emulator.store.lists()[1].n)
    shuffled = {page: call("GET", _path(emulator), page=page, pagesize=50).json for page in (30, 2, 17, 1, 16, 29, 3)}
    assert {page: in_order[page - 1] for page in shuffled} == shuffled


@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_pages_since_a_date_are_the_end_of_all_pages(crowd, direction):
    whole = _pages(crowd, orderdirection=direction)
    middle = sorted(each["Date"] for each in whole)[len(whole) // 2][:10]
    late = [each for each in whole if each["Date"] >= middle]
    assert 50 < len(late) < len(whole)
    assert _pages(crowd, orderdirection=direction, date=middle, pagesize=33) == late


def test_the_default_is_1000_by_date_ascending(crowd):
    emulator, call = crowd
    body = call("GET", _path(emulator)).json
    parts = ("ResultsOrderedBy", "OrderDirection", "PageNumber", "PageSize", "RecordsOnThisPage")
    assert [body[part] for part in parts] == ["date", "asc", 1, 1000, 1000]
    assert body["NumberOfPages"] == -(-body["TotalNumberOfRecords"] // 1000)


def test_a_page_beyond_the_end_is_empty_and_so_is_an_empty_list(crowd, account):
    emulator, call = crowd
    beyond = call("GET", _path(emulator), page=99).json
    assert (beyond["Results"], beyond["RecordsOnThisPage"], beyond["NumberOfPages"]) == ([], 0, 2)
    empty = account.members("Wide", "active").json
    assert (empty["Results"], empty["TotalNumberOfRecords"], empty["NumberOfPages"]) == ([], 0, 0)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"page": "0"}, 800),
        ({"page": "x"}, 800),
        ({"pagesize": "9"}, 801),
        ({"pagesize": "1001"}, 801),
        ({"orderfield": "shoe"}, 802),
        ({"orderdirection": "up"}, 803),
        ({"date": "yesterday"}, 5),
        ({"date": "2026-13-01"}, 5),
    ],
)
def test_wrong_paging_has_its_own_codes(crowd, query, code):
    emulator, call = crowd
    assert_refused(call("GET", _path(emulator), **query), 400, code)


def test_the_date_lets_through_what_entered_on_or_after_it_in_the_clients_zone(account):
    """Sydney is ten hours ahead: its 16th of July begins at 14:00 UTC on the 15th."""
    account.emulator.clock.set(datetime(2026, 7, 15, 13, 58, 50, tzinfo=UTC))
    for email in ("a@example.com", "b@example.com", "c@example.com"):  # 23:59, 00:00, 00:01 over there
        account.add("Wide", email)
        account.emulator.clock.advance(60)

    def since(date):
        rows = account.members("Wide", "active", date=date, orderfield="email").json["Results"]
        return "".join(each["EmailAddress"][0] for each in rows)

    assert since("2026-07-16") == "bc"
    assert since("2026-07-15") == "abc"
    assert since("2026-07-17") == ""
    assert since("2026-07-16 00:01:00") == "c"
    assert since("2026-07-16 00:00") == "bc"


def test_the_date_is_of_the_state_not_of_the_joining(account):
    account.add("Wide", "a@example.com")
    account.emulator.clock.advance(timedelta(days=3).total_seconds())
    account.unsubscribe("Wide", "a@example.com")
    (row,) = account.members("Wide", "unsubscribed", date="2026-07-18").json["Results"]
    assert (row["Date"], row["ListJoinedDate"]) == ("2026-07-18 22:00:00", "2026-07-15 22:00:00")


def test_edits_do_not_move_the_date(account):
    account.add("Wide", "a@example.com")
    account.emulator.clock.advance(timedelta(days=3).total_seconds())
    account.act("Wide", "a@example.com", "change_name", name="Other")
    assert account.members("Wide", "active", date="2026-07-18").json["Results"] == []


def test_writes_between_pages_are_seen(account):
    before = account.members("Crowd", "active", pagesize=10).json["TotalNumberOfRecords"]
    account.add("Crowd", "new@example.com")
    after = account.members("Crowd", "active", pagesize=10).json
    assert after["TotalNumberOfRecords"] == before + 1
    last = account.members("Crowd", "active", pagesize=10, page=after["NumberOfPages"]).json["Results"][-1]
    assert last["EmailAddress"] == "new@example.com", "it has the newest date"


def test_statistics_count_by_calendar_in_the_clients_zone(account):
    """At 13:30 UTC on a Wednesday in Sydney it is 23:30; an hour later it is Thursday there."""
    account.emulator.clock.set(datetime(2026, 7, 15, 13, 30, tzinfo=UTC))
    account.add("Wide", "a@example.com")
    account.emulator.clock.advance(3_600)
    account.add("Wide", "b@example.com")
    account.unsubscribe("Wide", "b@example.com")
    stats = account.call("GET", f"/api/v3.3/lists/{account.lists['Wide']}/stats.json").json
    assert len(stats) == 24
    names = ("TotalActiveSubscribers", "NewActiveSubscribersToday", "NewActiveSubscribersYesterday")
    assert [stats[name] for name in names] == [1, 0, 1]
    assert [stats[f"Unsubscribes{period}"] for period in ("Today", "Yesterday", "ThisWeek")] == [1, 0, 1]


def test_weeks_start_on_sunday(account):
    account.emulator.clock.set(datetime(2026, 7, 11, 3, 0, tzinfo=UTC))  # a Saturday
    account.add("Wide", "a@example.com")
    account.emulator.clock.advance(86_400)
    account.add("Wide", "b@example.com")
    stats = account.call("GET", f"/api/v3.3/lists/{account.lists['Wide']}/stats.json").json
    assert (stats["NewActiveSubscribersThisWeek"], stats["NewActiveSubscribersThisMonth"]) == (1, 2)


def test_lists_are_made_with_unique_titles(account):
    path = f"/api/v3.3/lists/{account.clients['South']}.json"
    made = account.call("POST", path, {"Title": "Fresh", "UnsubscribeSetting": "OnlyThisList", "ConfirmedOptIn": True})
    assert made.status == 201
    details = account.call("GET", f"/api/v3.3/lists/{made.json}.json").json
    assert (details["Title"], details["UnsubscribeSetting"], details["ConfirmedOptIn"]) == (
        "Fresh",
        "OnlyThisList",
        True,
    )
    assert_refused(account.call("POST", path, {"Title": "fresh"}), 400, 250)
    assert_refused(account.call("POST", path, {"Title": " "}), 400, 251)
    assert_refused(account.call("POST", path, {"Title": "x", "UnsubscribeSetting": "Sometimes"}), 400, 261)
    listed = account.call("GET", f"/api/v3.3/clients/{account.clients['South']}/lists.json").json
    assert {"ListID": made.json, "Name": "Fresh"} in listed


def test_custom_fields_have_bracketed_keys_and_their_own_refusals(account):
    path = f"/api/v3.3/lists/{account.lists['Wide too']}/customfields.json"
    made = account.call("POST", path, {"FieldName": "Größe (cm)", "DataType": "Number"})
    assert (made.status, made.json) == (201, "[grecm]")
    assert account.call("POST", path, {"FieldName": "日本", "DataType": "Text"}).json == "[]"
    assert account.call("POST", path, {"FieldName": "東京", "DataType": "Text"}).json != "[]"
    for body, code in (
        ({"FieldName": "", "DataType": "Text"}, 254),
        ({"FieldName": "größe(cm)", "DataType": "Text"}, 255),
        ({"FieldName": "A", "DataType": "Text", "Options": ["x"]}, 256),
        ({"FieldName": "A", "DataType": "MultiSelectOne"}, 257),
        ({"FieldName": "A", "DataType": "Colour"}, 259),
    ):
        assert_refused(account.call("POST", path, body), 400, code)
    assert [each["FieldName"] for each in account.call("GET", path).json] == ["Größe (cm)", "日本", "東京"]


def test_lists_for_an_email_tell_its_state_on_each(account):
    account.add("Wide", "a@example.com")
    account.add("Only here", "A@example.com")
    account.unsubscribe("Only here", "a@example.com")
    path = f"/api/v3.3/clients/{account.clients['South']}/listsforemail.json"
    found = account.call("GET", path, email="a@example.com").json
    assert [(each["ListName"], each["SubscriberState"]) for each in found] == [
        ("Wide", "Active"),
        ("Only here", "Unsubscribed"),
    ]
    assert {each["DateSubscriberAdded"] for each in found} == {"2026-07-15 22:00:00"}
    assert account.call("GET", path, email="nobody@example.com").json == []
    assert_refused(account.call("GET", path, email="nobody"), 400, 1)


def test_clients_are_made_five_in_half_an_hour(account):
    body = {"CompanyName": "New", "Country": "Iceland", "TimeZone": LONDON}
    made = account.call("POST", "/api/v3.3/clients.json", body)
    assert made.status == 201
    details = account.call("GET", f"/api/v3.3/clients/{made.json}.json").json
    assert details["BasicDetails"]["TimeZone"] == LONDON
    for wrong, code in (
        ({"CompanyName": ""}, 154),
        ({"Country": "Atlantis"}, 157),
        ({"TimeZone": "Mars"}, 152),
    ):
        assert_refused(account.call("POST", "/api/v3.3/clients.json", {**body, **wrong}), 400, code)
    for _ in range(4):
        assert account.call("POST", "/api/v3.3/clients.json", body).status == 201
    assert_refused(account.call("POST", "/api/v3.3/clients.json", body), 400, 172)
    account.emulator.clock.advance(1_801)
    assert account.call("POST", "/api/v3.3/clients.json", body).status == 201


def test_account_wide_answers(account):
    assert account.call("GET", "/api/v3.3/systemdate.json").json == {"SystemDate": "2026-07-15 22:00:00"}
    zones = account.call("GET", "/api/v3.3/timezones.json").json
    assert len(zones) == 97
    assert LONDON in zones
    assert "United Kingdom" in account.call("GET", "/api/v3.3/countries.json").json
