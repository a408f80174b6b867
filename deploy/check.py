"""Holds the files for containers, clusters and service managers against the tools that read them: `make deploycheck`.

Real Helm renders the chart, and each object is held against the schemas of Kubernetes; hadolint reads the Containerfile,
the models of the compose specification the compose file, systemd the units, and a parser of PromQL every query. No image
is built, and no cluster is asked.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
CHART = HERE / "helm" / "fairlead"
KUBERNETES = "1.31"
VALUES: dict[str, dict[str, Any]] = {
    "least": {"publicUrl": "https://sync.example.com"},
    "most": {
        "publicUrl": "https://sync.example.com",
        "secret": {"name": "own", "keys": {"secretKey": "a", "databaseUrl": "b", "metricsToken": "c"}},
        "settings": {"FAIRLEAD_SLOTS": "10"},
        "image": {"repository": "registry.example.com/fairlead", "tag": "1", "pullSecrets": [{"name": "pull"}]},
        "ingress": {"enabled": True, "className": "nginx", "host": "sync.example.com", "tlsSecret": "tls"},
        "podAnnotations": {"a": "b"},
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"key": "a", "operator": "Exists"}],
    },
}


def rendered(values: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects that Helm makes of the chart."""
    import helm_python

    with helm_python.Chart.load(CHART) as chart:
        texts = chart.render(values=values, name="fairlead", namespace="sync")
    found = [one for name, text in texts.items() if name.endswith(".yaml") for one in yaml.safe_load_all(text)]
    return [one for one in found if one]


def helm() -> Iterator[str]:
    """What Helm and the schemas of Kubernetes say of the chart."""
    import helm_python
    import kubernetes_validate

    report = helm_python.lint(CHART, values=VALUES["least"], strict=True)
    yield from (f"helm lint: {one}" for one in report["errors"])
    for values in VALUES.values():
        for one in rendered(values):
            try:
                kubernetes_validate.validate(one, KUBERNETES, strict=True)
            except kubernetes_validate.ValidationError as error:
                yield f"{one['kind']} {one['metadata']['name']}: {error.message}"
    for bad in ({}, {"publicUrl": "x"}, {**VALUES["least"], "settings": {"FAIRLEAD_SECRET_KEY": "in clear"}}):
        try:
            rendered(bad)
        except helm_python.HelmError:
            continue
        yield f"the chart takes {bad}"


def container() -> Iterator[str]:
    """What hadolint says of the Containerfile."""
    done = subprocess.run(
        ["hadolint", "--no-fail", HERE.parent / "Containerfile"], capture_output=True, text=True, check=True
    )
    yield from done.stdout.splitlines()


def compose() -> Iterator[str]:
    """Whether the compose file is one."""
    from compose_spec import ComposeSpecification
    from compose_spec.models import Service

    known = {field.alias or name for name, field in Service.model_fields.items()}
    told = yaml.safe_load((HERE / "compose.yaml").read_text("utf-8"))
    try:
        ComposeSpecification.model_validate(told)
    except ValueError as error:
        yield f"compose.yaml: {error}"
    for name, service in told["services"].items():
        yield from (f"compose.yaml: {name} has no key {key}" for key in set(service) - known)


def systemd() -> Iterator[str]:
    """What systemd says of the units; the program is not installed here."""
    if not shutil.which("systemd-analyze"):
        print("systemd-analyze is not here: the units were not looked at.")
        return
    with tempfile.TemporaryDirectory() as folder:
        for path in (HERE / "systemd").iterdir():
            text = path.read_text("utf-8").replace("/opt/fairlead/bin/fairlead ", "/bin/true ")
            (Path(folder) / path.name.replace("@.", "@1.")).write_text(text)
        units = sorted(Path(folder).iterdir())
        done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    yield from [line for line in done.stderr.splitlines() if folder in line or done.returncode]


def queries() -> Iterator[str]:
    """Whether each query of the dashboard and of the alerts is one."""
    import promql_parser

    board = json.loads((HERE / "grafana" / "fairlead.json").read_text("utf-8"))
    alerts = yaml.safe_load((HERE / "prometheus" / "alerts.yaml").read_text("utf-8"))
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    asked += [rule["expr"] for group in alerts["groups"] for rule in group["rules"]]
    for query in asked:
        try:
            promql_parser.parse(re.sub(r"\$\w+", "x", query))
        except ValueError as error:
            yield f"{query}: {error}"


def main() -> int:
    """Print what is wrong; 1 if anything is."""
    wrong = 0
    for look in (helm, container, compose, systemd, queries):
        found = list(look())
        wrong += len(found)
        print(f"{look.__name__}: {'well' if not found else ''}")
        for line in found:
            print(f"  {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
