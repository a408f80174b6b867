"""Journeys: who begins one, what goes out when, what is told of it."""

import pytest

from fairlead_emulators.campaignmonitor.app import create
from fairlead_emulators.campaignmonitor.audience.entries import Entry
from fairlead_emulators.clock import Clock
from tests.unit.emulators.campaignmonitor.conftest import NOON, SPEC, assert_refused
from tests.unit.emulators.campaignmonitor.mailing import Mailing
from tests.unit.emulators.http import basic

ROWS = ("recipients", "opens", "clicks", "bounces", "unsubscribes")
EMAILS = [{"name": "Hello", "delay_hours": 2}, {"name": "Again", "delay_hours": 48}]


class Journeys(Mailing):
    """Journeys of an account of the fixtures."""

    def make(self, on="Wide", status="Active", name="Welcome"):
        said = {"client": self.account.clients["South"], "list": on, "status": status, "name": name, "emails": EMAILS}
        return self.call("POST", "/_control/journeys", said).json["id"]

    def set(self, journey, status):
        return self.call("POST", "/_control/journeys", {"id": journey, "status": status})

    def summary(self, journey):
        return self.call("GET", f"/api/v3.3/journeys/{journey}.json").json

    def sent(self, journey):
        """How many of each e-mail went out."""
        return [each["Sent"] for each in self.summary(journey)["Emails"]]

    def page(self, email, what, **query):
        return self.call("GET", f"/api/v3.3/journeys/email/{email}/{what}.json", **query)

    def begin(self, email="a@example.com", on="Wide", **body):
        assert self.account.add(on, email, **body).status == 201


@pytest.fixture
def journeys(account):
    return Journeys(account)


def test_joining_begins_it_and_each_email_keeps_its_delay(journeys):
    journey = journeys.make()
    journeys.begin()
    seen = []
    for minutes in (119, 2, 48 * 60 - 3, 3, 10_000):
        journeys.wait(minutes=minutes)
        seen.append(journeys.sent(journey))
    assert seen == [[0, 0], [1, 0], [1, 0], [1, 1], [1, 1]]
    first, second = (each["EmailID"] for each in journeys.summary(journey)["Emails"])
    # It was joined at 22:00:10 in the client's zone.
    assert journeys.page(first, "recipients").json["Results"] == [
        {"EmailAddress": "a@example.com", "SentDate": "2026-07-16 00:00:00"}
    ]
    assert journeys.page(second, "recipients").json["Results"][0]["SentDate"] == "2026-07-18 00:00:00"


def test_who_was_there_before_or_is_on_another_list_gets_nothing(journeys):
    journeys.begin()
    journey = journeys.make()
    journeys.begin("b@example.com", on="Wide too")
    journeys.wait(days=9)
    assert journeys.sent(journey) == [0, 0]


def test_an_unconfirmed_subscriber_begins_when_it_confirms(journeys):
    journey = journeys.make(on="Confirmed")
    journeys.begin(on="Confirmed")
    journeys.wait(days=1)
    assert journeys.sent(journey) == [0, 0]
    journeys.account.act("Confirmed", "a@example.com", "confirm")
    journeys.wait(hours=3)
    assert journeys.sent(journey) == [1, 0]


@pytest.mark.parametrize(("queue", "sent"), [(True, 1), (False, 0)])
def test_an_import_begins_it_when_it_asks_for_it(journeys, queue, sent):
    journey = journeys.make()
    body = {
        "Subscribers": [{"EmailAddress": "a@example.com", "ConsentToTrack": "Yes"}],
        "QueueSubscriptionBasedAutoResponders": queue,
    }
    journeys.call("POST", f"/api/v3.3/subscribers/{journeys.account.lists['Wide']}/import.json", body)
    journeys.wait(hours=3)
    assert journeys.sent(journey)[0] == sent


