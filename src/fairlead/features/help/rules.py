"""What the help decides: which page answers which words, and where a link of a page leads. Pure."""

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fairlead.domain.words import noop

SECTIONS: Final = {
    "tutorials": noop("Tutorials"),
    "howto": noop("How to"),
    "reference": noop("Reference"),
    "explanation": noop("Explanation"),
}
"""Folders of the documentation in the order in which they are shown, and their titles."""
LEFT_OUT: Final = frozenset({"decisions", "images"})
"""Folders for who changes the program."""
FOUND_AT_MOST: Final = 30
SNIPPET: Final = 180
_MARKS: Final = re.compile(r"[`*#|>]+|\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Document:
    """A page of the documentation: its folder, its name without the ending, its title, and its text as written."""

    folder: str
    name: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A page that has all the words that were looked for, and the line that says most of them."""

    document: Document
    line: str


def title_of(text: str, name: str) -> str:
    """The first heading of a text; its name where it has none."""
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return found.group(1).strip() if found else name.replace("-", " ").capitalize()


def search(documents: Sequence[Document], words: str) -> list[Hit]:
    """Pages that have every word, those with the words in the title first, then those that say them most often."""
    wanted = words.lower().split()
    if not wanted:
        return []
    hits = []
    for place, document in enumerate(documents):
        title, text = document.title.lower(), document.text.lower()
        if all(word in text or word in title for word in wanted):
            rank = (-sum(word in title for word in wanted), -sum(text.count(word) for word in wanted), place)
            hits.append((rank, Hit(document, _line(document.text, wanted))))
    return [hit for _, hit in sorted(hits, key=lambda one: one[0])][:FOUND_AT_MOST]


def _line(text: str, wanted: Sequence[str]) -> str:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith(("# ", "<!--", "| ---"))]
    best = max(lines, key=lambda line: sum(word in line.lower() for word in wanted), default="")
    plain = " ".join(_MARKS.sub(lambda found: found.group(1) or " ", best).split())
    at = min((plain.lower().find(word) for word in wanted if word in plain.lower()), default=0)
    start = max(0, at - SNIPPET // 2)
    cut = plain[start : start + SNIPPET]
    return f"{'…' if start else ''}{cut}{'…' if start + SNIPPET < len(plain) else ''}"


def target(folder: str, link: str) -> tuple[str, str, str] | None:
    """Folder, name and anchor of the page to which a link of a page in `folder` leads; None where it leads elsewhere."""
    path, _, anchor = link.partition("#")
    if "://" in link or not path.endswith(".md"):
        return None
    parts = posixpath.normpath(posixpath.join(folder, path)).removesuffix(".md").split("/")
    return (parts[0], parts[1], anchor) if len(parts) == 2 and parts[0] != ".." else None


def slug(text: str) -> str:
    """The anchor of a heading, as the documentation's own links write it."""
    return re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", text.lower())).strip("-")
