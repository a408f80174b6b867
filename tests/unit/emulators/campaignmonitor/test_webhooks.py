"""Laws of webhooks: what is told, in which batches, and what becomes of endpoints that fail."""

import random
import socket
import time
from collections import Counter
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest

from fairlead_emulators.campaignmonitor.app import create
from fairlead_emulators.campaignmonitor.webhooks.events import kind_of
from fairlead_emulators.clock import Clock
from fairlead_emulators.server import serving
from tests.unit.emulators.campaignmonitor.conftest import NOON, SPEC, assert_refused
from tests.unit.emulators.campaignmonitor.receiver import receiving
from tests.unit.emulators.http import Caller, basic

WHO = "Some.One@example.com"
ALL = ["Subscribe", "Deactivate", "Update"]


@pytest.fixture
def receiver():
    with receiving() as made:
        yield made


def _hook(account, url, title="Wide", events=ALL, form="json"):
    body = {"Events": events, "Url": url, "PayloadFormat": form}
    reply = account.call("POST", f"/api/v3.3/lists/{account.lists[title]}/webhooks.json", body)
    assert reply.status == 201, reply.body
    return reply.json


def _about(account, method, webhook, end="", title="Wide"):
    return account.call(method, f"/api/v3.3/lists/{account.lists[title]}/webhooks/{webhook}{end}.json")


def _deliver(account):
    return account.call("POST", "/_control/webhooks/deliver").json


def _import(account, people, title="Wide", first=0):
    rows = [{"EmailAddress": f"p{first + n}@example.com", "ConsentToTrack": "Yes"} for n in range(people)]
    path = f"/api/v3.3/subscribers/{account.lists[title]}/import.json"
    assert account.call("POST", path, {"Subscribers": rows, "Resubscribe": True}).status == 201


def _closed_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def _status(account, webhook):
    listed = account.call("GET", f"/api/v3.3/lists/{account.lists['Wide']}/webhooks.json").json
    return next(each["Status"] for each in listed if each["WebhookID"] == webhook)


def test_webhooks_are_made_shown_switched_and_deleted(account):
    made = _hook(account, "http://127.0.0.1:1/x", events=["update", "SUBSCRIBE"], form="XML")
    path = f"/api/v3.3/lists/{account.lists['Wide']}/webhooks.json"
    shown = {"WebhookID": made, "Url": "http://127.0.0.1:1/x", "Status": "Active", "PayloadFormat": "Xml"}
    assert account.call("GET", path).json == [{**shown, "Events": ["Subscribe", "Update"]}]
    assert _about(account, "PUT", made, "/deactivate").raw == b""
    assert _status(account, made) == "Inactive"
    assert _about(account, "PUT", made, "/activate").status == 200
    assert _status(account, made) == "Active"
    assert _about(account, "DELETE", made).status == 200
    assert account.call("GET", path).json == []
    for method, end in (("DELETE", ""), ("GET", "/test"), ("PUT", "/activate"), ("PUT", "/deactivate")):
        assert_refused(_about(account, method, made, end), 400, 604)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"Url": "ftp://example.com/x"}, 601),
        ({"Url": ""}, 601),
        ({"Url": "http://[bad"}, 601),
        ({"PayloadFormat": "yaml"}, 602),
        ({"Events": ["Subscribe", "Open"]}, 603),
        ({"Events": []}, 603),
    ],
)
def test_a_webhook_that_makes_no_sense_is_refused(account, wrong, code):
    body = {"Events": ALL, "Url": "http://127.0.0.1:1/x", "PayloadFormat": "json", **wrong}
    path = f"/api/v3.3/lists/{account.lists['Wide']}/webhooks.json"
    assert_refused(account.call("POST", path, body), 400, code)


def test_a_test_posts_one_example_of_each_type_and_says_why_it_failed(account, receiver):
    made = _hook(account, receiver.url)
    assert _about(account, "GET", made, "/test").status == 200
    assert [(len(post["Events"]), post["ListID"]) for post in receiver.posts] == [(3, account.lists["Wide"])]
    assert receiver.told == Counter(ALL)
    receiver.status = 418
    refused = _about(account, "GET", made, "/test")
    assert_refused(refused, 400, 610)
    data = refused.json["ResultData"]
    assert (data["FailureStatus"], data["FailureResponseCode"], data["FailureResponse"]) == ("ProtocolError", 418, "ok")
    dead = _hook(account, f"http://127.0.0.1:{_closed_port()}/")
    assert _about(account, "GET", dead, "/test").json["ResultData"]["FailureStatus"] == "ConnectFailure"


