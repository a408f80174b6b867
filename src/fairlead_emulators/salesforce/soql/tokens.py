"""SOQL text into tokens."""

import re
from dataclasses import dataclass
from typing import Final

from fairlead_emulators.salesforce.facts import fact

MAX_STATEMENT: Final = 100_000
_AROUND: Final = 40

_PATTERN: Final = re.compile(
    r"""
    (?P<space>[ \t\r\n\f]+)
  | (?P<string>'(?:[^'\\]|\\.)*')
  | (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
  | (?P<date>\d{4}-\d\d-\d\d)
  | (?P<number>[+-]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?)
  | (?P<name>[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*)
  | (?P<op><=|>=|!=|<>|=|<|>|\(|\)|,|:)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}


class SoqlError(Exception):
    """A query that is refused: `code` is Salesforce's error code, `message` what it says.

    `at` is where in the text the fault stands, or `word` the name that is at fault; `located` shows it.
    """

    def __init__(self, code: str, message: str, *, at: int | None = None, word: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.at = at
        self.word = word


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is a group of the pattern, or `end`; `text` as written; `at` counts characters from 0."""

    kind: str
    text: str
    at: int

    @property
    def word(self) -> str:
        """A name in lower case; empty for everything else."""
        return self.text.lower() if self.kind == "name" else ""


def tokenize(text: str) -> list[Token]:
    """All tokens, with one of kind `end` last. Raises SoqlError."""
    if len(text) > MAX_STATEMENT:
        raise SoqlError("MALFORMED_QUERY", "SOQL statement cannot be longer than 100,000 characters.")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise unexpected(repr(text[error.start])[1:-1], error.start) from None
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        match = _PATTERN.match(text, at)
        if match is None or not match.lastgroup:
            raise unexpected(text[at], at)
        if match.lastgroup != "space":
            tokens.append(Token(match.lastgroup, match.group(), at))
        at = match.end()
    tokens.append(Token("end", "", at))
    return tokens


def unexpected(text: str, at: int) -> SoqlError:
    """The refusal of a token that does not belong where it stands."""
    return SoqlError("MALFORMED_QUERY", f"unexpected token: '{text or '<EOF>'}'", at=at)


@fact("soql_located")
def located(error: SoqlError, text: str) -> SoqlError:
    """The same refusal, with the part of the query that is at fault, as Salesforce shows it."""
    at = error.at
    if at is None and error.word:
        found = re.search(rf"(?<![\w.]){re.escape(error.word)}(?![\w])", text, re.IGNORECASE) or re.search(
            re.escape(error.word), text, re.IGNORECASE
        )
        at = found.start() if found else None
    if at is None:
        return error
    before = text[:at]
    row, column = before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1
    start = max(0, at - _AROUND)
    shown = re.sub(r"\s", " ", text[start : at + _AROUND])
    message = f"\n{shown}\n{' ' * (at - start)}^\nERROR at Row:{row}:Column:{column}\n{error.message}"
    return SoqlError(error.code, message)


def unescape(token: Token, *, like: bool = False) -> str:
    r"""The text of a string token. In LIKE, `\_` and `\%` stay escaped for the pattern."""

    def one(match: re.Match[str]) -> str:
        char = match.group(1)
        if len(char) == 5:
            return chr(int(char[1:], 16))
        if char in _ESCAPES:
            return "\\\\" if like and char == "\\" else _ESCAPES[char]
        if char in "_%":
            if like:
                return match.group()
            raise SoqlError("MALFORMED_QUERY", f"Illegal escape sequence '\\{char}' outside LIKE")
        raise SoqlError("MALFORMED_QUERY", f"Illegal escape sequence '\\{char}'")

    return re.sub(r"\\(u[0-9a-fA-F]{4}|.)", one, token.text[1:-1], flags=re.DOTALL)
