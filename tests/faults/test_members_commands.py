"""`fairlead members` over a whole installation: what is told, and what is kept back unless asked for."""

import json
from pathlib import Path

import pytest

from tests.faults.installation import Installation

pytestmark = pytest.mark.slow


def test_lists_and_ambiguous_addresses_are_told_and_addresses_only_when_asked_for(tmp_path: Path) -> None:
    """Every list with its readings; every candidate with its reason; whole addresses and names with --show alone."""
    with Installation(tmp_path / "home") as fairlead:
        fairlead.start_worker()
        fairlead.sync()
        fairlead.check()
        assert fairlead.emulators is not None
        twice = {"LastName": "Twice", "Email": "twice.over@example.com"}
        for _ in range(2):
            fairlead.emulators.post(
                "salesforce", "/_control/act", {"act": "create", "object": "Contact", "fields": twice}
            )

        lists = fairlead.run("members", "lists")["lists"]
        assert {one["list_id"] for one in lists} == set(fairlead.lists())
        assert all(one["whole_at"] and one["read_at"] and not one["prevented"] for one in lists)

        masked = fairlead.run("members", "ambiguous")
        assert "twice.over" not in json.dumps(masked)
        shown = fairlead.run("members", "ambiguous", "--show")
        assert masked["count"] == shown["count"]
        mine = next(one for one in shown["addresses"] if one["address"] == "twice.over@example.com")
        assert [each["linked"] for each in mine["candidates"]] == [True, False]
        assert all(each["why"] and each["name"] == "Twice" for each in mine["candidates"])

        told = fairlead.sync()["job"]
        stages = {stage["name"]: stage for stage in told["stages"]}
        assert stages["match"]["state"] == stages["figures"]["state"] == "done"
        fairlead.check()
