"""Salesforce's way to write a formula, in the words that the parser knows."""

import re
from typing import Final

_LITERAL: Final = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
_WORDS: Final = (
    (re.compile(r"\bAND\s*\(", re.IGNORECASE), "ALL_OF("),
    (re.compile(r"\bOR\s*\(", re.IGNORECASE), "ANY_OF("),
    (re.compile(r"&&"), " AND "),
    (re.compile(r"\|\|"), " OR "),
    (re.compile(r"=="), "="),
)


def plain(formula: str) -> str:
    """The formula with AND(…) and OR(…) by names of their own, `&&` and `||` as words, and every text in single quotes.

    What follows `X AND (…)` is a function too: `X ALL_OF(…)` is no formula, so a word after an operand stays a word.
    """
    return "".join(_text(part) if place % 2 else _code(part) for place, part in enumerate(_LITERAL.split(formula)))


def _code(part: str) -> str:
    for pattern, new in _WORDS[:2]:
        part = _function(pattern, new, part)
    for pattern, new in _WORDS[2:]:
        part = pattern.sub(new, part)
    return part


def _function(pattern: re.Pattern[str], new: str, part: str) -> str:
    """Renames the function where no operand stands before it."""

    def renamed(found: re.Match[str]) -> str:
        before = part[: found.start()].rstrip()
        return new if not before or before[-1] in "(,=<>!&|+-*/^" else found.group(0)

    return pattern.sub(renamed, part)


def _text(literal: str) -> str:
    inner = re.sub(r"\\(.)", r"\1", literal[1:-1])
    return "'" + inner.replace("'", "''") + "'"
