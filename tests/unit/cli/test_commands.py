"""What every command of the command line has in common, and how errors reach the shell."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import typer

from fairlead.cli.main import app
from fairlead.cli.reference import _walk

COMMANDS = dict(_walk("fairlead", typer.main.get_command(app)))
ROOT = Path(__file__).parents[3]


def fairlead(*words, stdin=None, **environ):
    """One run of the real command line, in a process of its own, with nothing of ours in its environment but `environ`."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("FAIRLEAD_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "-m", "fairlead.cli", *words],
        env=clean | {"FAIRLEAD_HOME": environ.pop("home", "/nonexistent/fairlead")} | environ,
        input=stdin or "", capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_explains_itself(path):
    """Help with a sentence, an example that names the command, and --json."""
    command = COMMANDS[path]
    assert command.help
    assert re.search(rf"Example: .*\b{re.escape(path)}\b", command.epilog or "")
    assert any("--json" in each.opts for each in command.params)
    for each in command.params:
        if each.param_type_name == "option":
            assert each.help or each.name.endswith("_port"), each.name


def test_the_doors_are_all_there():
    """Names that people and scripts count on."""
    wanted = """
        up web worker migrate backup restore sign-in sync status doctor emulators demo explain
        orgs-list orgs-add orgs-rename orgs-remove
        jobs-list jobs-show jobs-cancel jobs-retry
        connect-campaign-monitor connect-salesforce disconnect-campaign-monitor disconnect-salesforce disconnect-all
        reset-connections sync-user-show sync-user-move
        clients-list clients-select clients-pause clients-disconnect clients-remove clients-owners clients-owner
        clients-hand-over
        salesforce-deploy salesforce-check salesforce-remove salesforce-layouts-apply salesforce-layouts-remove
        settings-list settings-get settings-set settings-reset token-create token-list token-revoke
        users-list users-grant users-revoke
        changes-run changes-status changes-confirm-sandbox
        campaigns-list campaigns-link campaigns-unlink campaigns-refresh campaigns-preview
        imports-list imports-show imports-set imports-preview imports-run imports-delete
        mappings-list mappings-show mappings-set mappings-copy mappings-preview mappings-undo mappings-addresses
        members-ambiguous members-lists person-show person-add person-remove person-unsubscribe records-preview records-retry storage-estimate storage-show
        rules-delete rules-disable rules-enable rules-list rules-preview rules-run rules-set rules-show
        opt-status-run opt-status-review opt-status-consent opt-status-history opt-status-report
        transactional-again transactional-list transactional-map-clone transactional-map-delete transactional-map-list
        transactional-map-set transactional-map-show transactional-queue transactional-refresh transactional-send
        transactional-test
        billing-count billing-status suppression-remove tracking-suspicious webhooks-remove webhooks-repair webhooks-status
        move-in-apply move-in-decide move-in-look move-in-report
        audit messages-list messages-resolve messages-retry messages-show notifications-set
        notifications-show notifications-test
    """
    found = {path.removeprefix("fairlead ").replace(" ", "-") for path in COMMANDS}
    assert found == set(wanted.split())


def test_examples_never_hold_a_credential():
    """What stands on a command line is seen by every user of the machine."""
    examples = " ".join(command.epilog or "" for command in COMMANDS.values())
    assert not re.search(r"--(api-key|client-secret|client-id)", examples)


