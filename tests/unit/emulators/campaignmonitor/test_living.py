"""Laws of hours that pass in an account, and of what is told of it past the API."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from fairlead_emulators import seeds
from fairlead_emulators.campaignmonitor.app import create
from fairlead_emulators.campaignmonitor.living.hours import live
from fairlead_emulators.campaignmonitor.telling.events import events
from fairlead_emulators.clock import Clock
from fairlead_emulators.server import serving
from tests.unit.emulators.http import Caller, basic

DAY = datetime(2026, 7, 15, 9, tzinfo=UTC)
MANY = 40


def _account(*, at=DAY):
    clock = Clock()
    clock.set(at)
    clock.stand_still()
    emulator = create(clock)
    emulator.seed(seeds.spec("year-small", "campaign_monitor"))
    return emulator


@pytest.fixture(scope="module")
def lived():
    """An account after many hours, and what each of them told."""
    emulator = _account()
    return emulator, [live(emulator.service, {"seed": n}) for n in range(MANY)]


def _get(api, path, **query):
    return api("GET", f"/api/v3.3/{path}.json", **query)


def _sum(hours, kind):
    return sum(hour["by"].get(kind, 0) for hour in hours)


def test_an_hour_takes_an_hour(lived):
    emulator, hours = lived
    assert emulator.clock.now() - DAY.astimezone(UTC) < timedelta(hours=MANY, seconds=5)
    assert hours[-1]["now"] == emulator.clock.now().isoformat()
    assert emulator.clock.now() - timedelta(hours=MANY) >= DAY


def test_the_same_seed_brings_the_same_hour():
    def hour(seed):
        emulator = _account()
        told = live(emulator.service, {"seed": seed, "hours": 3})
        told.pop("now")
        return told, b"".join(events(emulator.service))

    assert hour(5) == hour(5)
    assert hour(5)[0] != hour(6)[0]


def test_all_kinds_of_things_happen_in_time(lived):
    _, hours = lived
    often = ("join", "subscribe", "unsubscribe", "delete", "bounce", "change_name", "change_field", "open", "click")
    assert all(_sum(hours, kind) for kind in often)
    assert sum(map(len, (hour["renamed"] for hour in hours))) == _sum(hours, "change_address") > 0


def test_what_edits_name_no_date_is_told(lived):
    _, hours = lived
    edits = _sum(hours, "change_name") + _sum(hours, "change_field")
    assert edits <= sum(len(hour["dateless"]) for hour in hours) <= edits + _sum(hours, "join") + MANY * 12


def test_every_kind_can_be_asked_for_and_does_what_it_says():
    emulator = _account()
    kinds = ["campaign_sent", "campaign_hidden", "campaign_deleted", "list_created", "list_deleted", "list_renamed"]
    before = {each.id for each in emulator.store.lists()}
    told = live(emulator.service, {"only": kinds, "seed": 3})
    assert {*told["by"]} - {"nothing"} == {*kinds}
    after = {each.id for each in emulator.store.lists()}
    assert before - after <= {*told["lists_gone"]}
    assert not after & {*told["lists_gone"]}
    left = dict(emulator.store.db.execute("SELECT id, hidden FROM campaigns"))
    assert all(left.get(each, 1) for each in told["campaigns_gone"])


def test_an_account_with_nobody_lives_on():
    emulator = create(Clock())
    emulator.reset()
    told = live(emulator.service, {"only": ["unsubscribe", "open", "unsuppress", "campaign_sent", "campaign_tagged"]})
    assert {*told["by"]} == {"nothing"}


@pytest.mark.parametrize("said", [{"hours": 0}, {"hours": 1e9}, {"share": 2}, {"only": ["fly"]}])
def test_what_cannot_be_is_explained(said):
    emulator = create(Clock())
    emulator.reset()
    with pytest.raises(ValueError, match=r"use|called"):
        live(emulator.service, said)


def test_the_truth_is_what_the_api_tells(lived):
    """Lists, campaigns, journeys, suppressions and events: the same figures by both ways."""
    emulator, _ = lived
    with serving(emulator.app) as url:
        api = Caller(url, basic(emulator.ready()["api_key"]))

        def truth(what, **query):
            return [json.loads(line) for line in api("GET", f"/_control/truth/{what}", **query).body.splitlines()]

        for row in truth("lists"):
            assert _get(api, f"lists/{row['id']}/stats").json == row["statistics"]
            assert _get(api, f"lists/{row['id']}/unconfirmed").json["TotalNumberOfRecords"] == row["unconfirmed"]
        shown = [row for row in truth("campaigns") if row["status"] == "sent" and not row["hidden"]]
        for row in shown:
            summary = _get(api, f"campaigns/{row['id']}/summary").json
            assert (summary["TotalOpened"], summary["Clicks"]) == (row["counts"]["opens"], row["counts"]["clicks"])
        journeys = truth("journeys")
        for row in journeys:
            told = _get(api, f"journeys/{row['id']}").json["Emails"]
            assert [each["Sent"] for each in told] == [each["counts"]["sent"] for each in row["emails"]]
        _suppressions_agree(api, truth("suppressions"), emulator)
        _events_agree(api, truth("events"), shown, emulator)
        newest = truth("events")[-1]["n"]
        assert truth("events", after=newest) == []
        assert {row["minute"] >= DAY.timestamp() // 60 for row in truth("events", since=DAY.isoformat())} == {True}
        assert api("GET", "/_control/truth/weather").status == 400


def _suppressions_agree(api, rows, emulator):
    for client in emulator.store.clients():
        ours = [row for row in rows if row["client"] == client.id]
        page = _get(api, f"clients/{client.id}/suppressionlist", pagesize=1000).json
        assert page["TotalNumberOfRecords"] == len(ours)
        local = {
            (row["email"], datetime.fromisoformat(row["at"]).astimezone(client.zone).strftime("%Y-%m-%d %H:%M:%S"))
            for row in ours
        }
        assert {(row["EmailAddress"], row["Date"]) for row in page["Results"]} == local


def _events_agree(api, rows, shown, emulator):
    zones = {each.id: each.zone for each in emulator.store.clients()}
    for campaign in shown:
        where = zones[campaign["client"]]
        for kind, name in (("Opened", "opens"), ("Clicked", "clicks"), ("Bounced", "bounces")):
            page = _get(api, f"campaigns/{campaign['id']}/{name}", pagesize=1000).json
            theirs = sorted((row["EmailAddress"], row["Date"], row.get("URL")) for row in page["Results"])
            ours = sorted(
                (
                    row["EmailAddress"],
                    datetime.fromtimestamp(row["minute"] * 60, where).strftime("%Y-%m-%d %H:%M:%S"),
                    row.get("URL"),
                )
                for row in rows
                if row["of"] == campaign["id"] and row["kind"] == kind
            )
            assert ours == theirs


def test_hours_pass_by_a_control_route():
    emulator = _account()
    with serving(emulator.app) as url:
        api = Caller(url, basic(emulator.ready()["api_key"]))
        told = api("POST", "/_control/live", {"seed": 1})
        assert (told.status, told.json["changed"] >= 12) == (200, True)
        assert api("POST", "/_control/live", {"hours": -1}).status == 400
