"""What the pages on running Fairlead tell people to type exists: commands with their options, settings, support codes."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from fairlead import settings
from fairlead.cli.main import app
from fairlead.cli.reference import _walk
from tests.repository.files import ROOT

HOWTO = ROOT / "docs" / "howto"
PAGES = sorted(
    [*HOWTO.glob("runbook-*.md"), *(HOWTO / f"{name}.md" for name in
     ("run-for-real", "run-in-containers", "run-with-systemd", "watch", "back-up", "several-orgs"))]
)  # fmt: skip
COMMANDS = dict(_walk("fairlead", typer.main.get_command(app)))


def typed(text: str) -> list[str]:
    """Every command of ours on a page: in a block of the console, or between backticks."""
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    inline = [
        " ".join(found.split()) for found in re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    ]
    found = [re.search(r"(?:^\s*|[|/]\s?|-- )(fairlead [a-z][^|]*)$", line) for line in lines + inline]
    return [one.group(1) for one in found if one]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_command_on_the_page_is_one_with_its_options(path: Path) -> None:
    """Somebody types it at three in the morning."""
    for line in typed(path.read_text("utf-8")):
        words = shlex.split(re.sub(r"fairlead --org \S+", "fairlead", line))
        known = [name for name in COMMANDS if words[: len(name.split())] == name.split()]
        assert known or words == ["fairlead", "web", "--check"], line
        command = COMMANDS[max(known, key=len)]
        options = {opt for param in command.params for opt in (*param.opts, *param.secondary_opts)} | {"--help"}
        for word in words:
            if word.startswith("--"):
                assert word.split("=")[0] in options, line


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_setting_and_option_on_the_page_exists(path: Path) -> None:
    """And every option that is to be set by command."""
    text = path.read_text("utf-8")
    known = {one.variable for one in settings.describe()}
    known |= {f"{name}_FILE" for name in known} | {"FAIRLEAD_ORG"}  # an option of every command
    assert set(re.findall(r"\bFAIRLEAD_[A-Z][A-Z_]*[A-Z]\b", text)) <= known
    options = set(re.findall(r"settings set ([\w.]+)", text))
    told = (ROOT / "docs" / "reference" / "options.md").read_text("utf-8")
    assert {name for name in options if f"`{name}`" not in told} == set()


def test_there_are_commands_to_hold_to_the_code() -> None:
    """The search above finds them."""
    found = [line for path in PAGES for line in typed(path.read_text("utf-8"))]
    assert len(found) >= 45
    assert "fairlead opt-status run --preview" in found
    assert 'fairlead opt-status consent - --basis written --source "the form of the fair" --date 2026-03-31' in found
