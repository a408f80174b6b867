"""What is told of the packages that are used: the list of them is whole, and no doubt about one is kept quiet."""

import importlib.util
import json
import re
from types import ModuleType
from typing import Any

import pytest

from tests.repository.files import ROOT


def script(name: str) -> ModuleType:
    """A script of `deploy/`, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "deploy" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SBOM, AUDIT = script("sbom"), script("audit")


def test_the_list_has_every_package_of_the_lock_and_every_library_of_the_pages() -> None:
    """With name, version and a package address; the same locks give the same file."""
    told = SBOM.document()
    lock = (ROOT / "requirements" / "runtime.txt").read_text("utf-8")
    pinned = {name.lower() for name in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)}
    python = {one["name"].lower(): one for one in told["components"] if one["purl"].startswith("pkg:pypi/")}
    assert set(python) == pinned
    assert {"django", "prometheus-client"} <= pinned
    scripts = [one for one in told["components"] if one["purl"].startswith("pkg:npm/")]
    assert {"htmx.org", "@salesforce-ux/design-system"} <= {one["name"] for one in scripts}
    assert all(len(one["hashes"][0]["content"]) == 128 for one in scripts)
    references = [one["bom-ref"] for one in told["components"]]
    assert len(set(references)) == len(references)
    assert told["dependencies"][0]["dependsOn"] == references
    assert told == SBOM.document()


def test_a_package_for_some_systems_only_says_so() -> None:
    """It is listed all the same."""
    (one,) = SBOM.locked('uvloop==0.22.1 ; sys_platform != "win32" \\\n    --hash=sha256:00\n')
    assert (one["name"], one["version"]) == ("uvloop", "0.22.1")
    assert one["properties"] == [{"name": "fairlead:marker", "value": 'sys_platform != "win32"'}]


def answer(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": list(packages), "fixes": []})


GOOD = {"name": "django", "version": "5.2.19", "vulns": []}
BAD = {"name": "django", "version": "5.2.0", "vulns": [{"id": "CVE-2026-1", "fix_versions": ["5.2.1"]}]}
SKIPPED = {"name": "own", "skip_reason": "not on the index"}


@pytest.mark.parametrize(
    ("code", "told", "words", "state"),
    [
        (0, answer(GOOD), "", "well"),
        (1, answer(GOOD, BAD), "Found 1 known vulnerability", "found"),
        (0, answer(GOOD, SKIPPED), "", "well"),
        (1, answer(GOOD), "", "broken"),
        (1, "", "requests.exceptions.ConnectionError: Max retries exceeded", "not asked"),
        (1, "", "ERROR: Could not resolve: Temporary failure in name resolution", "not asked"),
        (1, "", "ERROR: invalid requirements file", "broken"),
        (2, "", "", "broken"),
    ],
)
def test_only_a_service_that_is_away_is_excused(code: int, told: str, words: str, state: str) -> None:
    """What is found fails, and so does an audit that did not come to its end for any other reason."""
    found, lines = AUDIT.verdict(code, told, words)
    assert found == state
    assert lines


def test_a_finding_names_the_package_and_the_version_that_mends_it() -> None:
    _, lines = AUDIT.verdict(1, answer(BAD, SKIPPED), "")
    assert lines == ["django 5.2.0: CVE-2026-1, mended in 5.2.1", "own: not looked at: not on the index"]
