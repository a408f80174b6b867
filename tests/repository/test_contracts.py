"""Each import contract is proved by a violation planted in a copy of the packages."""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.repository.files import ROOT

# contract → violations, each as {file below src: line to add at its end}
PLANTS = [
    ("layers", {"fairlead/store/planted.py": "import fairlead.features"}),
    ("layers", {"fairlead/web/planted.py": "import fairlead.cli"}),
    ("layers", {"fairlead/features/members/planted.py": "import fairlead.wiring"}),
    ("rooms", {"fairlead/features/members/planted.py": "import fairlead.features.connections"}),
    ("deciding", {"fairlead/domain/planted.py": "import time"}),
    ("deciding", {"fairlead/sync/convert.py": "import django"}),
    ("deciding", {"fairlead/sync/compare.py": "import socket"}),
    ("deciding", {"fairlead/sync/guard.py": "import fairlead.salesforce.client"}),
    ("deciding", {"fairlead/features/members/rules.py": "import fairlead.store.models"}),
    (
        "deciding",
        {"fairlead/domain/planted.py": "import fairlead.ui.planted", "fairlead/ui/planted.py": "import aiohttp"},
    ),
    ("billing", {"fairlead/jobs/planted.py": "import stripe"}),
    ("flow", {"fairlead/sync/pull.py": "import fairlead.campaignmonitor"}),
    ("flow", {"fairlead/sync/run.py": "import time"}),
    ("clients", {"fairlead/campaignmonitor/planted.py": "import fairlead.domain"}),
    ("clients", {"fairlead/salesforce/planted.py": "import fairlead.settings"}),
    ("strangers", {"fairlead/salesforce/planted.py": "import fairlead.campaignmonitor"}),
    ("emulators", {"fairlead_emulators/planted.py": "import fairlead.domain"}),
    ("emulators", {"fairlead/store/planted.py": "import fairlead_emulators"}),
    (
        "cycles",
        {
            "fairlead/store/planted_a.py": "import fairlead.store.planted_b",
            "fairlead/store/planted_b.py": "import fairlead.store.planted_a",
        },
    ),
]


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of both packages and of the contracts."""
    folder = tmp_path_factory.mktemp("house")
    for package in ("fairlead", "fairlead_emulators"):
        shutil.copytree(ROOT / "src" / package, folder / package, ignore=_all_but_python)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def _all_but_python(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if not name.endswith(".py") and not (Path(folder) / name).is_dir()} | {"__pycache__"}


def _lint(folder: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    chosen = [part for contract in contracts for part in ("--contract", contract)]
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache", "--config", "pyproject.toml", *chosen],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(folder)}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@contextmanager
def _planted(folder: Path, plants: dict[str, str]) -> Iterator[None]:
    before = {folder / name: (folder / name).read_text() if (folder / name).exists() else None for name in plants}
    try:
        for name, line in plants.items():
            path = folder / name
            path.write_text(f"{before[path] or ''}\n{line}\n")
        yield
    finally:
        for path, text in before.items():
            if text is None:
                path.unlink()
            else:
                path.write_text(text)


def test_the_house_as_it_is_keeps_every_contract(copied):
    """Without a planted violation nothing is broken."""
    done = _lint(copied)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("contract", "plants"), PLANTS, ids=[f"{name}-{next(iter(files))}" for name, files in PLANTS])
def test_a_planted_violation_breaks_its_contract(copied, contract, plants):
    """The contract is alive: it notices what it forbids."""
    with _planted(copied, plants):
        done = _lint(copied, contract)
    assert done.returncode == 1, done.stdout
    assert "BROKEN" in done.stdout
    assert done.stdout.count("BROKEN") == 1


def test_every_contract_has_a_planted_violation():
    """No contract is taken on trust."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert {contract["id"] for contract in contracts} == {name for name, _ in PLANTS}


CLOCKS = {"now", "utcnow", "today", "monotonic", "perf_counter", "localtime", "gmtime"}


def _clock_calls(source: str) -> list[str]:
    calls = (node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return [ast.unparse(call) for call in calls if isinstance(call, ast.Attribute) and call.attr in CLOCKS]


def _deciding() -> list[Path]:
    src = ROOT / "src" / "fairlead"
    steps = [src / "sync" / f"{step}.py" for step in ("convert", "compare", "guard")]
    return [*steps, *sorted((src / "domain").glob("*.py")), *sorted((src / "features").glob("*/rules.py"))]


def test_deciding_code_asks_no_clock():
    """`now` is an argument: an import contract cannot see `datetime.now()`."""
    assert _clock_calls("from datetime import datetime\ndatetime.now()") == ["datetime.now"]
    assert {path.name: calls for path in _deciding() if (calls := _clock_calls(path.read_text()))} == {}
