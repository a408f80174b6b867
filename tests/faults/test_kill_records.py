"""A worker killed between making contacts and linking them, and the commands of new records, in a whole installation."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fairlead.store import postgres
from tests.faults.installation import Installation, finish, wait_until

pytestmark = pytest.mark.slow

PEOPLE = 600
SEED = {
    "campaign_monitor": {
        "clients": [
            {"name": "Makers", "country": "Australia", "time_zone": "(GMT+10:00) Canberra, Melbourne, Sydney",
             "lists": [{"title": title, "confirmed_opt_in": False, "unsubscribe_setting": "OnlyThisList",
                        "custom_fields": [], "people": [[first, PEOPLE]]}
                       for title, first in (("One", 0), ("Two", 300))]}
        ]
    },
    "salesforce": {"contacts": [{"first": 0, "count": 100, "second": False}]},
}  # fmt: skip


@pytest.fixture
def fairlead(tmp_path: Path) -> Iterator[Installation]:
    with Installation(tmp_path / "home", SEED) as installed:
        installed.start_worker()
        installed.sync()  # without a rule nothing is made
        yield installed


def choose(fairlead: Installation, name: str, value: Any, subject: str = "") -> None:
    """A setting as a row: the org is the installation's only one."""
    with psycopg.connect(postgres.database_url(fairlead.home)) as database:
        database.execute(
            "INSERT INTO store_settingrow (org_id, name, subject, value, version, changed_by, changed_at) "
            "SELECT id, %s, %s, %s, 1, '', now() FROM store_org",
            (name, subject, json.dumps(value)),
        )


def addresses(fairlead: Installation, object: str) -> list[str]:
    assert fairlead.emulators is not None
    rows = fairlead.emulators.get("salesforce", f"/_control/records?object={object}")
    return [row["Email"].lower() for row in rows if row["Email"]]


def unlinked(fairlead: Installation) -> list[str]:
    return [
        row["Member_Key__c"]
        for row in fairlead.truth().members
        if row["State__c"] == "Active" and not row["Contact__c"] and not row["Lead__c"]
    ]


def test_a_worker_killed_while_contacts_are_made_makes_nobody_twice(fairlead: Installation) -> None:
    """Killed three times, at moments when records are made but not linked: each address has one record, each member a link."""
    for list_id, rule in zip(fairlead.lists(), ("contact", "lead"), strict=True):
        choose(fairlead, "record_creation.rule", rule, list_id)
        values = [{"field": "Company", "value": "None"}] if rule == "lead" else []
        choose(fairlead, "record_creation.values", values, list_id)
    met = False
    for kill in range(3):
        # the linking takes its time: the records are there, no member points to them yet
        linking = {"method": "PATCH", "path": "/composite/sobjects$"}
        fairlead.fault("salesforce", fault="delay", seconds=5, match=linking, after=kill % 2)
        made = len(addresses(fairlead, "Contact")) + len(addresses(fairlead, "Lead"))
        asked = fairlead.ask()
        wait_until(lambda asked=asked: fairlead.struck("salesforce") or asked.poll() is not None, 60)
        struck = bool(fairlead.struck("salesforce"))
        fairlead.kill_worker()
        met |= struck and made < len(addresses(fairlead, "Contact")) + len(addresses(fairlead, "Lead"))
        fairlead.clear_faults()
        fairlead.start_worker()
        assert finish(asked, 90)["code"] == 0

    assert met, "no kill met the moment between making and linking"
    everybody = [*addresses(fairlead, "Contact"), *addresses(fairlead, "Lead")]
    assert len(everybody) == len(set(everybody))
    assert unlinked(fairlead) == []

    before = len(everybody)
    fairlead.sync("--full")
    assert len(addresses(fairlead, "Contact")) + len(addresses(fairlead, "Lead")) == before


def test_the_guard_asks_with_its_exit_code_and_the_preview_tells_the_numbers(fairlead: Installation) -> None:
    """More than may be made in one run: refused with exit code 3; counted by the preview; made once it is allowed."""
    list_id = fairlead.lists()[0]
    choose(fairlead, "record_creation.rule", "contact", list_id)
    choose(fairlead, "record_creation.most_in_one_run", 10)
    before = len(addresses(fairlead, "Contact"))

    told = fairlead.sync(code=3)
    assert told["job"]["support_code"] == "FL-505"
    assert len(addresses(fairlead, "Contact")) == before

    preview = fairlead.run("records", "preview", "--list", list_id)
    assert preview["would_create"] > 10
    assert preview["already_match"] == 0

    made = fairlead.sync("--allow-large-changes")["job"]["counts"]["contacts_created"]
    assert made == preview["would_create"]
    assert len(addresses(fairlead, "Contact")) == before + made
    assert fairlead.run("records", "preview", "--list", list_id)["would_create"] == 0
    assert fairlead.run("records", "retry") == {"ok": True, "rows": 0}
    assert fairlead.sync()["job"]["counts"]["contacts_created"] == 0

    choose(fairlead, "suppression.sync", value=True)
    fairlead.sync()
    assert fairlead.run("suppression", "remove", "--yes")["ok"]
    assert "is in Salesforce" in fairlead.run("records", "preview", "--list", "nowhere", code=1)["error"]["text"]
