"""Laws of what tests and people do to the account past its API, and of the account's books of facts and codes."""

import json
import re
import time
from zoneinfo import available_timezones

import pytest

from fairlead_emulators.campaignmonitor.app import create
from fairlead_emulators.campaignmonitor.codes import Refusal, codes
from fairlead_emulators.campaignmonitor.dates import labels, minute_of, since, wire, zone
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.clock import Clock
from fairlead_emulators.seeds import LONDON, SYDNEY, spec
from tests.unit.emulators.http import basic


def _truth(account, title=None):
    reply = account.call("GET", "/_control/subscribers", **({"list": account.lists[title]} if title else {}))
    return [json.loads(line) for line in reply.body.splitlines()]


def test_every_fact_is_cited_and_every_citation_has_its_fact():
    assert fact.problems() == []


def test_citing_an_unknown_fact_is_an_error():
    with pytest.raises(LookupError, match="no entry 'nope'"):
        fact("nope")


def test_all_codes_are_known_and_some_messages_are_literal():
    assert len(codes()) == 324, "325 with 0, which is never sent"
    assert sum(each.documented for each in codes().values()) == 240
    assert {number for number, each in codes().items() if each.literal} >= {1, 100, 120, 121, 122, 203, 210}
    assert Refusal(203).http == 400


def test_every_time_zone_label_means_a_zone_that_exists():
    others = labels("timezones_others")
    assert {*labels().values(), *others.values()} <= available_timezones()
    assert (len(labels()), labels().keys() & others.keys()) == (97, set())


def test_dates_survive_the_way_to_the_wall_clock_and_back():
    """Every hour of a year, but the one that the wall clock shows twice."""
    for label in (LONDON, SYDNEY):
        where = zone(label)
        start = minute_of(1_767_225_600)
        lost = [m for m in range(start, start + 365 * 1440, 60) if since(wire(m, where), where) != m]
        assert len(lost) == 1


def test_a_subscriber_acts_at_the_moment_given(account):
    account.add("Wide", "a@example.com")
    reply = account.act("Wide", "a@example.com", "unsubscribe", at="2026-07-14T09:08:07+00:00")
    assert reply.json["state"] == "Unsubscribed"
    assert account.get("Wide", "a@example.com").json["Date"] == "2026-07-14 19:08:00"


@pytest.mark.parametrize(
    ("posted", "message"),
    [
        ({"do": "dance"}, "cannot 'dance': use one of"),
        ({"do": "unsubscribe", "email": "nobody@example.com"}, "refused with code 203"),
        ({"do": "bounce", "list": "Nowhere"}, "0 lists are called 'Nowhere'"),
        ({"do": "subscribe", "at": "2026-07-14T09:08:07"}, "add an offset"),
    ],
)
def test_acts_that_cannot_be_say_why(account, posted, message):
    reply = account.call("POST", "/_control/act", {"list": "Wide", "email": "a@example.com", **posted})
    assert reply.status == 400
    assert message in reply.json["error"]


def test_a_change_of_address_keeps_the_person(account):
    account.add("Wide", "a@example.com", Name="Ann")
    account.act("Wide", "a@example.com", "change_address", new_email="b@example.com")
    assert [(each["email"], each["name"]) for each in _truth(account, "Wide")] == [("b@example.com", "Ann")]


def test_a_share_of_subscribers_changes_the_same_way_for_the_same_seed(account):
    before = {each["email"]: each for each in _truth(account, "Crowd")}
    account.emulator.clock.advance(600)
    reply = account.call("POST", "/_control/act_many", {"list": "Crowd", "share": 0.25, "do": "mixed", "seed": 5})
    after = {each["email"]: each for each in _truth(account, "Crowd")}
    changed = {email for email in after if before[email]["state"] != after[email]["state"]}
    assert reply.json["changed"] == sum(reply.json["by"].values()) == 30
    assert len(changed) == 30
    assert len(reply.json["by"]) >= 3, "several kinds of change"
    assert all(after[email]["state_date"].startswith("2026-07-15T12:10") for email in changed)

    account.emulator.seed({"seed": 1, "clients": [*_same_spec()]})
    account.call("POST", "/_control/act_many", {"list": "Crowd", "share": 0.25, "do": "mixed", "seed": 5})
    again = {each["email"]: each["state"] for each in _truth(account, "Crowd")}
    assert again == {email: each["state"] for email, each in after.items()}


def _same_spec():
    from tests.unit.emulators.campaignmonitor.conftest import SPEC

    return SPEC["clients"]


def test_one_kind_of_change_for_a_share(account):
    active = account.members("Crowd", "active").json["TotalNumberOfRecords"]
    reply = account.call("POST", "/_control/act_many", {"list": "Crowd", "share": 0.5, "do": "bounce"})
    assert reply.json["by"] == {"bounce": reply.json["changed"]}
    assert account.members("Crowd", "active").json["TotalNumberOfRecords"] == active - reply.json["changed"]
    assert account.call("POST", "/_control/act_many", {"share": 2}).status == 400


def test_new_people_join_by_a_share(account):
    reply = account.call("POST", "/_control/act_many", {"list": "Crowd", "share": 0.1, "do": "join", "seed": 3})
    assert reply.json == {"changed": 12, "by": {"join": 12}}
    assert len(_truth(account, "Crowd")) == 132
    account.call("POST", "/_control/act_many", {"list": "Wide", "share": 1, "do": "join"})
    assert _truth(account, "Wide") == [], "a share of nobody is nobody"


