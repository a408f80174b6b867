"""The bench measures what it says: everyone reads every row, those who write write every row, and calls are counted."""

import asyncio
from collections.abc import Iterator

import createsend.createsend
import pytest
from asgiref.sync import async_to_sync
from bench import emulated, installation, jobs, libraries, measure, workers
from bench.contestants import bare, fairlead, pump, script
from bench.jobs import Bench
from bench.synthetic import LISTS, STATES, changed, sizes
from bench.world import World

from fairlead.jobs.models import Job

ROWS = 300
WORLD = World(members=ROWS, events=ROWS, contacts=ROWS)
READ = {"members": ROWS, "tracking": ROWS, "initial": 2 * ROWS, "import": ROWS}


@pytest.fixture(scope="module")
def replayed() -> Iterator[measure.Replayed]:
    with measure.replay(WORLD) as server:
        yield server


@pytest.fixture
def _restored() -> Iterator[None]:
    """The script puts others' clients on plain HTTP, for its own process."""
    module = createsend.createsend
    kept = module.VerifiedHTTPSConnection, module.CreateSend.base_uri
    yield
    module.VerifiedHTTPSConnection, module.CreateSend.base_uri = kept


def here(work: fairlead.Work) -> None:
    """The database in this thread, so that its connection ends with the test."""
    async_to_sync(work)()


def new(world: World) -> int:
    return changed(world.members, world.share) + round(world.events * world.share)


def test_the_synthetic_lists_add_up():
    for rows in (100, ROWS, 99_999):
        assert sum(sizes(rows).values()) == rows


@pytest.mark.usefixtures("_restored")
@pytest.mark.parametrize("do", sorted(READ))
def test_a_script_does_the_whole_job(replayed, do):
    replayed.said("forget")
    assert script.JOBS[do](replayed.url) == READ[do]
    told = replayed.said("counts")
    assert told["written"] == READ[do]
    assert told["cm_calls"] > 0
    assert told["sf_calls"] > 0


@pytest.mark.parametrize("do", sorted(READ))
def test_a_pump_reads_every_page(replayed, do):
    replayed.said("forget")
    assert asyncio.run(pump.pump(do, replayed.url)) == READ[do]
    assert replayed.said("counts")["cm_calls"] > 0


@pytest.mark.parametrize("do", sorted(READ))
def test_the_barest_program_reads_and_writes_everything(replayed, do):
    replayed.said("forget")
    assert asyncio.run(bare.bare(do, replayed.url)) == READ[do]
    assert replayed.said("counts")["written"] == READ[do]


def test_the_barest_program_reads_more_than_a_page_of_each_and_what_is_new():
    with measure.replay(World(members=12_000, events=12_000, contacts=5_001)) as large:
        assert asyncio.run(bare.bare("initial", large.url)) == 24_000
        assert asyncio.run(bare.bare("import", large.url)) == 5_001
        assert large.said("counts")["written"] == 29_001
        large.said("turn")
        assert asyncio.run(bare.bare("incremental", large.url)) == new(World(members=12_000, events=12_000))


def test_the_stages_of_the_service_read_and_write_every_member(replayed):
    replayed.said("forget")
    assert fairlead.members(replayed.url) == ROWS
    told = replayed.said("counts")
    assert told["written"] == ROWS + len(LISTS)
    assert told["cm_calls"] >= len(LISTS) * len(STATES)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_restored")
def test_whole_runs_read_everything_and_in_the_next_hour_what_is_new():
    with measure.replay(WORLD) as replayed:
        _whole_runs(replayed)


def _whole_runs(replayed):
    installation.connect(replayed.url)
    replayed.said("forget")
    assert fairlead.synced(fairlead.EVERYTHING, here) == READ["initial"]
    assert replayed.said("counts")["written"] >= READ["initial"]
    replayed.said("forget")
    assert fairlead.imported(here) == ROWS
    assert replayed.said("counts")["written"] == ROWS
    replayed.said("turn")
    replayed.said("forget")
    assert fairlead.synced(fairlead.EVERYTHING, here) >= new(WORLD)
    assert ROWS > replayed.said("counts")["written"] >= new(WORLD)
    assert script.JOBS["incremental"](replayed.url) == new(WORLD)


def test_a_process_is_measured_and_its_calls_are_held_against_the_fewest():
    bench = Bench("members", "Members", "members", World(members=ROWS), database=False)
    ((who, got),) = measure.measured(bench, ["pump"])
    assert who == "pump"
    assert {"rows", "wall_s", "cpu_s", "rss_mb", "cm_calls", "sf_calls"} <= set(got)
    assert got["rows"] == ROWS
    assert got["cpu_s"] > 0
    assert got["rss_mb"] > 10
    assert got["cm_calls"] == bench.world.member_pages() < got["cm_least"]


@pytest.mark.skipif(
    not measure.APART.exists(), reason="dlt stands in an environment of its own, which `make bench` makes"
)
def test_a_pipeline_does_the_whole_job():
    bench = Bench("tracking", "Events", "tracking", World(events=ROWS))
    ((_, got),) = measure.measured(bench, ["dlt"])
    assert got["rows"] == ROWS


def test_who_is_not_installed_is_told_with_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(measure, "APART", tmp_path / "python")
    with pytest.raises(measure.CannotRun, match="--without dlt"):
        measure.check_installed("dlt")


@pytest.mark.parametrize(
    ("who", "code", "said", "written"),
    [("fairlead", 1, '{"rows": 10}', 10), ("pump", 0, '{"rows": 9}', 0), ("script", 0, '{"rows": 10}', 9)],
)
def test_a_contestant_that_did_less_does_not_count(who, code, said, written):
    with pytest.raises(measure.RunFailed, match=who):
        measure.check(who, 10, code, said, {"written": written})


def test_there_is_a_bench_of_each_kind_and_others_are_refused():
    found = jobs.benches(1_000, 10_000)
    assert {one.do for one in found} == {"members", "tracking", "initial", "incremental", "import"}
    assert [one.name for one in jobs.chosen(["import"], 10, 0)] == ["import"]
    with pytest.raises(ValueError, match="nothing"):
        jobs.chosen(["nothing"], 10, 0)


def test_the_local_account_is_laid_and_read_in_every_way():
    got = emulated.measured(2_000, 3)
    assert got["subscribers"] == 2_000
    assert set(got["pages_per_s"]) == set(got["pages_per_cpu_s"]) == set(emulated.READINGS)
    assert min(got["pages_per_s"].values()) > 0


@pytest.mark.django_db(transaction=True)
def test_orgs_are_made_and_asked_for_a_run_each():
    first, second = workers.made("http://127.0.0.1:9", 2)
    ids = workers.asked([(first, "", {"stages": ["lists"]}), (second, "", {"stages": ["lists"]})])
    assert [job.org_id for job in Job.objects.filter(pk__in=ids).order_by("pk")] == [first, second]


@pytest.mark.slow
def test_workers_are_measured_on_one_database():
    rows = workers.measured([2], 2, 200)
    assert [row["load"] for row in rows] == ["many orgs", "an hour later", "one org"]
    for row in rows:
        assert sum(row["jobs_of_workers"]) == row["jobs"]
        assert row["connections"] > 2
        assert row["cpu_s_per_job"] > 0


def test_every_library_fetches_a_page(replayed):
    found = list(libraries.fetches(replayed.url, 2))
    assert len(found) >= 2
    for _, _, work in found:
        replayed.said("forget")
        work()
        assert replayed.said("counts")["cm_calls"] == 2
