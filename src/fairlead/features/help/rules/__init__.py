"""What the help decides: its pages (here), what of them is found (`passages`), what is answered (`answers`), and what a
language model is told (`model`). Pure.
"""

import posixpath
import re
from dataclasses import dataclass
from typing import Final

from fairlead.domain.words import noop

SECTIONS: Final = {
    "tutorials": noop("Tutorials"),
    "howto": noop("How to"),
    "faq": noop("Questions and answers"),
    "reference": noop("Reference"),
    "explanation": noop("Explanation"),
}
"""Folders of the documentation in the order in which they are shown, and their titles."""
LEFT_OUT: Final = frozenset({"decisions", "images", "codes"})
"""Folders for who changes the program; support codes have pages of their own (`ui.help_codes`)."""
CODE: Final = re.compile(r"\b(?:FL-\d{3}|CM-\d{1,3}|SF-[A-Z][A-Z_]+)\b", re.IGNORECASE)
"""A support code, ours or one of the two services."""


@dataclass(frozen=True, slots=True)
class Document:
    """A page of the documentation: its folder, its name without the ending, its title, and its text as written."""

    folder: str
    name: str
    title: str
    text: str


def title_of(text: str, name: str) -> str:
    """The first heading of a text; its name where it has none."""
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return found.group(1).strip() if found else name.replace("-", " ").capitalize()


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


def cleaned(words: str, most: int) -> str:
    """What somebody typed, without what cannot be printed, in one line of at most `most` characters."""
    return " ".join("".join(one if one.isprintable() else " " for one in words).split())[:most]


def code_in(words: str) -> str:
    """The first support code among these words, as it is written on pages; blank where there is none."""
    found = CODE.search(words)
    return found.group().upper() if found else ""
