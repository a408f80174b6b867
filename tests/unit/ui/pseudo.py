"""A language that nobody speaks: every text of the pages with accents and longer, as words of a real one often are."""

import re
import struct
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

CODE: Final = "qps"
"""A code for private use: Django has no words in it."""
_KEPT: Final = re.compile(r"(%\(\w+\)s|%%|\{\w*(?::[^}]*)?\}|<[^>]*>|&\w+;)")
_ACCENTS: Final = str.maketrans("aeiouycnsAEIOUYCNS", "àéîöûýçñšÀÉÎÖÛÝÇÑŠ")
_WORD: Final = re.compile(r"[A-Za-z]{3,}")
_ACCENTED: Final = re.compile(r"[àéîöûýçñšÀÉÎÖÛÝÇÑŠ]")
VOID: Final = frozenset("area base br col embed hr img input link meta source track wbr".split())
UNSPOKEN: Final = frozenset(("script", "style", "code", "pre"))


def said(text: str) -> str:
    """The text in that language: a third longer, with its variables and markup as they were."""
    parts = _KEPT.split(text)
    out = "".join(part if number % 2 else part.translate(_ACCENTS) for number, part in enumerate(parts))
    return out + "·" * (len(_WORD.findall(text)) // 3)


def write(folder: Path, messages: list[tuple[str, str]]) -> None:
    """The catalogue of that language in a folder for `LOCALE_PATHS`, compiled."""
    pairs = {b"": b"Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=(n != 1);\n"}
    for one, many in messages:
        key, value = (f"{one}\0{many}", f"{said(one)}\0{said(many)}") if many else (one, said(one))
        pairs[key.encode()] = value.encode()
    rows, texts, at = [], b"", 28 + 16 * len(pairs)
    for half in (0, 1):
        for pair in sorted(pairs.items()):
            rows.append(struct.pack("<II", len(pair[half]), at + len(texts)))
            texts += pair[half] + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0)
    target = folder / CODE / "LC_MESSAGES" / "django.mo"
    target.parent.mkdir(parents=True)
    target.write_bytes(head + b"".join(rows) + texts)


class Plain(HTMLParser):
    """Finds what is still in plain English: texts, and the attributes that are read out.

    Code and what is marked `translate="no"` (names, ids, words of the other services) is nobody's language.
    """

    READ_OUT: Final = ("aria-label", "title", "placeholder", "alt")

    def __init__(self, quiet_classes: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self._quiet_classes = quiet_classes
        self.found: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        quiet = self.quiet or tag in UNSPOKEN or given.get("translate") == "no"
        quiet = quiet or not self._quiet_classes.isdisjoint((given.get("class") or "").split())
        if not quiet:
            for name in self.READ_OUT:
                self._look(given.get(name) or "")
        if tag not in VOID:
            self._open.append((tag, quiet))

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            if self._open.pop()[0] == tag:
                return

    def handle_data(self, data: str) -> None:
        if not self.quiet:
            self._look(data)

    @property
    def quiet(self) -> bool:
        return bool(self._open) and self._open[-1][1]

    def _look(self, text: str) -> None:
        if _WORD.search(text) and not _ACCENTED.search(text):
            self.found.append(" ".join(text.split()))


FAILURES: Final = frozenset(("fl-error", "fl-message_error", "fl-stage__note", "fl-stage__facts"))
"""Where pages show failures and counters: their texts are told in English everywhere, with a support code to look up."""


def plain_english(html: str) -> list[str]:
    """What a page says that was not translated."""
    parser = Plain(FAILURES)
    parser.feed(html)
    return parser.found
