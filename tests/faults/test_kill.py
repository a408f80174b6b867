"""Killed at any point and started again = never killed."""

import random
import time
from pathlib import Path

import pytest

from tests.faults.installation import Installation, as_bytes, finish

SUBSCRIBERS = 2300 + 2200 + 300

# Two lists above the small door's size, so that bulk jobs are in flight when the worker dies.
SEED = {
    "campaign_monitor": {
        "clients": [
            {
                "name": "Kill & Co",
                "country": "Australia",
                "time_zone": "(GMT+10:00) Canberra, Melbourne, Sydney",
                "lists": [
                    {"title": "Large", "confirmed_opt_in": False, "unsubscribe_setting": "OnlyThisList",
                     "custom_fields": [{"name": "Remarks", "type": "Text"}], "people": [[0, 2300]]},
                    {"title": "Larger", "confirmed_opt_in": False, "unsubscribe_setting": "OnlyThisList",
                     "custom_fields": [], "people": [[1500, 2200]]},
                    {"title": "Small", "confirmed_opt_in": False, "unsubscribe_setting": "OnlyThisList",
                     "custom_fields": [], "people": [[100, 300]]},
                ],
            }
        ]
    },
    "salesforce": {
        "contacts": [{"first": 1000, "count": 1500, "second": False}],
        "leads": [{"first": 2200, "count": 800, "second": False}],
    },
}  # fmt: skip


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kills", [5, pytest.param(20, marks=pytest.mark.slow)])
def test_a_worker_killed_at_random_moments_leaves_what_an_undisturbed_run_gives(tmp_path: Path, kills: int) -> None:
    """Kills at moments drawn from a seed, over full and incremental runs: each time the org ends byte for byte right."""
    moments = random.Random(20260310)
    with Installation(tmp_path / "home", SEED) as fairlead:
        fairlead.start_worker()
        began = time.monotonic()
        fairlead.sync("--full")
        length = time.monotonic() - began
        undisturbed = as_bytes(fairlead.truth())
        for number in range(kills):
            changing = number % 4 == 3
            if changing:
                fairlead.act(share=0.05, do="mixed", seed=number)
            asked = fairlead.ask(*([] if changing else ["--full"]))
            time.sleep(moments.uniform(0.2, max(length, 1.0)))
            fairlead.kill_worker()
            fairlead.start_worker()
            told = finish(asked, 90)
            assert told["code"] == 0, told
            truth = fairlead.truth()
            verdict = fairlead.check(truth)
            assert verdict.members + verdict.refused == SUBSCRIBERS
            assert len({row["Member_Key__c"] for row in truth.members}) == len(truth.members)
            if changing:
                undisturbed = as_bytes(truth)
            assert as_bytes(truth) == undisturbed, f"kill {number} left other members"