def test_names_of_a_share_change_without_moving_dates(account):
    before = {each["email"]: each for each in _truth(account, "Crowd")}
    account.emulator.clock.advance(600)
    account.call("POST", "/_control/act_many", {"list": "Crowd", "share": 0.1, "do": "change_name"})
    after = {each["email"]: each for each in _truth(account, "Crowd")}
    assert sum(before[email]["name"] != each["name"] for email, each in after.items()) == 12
    assert all(before[email]["state_date"] == each["state_date"] for email, each in after.items())


def test_the_truth_agrees_with_the_api(account):
    """Two ways to the same rows: straight from the state, and through pages."""
    rows = {}
    for state in ("active", "unconfirmed", "unsubscribed", "bounced", "deleted"):
        for each in account.members("Crowd", state).json["Results"]:
            rows[each["EmailAddress"]] = each
    truth = _truth(account, "Crowd")
    assert len(truth) == len(rows) == 120
    for each in truth:
        row = rows[each["email"]]
        assert (row["Name"], row["State"]) == (each["name"], each["state"])
        assert (row["Date"], row["ListJoinedDate"]) == (each["state_date_local"], each["joined_date_local"])
        assert [[pair["Key"], pair["Value"]] for pair in row["CustomFields"]] == each["custom_fields"]


def test_the_truth_gives_utc_beside_the_wall_clock(account):
    account.add("Wide", "a@example.com")
    (line,) = _truth(account, "Wide")
    assert line["state_at"].startswith("2026-07-15T12:00:1")
    assert (line["state_date"], line["state_date_local"]) == ("2026-07-15T12:00:00Z", "2026-07-15 22:00:00")
    assert line["state_date_ambiguous"] is False
    account.act("Wide", "a@example.com", "unsubscribe", at="2026-04-04T15:30:00+00:00")
    (line,) = _truth(account, "Wide")
    assert (line["state_date_local"], line["state_date_ambiguous"]) == ("2026-04-05 02:30:00", True)


def test_the_state_counts_by_list_and_state(account):
    account.add("Wide", "a@example.com")
    state = account.call("GET", "/_control/state").json
    south = next(each for each in state["clients"] if each["name"] == "South")
    wide = next(each for each in south["lists"] if each["title"] == "Wide")
    assert wide["states"] == {"Active": 1, "Unconfirmed": 0, "Unsubscribed": 0, "Bounced": 0, "Deleted": 0}
    assert state["totals"]["subscribers"] == 121


def test_the_same_seed_gives_the_same_account_and_another_seed_another():
    accounts = []
    for seed in (1, 1, 2):
        emulator = create(Clock())
        emulator.seed(spec("small", "campaign_monitor", seed=seed))
        accounts.append(emulator.store.db.execute("SELECT list, key, state, minute, row FROM subscribers").fetchall())
    assert accounts[0] == accounts[1]
    assert accounts[0] != accounts[2]


def test_the_demo_has_exactly_25000_in_five_states_with_awkward_values():
    emulator = create(Clock())
    emulator.seed(spec("demo", "campaign_monitor"))
    totals = emulator.state()["totals"]
    assert totals["subscribers"] == 25_000
    assert min(totals[state] for state in ("Active", "Unconfirmed", "Unsubscribed", "Bounced", "Deleted")) > 100
    values = {
        value
        for (text,) in emulator.store.db.execute("SELECT fields FROM subscribers")
        for _, value in json.loads(text)
    }
    assert {"\n" in value for value in values} == {True, False}
    assert any('"' in value and "," in value for value in values)
    assert any("🚀" in value for value in values)
    now = emulator.clock.now().timestamp()
    recent, future, oldest = emulator.store.db.execute(
        "SELECT sum(state_at > ? - 5 * 86400), sum(minute * 60 > ?), min(state_at) FROM subscribers", (now, now)
    ).fetchone()
    assert 0 < recent < 400
    assert future == 0
    assert 1_000 < (now - oldest) / 86_400 < 1_100


def test_a_data_folder_keeps_the_account(tmp_path):
    first = create(Clock(), tmp_path)
    first.seed(spec("small", "campaign_monitor"))
    again = create(Clock(), tmp_path)
    assert again.state() == first.state()
    assert again.state()["kept"]
    assert again.ready() == first.ready()


def test_the_explorer_is_one_page_without_foreign_assets(account):
    page = account.call("GET", "/")
    assert page.headers["content-type"].startswith("text/html")
    assert re.findall(r"https?://", page.body.decode()) == []


def test_the_explorer_searches_members(account):
    account.add("Wide", "per%cent@example.com", Name="Zoë")
    account.add("Wide", "other@example.com")

    def found(**query):
        reply = account.call("GET", "/_explorer/members", list=account.lists["Wide"], **query).json
        return [each["email"] for each in reply["rows"]]

    assert found() == ["other@example.com", "per%cent@example.com"]
    assert found(search="R%C") == ["per%cent@example.com"]
    assert found(search="zo") == ["per%cent@example.com"]
    assert found(state="Deleted") == []
    assert account.call("GET", "/_explorer/members", list="nope").status == 400


def test_a_page_of_1000_costs_little_processor_time(account):
    """150 pages a second on one core; the bound leaves room for a slow machine."""
    account.emulator.seed(
        {
            "clients": [
                {"name": "C", "country": "Chad", "time_zone": LONDON, "lists": [{"title": "L", "people": [[0, 5_000]]}]}
            ]
        }
    )
    headers = {"authorization": basic(account.emulator.ready()["api_key"])}
    path = f"/api/v3.3/lists/{account.emulator.store.lists()[0].id}/active.json"
    started = time.process_time()
    for number in range(60):
        done = account.emulator._api.work("GET", path, f"page={number % 3 + 1}", headers, b"")
        assert done.status == 200
    assert (time.process_time() - started) / 60 < 0.020