def test_help_opens_nothing_and_is_quick():
    """`--help` loads neither Django nor a client library, and makes no folder."""
    code = (
        "import sys\nfrom fairlead.cli.main import main\ntry:\n    main(['sync', '--help'])\nexcept SystemExit as end:\n    assert not end.code\n"
        "print([name for name in ('django', 'aiohttp', 'procrastinate', 'numpy', 'rich.progress') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "Example: fairlead sync --full" in done.stdout
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_wrong_use_ends_with_2():
    """Unknown commands and options are the caller's fault."""
    for words in (["nothing"], ["sync", "--nothing"], ["jobs", "show", "one"], ["up", "--port", "70000"]):
        done = fairlead(*words)
        assert done.returncode == 2, (words, done.stderr)
        assert "Traceback" not in done.stderr


def test_a_bad_setting_is_one_line_that_names_it():
    """Expected failures have no traceback: a sentence, the next step, the support code."""
    done = fairlead("status", FAIRLEAD_PORT="many")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "FAIRLEAD_PORT is 'many'" in done.stderr
    assert "[FL-301]" in done.stderr


def test_with_json_an_error_is_json_on_standard_output():
    """Scripts read one stream."""
    done = fairlead("status", "--json", FAIRLEAD_PORT="many")
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["code"] == "FL-301"
    assert done.stderr == ""


def test_a_blank_credential_is_wrong_use():
    """Nothing typed, nothing sent."""
    done = fairlead("connect", "campaign-monitor", stdin="\n")
    assert done.returncode == 2
    assert "blank" in done.stderr


def test_a_port_that_is_taken_is_told(tmp_path):
    """Nobody has to read a traceback to learn that another program listens."""
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = fairlead("up", "--port", str(other.getsockname()[1]), home=str(tmp_path))
    assert done.returncode == 1
    assert "[FL-341]" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A data folder with an embedded database, gone afterwards."""
    from fairlead.store import postgres

    folder = tmp_path_factory.mktemp("cli") / "home"
    yield str(folder)
    postgres.destroy(folder)


def test_a_new_installation_answers_before_anything_is_connected(home):
    """status, jobs and doctor work on an empty database; doctor says what to do, and fails."""
    assert fairlead("migrate", "--json", home=home).stdout == '{"ok": true}\n'
    status = json.loads(fairlead("status", "--json", home=home).stdout)
    assert status["ok"] is True
    assert status["connections"] == {"campaign_monitor": None, "salesforce": None}
    assert json.loads(fairlead("jobs", "list", "--json", home=home).stdout) == {"ok": True, "jobs": []}
    assert json.loads(fairlead("billing", "status", "--json", home=home).stdout) == {"ok": True, "billed": False}
    refused = fairlead("billing", "count", "--json", home=home)
    assert (refused.returncode, json.loads(refused.stdout)["error"]["code"]) == (1, "FL-660")
    doctor = fairlead("doctor", "--json", home=home)
    checks = {check["name"]: check for check in json.loads(doctor.stdout)["checks"]}
    assert doctor.returncode == 1
    assert checks["Database"]["state"] == "ok"
    assert "fairlead connect salesforce" in checks["Salesforce"]["fix"]
    assert all(check["fix"] for check in checks.values() if check["state"] != "ok")


def test_up_runs_a_worker_and_leaves_nothing_behind(home):
    """SIGTERM, as a service manager sends it, ends everything that was started, with 0."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("FAIRLEAD_", "DJANGO_"))}
    process = psutil.Popen(
        [sys.executable, "-m", "fairlead.cli", "up", "--port", "0"],
        env=clean | {"FAIRLEAD_HOME": home},
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not json.loads(fairlead("status", "--json", home=home).stdout)["workers"]:
        assert time.monotonic() < deadline
    started = process.children(recursive=True)
    assert any("worker" in child.cmdline() for child in started)
    process.terminate()
    assert process.wait(45) == 0
    _, alive = psutil.wait_procs(started, 5)
    assert alive == []


def test_a_job_that_is_not_there_is_told(home):
    """Number, next step, code."""
    for verb in ("show", "cancel", "retry"):
        done = fairlead("jobs", verb, "4711", home=home)
        assert done.returncode == 1
        assert "no job 4711" in done.stderr
        assert "[FL-320]" in done.stderr


def test_a_sync_without_waiting_leaves_a_job_to_see_and_to_cancel(home):
    """Asked for, listed with what was asked, cancelled at once while it waits."""
    asked = json.loads(fairlead("sync", "--full", "--no-wait", "--json", home=home).stdout)["job"]
    assert asked["args"] == {"full": True}
    assert asked["requested_by"] == "command line"
    shown = fairlead("jobs", "show", str(asked["number"]), home=home)
    assert shown.returncode == 0
    assert f"Job {asked['number']}: primary_sync" in shown.stdout
    cancelled = json.loads(fairlead("jobs", "cancel", str(asked["number"]), "--json", home=home).stdout)["job"]
    assert cancelled["state"] == "cancelled"
    again = json.loads(fairlead("jobs", "retry", str(asked["number"]), "--json", home=home).stdout)["job"]
    assert again["number"] > asked["number"]
    assert again["args"] == {"full": True}