def test_events_have_the_fields_of_their_type(account, receiver):
    _hook(account, receiver.url)
    account.add("Wide", WHO, Name="Some One", CustomFields=[{"Key": "Website", "Value": "https://example.com"}])
    account.call(
        "PUT", f"/api/v3.3/subscribers/{account.lists['Wide']}.json", {"EmailAddress": "new@example.com"}, email=WHO
    )
    account.act("Wide", "new@example.com", "unsubscribe")
    account.act("Wide", "other@example.com", "subscribe", ip="198.51.100.9")
    _deliver(account)
    values = [{"Key": "Website", "Value": "https://example.com"}]
    date = "2026-07-15 22:00:00"
    assert receiver.events == [
        {"Type": "Subscribe", "Date": date, "EmailAddress": WHO, "Name": "Some One", "SignupIPAddress": "TypeManual",
         "CustomFields": values},
        {"Type": "Update", "Date": date, "OldEmailAddress": WHO, "EmailAddress": "new@example.com", "Name": "Some One",
         "State": "Active", "CustomFields": values},
        {"Type": "Deactivate", "Date": date, "EmailAddress": "new@example.com", "Name": "Some One",
         "State": "Unsubscribed", "CustomFields": values},
        {"Type": "Subscribe", "Date": date, "EmailAddress": "other@example.com", "Name": "",
         "SignupIPAddress": "198.51.100.9", "CustomFields": []},
    ]  # fmt: skip


@pytest.mark.parametrize(("do", "state"), [("bounce", "Bounced"), ("delete", "Deleted"), ("complain", "Unsubscribed")])
def test_every_way_out_is_told_with_its_state(account, receiver, do, state):
    _hook(account, receiver.url, events=["Deactivate"])
    account.add("Wide", WHO)
    account.act("Wide", WHO, do)
    _deliver(account)
    assert [(each["Type"], each["State"]) for each in receiver.events] == [("Deactivate", state)]


def test_an_edit_is_told_though_inactive_and_an_unsubscribe_on_every_list_it_holds_for(account, receiver):
    for title in ("Wide", "Wide too", "Only here"):
        _hook(account, receiver.url, title, events=["Deactivate", "Update"])
        account.add(title, WHO)
    account.unsubscribe("Wide", WHO)
    account.act("Wide", WHO, "change_name")
    _deliver(account)
    told = {(post["ListID"], each["Type"], each["State"]) for post in receiver.posts for each in post["Events"]}
    wide, too = account.lists["Wide"], account.lists["Wide too"]
    gone = {(wide, "Deactivate", "Unsubscribed"), (too, "Deactivate", "Unsubscribed")}
    assert told == {*gone, (wide, "Update", "Unsubscribed")}


def test_an_opt_in_is_told_when_it_is_confirmed(account, receiver):
    _hook(account, receiver.url, "Confirmed")
    account.add("Confirmed", WHO)
    assert _deliver(account)["posts"] == 0
    account.act("Confirmed", WHO, "confirm")
    _deliver(account)
    assert receiver.told == Counter(["Subscribe"])


def test_what_is_not_subscribed_to_or_not_of_the_list_is_not_told(account, receiver):
    _hook(account, receiver.url, events=["Update"])
    account.add("Wide", WHO)
    account.add("Only here", WHO)
    account.add("Only here", WHO, Name="Again")
    assert _deliver(account)["posts"] == 0


def test_xml_payloads_carry_the_same_and_stay_well_formed(account, receiver):
    _hook(account, receiver.url, form="xml")
    account.add("Wide", WHO, Name="<& \x0b>", CustomFields=[{"Key": "Website", "Value": "a"}])
    _deliver(account)
    body, content_type = receiver.raw[0]
    root = ET.fromstring(body)
    assert content_type.startswith("application/xml")
    assert root.findtext("ListID") == account.lists["Wide"]
    assert root.findtext("Events/Event/Name") == "<& >"
    assert root.findtext("Events/Event/CustomFields/CustomField/Value") == "a"


def test_6500_imported_are_seven_posts(account, receiver):
    made = _hook(account, receiver.url)
    receiver.status = 503
    _import(account, 1)
    _deliver(account)
    for first in range(0, 7000, 1000):
        _import(account, 1000 if first < 6000 else 500, first=first)
    receiver.status = 200
    receiver.raw.clear()
    account.emulator.clock.advance(600)
    _deliver(account)
    assert [len(post["Events"]) for post in receiver.posts] == [1000] * 6 + [501]
    assert _status(account, made) == "Active"


