"""How pages are cut into passages: what a search finds and an answer quotes is a passage, never a whole page. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from fairlead.features.help.rules import Document, slug

LONGEST: Final = 1_500
"""Characters of a passage; a longer section is several, with one anchor."""
CODES, OPTIONS = "codes", "options"
"""What stands for the folder of a page of a support code, and of an option."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a page: where it stands, the page's title, its own heading (blank at the beginning of a page), and its
    text without marks, a paragraph, list item or table row a line.
    """

    folder: str
    name: str
    anchor: str
    title: str
    heading: str
    text: str

    @property
    def place(self) -> tuple[str, str, str]:
        """Where a link to it leads."""
        return self.folder, self.name, self.anchor


def of_document(document: Document) -> list[Passage]:
    """A page in passages, a section each, in their order. What stands under no heading is one without anchor."""
    return [
        Passage(document.folder, document.name, slug(heading), document.title, heading, text)
        for heading, lines in _sections(document.text)
        for text in _parts(lines)
    ]


def whole(document: Document) -> Passage:
    """A short page as one passage, its headings among the lines."""
    text = "\n".join(line for heading, lines in _sections(document.text) for line in (heading, *lines) if line)
    return Passage(document.folder, document.name, "", document.title, "", text)


def _sections(text: str) -> Iterator[tuple[str, list[str]]]:
    """Headings with the lines below them; sections without any are left out."""
    heading, lines = "", list[str]()
    for kind, line in _lines(_without_comments(text)):
        if kind == "heading":
            if lines:
                yield heading, lines
            heading, lines = line, []
        elif kind == "line" and line:
            lines.append(line)
    if lines:
        yield heading, lines


def _without_comments(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("<!--"))


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """What stands in a text: a heading (the first one is the page's title, and left out), or a line without marks."""
    cells, in_head, in_cell, opened = list[str](), False, False, ""
    for token in MarkdownIt("commonmark", {"html": False}).enable("table").parse(text):
        if token.type == "heading_open":
            opened = token.tag
        elif token.type in ("thead_open", "thead_close"):
            in_head = token.type == "thead_open"
        elif token.type in ("td_open", "td_close"):
            in_cell = token.type == "td_open"
        elif token.type == "tr_close":
            if not in_head:
                yield "line", _row(cells)
            cells = []
        elif token.type in ("fence", "code_block"):
            yield "line", " ".join(token.content.split())
        elif token.type == "inline":
            words = _plain(token.children or ())
            if opened:
                yield ("title" if opened == "h1" else "heading"), words
                opened = ""
            elif in_cell:
                cells.append(words)
            elif not in_head:
                yield "line", words


def _row(cells: Sequence[str]) -> str:
    first, *others = [cell for cell in cells if cell] or [""]
    return f"{first}: {' · '.join(others)}" if others else first


def _plain(tokens: Sequence[Token]) -> str:
    words = [" " if token.type in ("softbreak", "hardbreak") else token.content for token in tokens]
    return " ".join("".join(words).split())


def _parts(lines: Sequence[str]) -> Iterator[str]:
    """Lines, of which there is one at least, joined to texts of at most LONGEST characters; a longer line stands alone."""
    part, size = list[str](), 0
    for line in lines:
        if part and size + len(line) > LONGEST:
            yield "\n".join(part)
            part, size = [], 0
        part.append(line)
        size += len(line) + 1
    yield "\n".join(part)
