"""What the commands print: one JSON document with `--json`, else words for people."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from fairlead.cli.edge import Problem
    from fairlead.salesforce.polling import Progress

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of words.")]


def console(*, errors: bool = False) -> "Console":
    """A console that writes no control characters where nobody looks."""
    from rich.console import Console

    return Console(stderr=errors, highlight=False, soft_wrap=True)


def document(value: Mapping[str, Any]) -> None:
    """The JSON document, on one line."""
    print(json.dumps(value, default=str, ensure_ascii=False), flush=True)


def problem(found: "Problem", *, as_json: bool) -> None:
    """An error: JSON on standard output, words on standard error."""
    if as_json:
        document({"ok": False, "error": {"code": found.code, "text": found.text, "next_step": found.next_step}})
        return
    print(f"{found.text} {found.next_step}".strip() + f"  [{found.code}]", file=sys.stderr)


@contextmanager
def progress(what: str, *, as_json: bool) -> "Iterator[Progress | None]":
    """Hears of a deployment and draws a bar of its components, where somebody looks; else gives None."""
    if as_json or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console(errors=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda seen: bar.update(task, total=seen.total or None, completed=seen.deployed + seen.errors)


def name_typed(whose: str, name: str) -> str:
    """What somebody types to confirm a deletion; they are told whose name is wanted, such as `the org's`."""
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"Nobody is there to type {whose} name: give --yes, or run it in a terminal.")
    return str(typer.prompt(f"To delete all this, type {whose} name ({name})"))


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[Any]], *, errors: bool = False) -> None:
    """A table for people."""
    from rich.table import Table

    drawn = Table(*head, title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for row in rows:
        drawn.add_row(*("" if cell is None else str(cell) for cell in row))
    console(errors=errors).print(drawn)
