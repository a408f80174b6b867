"""Connections of a running service: what reconnecting, pausing, removing, disconnecting and resetting change, and what not."""

import json
import signal
from collections.abc import Iterator
from typing import Any, LiteralString

import pytest

from fairlead_emulators.campaignmonitor.auth import derived
from tests.faults.installation import Installation, wait_until

pytestmark = pytest.mark.slow
LONDON = "(GMT+00:00) Dublin, Edinburgh, Lisbon, London"
CM, SF = "campaign_monitor", "salesforce"
OURS = ("CM_Client__c", "CM_List__c", "CM_Member__c")
THEIRS = ("Contact", "Lead")


def _client(name: str, *people: tuple[int, int]) -> dict[str, Any]:
    lists = [
        {
            "title": f"List {number}",
            "confirmed_opt_in": False,
            "unsubscribe_setting": "OnlyThisList",
            "custom_fields": [],
            "people": [list(each)],
        }
        for number, each in enumerate(people)
    ]
    zone = "(GMT+10:00) Canberra, Melbourne, Sydney"
    return {"name": name, "country": "Australia", "time_zone": zone, "lists": lists}


# The first client has more members than the small door takes at once.
SEED: dict[str, Any] = {
    CM: {
        "clients": [_client("Large", (0, 2_400), (2_000, 300)), _client("Middle", (100, 200)), _client("Tiny", (0, 40))]
    },
    SF: {"contacts": [{"first": 0, "count": 150}], "leads": [{"first": 100, "count": 100}]},
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("connections") / "home", SEED) as installation:
        installation.start_worker()
        yield installation


@pytest.fixture
def fairlead(running: Installation) -> Iterator[Installation]:
    """Both sides connected, every client selected and synced, a worker running."""
    account(running)
    running.clear_faults()
    assert running.worker is not None
    if running.worker.poll() is not None:
        running.start_worker()
    connect(running)
    running.run("clients", "select", *ids(running).values())
    running.sync()
    yield running
    running.clear_faults()


def account(fairlead: Installation, *, seed: int = 1, clients: list[dict[str, Any]] | None = None) -> None:
    """The account anew: of the same seed with the same ids, of another one it is somebody else's."""
    assert fairlead.emulators is not None
    spec = {"clients": clients or SEED[CM]["clients"]}
    fairlead.emulators.post(CM, "/_control/seed", {"spec": {**spec, "seed": seed}})
    fairlead.emulators.line[CM]["api_key"] = derived("account key", seed, length=48)


def keys(fairlead: Installation) -> tuple[dict[str, str], dict[str, str]]:
    """Credentials of both sides, as commands take them from the environment."""
    assert fairlead.emulators is not None
    line = fairlead.emulators.line
    app = {"FAIRLEAD_SF_CLIENT_ID": line[SF]["client_id"], "FAIRLEAD_SF_CLIENT_SECRET": line[SF]["client_secret"]}
    return {"FAIRLEAD_CM_API_KEY": line[CM]["api_key"]}, app


def connect(fairlead: Installation, *, code: int = 0) -> dict[str, Any]:
    """Connect both sides, the account first; what that told."""
    key, app = keys(fairlead)
    told = fairlead.run("connect", "campaign-monitor", more=key, code=code)
    fairlead.run("connect", "salesforce", more=app)
    return told


def ids(fairlead: Installation) -> dict[str, str]:
    """Client ids by name, as the account has them."""
    assert fairlead.emulators is not None
    return {each["name"]: each["id"] for each in next(fairlead.emulators.get(CM, "/_control/state"))["clients"]}


def shown(fairlead: Installation) -> dict[str, dict[str, Any]]:
    """What the command line tells of each client, by name."""
    return {each["name"]: each for each in fairlead.run("clients", "list")["clients"]}


def records(fairlead: Installation, sobject: str) -> list[dict[str, Any]]:
    assert fairlead.emulators is not None
    return list(fairlead.emulators.get(SF, f"/_control/records?object={sobject}"))


def counts(fairlead: Installation) -> dict[str, int]:
    return {sobject: len(records(fairlead, sobject)) for sobject in OURS}


