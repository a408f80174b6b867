"""A whole installation for tests that break it: emulators, data folder and workers as processes, driven as an admin would."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg

from fairlead.cli import demo_check, demo_emulators, demo_once
from fairlead.store import binaries, postgres
from tests.faults.commands import Commands
from tests.nursery import Child, nursery, start_emulators

# Volatile by nature: ids, times of writing, and the number of the run.
VOLATILE = {"Id", "CreatedDate", "LastModifiedDate", "SystemModstamp", "Sync_Run__c", "Name"}
ACTIVE: Final = "SELECT id FROM jobs_job WHERE state IN ('holding', 'queued', 'running')"


@dataclass
class Installation:
    """`home` is its data folder; a command may take `patience_s`. Use as a context manager: everything it started ends with it.

    `now` is when it begins, for clocks that then stand still.
    `connected`: both sides are connected and Fairlead is installed in the org; else nothing is, as on the first day.
    """

    home: Path
    seed: str | dict[str, Any] = "small"
    settings: dict[str, str] = field(default_factory=dict)
    patience_s: float = 120
    now: str = ""
    connected: bool = True
    emulators: demo_emulators.Emulators | None = None
    worker: Child | None = None
    log: Path = field(init=False)
    _commands: Commands | None = None

    def __post_init__(self) -> None:
        self.log = self.home / "logs.txt"

    def __enter__(self) -> "Installation":
        with_tables(self.home)
        named = self.seed if isinstance(self.seed, str) else "empty"
        self.emulators = start_emulators(named)
        try:
            for change in [{"stands_still": True}, {"set": self.now}] if self.now else []:
                self.emulators.post("campaign_monitor", "/_control/clock", change)
            if not isinstance(self.seed, str):
                for side, spec in self.seed.items():
                    self.emulators.post(side, "/_control/seed", {"spec": spec, "seed": 1})
            if self.connected:
                self._connect()
            else:
                self.run("migrate")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_worker()
        self._close_commands()
        if self.emulators is not None:
            self.emulators.stop()
        postgres.destroy(self.home)

    def _close_commands(self) -> None:
        if self._commands is not None:
            self._commands.close()
            self._commands = None

    def _connect(self) -> None:
        assert self.emulators is not None
        account, crm = self.emulators.line["campaign_monitor"], self.emulators.line["salesforce"]
        self.run("connect", "campaign-monitor", more={"FAIRLEAD_CM_API_KEY": account["api_key"]})
        keys = {"FAIRLEAD_SF_CLIENT_ID": crm["client_id"], "FAIRLEAD_SF_CLIENT_SECRET": crm["client_secret"]}
        self.run("connect", "salesforce", more=keys)
        self.run("salesforce", "deploy")

    def environment(self, more: dict[str, str] | None = None) -> dict[str, str]:
        assert self.emulators is not None
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FAIRLEAD_", "DJANGO_"))}
        return {
            **kept,
            "FAIRLEAD_HOME": str(self.home),
            "FAIRLEAD_CAMPAIGN_MONITOR_URL": self.emulators.url("campaign_monitor"),
            "FAIRLEAD_SALESFORCE_LOGIN_URL": self.emulators.url("salesforce"),
            "FAIRLEAD_SALESFORCE_EVENTS_URL": f"http://{self.emulators.line['salesforce']['events']}",
            "FAIRLEAD_HEARTBEAT_SECONDS": "0.3",
            "FAIRLEAD_STALE_SECONDS": "1",
            "FAIRLEAD_TICK_SECONDS": "0.3",
            "FAIRLEAD_RETRY_SECONDS": "0.1",
            **self.settings,
            **(more or {}),
        }

    def run(self, *words: str, more: dict[str, str] | None = None, code: int = 0) -> dict[str, Any]:
        """A command of the CLI with `--json`; its document. Fails unless it exits with `code`."""
        environment = self.environment()
        if self._commands is None or self._commands.environment != environment:
            self._close_commands()
            self._commands = Commands(environment)
        ended = self._commands.run([*words, "--json"], more or {}, self.patience_s)
        with self.log.open("ab") as log:
            log.write(ended.stdout + ended.stderr)
        assert ended.returncode == code, (words, ended.returncode, ended.stdout[-2000:], ended.stderr[-2000:])
        return json.loads(ended.stdout) if ended.stdout.strip() else {}

    def ask(self, *words: str) -> Child:
        """`fairlead sync`, followed by a process of its own until the job ends."""
        with self.log.open("ab") as log:
            words = ("sync", *words, "--json")
            return nursery.start("fairlead.cli", words, self.environment(), stdout=subprocess.PIPE, stderr=log)

    def start_worker(self) -> None:
        with self.log.open("ab") as log:
            self.worker = nursery.start("fairlead.cli", ["worker"], self.environment(), stdout=log, stderr=log)

    def kill_worker(self) -> None:
        """`kill -9`: nothing is tidied up."""
        assert self.worker is not None
        self.worker.send_signal(signal.SIGKILL)
        self.worker.wait(10)

    def stop_worker(self) -> None:
        if self.worker is not None and self.worker.poll() is None:
            self.worker.terminate()
            try:
                self.worker.wait(15)
            except subprocess.TimeoutExpired:
                self.worker.kill()
                self.worker.wait()

    def sync(self, *words: str, code: int = 0) -> dict[str, Any]:
        """A sync from asking to its end, by a worker that runs."""
        return self.run("sync", *words, code=code)

    def fault(self, side: str, **rule: Any) -> None:
        """Switch a fault on; see `fairlead_emulators.faults`."""
        assert self.emulators is not None
        self.emulators.post(side, "/_control/faults", [rule])

    def clear_faults(self) -> None:
        """Take back every fault on both sides."""
        assert self.emulators is not None
        for side in ("campaign_monitor", "salesforce"):
            request = urllib.request.Request(self.emulators.url(side) + "/_control/faults", method="DELETE")
            urllib.request.urlopen(request, timeout=30).close()

    def struck(self, side: str) -> int:
        """How often the faults in force on a side have happened."""
        assert self.emulators is not None
        told = next(self.emulators.get(side, "/_control/faults"))
        return sum(fault["taken"] for fault in told["faults"])

    def rows(self, query: LiteralString) -> list[tuple[Any, ...]]:
        """What Fairlead's own database answers; a worker must run."""
        with psycopg.connect(postgres.database_url(self.home)) as database:
            return database.execute(query).fetchall()

    def looks_at_changes(self) -> None:
        """Wait until every reaction has begun to follow the org's changes: only what changes afterwards is handed over."""

        def begun() -> bool:
            told = self.run("changes", "status")
            return told["hearing"]["way"] == "events" and all(one["looked_at"] for one in told["reactions"])

        wait_until(begun, 90)

    def cursors(self) -> dict[tuple[str, str, str], tuple[str, Any]]:
        """Where each scope was read to, and when that was committed."""
        found = self.rows("SELECT kind, client, list, cursor, committed_at FROM store_scopestate")
        return {(kind, client, of): (cursor, at) for kind, client, of, cursor, at in found}

    def act(self, **act: Any) -> Any:
        assert self.emulators is not None
        return self.emulators.post("campaign_monitor", "/_control/act_many", act)

    def lists(self) -> list[str]:
        """Ids of the account's lists."""
        assert self.emulators is not None
        state = next(self.emulators.get("campaign_monitor", "/_control/state"))
        return [each["id"] for client in state["clients"] for each in client["lists"]]

    def truth(self) -> demo_check.Truth:
        assert self.emulators is not None
        return demo_once.read_truth(self.emulators)

    def check(self, truth: demo_check.Truth | None = None) -> demo_check.Verdict:
        """Every record held against both sides' own state, by rules written apart from the flow."""
        verdict = demo_check.check(truth or self.truth())
        assert verdict.ok, verdict.wrong
        return verdict


