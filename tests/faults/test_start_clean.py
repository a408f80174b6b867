"""To start clean deletes Fairlead's own records and writes all anew: whatever is killed meanwhile, and nothing else is touched."""

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.installation import VOLATILE, Installation, as_bytes, finish, wait_until
from tests.faults.test_kill import SEED

pytestmark = pytest.mark.slow

PEOPLE = ("Contact", "Lead", "Campaign")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("clean") / "home", SEED) as fairlead:
        fairlead.start_worker()
        fairlead.sync("--full")
        yield fairlead


@pytest.fixture
def fairlead(running: Installation) -> Iterator[Installation]:
    running.clear_faults()
    yield running
    running.clear_faults()


def records(fairlead: Installation, name: str) -> list[dict[str, Any]]:
    """All records of an object, deleted ones not among them."""
    assert fairlead.emulators is not None
    return list(fairlead.emulators.get("salesforce", f"/_control/records?object={name}"))


def stages(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {stage["name"]: stage for stage in told["job"]["stages"]}


def members(fairlead: Installation) -> list[dict[str, Any]]:
    """The org's members by key, without what is volatile by nature and without ids, which are new after a clean start."""
    new = {*VOLATILE, "List__c"}
    rows = [{name: value for name, value in row.items() if name not in new} for row in fairlead.truth().members]
    return sorted(rows, key=lambda row: str(row["Member_Key__c"]))


def test_everything_of_ours_is_deleted_and_written_anew(fairlead: Installation) -> None:
    """Contacts, leads and Salesforce campaigns stay as they are; every member is a new record and right."""
    before = {member["Id"] for member in fairlead.truth().members}
    people = {name: records(fairlead, name) for name in PEOPLE}

    told = fairlead.sync("--full", "--clean", "--yes")

    after = {member["Id"] for member in fairlead.truth().members}
    assert not before & after
    assert {name: records(fairlead, name) for name in PEOPLE} == people
    assert told["job"]["counts"]["cleaned"] == len(before) + 3 + 1
    assert stages(told)["clean"]["state"] == "done"
    fairlead.check()


def test_a_worker_killed_at_random_moments_of_a_clean_start_leaves_what_an_undisturbed_one_gives(
    fairlead: Installation,
) -> None:
    """Five kills at moments drawn from a seed, in the deletion and after it: the org ends right, every field of every member."""
    moments = random.Random(20261125)
    began = time.monotonic()
    fairlead.sync("--full", "--clean", "--yes")
    length = time.monotonic() - began
    undisturbed = members(fairlead)
    for number in range(5):
        asked = fairlead.ask("--full", "--clean", "--yes")
        time.sleep(moments.uniform(0.5, max(length, 1.5)))
        fairlead.kill_worker()
        fairlead.start_worker()
        told = finish(asked, 90)
        assert told["code"] == 0, told
        fairlead.check()
        assert members(fairlead) == undisturbed, f"kill {number} left other members"


def test_a_clean_start_that_is_cancelled_is_made_good_by_the_next_sync(fairlead: Installation) -> None:
    """What was read is forgotten before anything is deleted: the next sync finds that it must read everything."""
    fairlead.fault("salesforce", fault="slow_job", seconds=3, times=None, match={"object": "CM_Member__c"})
    asked = fairlead.ask("--full", "--clean", "--yes")
    wait_until(lambda: fairlead.rows("SELECT 1 FROM store_scopestate WHERE kind = 'forgotten'") and waiting(fairlead))
    number = fairlead.rows("SELECT max(id) FROM jobs_job")[0][0]
    fairlead.run("jobs", "cancel", str(number))
    fairlead.clear_faults()
    assert finish(asked)["job"]["state"] == "cancelled"

    fairlead.sync()
    fairlead.check()


def waiting(fairlead: Installation) -> bool:
    return bool(fairlead.struck("salesforce"))


def test_a_side_that_does_not_answer_stops_a_clean_start_before_anything_is_deleted(fairlead: Installation) -> None:
    """Nobody could fill again what would be deleted."""
    before = as_bytes(fairlead.truth())
    fairlead.fault("campaign_monitor", fault="status", status=401, times=None, match={"path": "systemdate"})
    told = fairlead.sync("--full", "--clean", "--yes", code=1)
    assert stages(told)["clean"]["state"] == "failed"
    assert as_bytes(fairlead.truth()) == before


def test_only_some_stages_are_run_with_those_they_need(fairlead: Installation) -> None:
    """`--stage members` runs what members need, which is told; a stage that is not there is told with those that are."""
    told = fairlead.sync("--stage", "members")
    assert list(stages(told)) == ["clients", "lists", "match", "members"]
    assert "members" in fairlead.run("sync", "--stage", "nothing", code=1)["error"]["next_step"]


@pytest.mark.parametrize(
    "words", [("--clean",), ("--full", "--clean", "--list", "x"), ("--full", "--clean", "--stage", "members")]
)
def test_a_clean_start_that_would_leave_something_away_is_not_asked_for(
    fairlead: Installation, words: tuple[str, ...]
) -> None:
    """It is for a full sync of all stages and lists."""
    before = fairlead.rows("SELECT max(id) FROM jobs_job")
    assert fairlead.run("sync", *words, "--yes", code=1)["error"]["code"] == "FL-366"
    assert fairlead.rows("SELECT max(id) FROM jobs_job") == before


def test_a_clean_start_of_one_client_leaves_the_others_records_alone(tmp_path: Path) -> None:
    """Records, cursors and digests of the other client stay; those of the one are new."""

    def client(name: str, first: int) -> dict[str, Any]:
        plain = {"confirmed_opt_in": False, "unsubscribe_setting": "OnlyThisList", "custom_fields": []}
        lists = [{"title": f"News of {name}", "people": [[first, 40]], **plain}]
        return {
            "name": name,
            "country": "Australia",
            "time_zone": "(GMT+10:00) Canberra, Melbourne, Sydney",
            "lists": lists,
        }

    seed = {**SEED, "campaign_monitor": {"clients": [client("One", 0), client("Two", 100)]}}
    with Installation(tmp_path / "home", seed) as fairlead:
        fairlead.start_worker()
        fairlead.sync()
        first = fairlead.truth()
        one, two = sorted(first.client_records, key=lambda record: str(record["Name"]))
        of = {record["Id"]: record["Client__c"] for record in first.list_records}
        cursors = fairlead.cursors()

        told = fairlead.sync("--full", "--clean", "--yes", "--client", str(one["Client_Id__c"]))

        then = fairlead.truth()
        kept = {member["Id"] for member in first.members if of[member["List__c"]] == two["Id"]}
        gone = {member["Id"] for member in first.members} - kept
        assert len(gone) == 40
        assert told["job"]["counts"]["cleaned"] == 40 + 1 + 1
        now = {member["Id"] for member in then.members}
        assert kept <= now
        assert not gone & now
        others = {scope: at for scope, at in cursors.items() if scope[1] == two["Client_Id__c"]}
        assert others.items() <= fairlead.cursors().items()
        fairlead.check(then)