def people(fairlead: Installation) -> bytes:
    """Every contact and lead with every field, as bytes."""
    return json.dumps([records(fairlead, name) for name in THEIRS], sort_keys=True).encode()


KEPT: tuple[LiteralString, ...] = (
    "SELECT name, subject, value::text, version FROM store_settingrow ORDER BY 1, 2",
    "SELECT kind, client, list, cursor, committed_at, full_run FROM store_scopestate ORDER BY 1, 2, 3",
    "SELECT scope_id, key, content FROM store_digest ORDER BY 1, 2",
    "SELECT client_id, selected FROM connections_client ORDER BY 1",
)


def kept(fairlead: Installation) -> list[list[tuple[Any, ...]]]:
    """Settings, cursors, digests and the selection."""
    return [fairlead.rows(query) for query in KEPT]


def ended(fairlead: Installation, job: dict[str, Any]) -> dict[str, Any]:
    """The job when it has ended."""
    number = str(job["number"])
    found: dict[str, Any] = {}

    def over() -> bool:
        found.update(fairlead.run("jobs", "show", number)["job"])
        return found["state"] in ("done", "failed", "cancelled")

    wait_until(over, 90)
    return found


def test_reconnecting_replaces_credentials_and_nothing_else(fairlead: Installation) -> None:
    """Settings rows, cursors, digests and the selection are the same to the byte; a paused client stays paused (C14)."""
    fairlead.run("clients", "pause", ids(fairlead)["Tiny"])
    fairlead.run("clients", "owner", ids(fairlead)["Middle"], admin_of(fairlead))
    before, secrets = kept(fairlead), fairlead.rows("SELECT name, value FROM store_secret ORDER BY 1")

    connect(fairlead)

    assert kept(fairlead) == before
    assert fairlead.rows("SELECT name, value FROM store_secret ORDER BY 1") != secrets
    assert fairlead.sync()["job"]["counts"]["written"] == 0


def admin_of(fairlead: Installation) -> str:
    return str(fairlead.run("sync-user", "show")["user"]["id"])


def test_another_account_is_refused_with_the_way_out_and_changes_nothing(fairlead: Installation) -> None:
    """None of the clients is known: FL-370 names the command that disconnects; credentials and all else stay."""
    before, secrets = kept(fairlead), fairlead.rows("SELECT name, value FROM store_secret ORDER BY 1")
    account(fairlead, seed=2)

    told = fairlead.run("connect", "campaign-monitor", more=keys(fairlead)[0], code=1)["error"]

    assert told["code"] == "FL-370"
    assert "fairlead disconnect campaign-monitor" in told["next_step"]
    assert (kept(fairlead), fairlead.rows("SELECT name, value FROM store_secret ORDER BY 1")) == (before, secrets)


def test_new_clients_wait_to_be_chosen_and_vanished_ones_stand_as_disconnected(fairlead: Installation) -> None:
    """The vanished one keeps its place in the selection, is left out of runs meanwhile, and is synced when it is back."""
    three = SEED[CM]["clients"]
    account(fairlead, clients=[*three, _client("Fresh", (500, 20))])
    connect(fairlead)
    assert (shown(fairlead)["Fresh"]["selected"], shown(fairlead)["Fresh"]["standing"]) == (False, "Paused")

    account(fairlead, clients=three[:2])
    connect(fairlead)
    assert (shown(fairlead)["Tiny"]["selected"], shown(fairlead)["Tiny"]["standing"]) == (True, "Disconnected")
    fairlead.sync()

    account(fairlead)
    connect(fairlead)
    assert shown(fairlead)["Tiny"]["standing"] == "Connected"
    assert fairlead.sync()["job"]["counts"]["clients"] == 3


def test_a_client_whose_time_zone_changed_is_read_with_the_new_one(fairlead: Installation) -> None:
    """Each run reads it anew: dates are told in it, and the record shows it."""
    tiny = ids(fairlead)["Tiny"]
    zones = [{**each, "time_zone": LONDON} if each["name"] == "Tiny" else each for each in SEED[CM]["clients"]]
    account(fairlead, clients=zones)
    assert ids(fairlead)["Tiny"] == tiny
    fairlead.sync()
    assert shown(fairlead)["Tiny"]["time_zone"] == LONDON
    assert {row["Client_Id__c"]: row["Time_Zone__c"] for row in records(fairlead, "CM_Client__c")}[tiny] == LONDON