def with_tables(home: Path) -> None:
    """Put a database with today's tables into a new data folder: made once in a session, then copied."""
    if "FAIRLEAD_TEST_HOME" not in os.environ:  # a bench, which makes its own
        return
    first = Path(os.environ["FAIRLEAD_TEST_HOME"]) / "tables"
    first.mkdir(parents=True, exist_ok=True)
    made = first / "made"
    with binaries.exclusive(first / "lock"):
        if not made.exists():
            kept = {name: value for name, value in os.environ.items() if not name.startswith(("FAIRLEAD_", "DJANGO_"))}
            command = [sys.executable, "-m", "fairlead.cli", "migrate"]
            subprocess.run(
                command, env={**kept, "FAIRLEAD_HOME": str(first)}, check=True, capture_output=True, timeout=300
            )
            with (postgres.place(first).data / "postgresql.auto.conf").open("a") as file:  # no power cuts in tests
                file.write("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n")
            made.touch()
    home.mkdir(parents=True, exist_ok=True)
    place, owner = postgres.place(home), binaries.programs().owner
    binaries.make_folder(place.base, 0o700, owner)
    subprocess.run(["cp", "-a", str(postgres.place(first).data), str(place.data)], check=True)


def as_bytes(truth: demo_check.Truth) -> bytes:
    """The org's members as bytes, without what is volatile by nature."""
    rows = [{name: value for name, value in row.items() if name not in VOLATILE} for row in truth.members]
    return json.dumps(sorted(rows, key=lambda row: row["Member_Key__c"]), sort_keys=True, indent=0).encode()


def finish(asked: Child, seconds: float = 60) -> dict[str, Any]:
    """What a followed sync told at its end."""
    out, _ = asked.communicate(timeout=seconds)
    return {"code": asked.returncode, **json.loads(out)}


def wait_until(what: Any, seconds: float = 30) -> None:
    """Wait for a condition; fail when it does not come."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "the awaited never came"
        time.sleep(0.05)
