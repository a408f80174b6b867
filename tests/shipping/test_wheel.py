"""The wheel on an empty machine: it brings everything along, and a first sync, a backup and a restore work with it alone."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fairlead.store import postgres
from tests.repository.files import ROOT, files, named

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
KEPT = ("PATH", "HOME", "LANG", "PIP_", "SSL_", "REQUESTS_")
VENDOR = "src/fairlead/ui/static/vendor"


def call(*words: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """A program that must end well; its output."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(KEPT)}
    done = subprocess.run([str(word) for word in words], env=kept, capture_output=True, text=True, check=False, **more)
    assert done.returncode == 0, (words, done.stdout[-3000:], done.stderr[-3000:])
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from what is or would be committed, and the libraries of the pages."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for path in files():
        there = source / named(path)
        if there.parts[len(source.parts)] in ("src", "docs", "salesforce", "requirements") or path.parent == ROOT:
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, there)
    shutil.copytree(ROOT / VENDOR, source / VENDOR)
    call(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", built, ".", cwd=source)
    (found,) = built.glob("fairlead-*.whl")
    return found


def test_every_file_of_the_packages_is_in_it(wheel: Path) -> None:
    """Templates, facts, help, metadata for the org, the libraries of the pages: nothing is read from a checkout."""
    inside = set(zipfile.ZipFile(wheel).namelist())
    wanted = {named(path).removeprefix("src/") for path in files() if path.is_relative_to(ROOT / "src")}
    wanted |= {p.relative_to(ROOT / "src").as_posix() for p in (ROOT / VENDOR).rglob("*") if p.is_file()}
    for path in files():
        name = named(path)
        if name.startswith("salesforce/"):
            wanted.add(f"fairlead/salesforce_project/{name.removeprefix('salesforce/')}")
        if re.fullmatch(r"docs/(?!decisions)\w+/[\w-]+\.md", name):
            wanted.add(f"fairlead/documents/{name.removeprefix('docs/')}")
    missing = {name for name in wanted - inside if not name.endswith(".pyi")}
    assert missing == set()
    assert [name for name in inside if name.startswith(("tests/", "bench/"))] == []


class Installed:
    """Fairlead in a virtual environment of its own, on a data folder."""

    def __init__(self, programs: Path, home: Path, environ: dict[str, str]) -> None:
        self.programs, self.home = programs, home
        kept = {name: value for name, value in os.environ.items() if name.startswith(KEPT)}
        self.environ = kept | environ | {"FAIRLEAD_HOME": str(home)}

    def run(self, *words: str, code: int = 0, **environ: str) -> dict[str, Any]:
        """A command with `--json`; its document."""
        done = subprocess.run(
            [str(self.programs / "fairlead"), *words, "--json"],
            env=self.environ | environ, cwd="/", capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        assert done.returncode == code, (words, done.returncode, done.stdout[-2000:], done.stderr[-3000:])
        return dict(json.loads(done.stdout))

    def start(self, *words: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
        """A command that goes on, and its first document; it leads a group of processes."""
        process = subprocess.Popen(
            [str(self.programs / "fairlead"), *words, "--json"],
            env=self.environ, cwd="/", stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        assert process.stdout
        return process, json.loads(process.stdout.readline())


def stop(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(60)
    assert process.stdout
    process.stdout.close()


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the locked requirements and the wheel; Fairlead's own source is not on its path."""
    place = tmp_path_factory.mktemp("venv") / "venv"
    call(sys.executable, "-m", "venv", place)
    pip = (place / "bin" / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps")
    call(*pip, "--require-hashes", "-r", ROOT / "requirements" / "runtime.txt")
    call(*pip, wheel)
    return place / "bin"


@pytest.fixture(scope="module")
def emulators(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The local account and org, as the wheel brings them."""
    ports = [word for side in ("campaign-monitor", "salesforce", "salesforce-https", "salesforce-events")
             for word in (f"--{side}-port", "0")]  # fmt: skip
    process, line = Installed(programs, tmp_path_factory.mktemp("emulators"), {}).start(
        "emulators", "--seed", "small", *ports
    )
    yield line
    stop(process)


@pytest.fixture(scope="module")
def fairlead(
    programs: Path, emulators: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installed]:
    """An installation that is connected and has synced once, up and running."""
    account, crm = emulators["campaign_monitor"], emulators["salesforce"]
    environ = {
        "FAIRLEAD_CAMPAIGN_MONITOR_URL": account["url"],
        "FAIRLEAD_SALESFORCE_LOGIN_URL": crm["url"],
        "FAIRLEAD_SALESFORCE_EVENTS_URL": f"http://{crm['events']}",
        "FAIRLEAD_TICK_SECONDS": "0.5",
    }
    here = Installed(programs, tmp_path_factory.mktemp("home") / "home", environ)
    here.run("connect", "campaign-monitor", FAIRLEAD_CM_API_KEY=account["api_key"])
    here.run(
        "connect", "salesforce",
        FAIRLEAD_SF_CLIENT_ID=crm["client_id"], FAIRLEAD_SF_CLIENT_SECRET=crm["client_secret"],
    )  # fmt: skip
    here.run("salesforce", "deploy")
    process, here.ready = here.start("up", "--port", "0")
    here.first = here.run("sync")["job"]["counts"]
    yield here
    stop(process)
    postgres.destroy(here.home)


def test_help_comes_up_and_says_the_version(programs: Path) -> None:
    """The first thing that anybody tries."""
    assert "Keeps Campaign Monitor and Salesforce in step" in call(programs / "fairlead", "--help").stdout
    assert call(programs / "fairlead", "--version").stdout.startswith("fairlead ")


def test_doctor_finds_everything_in_order(fairlead: Installed) -> None:
    """Database, worker, both sides, the objects that were deployed: only what nobody has chosen yet may be warned of."""
    checks = fairlead.run("doctor")["checks"]
    assert {check["name"] for check in checks if check["state"] == "failed"} == set()
    assert "CM_Member__c" in {check["name"] for check in checks if check["state"] == "ok"}


def test_a_page_comes_with_its_styles_and_health_is_told(fairlead: Installed) -> None:
    """What the page links to is served, by the wheel alone."""
    url = str(fairlead.ready["url"])
    page = urllib.request.urlopen(f"{url}/sign-in/").read().decode()
    links = re.findall(r'(?:href|src)="(/static/[^"#]+)', page)
    assert any("salesforce-lightning-design-system" in link for link in links)
    for link in links:
        assert len(urllib.request.urlopen(url + link).read()) > 100
    assert urllib.request.urlopen(f"{url}/readyz?worker=1").status == 200
    assert b"fairlead_workers 1.0" in urllib.request.urlopen(f"{url}/metrics").read()
    port = url.rsplit(":", 1)[1]
    assert fairlead.run("web", "--check", "--port", port)["ok"]
    assert fairlead.run("worker", "--check")["workers"] == 1


def test_a_backup_moves_to_a_fresh_data_folder_and_the_next_sync_writes_nothing(
    fairlead: Installed, programs: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """As in the runbook: back up, stop, bring the key, restore, start. Without the key nothing is made."""
    file = str(tmp_path_factory.mktemp("backup") / "fairlead.backup")
    assert fairlead.first["written"] > 0
    assert fairlead.run("backup", file)["rows"]["store_secret"] > 0

    moved = Installed(programs, tmp_path_factory.mktemp("moved") / "home", fairlead.environ)
    refused = moved.run("restore", file, code=1)["error"]
    assert refused["code"] == "FL-644"
    assert not (moved.home / "secret.key").exists()
    moved.home.mkdir(exist_ok=True)
    shutil.copy(fairlead.home / "secret.key", moved.home)
    try:
        moved.run("restore", file)
        assert moved.run("restore", file, code=1)["error"]["code"] == "FL-645"
        worker, _ = moved.start("worker")
        try:
            told = moved.run("sync")["job"]["counts"]
        finally:
            stop(worker)
        assert told.get("written", 0) == 0
    finally:
        postgres.destroy(moved.home)