def test_a_client_that_is_gone_does_not_stop_the_others(fairlead: Installation) -> None:
    """Campaign Monitor no longer knows it: its line says so, the others are synced; a run of it alone fails."""
    tiny = ids(fairlead)["Tiny"]
    account(fairlead, clients=SEED[CM]["clients"][:2])
    job = fairlead.sync()["job"]
    assert (job["state"], job["counts"]["clients_failed"]) == ("done", 1)
    assert "Tiny" in next(stage["message"] for stage in job["stages"] if stage["name"] == "clients")
    states = {name: shown(fairlead)[name]["state"] for name in ("Large", "Middle", "Tiny")}
    assert states == {"Large": "connected", "Middle": "connected", "Tiny": "failing"}
    assert fairlead.sync("--client", tiny, code=1)["job"]["state"] == "failed"


def test_a_paused_client_is_not_read_and_loses_nothing(fairlead: Installation) -> None:
    """Its records, cursors and settings stay; selected again, nothing is written anew."""
    before, cursors = counts(fairlead), fairlead.cursors()
    fairlead.run("clients", "pause", ids(fairlead)["Large"])
    fairlead.sync("--full")
    assert counts(fairlead) == before
    large = ids(fairlead)["Large"]
    assert {scope: at for scope, at in fairlead.cursors().items() if scope[1] == large} == {
        scope: at for scope, at in cursors.items() if scope[1] == large
    }
    fairlead.run("clients", "select", large)
    assert fairlead.sync()["job"]["counts"]["written"] == 0


def test_a_removal_deletes_what_it_said_and_no_contact_or_lead(fairlead: Installation) -> None:
    """The numbers told before are the numbers gone; other clients' records, contacts and leads are the same to the byte."""
    large, before, untouched = ids(fairlead)["Large"], counts(fairlead), people(fairlead)
    plan = fairlead.run("clients", "remove", large, "--check")
    assert plan["records"]["CM_Member__c"] > 2_000
    assert counts(fairlead) == before

    job = ended(fairlead, fairlead.run("clients", "remove", large, "--yes")["job"])

    assert job["state"] == "done", job
    assert counts(fairlead) == {name: before[name] - plan["records"][name] for name in OURS}
    assert job["counts"]["deleted"] == sum(plan["records"].values())
    assert people(fairlead) == untouched
    assert plan["cursors"] > 0
    assert not [scope for scope in fairlead.cursors() if scope[1] == large]
    assert shown(fairlead)["Large"]["standing"] == "Paused"
    fairlead.run("clients", "select", large)
    fairlead.sync()
    assert counts(fairlead) == before


def test_a_removal_without_the_name_is_refused_by_the_guard(fairlead: Installation) -> None:
    """Nobody at the terminal and no --yes: wrong use; nothing is deleted."""
    before = counts(fairlead)
    fairlead.run("clients", "remove", ids(fairlead)["Tiny"], code=2)
    assert counts(fairlead) == before


def test_a_removal_killed_at_any_point_ends_where_an_undisturbed_one_does(fairlead: Installation) -> None:
    """The worker is killed while the org deletes; another goes on. Meanwhile the client shows as Deleted in the org."""
    large, before = ids(fairlead)["Large"], counts(fairlead)
    plan = fairlead.run("clients", "remove", large, "--check")["records"]
    fairlead.fault(SF, fault="delay", times=None, seconds=0.4, match={"path": "/jobs/"})
    job = fairlead.run("clients", "remove", large, "--yes")["job"]
    for _ in range(4):
        wait_until(lambda: fairlead.rows("SELECT 1 FROM jobs_job WHERE kind = 'remove_client' AND state = 'running'"))
        wait_until(lambda: status(fairlead, large) in ("Deleted", None))
        fairlead.kill_worker()
        fairlead.start_worker()
    fairlead.clear_faults()
    assert ended(fairlead, job)["state"] == "done"
    assert counts(fairlead) == {name: before[name] - plan[name] for name in OURS}


