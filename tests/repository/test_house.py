"""What holds for every file of the repository."""

import ast
import re

import pytest

from tests.repository.files import ROOT, files, having, named, text_of

LONGEST = 500
WRITTEN = "<!-- Written by `make docs` from the code"
LAWFUL = ("tests/laws", "tests/faults", "tests/journeys")
EMAIL = re.compile(r"[A-Za-z0-9._%+'-]+@((?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,24})\b")
RESERVED = re.compile(r"(^|\.)(example\.(com|org|net)|example|test|invalid|localhost)$", re.IGNORECASE)
# ids of packages and of addresses of code, not of people
NOT_MAIL = re.compile(r"(js|css|py|html|svg|json|service|timer)$")
PERSONAL_PATH = re.compile(r"(?<![\w.}/-])/(?:ro" + r"ot|wo" + r"rk|home/[a-z]+)/")


def test_no_file_is_longer_than_500_lines():
    """A file fits into a head; data files and what is written from the code are no reading matter and do not count."""
    code = having(".py", ".html", ".css", ".js", ".md", ".sh")
    read = {named(path): text for path in code if not (text := path.read_text("utf-8")).startswith(WRITTEN)}
    long = {name: lines for name, text in read.items() if (lines := text.count("\n")) > LONGEST}
    assert long == {}


def test_the_oracle_uses_nothing_of_what_it_judges():
    """What the org must hold is worked out a second time: an oracle that imported the flow would repeat its mistakes."""
    of = [path for path in having(".py") if named(path).startswith("tests/oracle/")]
    found = {
        f"{named(path)}: {name}"
        for path in of
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in (
            [each.name for each in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", "")]
        )
        if isinstance(node, ast.Import | ast.ImportFrom) and str(name).partition(".")[0] == "fairlead"
    }
    assert len(of) > 5
    assert found == set()


def test_rows_are_locked_so_that_others_may_still_refer_to_them():
    """A whole lock on an org or a job makes two that write for the same org wait for one another; only a removal takes it."""
    bare = re.compile(r"select_for_update\((?!.*no_key=True)")
    found = {named(path) for path in having(".py") if named(path).startswith("src/") and bare.search(path.read_text())}
    assert found == {"src/fairlead/store/leaving.py"}


def test_mail_addresses_belong_to_nobody():
    """Every address in code, tests, data and documents is at a domain reserved for examples."""
    found = {
        f"{named(path)}: {match.group()}"
        for path in files()
        for match in EMAIL.finditer(text_of(path) or "")
        if not RESERVED.search(match.group(1)) and not NOT_MAIL.search(match.group(1))
    }
    assert found == set()


def test_no_file_names_a_folder_of_somebodys_machine():
    """What is written here holds on every machine."""
    found = {named(path) for path in files() if PERSONAL_PATH.search(text_of(path) or "")}
    assert found == set()


@pytest.mark.parametrize("name", ["runtime", "billing", "develop", "deploy", "bench"])
def test_a_lock_holds_names_versions_and_hashes_and_no_address(name):
    """A lock works with every index: whoever installs chooses where from."""
    lock = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert "://" not in lock
    assert not re.search(r"^\s*--(?!hash=sha256:[0-9a-f]{64})", lock, re.MULTILINE)
    entries = re.split(r"\n(?=\S)", lock.strip())
    assert len(entries) > 10
    assert [entry.split()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_what_runs_is_locked_alike_for_running_and_for_developing():
    """The tests test the versions that run."""
    versions = [
        dict(
            re.findall(
                r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)", (ROOT / "requirements" / f"{name}.txt").read_text(), re.MULTILINE
            )
        )
        for name in ("runtime", "billing", "develop")
    ]
    assert versions[0].items() <= versions[1].items() <= versions[2].items()


def _tests_without_law(source: str) -> list[str]:
    functions = (
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return [node.name for node in functions if node.name.startswith("test_") and not ast.get_docstring(node)]


def test_a_test_that_states_a_law_says_which():
    """Every test among the laws, faults and journeys has a docstring."""
    assert _tests_without_law("def test_x():\n    assert 1") == ["test_x"]
    silent = {
        f"{named(path)}: {name}"
        for folder in LAWFUL
        for path in having(".py", below=folder)
        for name in _tests_without_law(path.read_text())
    }
    assert silent == set()


def test_a_suite_of_behaviours_says_whose_they_are():
    """Each conformance suite names, at its top, what it holds to account."""
    suites = [path for path in having(".py", below="tests/conformance") if path.name.startswith("test_")]
    assert suites
    assert [named(path) for path in suites if not ast.get_docstring(ast.parse(path.read_text()))] == []
