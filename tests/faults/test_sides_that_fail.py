"""Each fault of either side, on a whole installation, that passes: the sync ends right by itself, with nothing twice."""

from collections.abc import Collection, Iterator
from typing import Any

import pytest

from tests.faults.installation import Installation
from tests.faults.test_kill import SEED

CM, SF = "campaign_monitor", "salesforce"
ACTIVE = {"path": "/active.json"}
COLLECTIONS = {"method": "PATCH", "path": "/composite/sobjects/CM_Member__c"}
QUERY = {"path": "/query"}
CREATE = {"method": "POST", "path": "/jobs/ingest/?$"}
UPLOAD = {"method": "PUT", "path": "/batches"}
STATE = {"method": "PATCH", "path": "/jobs/ingest/[^/]+$"}
RESULTS = {"path": "/failedResults"}
MEMBERS = {"object": "CM_Member__c"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation that was synced once; two of its lists are above the small door's size."""
    with Installation(tmp_path_factory.mktemp("sides") / "home", SEED) as fairlead:
        fairlead.start_worker()
        fairlead.sync("--full")
        yield fairlead


@pytest.fixture
def fairlead(running: Installation) -> Iterator[Installation]:
    """The installation without faults before and after."""
    running.clear_faults()
    yield running
    running.clear_faults()


def each(faults: Collection[str], quick: Collection[str]) -> list[Any]:
    """A case for each; those that are not `quick` belong to the slow tests: their kind is there once already."""
    assert set(quick) <= set(faults)
    return [pytest.param(name, marks=() if name in quick else pytest.mark.slow) for name in faults]


FEW: dict[str, tuple[str, dict[str, Any]]] = {
    "500 on pages of subscribers": (CM, {"fault": "status", "status": 500, "times": 3, "match": ACTIVE}),
    "503 on the account's clock": (CM, {"fault": "status", "status": 503, "times": 2, "match": {"path": "systemdate"}}),
    "429 without a word when to come back": (CM, {"fault": "status", "status": 429, "times": 2, "match": ACTIVE}),
    "429 with the seconds to wait": (
        CM,
        {"fault": "status", "status": 429, "times": 2, "headers": {"X-RateLimit-Reset": "1"}, "match": ACTIVE},
    ),
    "a page cut in the middle": (CM, {"fault": "cut", "times": 2, "match": ACTIVE}),
    "a page that is no JSON": (CM, {"fault": "malformed", "times": 2, "match": ACTIVE}),
    "no answer to a page": (CM, {"fault": "lost_answer", "times": 2, "match": ACTIVE}),
    "lists cut in the middle": (CM, {"fault": "cut", "match": {"path": "/lists.json"}}),
    "500 on a question for contacts": (SF, {"fault": "status", "status": 500, "times": 2, "match": QUERY}),
    "contacts cut in the middle": (SF, {"fault": "cut", "times": 2, "match": QUERY}),
    "contacts that are no JSON": (SF, {"fault": "malformed", "times": 2, "match": QUERY}),
    "a lost answer to a write": (SF, {"fault": "lost_answer", "times": 2, "match": COLLECTIONS}),
    "an answer to a write cut in the middle": (SF, {"fault": "cut", "times": 2, "match": COLLECTIONS}),
    "an answer to a write that is no JSON": (SF, {"fault": "malformed", "times": 2, "match": COLLECTIONS}),
    "some rows locked": (SF, {"fault": "row_lock", "data": {"rows": 3}, "match": MEMBERS}),
    "an expired session": (SF, {"fault": "expired_session", "after": 2}),
    "500 for longer than the calls' patience": (SF, {"fault": "status", "times": 6, "match": COLLECTIONS}),
}

QUICK_FEW = (
    "429 with the seconds to wait",
    "no answer to a page",
    "a lost answer to a write",
    "some rows locked",
    "an expired session",
)


@pytest.mark.parametrize("name", each(FEW, QUICK_FEW))
def test_a_fault_that_passes_leaves_no_trace_in_an_incremental_sync(fairlead: Installation, name: str) -> None:
    """The sync ends well, and right afterwards every record is as it must be and there is once."""
    side, rule = FEW[name]
    fairlead.act(share=0.02, do="mixed", seed=list(FEW).index(name))
    fairlead.fault(side, **rule)

    fairlead.sync()

    assert fairlead.struck(side) > 0
    fairlead.check()


MANY: dict[str, dict[str, Any]] = {
    "a lost answer to a new bulk job": {"fault": "lost_answer", "match": CREATE},
    "a lost answer to an upload": {"fault": "lost_answer", "match": UPLOAD},
    "an answer to an upload cut in the middle": {"fault": "cut", "match": UPLOAD},
    "500 on an upload": {"fault": "status", "match": UPLOAD},
    "a lost answer to a bulk job's start": {"fault": "lost_answer", "times": 2, "match": STATE},
    "500 on a bulk job's start": {"fault": "status", "times": 2, "match": STATE},
    "refused rows cut in the middle": {"fault": "cut", "times": 2, "match": RESULTS},
    "no answer to the question for refused rows": {"fault": "lost_answer", "match": RESULTS},
    "some rows locked in a bulk job": {"fault": "row_lock", "data": {"rows": 5}, "match": MEMBERS},
    "a bulk job that fails as a whole": {"fault": "job_failed", "match": MEMBERS},
    "a bulk job that takes long": {"fault": "slow_job", "seconds": 2, "match": MEMBERS},
    "a session that expires in the midst of the run": {"fault": "expired_session", "after": 14},
}

QUICK_MANY = (
    "a lost answer to a new bulk job",
    "no answer to the question for refused rows",
    "some rows locked in a bulk job",
    "a bulk job that fails as a whole",
)


@pytest.mark.parametrize("name", each(MANY, QUICK_MANY))
def test_a_fault_that_passes_leaves_no_trace_in_a_full_sync(fairlead: Installation, name: str) -> None:
    """The full sync ends well through bulk jobs, every record is right and there once, and no bulk job is left open."""
    fairlead.fault(SF, **MANY[name])

    told = fairlead.sync("--full")

    assert fairlead.struck(SF) > 0
    verdict = fairlead.check()
    # an attempt that takes over leaves what is done already: the job's counts are its own, its refused rows are all
    assert sum(row["rows"] for row in told["refused"]) == verdict.refused
    assert fairlead.rows("SELECT job FROM store_bulkflight") == []