def status(fairlead: Installation, client: str) -> str | None:
    return {row["Client_Id__c"]: row["Status__c"] for row in records(fairlead, "CM_Client__c")}.get(client)


def test_disconnecting_stops_everything_and_connecting_again_finds_everything(fairlead: Installation) -> None:
    """Credentials are gone, the schedule is off, the running job ends; records stay, and nothing is written anew afterwards."""
    records_before = counts(fairlead)
    fairlead.fault(CM, fault="delay", times=None, seconds=8, match={"path": "/active.json"})
    asked = fairlead.run("sync", "--no-wait")["job"]
    wait_until(lambda: fairlead.rows("SELECT 1 FROM jobs_job WHERE state = 'running'"))

    assert fairlead.worker is not None
    fairlead.worker.send_signal(signal.SIGSTOP)  # however slow this machine is, the job runs
    try:
        assert fairlead.run("disconnect", "all")["jobs"] == 1
    finally:
        fairlead.worker.send_signal(signal.SIGCONT)
    assert fairlead.rows("SELECT name FROM store_secret") == []
    assert ended(fairlead, asked)["state"] == "cancelled"
    before = kept(fairlead)
    assert fairlead.sync(code=1)["job"]["support_code"] == "FL-302"
    assert counts(fairlead) == records_before

    fairlead.clear_faults()
    connect(fairlead)
    assert kept(fairlead) == before
    assert fairlead.sync()["job"]["counts"]["written"] == 0


def test_after_disconnecting_another_account_can_be_connected(fairlead: Installation) -> None:
    """What is known of the former stays aside; coming back finds it."""
    before = kept(fairlead)[3]
    fairlead.run("disconnect", "campaign-monitor")
    account(fairlead, seed=2)
    told = connect(fairlead)
    assert [client["selected"] for client in told["clients"]] == [True] * 3
    fairlead.sync()
    fairlead.run("disconnect", "campaign-monitor")
    account(fairlead)
    connect(fairlead)
    assert set(before) <= set(kept(fairlead)[3])
    standing = {each["id"]: each["standing"] for each in fairlead.run("clients", "list")["clients"]}
    assert {client for client, stands in standing.items() if stands == "Connected"} == set(ids(fairlead).values())


def test_one_client_is_disconnected_at_once_and_comes_back_by_selecting(fairlead: Installation) -> None:
    """The others go on; nothing of it is deleted; selecting it again finds everything."""
    large, before = ids(fairlead)["Large"], counts(fairlead)
    fairlead.run("clients", "disconnect", large)
    assert shown(fairlead)["Large"]["standing"] == "Disconnected"
    fairlead.sync()
    assert counts(fairlead) == before
    fairlead.run("clients", "select", large)
    assert shown(fairlead)["Large"]["standing"] == "Connected"
    assert fairlead.sync()["job"]["counts"]["written"] == 0


def test_a_reset_works_when_neither_side_answers_and_the_worker_is_dead(fairlead: Installation) -> None:
    """A stopped worker holds a running job (F15): the reset asks nobody, ends the job, and what the worker still does is refused."""
    for side in (CM, SF):
        fairlead.fault(side, fault="delay", times=None, seconds=60, match={"path": "^/(?!_control)"})
    asked = fairlead.run("sync", "--no-wait")["job"]
    wait_until(lambda: fairlead.rows("SELECT 1 FROM jobs_job WHERE state = 'running'"))
    assert fairlead.worker is not None
    fairlead.worker.send_signal(signal.SIGSTOP)
    try:
        assert fairlead.run("reset", "connections")["jobs"] == 1
        assert fairlead.rows("SELECT name FROM store_secret") == []
        assert ended(fairlead, asked)["state"] == "cancelled"
    finally:
        fairlead.worker.send_signal(signal.SIGCONT)
        fairlead.clear_faults()
        fairlead.kill_worker()
    assert fairlead.run("jobs", "show", str(asked["number"]))["job"]["state"] == "cancelled"
