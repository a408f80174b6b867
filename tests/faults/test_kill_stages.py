"""Killed in every stage there is, the sync leaves the org as an undisturbed one does: every field of every record."""

import json
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.faults.installation import VOLATILE, Installation, finish, wait_until
from tests.faults.test_kill_records import choose
from tests.faults.whole import client

pytestmark = pytest.mark.slow

NOW = "2026-03-10T09:30:00+00:00"
SEED = {
    "campaign_monitor": {"clients": [client("One", 0)]},
    "salesforce": {
        "contacts": [{"first": 0, "count": 25, "second": False}],
        "leads": [{"first": 20, "count": 10, "second": False}],
    },
}
KEYS = {
    "CM_Client__c": "Client_Id__c", "CM_List__c": "List_Id__c", "CM_Campaign__c": "Campaign_Id__c",
    "CM_Journey__c": "Journey_Id__c", "CM_Journey_Email__c": "Email_Id__c", "CM_Member__c": "Member_Key__c",
    "CM_Suppression__c": "Suppression_Key__c", "CM_Tracking__c": "", "Contact": "Email", "Lead": "Email",
    "Campaign": "Name", "CampaignMember": "", "CampaignMemberStatus": "",
}  # fmt: skip
OWN = VOLATILE - {"Name"} | {"Last_Synced__c", "Tracking_Key__c", "FirstRespondedDate", "Run__c"}
"""Differs between installations: the time of the machine, and keys that are made with an installation's own secret."""
DELAY: dict[str, Any] = {"fault": "delay", "seconds": 0.3, "times": None, "match": {"path": "/services/data/"}}


def snapshot(fairlead: Installation) -> dict[str, list[str]]:
    """Every record of the org that matters, by object: ids told by what they stand for, so that two orgs can be compared."""
    assert fairlead.emulators is not None
    rows = {name: list(fairlead.emulators.get("salesforce", f"/_control/records?object={name}")) for name in KEYS}
    words = {row["Id"]: f"{name} {row[key]}".lower() for name, key in KEYS.items() if key for row in rows[name]}
    found = {}
    for name, records in rows.items():
        dropped = OWN | ({"Name"} if name not in {"CM_List__c", "CM_Campaign__c", "Campaign"} else set())
        told = [
            {field: words.get(value, value) if isinstance(value, str) else value for field, value in row.items()}
            for row in ({f: v for f, v in row.items() if f not in dropped} for row in records)
        ]
        found[name] = sorted(json.dumps(row, sort_keys=True) for row in told)
    return found


def live(fairlead: Installation, seed: str, *only: str) -> None:
    assert fairlead.emulators is not None
    said = {"hours": 1, "seed": seed, "share": 0.2, "only": list(only)}
    fairlead.emulators.post("campaign_monitor", "/_control/live", said)


def contacts(fairlead: Installation, **act: Any) -> None:
    """What a person does to every fifth contact."""
    assert fairlead.emulators is not None
    rows = list(fairlead.emulators.get("salesforce", "/_control/records?object=Contact&fields=Id,Email"))
    for number, row in enumerate(sorted(rows, key=lambda row: row["Email"])):
        if number % 5 == 0:
            fields = {name: text.format(number) for name, text in act.items()}
            said = {"act": "edit", "object": "Contact", "id": row["Id"], "fields": fields}
            fairlead.emulators.post("salesforce", "/_control/act", said)


def first(fairlead: Installation) -> None:
    choose(fairlead, "suppression.sync", value=True)


def people(fairlead: Installation) -> None:
    assert fairlead.emulators is not None
    rows = fairlead.emulators.get("salesforce", "/_control/records?object=CM_Campaign__c&fields=Id,Name")
    sent = next(row["Id"] for row in rows if row["Name"] == "One July")
    made = {"act": "create", "object": "Campaign", "fields": {"Name": "July", "CM_Campaign__c": sent}}
    fairlead.emulators.post("salesforce", "/_control/act", made)
    for of in fairlead.lists():
        choose(fairlead, "record_creation.rule", "contact", of)
    live(fairlead, "people", "join", "open", "click", "bounce", "suppress", "campaign_sent")


def again(fairlead: Installation) -> None:
    live(fairlead, "again", "campaign_sent", "open", "click", "suppress", "unsubscribe")
    contacts(fairlead, Email="moved.{}@example.com")


