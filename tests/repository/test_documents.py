"""Documents agree with the code, and with the glossary."""

import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import pytest

from fairlead.cli import reference
from fairlead_emulators import reference as imitated
from tests.journeys import every_page
from tests.repository.files import ROOT, having, named

DOCS = ROOT / "docs"


PAGES = {**reference.PAGES, **imitated.PAGES}


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_reference_is_what_the_code_says(name):
    """Generated pages are committed as generated; `make docs` writes them anew."""
    assert (DOCS / "reference" / name).read_text("utf-8") == PAGES[name]()


def test_readme_names_the_two_commands():
    """A newcomer finds both ways to see it run."""
    commands = re.search(r"```console\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert commands
    assert commands.group(1).split("\n")[:2] == ["make demo", "make demo ARGS=--once"]


def test_every_link_between_documents_leads_somewhere():
    """mkdocs looks after docs/; this looks after the files beside it."""
    broken = {
        f"{path.name}: {target}"
        for path in ROOT.glob("*.md")
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text("utf-8"))
        if "://" not in target and not (ROOT / target).exists()
    }
    assert broken == set()


def test_every_make_target_has_a_line_of_help():
    """`make help` leaves out nothing that people call."""
    makefile = (ROOT / "Makefile").read_text()
    phony = set(re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split())
    assert phony == set(re.findall(r"^([a-z]+):.*## \S", makefile, re.MULTILINE))


def _banned() -> dict[str, str]:
    """Banned synonym → the word to use."""
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| ([^|]*?) ?\|$", (ROOT / "GLOSSARY.md").read_text(), re.MULTILINE)
    return {
        bad.strip(): word for word, banned in rows if word != "word" for bad in banned.split(",") if bad.strip(" -")
    }


def _found(text: str) -> list[str]:
    lowered = text.lower()
    return [
        f"{bad} (use {word})"
        for bad, word in _banned().items()
        if re.search(rf"(?<![\w-]){re.escape(bad)}s?\b", lowered)
    ]


class _Words(HTMLParser):
    """The text of a page without its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def _reading_matter() -> list[tuple[Path, str]]:
    documents = [path for path in having(".md") if path.name != "GLOSSARY.md"]
    pages = having(".html", below="src/fairlead")
    texts = [(path, re.sub(r"`[^`]*`", "", path.read_text("utf-8"))) for path in documents]
    for path in pages:
        parser = _Words()
        parser.feed(path.read_text("utf-8"))
        texts.append((path, " ".join(parser.words)))
    return texts


def test_documents_and_pages_use_the_words_of_the_glossary():
    """One word for one thing."""
    assert len(_banned()) >= 10
    assert _found("The mailing lists of a tenant") == ["mailing list (use list)", "tenant (use org)"]
    assert {named(path): found for path, text in _reading_matter() if (found := _found(text))} == {}


def test_the_glossary_is_in_alphabetical_order():
    """A word is found without searching."""
    words = re.findall(r"^\| ([a-z][^|]*?) \|", (ROOT / "GLOSSARY.md").read_text(), re.MULTILINE)[1:]
    assert words == sorted(words)


def test_the_version_is_one():
    """The package says the version that its metadata says, and the changelog has a place for it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", project["version"])
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text()


def test_every_page_has_its_picture() -> None:
    """`make screenshots` takes them; a page that came or went since needs it again."""
    shown = re.findall(r"\]\(\.\./images/pages/(\w+)\.jpg\)", (DOCS / "reference" / "pages.md").read_text("utf-8"))
    assert sorted(shown) == sorted(every_page.names())
    assert all((DOCS / "images" / "pages" / f"{name}.jpg").exists() for name in shown)
