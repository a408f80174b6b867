"""The simulated fleet: the same seed gives the same answer, and more of what is scarce never makes it worse."""

import pytest
from bench import fleet, report
from bench.fleet import Ceilings, Costs, Org
from hypothesis import given
from hypothesis import strategies as st

ORGS = fleet.fleet(60, 7)


def test_the_same_seed_gives_the_same_fleet_and_another_another():
    assert fleet.fleet(60, 7) == ORGS
    assert fleet.fleet(60, 8) != ORGS


def test_sizes_are_skewed():
    sizes = sorted(org.subscribers for org in fleet.fleet(1_000, 1))
    assert sum(sizes) / 1_000 > 2.5 * sizes[500]
    assert sum(sizes[-100:]) > sum(sizes[:900])


@given(workers=st.integers(1, 6), hours=st.integers(1, 3), spread=st.sampled_from([0, 600, 1_800]))
def test_every_job_that_falls_due_is_done_or_told_as_late(workers, hours, spread):
    ran = fleet.run(ORGS, workers, hours, Costs(), spread_s=spread)
    assert len(ran.started) == len(ran.ended) == hours * len(ORGS) - ran.late
    assert min(ran.started) >= 0
    assert 0 < ran.busy <= 1


def test_more_workers_end_no_later():
    ends = [fleet.run(ORGS, workers, 2, Costs()).ended[-1] for workers in (1, 2, 4, 8)]
    assert ends == sorted(ends, reverse=True)


def test_one_worker_takes_as_long_as_its_processor_needs():
    slow = Costs(job_s=10, call_s=0, row_s=0, latency_s=0, bulk_job_s=0)
    ran = fleet.run(ORGS, 1, 1, slow)
    assert ran.ended[-1] == pytest.approx(600)
    assert ran.busy == pytest.approx(600 / 3_600)


def test_a_run_that_takes_longer_than_its_hour_is_late_and_is_never_asked_for_twice():
    endless = Costs(job_s=5_000)
    assert fleet.run(ORGS[:1], 1, 3, endless).late == 1
    with pytest.raises(ValueError, match="alone"):
        fleet.needed(ORGS[:1], endless, 2)


def test_spread_runs_wait_less():
    together, apart = (fleet.run(ORGS, 1, 2, Costs(), spread_s=spread) for spread in (0, 1_800))
    assert apart.at(apart.started, 0.99) < together.at(together.started, 0.99)


def test_what_runs_out_first_stands_first():
    ran = fleet.needed(ORGS, Costs(), 1)
    rooms = [need.room for need in fleet.needs(ORGS, ran, Costs(), Ceilings())]
    assert rooms == sorted(rooms)
    scarce = fleet.needs(ORGS, ran, Costs(), Ceilings(connections=1))
    assert scarce[0].what.startswith("connections")
    assert scarce[0].room < 1


def test_calls_grow_with_what_must_be_asked_and_what_changed():
    quiet = Org(0, 1_000_000, 10, 5, 0)
    assert quiet.account_calls == 67
    assert Org(0, 1_000_000, 10, 5, 3_000).account_calls == 70
    assert Org(0, 1_000_000, 10, 5, 300_000).org_calls < Org(0, 0, 10, 5, 2_000).org_calls + 20


def test_costs_are_taken_from_what_the_workers_were_measured_by():
    rows = [
        {"load": "many orgs", "workers": 2, "connections": 17, "cpu_s_per_job": 9, "writes_per_job": 900},
        {"load": "an hour later", "workers": 1, "connections": 8, "cpu_s_per_job": 0.4, "writes_per_job": 50},
    ]
    got = Costs().measured(rows)
    assert (got.connections_a_worker, got.writes_a_job) == (9, 30)
    assert 0.3 < got.job_s < 0.4
    assert Costs().measured([]) == Costs()


def test_the_page_has_the_answer_of_a_thousand_orgs():
    answer = "\n".join(fleet.told(fleet.fleet(1_000, 1), 3, fleet.costs_here(), Ceilings()))
    page = fleet.EXPLAINED.read_text()
    assert report.placed(page, fleet.COMMAND, answer) == page, "run `python -m bench.fleet --write`"


def test_the_answer_names_workers_and_what_runs_out():
    text = "\n".join(fleet.told(ORGS, 1, Costs(), Ceilings()))
    assert "(enough)" in text
    assert "the scarcest first" in text
    assert "| 3,000 |" in text
