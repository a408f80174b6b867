"""Laws of the emulated clock, of posted faults and of the request log."""

from datetime import UTC, datetime, timedelta

import pytest

from fairlead_emulators.clock import Clock
from fairlead_emulators.faults import Faults
from fairlead_emulators.requests_log import LoggedRequest, RequestLog


def test_the_clock_runs_from_where_it_was_set():
    clock = Clock()
    moment = datetime(2030, 3, 31, 1, 59, tzinfo=UTC)
    clock.set(moment)
    assert timedelta(0) <= clock.now() - moment < timedelta(seconds=5)
    clock.advance(3600)
    assert timedelta(hours=1) <= clock.now() - moment < timedelta(hours=1, seconds=5)
    clock.advance(-7200)
    assert clock.now() < moment


def test_a_clock_that_stands_still_moves_only_when_it_is_moved():
    clock = Clock()
    assert not clock.stands_still
    moment = clock.stand_still()
    assert clock.stands_still
    assert [clock.now() for _ in range(3)] == [moment] * 3
    assert clock.advance(3600) == moment + timedelta(hours=1) == clock.now()
    wanted = datetime(2030, 3, 31, 1, 59, tzinfo=UTC)
    assert clock.set(wanted) == wanted == clock.now()
    assert timedelta(0) <= clock.go_on() - wanted < timedelta(seconds=5)
    assert not clock.stands_still
    first = clock.go_on()
    assert first <= clock.now()


def test_the_clock_refuses_a_moment_without_offset():
    with pytest.raises(ValueError, match="add an offset"):
        Clock().set(datetime(2030, 1, 1))


def test_a_fault_strikes_as_many_times_as_it_says_and_then_no_more():
    faults = Faults(frozenset({"row_lock"}))
    faults.add([{"fault": "row_lock", "times": 2}])
    assert [faults.take("row_lock") is not None for _ in range(4)] == [True, True, False, False]


def test_a_fault_without_end_strikes_until_cleared():
    faults = Faults(frozenset({"row_lock"}))
    faults.add([{"fault": "row_lock", "times": None}])
    assert all(faults.take("row_lock") for _ in range(50))
    faults.clear()
    assert faults.take("row_lock") is None
    assert not faults.any_in_force()


def test_after_lets_some_pass_and_every_skips_between():
    faults = Faults()
    faults.add([{"fault": "status", "after": 2, "every": 3, "times": None}])
    struck = [number for number in range(1, 13) if faults.take_transport(method="GET")]
    assert struck == [3, 6, 9, 12]


def test_a_fault_strikes_only_where_every_matched_fact_fits():
    faults = Faults(frozenset({"row_lock"}))
    faults.add([{"fault": "row_lock", "match": {"object": "^CM_", "row": "7"}, "times": None}])
    assert faults.take("row_lock", object="Contact", row="7") is None
    assert faults.take("row_lock", object="CM_Member__c") is None, "an absent fact does not fit"
    assert faults.take("row_lock", object="cm_member__c", row="17") is not None, "whatever the case"


def test_service_faults_are_not_taken_by_the_transport_and_the_other_way_round():
    faults = Faults(frozenset({"row_lock"}))
    faults.add([{"fault": "row_lock"}, {"fault": "cut"}])
    struck = faults.take_transport(method="GET", path="/")
    assert struck is not None
    assert struck.fault == "cut"
    assert faults.take("row_lock") is not None


@pytest.mark.parametrize(
    ("posted", "message"),
    [
        ({"fault": "nonsense"}, "'nonsense' is not known here: use one of"),
        ({"fault": "cut", "tims": 2}, "unknown keys"),
        ({"fault": "cut", "every": 0}, "every is 0"),
    ],
)
def test_a_wrong_fault_is_refused_by_name_and_none_of_the_batch_is_kept(posted, message):
    faults = Faults()
    with pytest.raises(ValueError, match=message):
        faults.add([{"fault": "cut"}, posted])
    assert not faults.any_in_force()


def test_the_log_keeps_the_last_and_counts_all():
    log = RequestLog()
    for number in range(10_050):
        log.add(LoggedRequest("GET", f"/{number}", "", 200 if number % 2 else 404, 1.0))
    assert len(log.entries()) == 10_000
    assert log.entries()[-1].path == "/10049"
    assert log.totals() == {"count": 10_050, "by_status": {"200": 5025, "404": 5025}, "by_method": {"GET": 10_050}}
    log.clear()
    assert log.as_json() == {"totals": {"count": 0, "by_status": {}, "by_method": {}}, "requests": []}