def test_changes_are_posted_soon_without_being_asked_for(account, receiver):
    _hook(account, receiver.url)
    account.add("Wide", WHO)
    deadline = time.monotonic() + 10
    while not receiver.raw and time.monotonic() < deadline:
        time.sleep(0.02)
    assert receiver.told == Counter(["Subscribe"])


def test_nothing_waits_where_no_webhook_is(account):
    _import(account, 200)
    assert account.call("GET", "/_control/webhooks").json == {"webhooks": [], "deliveries": []}


def test_a_failed_post_is_repeated_after_growing_waits_of_emulated_time(account, receiver):
    """Every change arrives at least once at an endpoint that comes back."""
    _hook(account, receiver.url)
    receiver.answers = [500, 404, 302]
    account.add("Wide", WHO)
    _deliver(account)
    assert (len(receiver.raw), _deliver(account)["posts"]) == (1, 0), "not before its time"
    for wait, posts in ((61, 2), (61, 2), (61, 3), (241, 4), (100_000, 4)):
        account.emulator.clock.advance(wait)
        _deliver(account)
        assert len(receiver.raw) == posts
    shown = account.call("GET", "/_control/webhooks").json
    assert [each["outcome"].partition(":")[0] for each in shown["deliveries"]] == ["ProtocolError"] * 3 + ["delivered"]
    assert (shown["webhooks"][0]["waiting"], shown["webhooks"][0]["failing_since"]) == (0, None)


def test_a_dead_endpoint_is_deactivated_after_a_week_and_not_before(account):
    made = _hook(account, f"http://127.0.0.1:{_closed_port()}/")
    account.add("Wide", WHO)
    for _ in range(7):
        _deliver(account)
        assert _status(account, made) == "Active"
        account.emulator.clock.advance(timedelta(days=1).total_seconds())
    _deliver(account)
    assert _status(account, made) == "Inactive"
    assert account.call("GET", "/_control/webhooks").json["webhooks"][0]["waiting"] == 0


def test_an_endpoint_that_recovers_starts_a_new_week(account, receiver):
    made = _hook(account, receiver.url)
    receiver.answers = [500, 200, 500]
    for name in ("a", "b"):
        account.add("Wide", f"{name}@example.com")
        _deliver(account)
        account.emulator.clock.advance(timedelta(days=6).total_seconds())
        _deliver(account)
    assert _status(account, made) == "Active"
    assert {each["EmailAddress"] for each in receiver.events} == {"a@example.com", "b@example.com"}


def test_what_happens_while_inactive_is_never_posted(account, receiver):
    made = _hook(account, receiver.url)
    _about(account, "PUT", made, "/deactivate")
    account.add("Wide", WHO)
    _about(account, "PUT", made, "/activate")
    assert _deliver(account)["posts"] == 0


def test_posts_stay_on_this_machine_unless_set_otherwise(account):
    made = _hook(account, "https://hooks.example.com/x")
    refused = _about(account, "GET", made, "/test")
    assert "webhook_hosts" in refused.json["ResultData"]["FailureResponseMessage"]


def _faulty(account, fault, **more):
    account.call("POST", "/_control/faults", {"fault": fault, **more})


def test_a_batch_may_come_twice(account, receiver):
    _hook(account, receiver.url)
    _faulty(account, "webhook_duplicate")
    account.add("Wide", WHO)
    _deliver(account)
    assert receiver.posts[0] == receiver.posts[1]
    assert len(receiver.raw) == 2


def test_events_may_come_in_another_order_and_none_is_lost(account, receiver):
    _hook(account, receiver.url)
    _faulty(account, "webhook_reorder", seconds=30)
    _import(account, 4)
    _deliver(account)
    assert [each["EmailAddress"][:2] for each in receiver.events] == ["p3", "p2", "p1"]
    account.emulator.clock.advance(31)
    _deliver(account)
    assert [each["EmailAddress"][:2] for each in receiver.events] == ["p3", "p2", "p1", "p0"]


def test_a_batch_may_be_lost_on_demand(account, receiver):
    _hook(account, receiver.url)
    _faulty(account, "webhook_drop")
    account.add("Wide", WHO)
    assert _deliver(account)["posts"] == 0
    assert account.call("GET", "/_control/webhooks").json["deliveries"][0]["outcome"] == "dropped by a fault"