@pytest.mark.parametrize(("restart", "sent"), [(True, [2, 1]), (False, [1, 1])])
def test_it_begins_again_only_when_the_call_restarts_it(journeys, restart, sent):
    journey = journeys.make()
    journeys.begin()
    journeys.wait(days=5)
    journeys.begin(RestartSubscriptionBasedAutoresponders=restart)
    journeys.wait(hours=3)
    assert journeys.sent(journey) == sent


def test_who_comes_back_has_been_on_it(journeys):
    journey = journeys.make()
    journeys.begin()
    journeys.wait(hours=3)
    journeys.account.act("Wide", "a@example.com", "delete")
    journeys.begin(Resubscribe=True)
    journeys.wait(days=9)
    assert journeys.sent(journey)[0] == 1


def test_who_leaves_the_list_leaves_the_journey(journeys):
    journey = journeys.make()
    journeys.begin()
    journeys.wait(hours=3)
    journeys.account.act("Wide", "a@example.com", "unsubscribe", campaign="Hello")
    journeys.wait(days=9)
    assert journeys.sent(journey) == [1, 0]
    assert [each["Unsubscribed"] for each in journeys.summary(journey)["Emails"]] == [1, 0]
    assert journeys.account.state("Wide", "a@example.com") == "Unsubscribed"


def test_who_opts_out_by_an_email_gets_none_after_it_however_the_clock_jumps(journeys):
    journey = journeys.make()
    for n in range(400):
        journeys.account.emulator.life.add(wide(journeys), Entry(f"p{n}@example.com"), resubscribe=False)
    journeys.wait(days=100)
    first, second = (each["EmailID"] for each in journeys.summary(journey)["Emails"])
    when = {each["EmailAddress"]: each["SentDate"] for each in journeys.page(second, "recipients").json["Results"]}
    left = {
        each["EmailAddress"]: each["Date"]
        for what in ("bounces", "unsubscribes")
        for each in journeys.page(first, what).json["Results"]
        if each.get("BounceType") != "Soft"
    }
    assert left
    assert all(when[each] <= date for each, date in left.items() if each in when)
    assert any(each not in when for each in left)


def wide(journeys):
    return journeys.account.emulator.store.list(journeys.account.lists["Wide"])


def test_a_paused_journey_takes_nobody_in_and_lets_the_others_wait(journeys):
    journey = journeys.make()
    journeys.begin()
    assert journeys.set(journey, "Paused").json == {
        "id": journey, "client": journeys.account.clients["South"], "name": "Welcome", "status": "Paused", "under_way": 1,
    }  # fmt: skip
    journeys.begin("late@example.com")
    journeys.wait(days=9)
    assert (journeys.sent(journey), journeys.summary(journey)["Status"]) == ([0, 0], "Paused")
    journeys.set(journey, "Active")
    journeys.wait(minutes=1)
    assert journeys.sent(journey) == [1, 0]
    email = journeys.summary(journey)["Emails"][0]["EmailID"]
    assert [each["SentDate"][:10] for each in journeys.page(email, "recipients").json["Results"]] == ["2026-07-24"]


def test_a_journey_that_is_not_started_takes_nobody_in(journeys):
    journey = journeys.make(status="Not started")
    journeys.begin()
    journeys.wait(days=9)
    assert journeys.sent(journey) == [0, 0]


def test_counters_are_the_numbers_of_rows(journeys):
    journey = journeys.make()
    for n in range(300):
        journeys.account.emulator.life.add(wide(journeys), Entry(f"p{n}@example.com"), resubscribe=False)
    journeys.wait(days=70)
    for each in journeys.summary(journey)["Emails"]:
        rows = {what: journeys.page(each["EmailID"], what).json["Results"] for what in ROWS}
        assert not any("ListID" in row for found in rows.values() for row in found)
        counted = [each[name] for name in ("Sent", "Opened", "Clicked", "Bounced", "Unsubscribed")]
        assert counted == [len(rows[what]) for what in ROWS]
        assert each["UniqueOpened"] == len({row["EmailAddress"] for row in rows["opens"]}) > 0


