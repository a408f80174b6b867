"""The laws of the whole sync: whatever happens on both sides and to its runs, a quiet run makes the org what it must be.

Drawn from a seed, not by a state machine that shrinks: each step is a whole sync of all stages over both emulators.
"""

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fairlead.domain.failure import Failure
from fairlead.features.members import settings as members
from fairlead.features.salesforce_campaigns import settings as campaigns
from fairlead.features.tracking_history import rules as tracking
from tests.faults import whole as wholes
from tests.faults.conftest import SYNC
from tests.faults.whole import CM, SF, Killed, Whole

pytestmark = pytest.mark.slow

STEPS = 14
PEOPLE = (
    "join", "subscribe", "confirm", "unsubscribe", "delete", "bounce", "complain", "open", "click", "suppress", "unsuppress",
    "campaign_sent", "campaign_tagged", "list_renamed",
)  # fmt: skip
FAULTS: list[tuple[str, dict[str, Any]]] = [
    (CM, {"fault": "status", "status": 500, "every": 7}),
    (CM, {"fault": "status", "status": 429, "every": 9}),
    (CM, {"fault": "cut", "every": 8}),
    (CM, {"fault": "lost_answer", "every": 9}),
    (CM, {"fault": "malformed", "every": 9}),
    (SF, {"fault": "status", "status": 503, "every": 6, "match": {"path": "/services/data/"}}),
    (SF, {"fault": "cut", "every": 7, "match": {"path": "/services/data/"}}),
    (SF, {"fault": "lost_answer", "every": 6, "match": {"path": "composite"}}),
    (SF, {"fault": "malformed", "every": 6, "match": {"path": "composite"}}),
    (SF, {"fault": "expired_session", "every": 8}),
    (SF, {"fault": "row_lock", "data": {"rows": 2}, "match": {"object": "CM_|Campaign"}}),
    (SF, {"fault": "storage_full", "match": {"object": "CM_Tracking__c|CM_Member__c"}}),
    (SF, {"fault": "request_limit", "after": 9}),
    (CM, {"fault": "status", "status": 500, "times": None, "match": {"path": "/campaigns|/journeys"}}),
]
CHOICES: list[tuple[Any, list[Any]]] = [
    (members.FULL_READ_DAYS, [0, 1, 7]),
    (tracking.SCANNER_LINKS, [2, 5]),
    (campaigns.STATUS_REFRESH, ["never", "always", "once"]),
    (campaigns.UPDATE_STATISTICS, [True, False]),
    (campaigns.AUTO_CREATE, [True, False]),
]


@pytest.fixture(scope="module")
def running(django_db_setup: None, django_db_blocker: Any) -> Iterator[Whole]:
    """The same seed, with a clock that moves only when something happens."""
    with wholes.open_database(django_db_blocker), wholes.served(wholes.SEED) as whole:
        whole.choose(SYNC, value=True)
        whole.stand_still()
        assert whole.sync().failure is None
        yield whole


class Driver:
    """Steps drawn from a seed."""

    def __init__(self, whole: Whole, seed: int) -> None:
        self.whole, self.seed, self.draw = whole, seed, random.Random(seed)
        self.steps: list[str] = []
        self.deaths = self.failed = 0

    def step(self, number: int) -> None:
        acts: list[Callable[[], str]] = [
            self.account, self.account, self.org, self.settings, self.faulty_run, self.faulty_run, self.death, self.death,
            self.full_death, self.quiet,
        ]  # fmt: skip
        act = self.draw.choice(acts)
        self.number = number
        self.steps.append(f"{number}: {act()}")

    def account(self) -> str:
        only = self.draw.sample(PEOPLE, 5)
        self.whole.live(f"{self.seed} {self.number}", *only)
        return f"in Campaign Monitor {', '.join(only)}"

    def org(self) -> str:
        """People of the org are added, get other addresses, are deleted."""
        rows = [row for row in self.whole.rows("CM_Member__c", "Email__c") if len(row["Email__c"]) < 70]
        known = self.whole.rows("Contact", "Id", "Email")
        address = self.draw.choice(sorted(row["Email__c"] for row in rows))
        one = self.draw.choice(sorted(known, key=lambda row: row["Id"]))
        do = self.draw.choice(["add", "edit", "delete"])
        if do == "add":
            self.whole.act(act="create", object="Contact", fields={"LastName": "New", "Email": address})
        elif do == "edit":
            self.whole.act(act="edit", object="Contact", id=one["Id"], fields={"Email": address})
        else:
            self.whole.act(act="delete", object="Contact", id=one["Id"])
        return f"in the org {do}"

    def settings(self) -> str:
        setting, values = self.draw.choice(CHOICES)
        value = self.draw.choice(values)
        self.whole.choose(setting, value)
        return f"{setting.name} = {value}"

    def faulty_run(self) -> str:
        side, rule = self.draw.choice(FAULTS)
        self.whole.fault(side, **{"times": 3, **rule})
        told = self.whole.sync()
        self.whole.clear_faults()
        self.failed += told.failure is not None
        return f"a run with {rule}: {told.failure}"

    def death(self, **wanted: Any) -> str:
        at = self.draw.randint(1, 90)
        try:
            failure = self.whole.sync(dies_at=at, **wanted).failure
        except Killed:
            self.deaths += 1
            return f"a run {wanted} that died at step {at}"
        return f"a run {wanted} that lived: {failure}"

    def full_death(self) -> str:
        return self.death(full=True, allow_large_changes=True)

    def quiet(self) -> str:
        """All laws: it ends well, all is right, and once more it writes nothing.

        A run that died is first brought to its end: what happened after its death is for the next.
        """
        if self.whole.has_died():
            assert self.whole.sync().failure is None, self.steps
        told = self.whole.sync()
        assert told.failure is None, (told.failure, self.steps)
        report = self.whole.check()
        if not report.ok:
            pytest.fail("\n".join([report.text(), *self.steps]))
        assert self.whole.writes_of(self.whole.sync) == [], self.steps
        return "quiet"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_quiet_run_makes_it_right_and_the_next_writes_nothing(running: Whole, seed: int) -> None:
    """People, settings, faults of both sides, runs that die at any step: idempotent, convergent, restartable in any order."""
    driver = Driver(running, seed)
    for number in range(STEPS):
        driver.step(number)
    driver.quiet()
    told = running.sync(full=True, allow_large_changes=True)
    assert told.failure is None, (told.failure, driver.steps)
    running.tolerance.forget()
    assert running.in_step(), driver.steps
    driver.quiet()
    assert driver.deaths + driver.failed > 0, driver.steps


def test_the_drawn_faults_are_failures_of_ours_or_pass() -> None:
    """None of what the driver meets is anything but a Failure: the harness lets every other exception through."""
    assert issubclass(Killed, BaseException)
    assert not issubclass(Killed, (Exception, Failure))
