"""The files of `deploy/` and the code say the same: settings, commands, addresses, metrics, versions."""

import configparser
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from fairlead import settings
from fairlead.cli.main import app
from fairlead.cli.reference import _walk
from fairlead.web import metrics
from tests.repository.files import ROOT, files, named

DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm" / "fairlead"
SHIPPED = [path for path in files() if path.is_relative_to(DEPLOY) and path.suffix != ".py"] + [ROOT / "Containerfile"]
COMMANDS = {" ".join(path.split()[1:]) for path in dict(_walk("fairlead", typer.main.get_command(app)))}
OF_COMPOSE = {"FAIRLEAD_IMAGE"}
"""Variables that compose itself fills in."""
BOARD = json.loads((DEPLOY / "grafana" / "fairlead.json").read_text("utf-8"))
ALERTS = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text("utf-8"))
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
OURS = ("migrate", "web", "worker")


def queries() -> list[str]:
    """What the dashboard and the alerts ask for."""
    found = [target["expr"] for panel in BOARD["panels"] for target in panel["targets"]]
    found += [item["query"]["query"] for item in BOARD["templating"]["list"] if isinstance(item["query"], dict)]
    return found + [rule["expr"] for group in ALERTS["groups"] for rule in group["rules"]]


@pytest.mark.parametrize("path", SHIPPED, ids=named)
def test_settings_that_are_named_exist(path: Path) -> None:
    """A misspelt variable would be passed over in silence."""
    known = {one.variable for one in settings.describe()}
    known |= {f"{name}_FILE" for name in known} | OF_COMPOSE
    found = set(re.findall(r"\bFAIRLEAD_[A-Z][A-Z_]*[A-Z]\b", path.read_text("utf-8")))
    assert found - known == set()


@pytest.mark.parametrize("path", SHIPPED, ids=named)
def test_commands_that_are_named_exist(path: Path) -> None:
    """In units, probes and health checks, written as words or as lists."""
    text = path.read_text("utf-8")
    spoken = re.findall(r"/bin/fairlead ([a-z-]+)|-- fairlead ([a-z-]+)|\"fairlead\", \"([a-z-]+)\"", text)
    listed = re.findall(r"^\s*(?:args|command|CMD)\:? \[\"([a-z-]+)\"\]", text, re.MULTILINE)
    for word in [*listed, *("".join(words) for words in spoken)]:
        assert word in COMMANDS, word