def test_pages_are_ordered_by_date_and_say_so_in_their_own_way(journeys):
    journey = journeys.make()
    for n in range(25):
        journeys.begin(f"p{n:02d}@example.com")
        journeys.wait(minutes=7)
    journeys.wait(days=1)
    email = journeys.summary(journey)["Emails"][0]["EmailID"]
    page = journeys.page(email, "recipients", page=3, pagesize=10, orderdirection="desc").json
    assert [each["EmailAddress"] for each in page.pop("Results")] == [f"p{n:02d}@example.com" for n in (4, 3, 2, 1, 0)]
    assert page == {
        "ResultsOrderedBy": "SentDate", "OrderDirection": "DESC", "PageNumber": 3, "PageSize": 10,
        "RecordsOnThisPage": 5, "TotalNumberOfRecords": 25, "NumberOfPages": 3,
    }  # fmt: skip
    opens = journeys.page(email, "opens", orderfield="email").json
    assert (opens["ResultsOrderedBy"], opens["OrderDirection"]) == ("Date", "ASC")
    since = journeys.page(email, "recipients", date="2026-07-16 02:00").json
    assert since["TotalNumberOfRecords"] == 7
    assert_refused(journeys.page(email, "opens", date="x"), 400, 5)
    assert_refused(journeys.page(email, "opens", pagesize="1"), 400, 801)


def test_journeys_are_listed_and_unknown_ones_refused(journeys):
    account = journeys.account
    journey = journeys.make()
    assert journeys.of_client("journeys").json == [
        {"ListID": account.lists["Wide"], "JourneyID": journey, "Name": "Welcome", "Status": "Active"}
    ]
    assert journeys.of_client("journeys", client="North").json == []
    shown = journeys.summary(journey)
    assert (shown["JourneyID"], shown["TriggerType"]) == (journey, "On Subscription")
    assert_refused(journeys.call("GET", f"/api/v3.3/journeys/{'a' * 32}.json"), 400, 3000)
    assert_refused(journeys.page("a" * 32, "opens"), 400, 3002)
    keys = {each.name: each.api_key for each in account.emulator.store.clients()}
    other = account.caller(basic(keys["North"]))
    assert_refused(other("GET", f"/api/v3.3/journeys/{journey}.json"), 400, 3000)
    email = shown["Emails"][0]["EmailID"]
    assert_refused(other("GET", f"/api/v3.3/journeys/email/{email}/opens.json"), 400, 3002)


def test_a_copy_is_not_started_and_goes_where_it_is_told(journeys):
    account, journey = journeys.account, journeys.make()

    def copy(of=journey, **body):
        return journeys.call("POST", f"/api/v3.3/journeys/{of}/copy.json", body)

    assert_refused(copy("a" * 32, Name="x"), 400, 3000)
    for name in ("", " ", "x" * 51):
        assert_refused(copy(Name=name), 400, 3003)
    assert_refused(copy(Name="x", DestinationClientID="a" * 32), 400, 125)
    assert_refused(copy(Name="x", DestinationListID="a" * 32), 400, 126)
    assert_refused(copy(Name="x", DestinationClientID=account.clients["North"]), 400, 126)
    ids = [
        copy(Name="Same").json,
        copy(Name="Far", DestinationClientID=account.clients["North"], DestinationListID=account.lists["Crowd"]).json,
    ]
    for made, client in zip(ids, ("South", "North"), strict=True):
        shown = journeys.summary(made)
        assert (shown["Status"], [each["Name"] for each in shown["Emails"]]) == ("Not started", ["Hello", "Again"])
        assert made in [each["JourneyID"] for each in journeys.of_client("journeys", client=client).json]


def test_a_deleted_list_takes_its_journeys_along(journeys):
    journey = journeys.make()
    journeys.begin()
    assert journeys.call("DELETE", f"/api/v3.3/lists/{journeys.account.lists['Wide']}.json").status == 200
    journeys.wait(days=1)
    assert_refused(journeys.call("GET", f"/api/v3.3/journeys/{journey}.json"), 400, 3000)
    assert journeys.of_client("journeys").json == []


