"""The bench measures what it says: everyone reads every row, those who write write every row, and calls are counted."""

import pytest
from bench import emulated, measure
from bench.synthetic import LISTS, STATES, sizes

ROWS = 3_000


def test_the_synthetic_lists_add_up():
    for rows in (100, ROWS, 99_999):
        assert sum(sizes(rows).values()) == rows


@pytest.mark.parametrize("who", sorted(measure.CONTESTANTS))
def test_every_contestant_does_the_whole_job(who):
    got = measure.run(who, ROWS)
    assert set(got) == {"rows", "wall_s", "cpu_s", "rss_mb", "cm_calls", "sf_calls"}
    assert got["rows"] == ROWS
    assert got["cpu_s"] > 0
    assert got["rss_mb"] > 10
    assert got["cm_calls"] >= len(LISTS) * len(STATES)
    assert (got["sf_calls"] > 0) == (who != "pump")


@pytest.mark.parametrize(
    ("who", "code", "said", "written"),
    [("fairlead", 1, '{"rows": 10}', 10), ("pump", 0, '{"rows": 9}', 0), ("script", 0, '{"rows": 10}', 9)],
)
def test_a_contestant_that_did_less_does_not_count(who, code, said, written):
    with pytest.raises(measure.RunFailed, match=who):
        measure._check(who, 10, code, said, {"written": written})


def test_the_local_account_is_laid_and_read_in_every_way():
    got = emulated.measured(2_000, 3)
    assert got["subscribers"] == 2_000
    assert set(got["pages_per_s"]) == set(got["pages_per_cpu_s"]) == set(emulated.READINGS)
    assert min(got["pages_per_s"].values()) > 0