def test_compose_starts_everything_in_order_and_gives_nothing_away() -> None:
    """Tables come before pages and jobs; secrets are files; the database is reached from inside only."""
    services = COMPOSE["services"]
    assert set(services) == {"database", *OURS}
    for name in OURS:
        one = services[name]
        assert one["read_only"] is True
        assert one["cap_drop"] == ["ALL"]
        assert set(one["secrets"]) <= set(COMPOSE["secrets"])
        assert one["command"] == [name]
        for variable, value in one["environment"].items():
            if "SECRET" in variable or "DATABASE" in variable or "TOKEN" in variable:
                assert value == f"/run/secrets/{Path(value).name}"
                assert Path(value).name in one["secrets"]
    assert services["migrate"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    for name in ("web", "worker"):
        assert services[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
        assert services[name]["healthcheck"]["test"] == ["CMD", "fairlead", name, "--check"]
    assert "ports" not in services["database"]
    assert services["database"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert all(port.startswith("127.0.0.1:") for port in services["web"]["ports"])


def test_the_image_is_not_root_and_takes_only_what_is_locked() -> None:
    """Two stages, hashes for all that is installed, a health check; nothing is fetched by the second stage."""
    lines = (ROOT / "Containerfile").read_text("utf-8")
    assert lines.count("\nFROM ") == 2
    assert "--require-hashes -r runtime.txt" in lines
    last = lines[lines.rindex("\nFROM ") :]
    assert re.search(r"^USER [1-9]\d+:[1-9]\d+$", last, re.MULTILINE)
    assert "HEALTHCHECK" in last
    assert "pip" not in last
    ignored = (ROOT / ".containerignore").read_text("utf-8")
    assert ignored == (ROOT / ".dockerignore").read_text("utf-8")
    assert ignored.startswith("*\n")


def values_named() -> set[str]:
    texts = [path.read_text("utf-8") for path in (CHART / "templates").iterdir()]
    return {name for text in texts for name in re.findall(r"\.Values\.([\w.]+)", text)}


def test_each_value_of_the_chart_is_used_and_each_that_is_used_has_a_default() -> None:
    """What somebody sets has its effect."""
    chosen: Any = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
    for name in values_named():
        found = chosen
        for part in name.split("."):
            assert part in found, name
            found = found[part]
    tops = {name.split(".")[0] for name in values_named()}
    assert tops == set(chosen)


def test_the_chart_brings_no_database_and_no_secret_and_is_of_this_version() -> None:
    """A database in a chart is a database that nobody backs up."""
    text = "".join(path.read_text("utf-8") for path in (CHART / "templates").glob("*.yaml"))
    kinds = re.findall(r"^kind: (\w+)$", text, re.MULTILINE)
    assert sorted(kinds) == ["Deployment", "Deployment", "Ingress", "Job", "PodDisruptionBudget", "Service"]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))
    assert (chart["version"], chart["appVersion"]) == (version, version)


@pytest.mark.parametrize("path", sorted((DEPLOY / "systemd").glob("*.service")), ids=lambda path: path.name)
def test_units_run_as_nobody_in_particular(path: Path) -> None:
    """With a user of their own, no way to further rights, and the documentation that tells of them."""
    text = path.read_text("utf-8")
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(text)
    service = unit["Service"]
    assert service["User"] == "fairlead"
    assert (service["NoNewPrivileges"], service["ProtectSystem"], service["PrivateTmp"]) == ("true", "strict", "true")
    assert service["CapabilityBoundingSet"] == ""
    (page,) = re.findall(r"docs/howto/[\w-]+\.md", text)
    assert (ROOT / page).exists()


def test_queries_name_only_metrics_that_exist_and_their_labels() -> None:
    """A renamed metric would leave an empty panel, and an alert that never rings."""
    shapes = {f"{name}_total": labels for name, _, labels in metrics.COUNTERS.values()}
    shapes |= {name: labels for name, _, labels in metrics.GAUGES.values()}
    shapes |= {name: labels for name, (_, labels) in metrics.OTHERS.items()}
    asked = set()
    for query in queries():
        for name, chosen in re.findall(r"\b(fairlead_\w+)(?:\{([^}]*)\})?", query):
            assert name in metrics.names(), name
            asked.add(name)
            assert set(re.findall(r"(\w+)(?:=|!=|=~|!~)\"", chosen)) <= set(shapes[name]), query
        for grouped in re.findall(r"by \(([^)]*)\)", query):
            assert set(grouped.split(", ")) <= {label for labels in shapes.values() for label in labels}
    assert asked == metrics.names()  # what is measured is shown


def test_each_alert_leads_to_a_page_that_says_what_to_do() -> None:
    rules = [rule for group in ALERTS["groups"] for rule in group["rules"]]
    assert len(rules) >= 6
    for rule in rules:
        assert (ROOT / rule["annotations"]["runbook"]).exists(), rule["alert"]
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["labels"]["severity"] in ("warning", "critical")


def test_what_is_checked_with_real_tools_is_locked_with_hashes_and_without_addresses() -> None:
    """`make deploycheck` and `make audit` install nothing that is not pinned."""
    for name in ("runtime", "develop", "deploy"):
        lock = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
        assert "://" not in lock
        pinned = re.findall(r"^[\w.-]+==", lock, re.MULTILINE)
        assert len(pinned) == len(re.findall(r"^[\w.-]+==.*\\\n    --hash=sha256:", lock, re.MULTILINE)) > 10
