"""Where the elements of an XML text stand, so that a change leaves every other byte as it was."""

from dataclasses import dataclass, field
from typing import Any, Final
from xml.parsers import expat

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

SPACE: Final = b" \t\r\n"


class MarkupError(ValueError):
    """A text that is not XML, or not XML that can be changed in place; the message says why."""


@dataclass(slots=True)
class Node:
    """An element: its name without prefix, where its first byte stands, and one past its last.

    `inner` is where its content begins; `text` is its character data; `prefix` is the one it is written with.
    """

    tag: str
    prefix: str
    start: int
    inner: int = 0
    close: int = 0
    end: int = 0
    text: str = ""
    children: list["Node"] = field(default_factory=list)

    def all(self, *path: str) -> list["Node"]:
        """The elements at the end of a path of tags, in the order of the text."""
        found = [self]
        for tag in path:
            found = [child for node in found for child in node.children if child.tag == tag]
        return found

    def value(self, tag: str) -> str:
        """The text of the first child of that tag; blank when there is none."""
        return next((child.text.strip() for child in self.children if child.tag == tag), "")


def read(content: bytes) -> Node:
    """The root element of a UTF-8 text. Raises MarkupError."""
    try:
        content.decode("utf-8")
        fromstring(content)
    except (ParseError, DefusedXmlException, UnicodeDecodeError, LookupError, ValueError) as error:
        raise MarkupError(f"It is not XML ({type(error).__name__}).") from None
    return _Reader(content).root


class _Reader:
    """Listens to expat, which tells the byte at which each thing begins."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.open: list[Node] = []
        parser: Any = expat.ParserCreate()
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.stop
        parser.CharacterDataHandler = self.data
        self.parser = parser
        self.root = Node("", "", 0)
        parser.Parse(content, True)

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        at = self.parser.CurrentByteIndex
        prefix, _, tag = name.rpartition(":")
        node = Node(tag, prefix, at)
        node.inner = self._after_tag(at)
        if self.open:
            self.open[-1].children.append(node)
        else:
            self.root = node
        self.open.append(node)

    def stop(self, _name: str) -> None:
        node, at = self.open.pop(), self.parser.CurrentByteIndex
        if at == node.start or self.content[node.inner - 2 : node.inner] == b"/>":
            node.close = node.end = node.inner
        else:
            node.close, node.end = at, self._after_tag(at)

    def data(self, text: str) -> None:
        if self.open:
            self.open[-1].text += text

    def _after_tag(self, at: int) -> int:
        """One past the `>` of the tag that begins there; values of attributes may hold a `>`."""
        quote = 0
        for index in range(at, len(self.content)):
            byte = self.content[index]
            if quote:
                quote = 0 if byte == quote else quote
            elif byte in b"\"'":
                quote = byte
            elif byte == ord(">"):
                return index + 1
        raise MarkupError("A tag does not end.")  # expat has read it: it does


@dataclass(slots=True)
class Changes:
    """Insertions and deletions in one text, carried out together."""

    content: bytes
    inserts: list[tuple[int, bytes]] = field(default_factory=list)
    cuts: list[tuple[int, int]] = field(default_factory=list)

    def insert(self, at: int, text: str) -> None:
        """Put text at a byte of the old content; several at one place keep their order."""
        self.inserts.append((at, text.encode()))

    def cut(self, node: Node) -> None:
        """Take an element out, with the white space before it."""
        begin = node.start
        while begin > 0 and self.content[begin - 1] in SPACE:
            begin -= 1
        self.cuts.append((begin, node.end))

    def done(self) -> bytes:
        """The new content."""
        pieces, at = [], 0
        edits = [(place, place, text) for place, text in self.inserts] + [(*cut, b"") for cut in self.cuts]
        for begin, end, text in sorted(edits, key=lambda edit: edit[:2]):
            if end > at or text:
                pieces += [self.content[at:begin], text]
                at = max(at, end)
        return b"".join([*pieces, self.content[at:]])
