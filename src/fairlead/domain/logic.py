"""Logic over the numbers of criteria: `1 AND (2 OR 3)`. Blank means that all must hold."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from fairlead.domain.criteria import NotThis

AND: Final = "AND"
OR: Final = "OR"
DEEPEST: Final = 20
LONGEST: Final = 500
_TOKEN: Final = re.compile(r"\s*(\d+|AND\b|OR\b|\(|\))", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """A criterion by its number, from 1."""

    number: int


@dataclass(frozen=True, slots=True)
class Joined:
    """Parts of which all (AND) or one (OR) must hold."""

    op: str
    parts: tuple["Node", ...]


Node = Row | Joined


def parse(text: str, rows: int) -> Node | None:
    """The tree of a logic over so many criteria; None without criteria. Raises NotThis."""
    if not text.strip():
        if not rows:
            return None
        return Row(1) if rows == 1 else Joined(AND, tuple(Row(number) for number in range(1, rows + 1)))
    if len(text) > LONGEST:
        raise NotThis(f"the logic has more than {LONGEST} characters")
    tokens = list(_tokens(text))
    node, at = _level(tokens, 0, 0)
    if at < len(tokens):
        raise NotThis("the logic has a closing bracket without an opening one")
    used = set(numbers(node))
    unknown = sorted(used - set(range(1, rows + 1)))
    if unknown:
        raise NotThis(f"the logic names row {unknown[0]}, but there are {rows}")
    unused = sorted(set(range(1, rows + 1)) - used)
    if unused:
        raise NotThis(f"the logic does not name row {_listed(unused)}: name every row, or delete what is not needed")
    return node


def text_of(node: Node) -> str:
    """The tree as text again."""
    if isinstance(node, Row):
        return str(node.number)
    return f" {node.op} ".join(text_of(p) if isinstance(p, Row) else f"({text_of(p)})" for p in node.parts)


def numbers(node: Node) -> Iterator[int]:
    """The rows that it names."""
    if isinstance(node, Row):
        yield node.number
    else:
        for part in node.parts:
            yield from numbers(part)


def _listed(found: Collection[int]) -> str:
    return ", ".join(map(str, found))


def _tokens(text: str) -> Iterator[str]:
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise NotThis("the logic takes numbers of rows, AND, OR and brackets only")
        yield match.group(1).upper()
        at = match.end()


def _level(tokens: list[str], at: int, depth: int) -> tuple[Node, int]:
    """Terms joined by one word, up to a closing bracket or the end."""
    if depth > DEEPEST:
        raise NotThis(f"the logic has more than {DEEPEST} brackets within one another")
    part, at = _term(tokens, at, depth)
    parts, op = [part], ""
    while at < len(tokens) and tokens[at] != ")":
        word = tokens[at]
        if word not in (AND, OR):
            raise NotThis("the logic needs AND or OR between two rows")
        if op and word != op:
            raise NotThis("the logic mixes AND and OR: say with brackets which belong together, as 1 AND (2 OR 3)")
        op = word
        part, at = _term(tokens, at + 1, depth)
        parts.append(part)
    return (Joined(op, tuple(parts)) if op else parts[0]), at


def _term(tokens: list[str], at: int, depth: int) -> tuple[Node, int]:
    if at >= len(tokens):
        raise NotThis("the logic ends where a row is missing")
    if tokens[at] == "(":
        node, at = _level(tokens, at + 1, depth + 1)
        if at >= len(tokens):
            raise NotThis("the logic has an opening bracket without a closing one")
        return node, at + 1
    if not tokens[at].isdigit():
        raise NotThis(f"the logic has “{tokens[at]}” where a row is missing")
    return Row(int(tokens[at][:6])), at + 1
