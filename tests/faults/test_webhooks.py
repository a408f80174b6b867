"""Webhooks through the whole service: web, worker, both emulators; what is posted twice, mixed up or not at all does no harm."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from fairlead.cli.demo_check import Truth
from fairlead.store import postgres
from tests.faults.installation import Installation, wait_until
from tests.faults.test_canary import dump
from tests.faults.test_explained import ACCOUNT
from tests.nursery import nursery

pytestmark = pytest.mark.slow

SECONDS = 60
"""As long as a loaded machine may take for what takes a second."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@dataclass
class World:
    """An installation with its web server, and one list."""

    fairlead: Installation
    on: str

    def api(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """A call of somebody else to Campaign Monitor."""
        import base64
        import urllib.request

        emulators = self.fairlead.emulators
        assert emulators is not None
        key = emulators.line["campaign_monitor"]["api_key"]
        request = urllib.request.Request(
            f"{emulators.url('campaign_monitor')}/api/v3.3/{path}",
            json.dumps(body).encode() if body is not None else None,
            {
                "Content-Type": "application/json",
                "Authorization": "Basic " + base64.b64encode(f"{key}:x".encode()).decode(),
            },
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read().decode()
        return json.loads(text) if text.strip() else None

    def add(self, address: str) -> None:
        self.api("POST", f"subscribers/{self.on}.json", wish(address))

    def change(self, old: str, **new: str) -> None:
        """Somebody edits a subscriber: the name, or the address. Moves no date."""
        self.api("PUT", f"subscribers/{self.on}.json?email={old}", wish(new.pop("to", old), **new))

    def member(self, address: str) -> dict[str, Any] | None:
        return self.members().get(address)

    def members(self) -> dict[str, dict[str, Any]]:
        """The list's records in the org, by address."""
        truth: Truth = self.fairlead.truth()
        rows = [dict(row) for row in truth.members]
        return {row["Email__c"]: row for row in rows if row["Member_Key__c"].startswith(self.on)}

    def waiting(self) -> int:
        return int(self.fairlead.rows("SELECT count(*) FROM webhooks_delivery WHERE NOT handled")[0][0])

    def hooks(self) -> list[dict[str, Any]]:
        return list(self.api("GET", f"lists/{self.on}/webhooks.json"))


def wish(address: str, name: str = "Somebody") -> dict[str, Any]:
    return {"EmailAddress": address, "Name": name, "Resubscribe": True, "ConsentToTrack": "Yes"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Synced once, with webhooks on and made."""
    port = str(free_port())
    settings = {"FAIRLEAD_PORT": port, "FAIRLEAD_PUBLIC_URL": f"http://127.0.0.1:{port}", "FAIRLEAD_LOG_LEVEL": "DEBUG"}
    home = tmp_path_factory.mktemp("webhooks") / "home"
    with Installation(home, {"campaign_monitor": ACCOUNT}, settings) as fairlead:
        fairlead.start_worker()
        fairlead.sync("--full")
        with fairlead.log.open("ab") as log:
            web = nursery.start("fairlead.cli", ["web"], fairlead.environment(), stdout=log, stderr=log)
        try:
            wait_until(lambda: answers(int(port)), SECONDS)
            with psycopg.connect(postgres.database_url(home)) as database:
                database.execute(
                    "INSERT INTO store_settingrow (org_id, name, subject, value, version, changed_by, changed_at)"
                    " SELECT id, 'webhooks.use', '', 'true', 1, 'test', now() FROM store_org"
                )
            assert fairlead.run("webhooks", "repair")["made"] == 2
            yield World(fairlead, fairlead.lists()[0])
        finally:
            web.terminate()
            web.wait(20)


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def test_an_edit_that_moves_no_date_reaches_the_org_by_webhook(world: World) -> None:
    """Nobody asks for a sync; the list's cursor stays where it was; nobody else's record is written."""
    (told, _) = world.fairlead.run("webhooks", "status")["webhooks"]
    assert told["state"] == "active", told
    world.add("edited@example.com")
    wait_until(lambda: world.member("edited@example.com"), SECONDS)
    cursors = [cursor for cursor, _ in world.fairlead.cursors().values()]
    world.change("edited@example.com", name="Another Name")
    wait_until(lambda: (world.member("edited@example.com") or {})["Full_Name__c"] == "Another Name", SECONDS)
    assert [cursor for cursor, _ in world.fairlead.cursors().values()] == cursors
    assert len({row["Sync_Run__c"] for row in world.members().values()}) > 1


def test_a_changed_address_keeps_its_record(world: World) -> None:
    """The same record Id under the new key; no second person (C7)."""
    world.add("before@example.com")
    wait_until(lambda: world.member("before@example.com"), SECONDS)
    record = (world.member("before@example.com") or {})["Id"]
    world.change("before@example.com", to="after@example.com")
    wait_until(lambda: world.member("after@example.com"), SECONDS)
    after = world.member("after@example.com") or {}
    assert (after["Id"], after["Member_Key__c"]) == (record, f"{world.on}:after@example.com")
    assert world.member("before@example.com") is None


def test_posts_that_come_twice_and_mixed_up_lead_to_one_record(world: World) -> None:
    """A person changes the address again and again while posts are doubled and reordered: nobody is there twice."""
    world.add("way0@example.com")
    wait_until(lambda: world.member("way0@example.com"), SECONDS)
    world.fairlead.fault("campaign_monitor", fault="webhook_duplicate", times=None)
    world.fairlead.fault("campaign_monitor", fault="webhook_reorder", times=2)
    try:
        for step in range(4):
            world.change(f"way{step}@example.com", to=f"way{step + 1}@example.com")
        wait_until(lambda: world.member("way4@example.com"), SECONDS)
        wait_until(lambda: not world.waiting(), SECONDS)
    finally:
        world.fairlead.clear_faults()
    wait_until(lambda: [each for each in world.members() if each.startswith("way")] == ["way4@example.com"], SECONDS)


def test_what_waits_is_sealed_and_a_killed_worker_loses_nothing(world: World) -> None:
    """Received without a worker: no address at rest. Killed as soon as it begins: the next handles it."""
    world.fairlead.stop_worker()
    world.add("quokkazephyr.waits@example.com")
    wait_until(world.waiting, SECONDS)
    assert b"quokkazephyr" not in dump(world.fairlead)
    assert b"quokkazephyr" not in world.fairlead.log.read_bytes()
    world.fairlead.start_worker()
    wait_until(
        lambda: world.fairlead.rows("SELECT 1 FROM jobs_job WHERE kind = 'webhook_look' AND state = 'running'"), SECONDS
    )
    world.fairlead.kill_worker()
    world.fairlead.start_worker()
    wait_until(lambda: world.member("quokkazephyr.waits@example.com"), SECONDS)
    wait_until(lambda: not world.waiting(), SECONDS)
    assert b"quokkazephyr" not in dump(world.fairlead)


def test_a_webhook_that_was_switched_off_or_removed_is_repaired(world: World) -> None:
    """By the sync, without a word of anybody; the list has one webhook of ours, and those of others as before."""
    (hook,) = world.hooks()
    other = {"Events": ["Update"], "Url": "https://other.example.com/x", "PayloadFormat": "json"}
    theirs = world.api("POST", f"lists/{world.on}/webhooks.json", other)
    world.api("PUT", f"lists/{world.on}/webhooks/{hook['WebhookID']}/deactivate.json")
    assert world.fairlead.run("webhooks", "repair")["revived"] == 1
    assert {each["WebhookID"]: each["Status"] for each in world.hooks()} == {
        hook["WebhookID"]: "Active",
        theirs: "Active",
    }
    world.api("DELETE", f"lists/{world.on}/webhooks/{hook['WebhookID']}.json")
    assert world.fairlead.run("webhooks", "repair")["made"] == 1
    assert len(world.hooks()) == 2
    assert world.fairlead.run("webhooks", "repair") == {
        "ok": True, "kept": 2, "made": 0, "revived": 0, "removed": 0, "failed": 0, "not_due": 0,
    }  # fmt: skip
    world.api("DELETE", f"lists/{world.on}/webhooks/{theirs}.json")


def test_lost_posts_are_found_by_the_sync_and_removing_leaves_nothing_behind(world: World) -> None:
    """Dropped posts cost time, not data; after `webhooks remove` no webhook of ours is left, and all is in step."""
    world.fairlead.fault("campaign_monitor", fault="webhook_drop", times=None)
    world.add("unheard@example.com")
    wait_until(lambda: world.fairlead.struck("campaign_monitor"), SECONDS)
    assert world.member("unheard@example.com") is None
    world.fairlead.clear_faults()
    world.fairlead.sync()
    assert world.member("unheard@example.com") is not None
    assert world.fairlead.run("webhooks", "remove")["removed"] == 2
    assert world.hooks() == []
    assert world.fairlead.run("webhooks", "status") == {"ok": True, "used": False, "webhooks": []}
    world.fairlead.check()
