"""What documents tell of exists: commands with their options, options of the service, support codes, variables, questions."""

import re
from functools import cache

import pytest
import typer

from fairlead.cli.main import app
from fairlead.cli.reference import _walk
from fairlead.features.help import documents, features
from fairlead.settings import describe
from fairlead.ui import help_codes, rooms
from tests.repository.files import ROOT, having, named

COMMANDS = dict(_walk("fairlead", typer.main.get_command(app)))
GENERATED = "Written by `make docs`"
PAGES = [
    path
    for path in having(".md", below="docs")
    if GENERATED not in path.read_text("utf-8") and "/codes/" not in path.as_posix()
]
QUESTIONS = range(75, 104)
"""The questions of those who come from the managed package (F75–F103)."""


def _code(text: str) -> list[str]:
    """What stands in a page as code, a line or a pair of backticks each."""
    fenced = re.findall(r"^ *```\w*\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE))
    return [line.strip() for block in fenced for line in block.splitlines()] + inline


def _unknown_command(line: str) -> str | None:
    """Why a command line cannot be typed: it names a command or an option that is not there."""
    words = line.split(" #", maxsplit=1)[0].rsplit(" | ", maxsplit=1)[-1].split()
    path = [word for word in words if re.fullmatch(r"[a-z][a-z-]*", word)]
    found = next((name for end in range(len(words), 1, -1) if (name := " ".join(words[:end])) in COMMANDS), None)
    if found is None:
        groups = {name[: len(" ".join(path))] for name in COMMANDS}
        return None if " ".join(path) in groups else f"{line}: no such command"
    options = {name for each in COMMANDS[found].params for name in (*each.opts, *each.secondary_opts)}
    wrong = [
        word.split("=")[0] for word in words if word.startswith("--") and word.split("=")[0] not in options | {"--help"}
    ]
    return f"{line}: no option {wrong[0]}" if wrong else None


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_commands_that_a_page_names_can_be_typed(path) -> None:
    """Each `fairlead …` is a command, a group of commands, with options that it has."""
    lines = [
        re.sub(r"^.*\bfairlead ", "fairlead ", line)
        for line in _code(path.read_text("utf-8"))
        if re.search(r"(^|[ /])fairlead [a-z]", line)
    ]
    assert [why for line in lines if (why := _unknown_command(line))] == []


@cache
def _of_commands() -> frozenset[str]:
    """Variables that options of commands are read from."""
    named = [each.envvar for command in COMMANDS.values() for each in command.params if each.envvar]
    groups = [each.envvar for each in typer.main.get_command(app).params if each.envvar]
    return frozenset(
        name for found in (*named, *groups) for name in (found if isinstance(found, list | tuple) else [found])
    )


@cache
def _options() -> frozenset[str]:
    return frozenset(setting.name for room in rooms.rooms() for setting in room.settings)


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_options_variables_and_codes_that_a_page_names_exist(path) -> None:
    """`room.word` is an option, `FAIRLEAD_…` a variable, `FL-…` a support code."""
    code = _code(path.read_text("utf-8"))
    of_rooms = {room.name for room in rooms.rooms()} | {name.split(".")[0] for name in _options()}
    named_options = {
        word for word in code if re.fullmatch(r"[a-z_]+\.[a-z_]+", word) and word.split(".")[0] in of_rooms
    }
    assert named_options - _options() == set()
    variables = {each.variable for each in describe()} | _of_commands()
    told = {name for line in code for name in re.findall(r"FAIRLEAD_[A-Z_]+", line)}
    assert {
        name for name in told if name.removesuffix("_FILE") not in variables and not name.startswith("FAIRLEAD_TEST_")
    } == set()
    assert {one for one in re.findall(r"FL-\d{3}", path.read_text("utf-8")) if not help_codes.known(one)} == set()


def test_what_cannot_be_typed_is_found() -> None:
    """The look itself: what is there passes, what is not is named."""
    assert _unknown_command("fairlead sync --full") is None
    assert _unknown_command("fairlead jobs") is None
    assert _unknown_command("fairlead sink") == "fairlead sink: no such command"
    assert _unknown_command("fairlead sync --fuller") == "fairlead sync --fuller: no option --fuller"


def test_every_question_of_those_who_come_from_the_package_is_answered() -> None:
    """F75–F103 each stand below a heading that is a question, with an answer of its own."""
    answered: dict[int, str] = {}
    for path in having(".md", below="docs/faq"):
        for heading, tags, answer in re.findall(
            r"^## (.+)\n<!-- ([F\d ]+) -->\n\n((?:(?!## ).*\n?)+)", path.read_text("utf-8"), re.MULTILINE
        ):
            assert heading.endswith("?"), heading
            assert len(answer.split()) >= 15, heading
            answered |= dict.fromkeys((int(tag[1:]) for tag in tags.split()), heading)
    assert [f"F{number}" for number in QUESTIONS if number not in answered] == []


def test_every_feature_has_a_page() -> None:
    """Each room is told of in one of the documents, which is there."""
    of_rooms = {room.name for room in rooms.rooms()}
    assert of_rooms - set(features.PAGES) == set()
    assert {name: page for name, page in features.PAGES.items() if documents.find(*page) is None} == {}


def test_every_page_is_in_the_navigation() -> None:
    """The site leads to every page; support codes are reached from their table."""
    nav = (ROOT / "mkdocs.yml").read_text("utf-8")
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in having(".md", below="docs")}
    assert {page for page in pages if not page.startswith("codes/") and page not in nav} == set()
