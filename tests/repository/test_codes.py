"""Support codes: what a person reads on a page opens exactly one explanation."""

import re
from collections import defaultdict

import pytest

from fairlead.cli.reference import failures
from fairlead.ui import help_codes
from tests.repository.files import ROOT, having

PAGES = sorted((ROOT / "src" / "fairlead" / "ui" / "codes").glob("*.md"))
PARTS = ("What it means", "Why it happens", "What to do", "Where it shows")
CODE = re.compile(r'"(FL-\d{3})"')


def in_code() -> set[str]:
    """Every code that stands in the service's code: those of classes, and those that are written down without one."""
    texts = [path.read_text("utf-8") for path in having(".py", below="src/fairlead")]
    return {code for text in texts for code in CODE.findall(text)} | {failure.code for failure in failures()}


def test_a_support_code_has_one_meaning() -> None:
    """Two classes of failure never share a code."""
    classes = defaultdict(set)
    for failure in failures():
        classes[failure.code].add(failure.__qualname__)

    assert {code: names for code, names in classes.items() if len(names) > 1} == {}


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    """None is missing, none is left over."""
    assert {path.stem for path in PAGES} == in_code()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_says_what_it_means_why_and_what_to_do(path) -> None:
    """Its title begins with its code, and each part is a sentence of its own: none repeats another."""
    text = path.read_text("utf-8")
    assert re.match(rf"# {path.stem}: \S.+\n", text)
    parts = dict(re.findall(r"^## (.+)\n\n((?:(?!## ).*\n?)+)", text, re.MULTILINE))
    assert tuple(parts) == PARTS
    said = [" ".join(part.split()) for part in parts.values()]
    assert all(len(part) >= 8 and part.endswith((".", ":", ")")) for part in said)
    assert len(set(said)) == len(said)


def test_pages_are_shown_without_anything_that_could_run() -> None:
    """What stands in a file is text: a page that held markup would show it, not run it."""
    pages = help_codes.pages()
    assert set(pages) == {path.stem for path in PAGES}
    assert all("<script" not in page.html for page in pages.values())


def test_the_documentation_has_the_same_pages() -> None:
    """`docs/codes` is the folder that the service ships."""
    assert (ROOT / "docs" / "codes").resolve() == PAGES[0].parent
