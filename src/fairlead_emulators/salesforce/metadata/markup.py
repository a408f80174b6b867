"""Metadata XML, read safely and with line numbers, and written again."""

from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, indent, register_namespace, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

NAMESPACE: Final = "http://soap.sforce.com/2006/04/metadata"
MAX_DEPTH: Final = 64


class BadXml(ValueError):
    """A text that is no XML, or XML that is not read here; `line` tells where."""

    def __init__(self, text: str, line: int | None = None) -> None:
        self.line = line
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document, and the line on which each element begins."""

    root: Element
    lines: dict[Element, int]

    def line(self, element: Element) -> int | None:
        """Where the element begins, counted from 1."""
        return self.lines.get(element)


def parse(content: str | bytes) -> Parsed:
    """A document without DTD, entities or undue depth. Raises BadXml."""
    lines: dict[Element, int] = {}

    class Builder(TreeBuilder):
        depth = 0

        def start(self, tag: str, attrs: dict[str, str]) -> Element:
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise BadXml(f"elements stand deeper than {MAX_DEPTH}", reader.parser.CurrentLineNumber)
            element = super().start(tag, attrs)
            lines[element] = reader.parser.CurrentLineNumber
            return element

        def end(self, tag: str) -> Element:
            self.depth -= 1
            return super().end(tag)

    reader = DefusedXMLParser(target=Builder(), forbid_dtd=True)
    try:
        reader.feed(content)
        root = reader.close()
    except ParseError as error:
        raise BadXml(str(error), error.position[0]) from None
    except DefusedXmlException as error:
        raise BadXml(f"{type(error).__name__}: declarations of entities and types are not taken") from None
    except (ValueError, LookupError) as error:
        if isinstance(error, BadXml):
            raise
        raise BadXml(str(error)) from None
    return Parsed(root, lines)


def tag_of(element: Element) -> str:
    """The element's name without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def child(element: Element, name: str) -> Element | None:
    """The first child of that name, in any namespace."""
    return next((each for each in element if tag_of(each) == name), None)


def children(element: Element, name: str) -> list[Element]:
    """All children of that name, in any namespace."""
    return [each for each in element if tag_of(each) == name]


def child_text(element: Element, name: str) -> str:
    """The text of the first child of that name; empty when there is none."""
    found = child(element, name)
    return (found.text or "").strip() if found is not None else ""


def document(root: Element) -> str:
    """The element as a file of its own."""
    register_namespace("", NAMESPACE)
    indent(root, "    ")
    text: str = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text.strip()}\n'


def named(tag: str) -> str:
    """The tag in the namespace of metadata."""
    return f"{{{NAMESPACE}}}{tag}"