def told(fairlead: Installation) -> None:
    """Names go to the contacts' titles from now on, opt status has its baseline, and people unsubscribe: contacts are ticked."""
    fairlead.run("opt-status", "run", "--preview")
    fairlead.run("opt-status", "run", "--baseline")
    line = {"object": "Contact", "source": "Title", "target": "Name", "direction": "to_salesforce"}
    file = fairlead.home.parent / "lines.json"
    file.write_text(json.dumps([line | {"owner": "campaign_monitor"}]), "utf-8")
    for of in fairlead.lists():
        fairlead.run("mappings", "set", str(file), "--list", of)
    live(fairlead, "told", "change_name", "change_field", "unsubscribe", "suppress")


def fewer(fairlead: Installation) -> None:
    choose(fairlead, "tracking_history.days_to_keep", 3)


@dataclass(frozen=True)
class Phase:
    """What happens, how it is synced, and in which stages the sync is killed, one after another."""

    happens: Callable[[Installation], None]
    words: tuple[str, ...]
    killed_in: tuple[str, ...]


def nothing(_: Installation) -> None:
    """Nothing happens."""


PHASES = (
    Phase(first, (), ("clients", "lists", "journeys")),
    Phase(people, (), ("records", "tracking", "rollups")),
    Phase(again, (), ("match", "links", "campaign_members")),
    Phase(nothing, ("--full",), ("members", "figures", "campaigns")),
    Phase(told, ("--full",), ("mapping", "opt_status")),
    Phase(fewer, (), ("suppression", "retention")),
    Phase(nothing, ("--full", "--clean", "--yes"), ("clean", "members", "tidy")),
)


def database_is_up(fairlead: Installation) -> bool:
    try:
        return bool(fairlead.rows("SELECT 1 FROM store_org"))
    except psycopg.OperationalError:
        return False


def running(fairlead: Installation) -> str:
    """The stage of the last sync that runs now, blank between two. Other jobs may have begun since."""
    found = fairlead.rows("SELECT stages FROM jobs_job WHERE kind = 'primary_sync' ORDER BY id DESC LIMIT 1")
    stages = found[0][0] if found else []
    return next((stage["name"] for stage in stages if stage["state"] == "running"), "")


@contextmanager
def slow(fairlead: Installation) -> Iterator[None]:
    """Every call takes a little longer, so that no stage is over before it is seen."""
    fairlead.fault("salesforce", **DELAY)
    fairlead.fault("campaign_monitor", fault="delay", seconds=0.3, times=None, match={"path": "/suppressionlist.json"})
    yield
    fairlead.clear_faults()


def kill_in(fairlead: Installation, stage: str, asked: "subprocess.Popen[bytes]") -> bool:
    """Kill the worker in the midst of this stage, in a further attempt where it was over by then. The next worker goes on."""
    for wait in (random.Random(stage).uniform(0.0, 0.2), 0.0):
        wait_until(lambda: running(fairlead) == stage or asked.poll() is not None, 90)
        assert asked.poll() is None, f"the sync ended without {stage}"
        time.sleep(wait)
        seen = running(fairlead)
        fairlead.kill_worker()
        fairlead.start_worker()
        if seen == stage:
            return True
    return False


def lived(fairlead: Installation, *, killed: bool) -> Iterator[dict[str, list[str]]]:
    """The org after each phase."""
    fairlead.start_worker()
    wait_until(lambda: database_is_up(fairlead), 60)
    for phase in PHASES:
        phase.happens(fairlead)
        if killed:
            with slow(fairlead):
                asked = fairlead.ask(*phase.words)
                hit = {stage for stage in phase.killed_in if kill_in(fairlead, stage, asked)}
            assert finish(asked, 120)["code"] == 0
            assert hit == set(phase.killed_in)
        else:
            fairlead.sync(*phase.words)
        fairlead.sync()  # who was made a contact by one list is linked on the others by the next sync, or by an attempt
        yield snapshot(fairlead)


@pytest.mark.timeout(900)
def test_killed_in_each_stage_it_ends_as_if_it_never_was(tmp_path: Path) -> None:
    """Nineteen kills, each seen to meet its stage: nobody is made twice, and the org equals an undisturbed one's."""
    met = {stage for phase in PHASES for stage in phase.killed_in}
    assert len(met) == 18
    with Installation(tmp_path / "calm" / "home", SEED, now=NOW) as calm:
        wanted = list(lived(calm, killed=False))
    assert all(wanted[-1][name] for name in KEYS)
    with Installation(tmp_path / "killed" / "home", SEED, now=NOW) as fairlead:
        for number, (found, undisturbed) in enumerate(zip(lived(fairlead, killed=True), wanted, strict=True)):
            for name in KEYS:
                differing = set(found[name]) ^ set(undisturbed[name])
                assert not differing, f"phase {number}, {name}: {sorted(differing)[:4]}"
                assert len(found[name]) == len(undisturbed[name]), f"phase {number}: {name} twice"