def test_a_changed_address_stays_on_its_journey(journeys):
    journey = journeys.make()
    journeys.begin()
    journeys.account.act("Wide", "a@example.com", "change_address", new_email="b@example.com")
    journeys.wait(hours=3)
    email = journeys.summary(journey)["Emails"][0]["EmailID"]
    assert [each["EmailAddress"] for each in journeys.page(email, "recipients").json["Results"]] == ["b@example.com"]


def test_the_history_names_the_emails(journeys):
    journeys.make()
    journeys.begin()
    journeys.wait(days=5)
    journeys.account.act("Wide", "a@example.com", "click", campaign="Again")
    path = f"/api/v3.3/subscribers/{journeys.account.lists['Wide']}/history.json"
    again, hello = journeys.call("GET", path, email="a@example.com").json
    assert [(each["Type"], each["Name"]) for each in (again, hello)] == [("Journey", "Again"), ("Journey", "Hello")]
    assert again["Actions"][0]["Event"] == "Click"
    assert again["Actions"][0]["Detail"].startswith("https://")


def test_seeded_journeys_have_a_past_and_nobody_under_way():
    clock = Clock()
    clock.set(NOON)
    emulator = create(clock)
    laid = {"name": "Welcome", "list": "Crowd", "emails": EMAILS, "history_days": 900}
    counts = emulator.seed({**SPEC, "clients": [{**SPEC["clients"][1], "journeys": [laid]}]})
    assert counts["journeys"] == 1
    joined = emulator.store.db.execute(
        "SELECT count(*) FROM subscribers WHERE joined_at >= ?", (NOON.timestamp() // 86_400 * 86_400 - 900 * 86_400,)
    ).fetchone()[0]
    sent = emulator.store.db.execute("SELECT count(*) FROM tracked WHERE kind = 0 GROUP BY mail").fetchall()
    assert 0 < sent[1][0] <= sent[0][0] <= joined
    clock.advance(90 * 86_400)
    emulator.tick()
    assert emulator.store.db.execute("SELECT count(*) FROM tracked WHERE kind = 0 GROUP BY mail").fetchall() == sent


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "Gone"},
        {"list": "Nothing"},
        {"name": ""},
        {"name": "x" * 51},
        {"id": "a" * 32},
        {"id": "a", "status": "x"},
    ],
)
def test_the_control_route_says_what_it_wants(journeys, wrong):
    said = {"client": journeys.account.clients["South"], "list": "Wide", "name": "Welcome", "emails": EMAILS, **wrong}
    reply = journeys.call("POST", "/_control/journeys", said)
    assert (reply.status, bool(reply.json["error"])) == (400, True)


@pytest.mark.parametrize("route", ["journeys", "campaigns", "pages"])
@pytest.mark.parametrize(
    "wrong",
    [
        [], "x", 1, {"emails": "x"}, {"emails": [1]}, {"emails": [{"delay_hours": 1}]}, {"list": []}, {"lists": "Wide"},
        {"emails": [{"name": "x", "delay_hours": 1e308}]}, {"emails": [{"name": "x", "delay_hours": {}}]},
        {"emails": [{"name": "x", "links": 1}]}, {"scheduled_in_days": 1e300}, {"scheduled_in_days": []},
        {"tags": [1]}, {"links": "x"}, {"segments": {}}, {"client": []}, {"name": []},
    ],
)  # fmt: skip
def test_whatever_is_posted_to_a_control_route_is_answered(journeys, route, wrong):
    said = {"client": journeys.account.clients["South"], "list": "Wide", "name": "Welcome", "lists": ["Wide"]}
    posted = {**said, **wrong} if isinstance(wrong, dict) else wrong
    assert journeys.call("POST", f"/_control/{route}", posted).status in (200, 400)
    for what in ("journeys", "drafts", "scheduled"):
        assert journeys.of_client(what).status == 200
