"""The documentation as it came with the program: read once, rendered when asked for."""

from functools import cache
from pathlib import Path
from typing import Any, Final

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

import fairlead
from fairlead.features.help import rules
from fairlead.features.help.rules import Document
from fairlead.ui import help_codes

_PACKAGE: Final = Path(fairlead.__file__).parent
PLACES: Final = (_PACKAGE / "documents", _PACKAGE.parent.parent / "docs")
"""Where it stands in an installed package, and in a checkout."""


def home() -> Path | None:
    """The folder of the documentation; None where it was not shipped."""
    return next((place for place in PLACES if place.is_dir()), None)


@cache
def documents() -> tuple[Document, ...]:
    """Every page, section by section, by title."""
    root = home()
    if root is None:
        return ()
    found = []
    for path in root.glob("*/*.md"):
        if path.parent.name not in rules.LEFT_OUT:
            text = path.read_text("utf-8")
            found.append(Document(path.parent.name, path.stem, rules.title_of(text, path.stem), text))
    order = list(rules.SECTIONS)
    return tuple(sorted(found, key=lambda one: (_place(order, one.folder), one.folder, one.title.lower())))


def _place(order: list[str], folder: str) -> int:
    return order.index(folder) if folder in order else len(order)


def sections() -> list[tuple[str, list[Document]]]:
    """The sections with their pages, each with its title."""
    found: dict[str, list[Document]] = {}
    for one in documents():
        found.setdefault(one.folder, []).append(one)
    return [
        (rules.SECTIONS.get(folder, folder.replace("-", " ").capitalize()), pages) for folder, pages in found.items()
    ]


def find(folder: str, name: str) -> Document | None:
    """One page."""
    return next((one for one in documents() if (one.folder, one.name) == (folder, name)), None)


@cache
def rendered(document: Document) -> SafeString:
    """A page as HTML without its first heading. What is HTML in it is shown as text, so nothing of it can act."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(_without_head(document.text))
    _prepare(tokens, document.folder)
    html: str = parser.renderer.render(tokens, parser.options, {})
    return mark_safe(html)  # noqa: S308 - the renderer escapes everything: our own documents, HTML switched off


def _without_head(text: str) -> str:
    lines = [line for line in text.splitlines() if not line.startswith("<!--")]
    head = next((number for number, line in enumerate(lines) if line.startswith("# ")), None)
    return "\n".join(lines if head is None else lines[:head] + lines[head + 1 :])


def _prepare(tokens: list[Token], folder: str) -> None:
    """Anchors for headings, our own table, links into the help; pictures become their words."""
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", rules.slug(tokens[place + 1].content))
        elif token.type == "table_open":
            token.attrSet("class", "fl-table")
        elif token.type == "fence":
            token.attrSet("tabindex", "0")
        for child in token.children or ():
            if child.type == "link_open":
                _lead(child, folder)
            elif child.type == "image":
                child.type, child.tag, child.children = "text", "", None


def _lead(link: Any, folder: str) -> None:
    leads = rules.target(folder, str(link.attrGet("href") or ""))
    if leads is not None:
        to, name, anchor = leads
        if to == "codes" and help_codes.known(name):
            link.attrSet("href", reverse("help_code", args=[name]))
        elif find(to, name) is not None:
            link.attrSet("href", reverse("help_page", args=[to, name]) + (f"#{anchor}" if anchor else ""))
    link.attrSet("rel", "noreferrer")