def test_a_reset_forgets_webhooks_and_what_waits(account, receiver):
    _hook(account, receiver.url)
    receiver.status = 500
    account.add("Wide", WHO)
    account.emulator.seed(SPEC)
    assert account.call("GET", "/_control/webhooks").json == {"webhooks": [], "deliveries": []}


def test_a_seed_may_bring_webhooks(account, receiver):
    client = {**SPEC["clients"][0], "lists": [{"title": "Wide", "webhooks": [{"url": receiver.url}]}]}
    assert account.emulator.seed({"seed": 1, "clients": [client]})["webhooks"] == 1
    account.act("Wide", WHO, "subscribe")
    _deliver(account)
    assert receiver.told == Counter(["Subscribe"])


def test_nothing_is_lost_by_a_restart(tmp_path, receiver):
    """Webhooks, what waits for them and what is queued are kept with the data."""
    clock = Clock()
    clock.set(NOON)
    receiver.status = 500
    first = create(clock, tmp_path)
    first.seed({**SPEC, "settings": {"add_delay_seconds": 300}})
    wide = first.store.lists()[0].id
    with serving(first.app) as url:
        call = Caller(url, basic(first.ready()["api_key"]))
        body = {"Events": ALL, "Url": receiver.url, "PayloadFormat": "json"}
        assert call("POST", f"/api/v3.3/lists/{wide}/webhooks.json", body).status == 201
        call("POST", "/_control/act", {"list": wide, "email": "at.once@example.com", "do": "subscribe"})
        later = {"EmailAddress": "later@example.com", "ConsentToTrack": "Yes"}
        assert call("POST", f"/api/v3.3/subscribers/{wide}.json", later).status == 201
        call("POST", "/_control/webhooks/deliver")
    first.store.db.close()
    receiver.status = 200
    receiver.raw.clear()
    clock.advance(900)
    second = create(clock, tmp_path)
    with serving(second.app) as url:
        call = Caller(url, basic(second.ready()["api_key"]))
        assert call("GET", "/_control/settings").json["add_delay_seconds"]["value"] == 300
        found = call("GET", f"/api/v3.3/subscribers/{wide}.json", email="later@example.com")
        assert found.json["State"] == "Active"
        call("POST", "/_control/webhooks/deliver")
    second.store.db.close()
    assert {each["EmailAddress"] for each in receiver.events} == {"at.once@example.com", "later@example.com"}


@pytest.mark.parametrize("seed", range(3))
def test_every_change_arrives_at_least_once_whatever_goes_wrong_on_the_way(account, receiver, seed):
    """Acts at random, an endpoint that fails now and then, batches doubled and mixed: nothing is missing at the end."""
    draw = random.Random(seed)
    _hook(account, receiver.url)
    wide, expected = account.lists["Wide"], Counter()

    def note(change):
        if change.on.id == wide:
            expected[kind_of(change), change.new.address, change.new.name] += 1

    account.emulator.life.watch(note)
    names = [f"p{n}@example.com" for n in range(6)]
    for n in range(60):
        do = draw.choice(["subscribe", "subscribe", "change_name", "unsubscribe", "bounce", "delete"])
        account.act("Wide", draw.choice(names), do, name=f"Name {n}")
        if draw.random() < 0.2:
            receiver.answers = draw.choices([200, 404, 500], k=2)
            _faulty(account, draw.choice(["webhook_duplicate", "webhook_reorder"]), seconds=draw.randrange(1, 500))
            _deliver(account)
            account.emulator.clock.advance(draw.randrange(300))
    receiver.answers = []
    for _ in range(3):
        account.emulator.clock.advance(100_000)
        _deliver(account)
    told = Counter((each["Type"], each["EmailAddress"], each["Name"]) for each in receiver.events)
    assert sum(expected.values()) > 20
    assert not expected - told
    assert set(told) == set(expected)


def test_a_post_under_way_when_the_account_is_emptied_leaves_no_trace(account, receiver):
    _hook(account, receiver.url)

    def take(body, content_type):
        receiver.raw.append((body, content_type))
        account.emulator.seed(SPEC)
        return 200

    receiver.take = take
    account.add("Wide", WHO)
    _deliver(account)
    assert len(receiver.raw) == 1
    assert account.call("GET", "/_control/webhooks").json == {"webhooks": [], "deliveries": []}
