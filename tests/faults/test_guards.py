"""What would delete much, or much that is strange, is refused unasked; a full sync sweeps what is gone and touches nothing else."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.installation import Installation

CM = "campaign_monitor"
LISTS: list[dict[str, Any]] = [
    {"title": "First", "confirmed_opt_in": False, "unsubscribe_setting": "OnlyThisList",
     "custom_fields": [], "people": [[0, 300]]},
    {"title": "Second", "confirmed_opt_in": False, "unsubscribe_setting": "OnlyThisList",
     "custom_fields": [], "people": [[800, 700]]},
]  # fmt: skip
SEED: dict[str, Any] = {
    CM: {
        "clients": [
            {
                "name": "Guarded",
                "country": "Australia",
                "time_zone": "(GMT+10:00) Canberra, Melbourne, Sydney",
                "lists": LISTS,
            }
        ]
    },
    "salesforce": {
        "contacts": [{"first": 0, "count": 150, "second": False}],
        "leads": [{"first": 100, "count": 100, "second": False}],
    },
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation whose worker runs."""
    with Installation(tmp_path_factory.mktemp("guards") / "home", SEED) as fairlead:
        fairlead.start_worker()
        yield fairlead


@pytest.fixture
def fairlead(running: Installation) -> Installation:
    """The installation with the whole account synced."""
    account(running, [[0, 300]], [[800, 700]])
    running.sync("--full", "--allow-large-changes")
    running.check()
    return running


def account(fairlead: Installation, *people: list[list[int]]) -> None:
    """The account anew, with the same ids, and these people on its lists; the subscribers of nobody are gone without a trace."""
    assert fairlead.emulators is not None
    spec = copy.deepcopy(SEED[CM])
    for of, each in zip(spec["clients"][0]["lists"], people, strict=True):
        of["people"] = each
    before = fairlead.lists()
    fairlead.emulators.post(CM, "/_control/seed", {"spec": spec, "seed": 1})
    assert fairlead.lists() == before


def owned_by_others(fairlead: Installation) -> bytes:
    """Every contact and lead of the org, with every field there is, as bytes."""
    assert fairlead.emulators is not None
    rows = [
        row
        for name in ("Contact", "Lead")
        for row in fairlead.emulators.get("salesforce", f"/_control/records?object={name}&deleted=true")
    ]
    assert len(rows) == 250
    return json.dumps(rows, sort_keys=True).encode()


def test_a_list_that_lists_nothing_stops_until_it_is_allowed(fairlead: Installation) -> None:
    """Nothing is deleted, the exit code is 3, the reason names the list and the way on; the other list is synced; allowed, it is swept."""
    _, second = fairlead.lists()
    account(fairlead, [], [[800, 701]])
    before = len(fairlead.truth().members)

    told = fairlead.sync("--full", code=3)["job"]

    assert told["support_code"] == "FL-501"
    assert "the list “First”" in told["reason"]
    assert "--allow-large-changes" in told["reason"]
    keys = [row["Member_Key__c"].split(":")[0] for row in fairlead.truth().members]
    assert len(keys) == before + 1
    assert keys.count(second) == 701

    counts = fairlead.sync("--full", "--allow-large-changes")["job"]["counts"]
    assert counts["deleted"] == 300
    fairlead.check()


def test_a_sweep_of_very_many_stops_until_it_is_allowed(fairlead: Installation) -> None:
    """More than 500 records, and more than a fifth of the list: refused with the numbers, then allowed."""
    account(fairlead, [[0, 300]], [[800, 100]])
    members = len(fairlead.truth().members)

    told = fairlead.sync("--full", code=3)["job"]

    assert told["support_code"] == "FL-502"
    assert "would delete 600 of 700 records" in told["reason"] or "would delete 599 of 699" in told["reason"]
    assert len(fairlead.truth().members) == members
    fairlead.sync("--full", "--allow-large-changes")
    fairlead.check()


def test_a_full_sync_sweeps_what_is_gone_and_leaves_contacts_and_leads_alone(fairlead: Installation) -> None:
    """Members whose subscribers are gone are deleted; not a byte of a contact or lead changes, whatever the run does."""
    before = owned_by_others(fairlead)
    account(fairlead, [[20, 280]], [[800, 690]])

    counts = fairlead.sync("--full")["job"]["counts"]
    fairlead.act(share=0.05, do="mixed", seed=3)
    fairlead.sync()

    assert counts["deleted"] == 30
    fairlead.check()
    assert owned_by_others(fairlead) == before


def test_an_incremental_sync_never_deletes(fairlead: Installation) -> None:
    """However little the account lists: only a full sync sweeps."""
    account(fairlead, [], [])
    members = len(fairlead.truth().members)

    fairlead.sync()

    assert len(fairlead.truth().members) == members


def test_members_of_a_list_that_is_gone_go_with_the_next_full_sync(fairlead: Installation) -> None:
    """The list's record goes at once; its 700 members are too many to delete unasked; allowed, they go, and nobody else."""
    spec = copy.deepcopy(SEED[CM])
    del spec["clients"][0]["lists"][1]
    assert fairlead.emulators is not None
    fairlead.emulators.post(CM, "/_control/seed", {"spec": spec, "seed": 1})
    before = owned_by_others(fairlead)

    refused = fairlead.sync("--full", code=3)
    assert refused["job"]["support_code"] == "FL-502"
    assert "members of lists that are gone" in refused["job"]["reason"]
    assert len(fairlead.truth().members) == 300 + 700

    fairlead.sync("--full", "--allow-large-changes")
    fairlead.check()
    assert len(fairlead.truth().members) == 300
    assert owned_by_others(fairlead) == before
