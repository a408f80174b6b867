"""What a language model is told, and which of its answers are shown. Pure.

It is told the question, without what could name somebody, and passages of the documentation. It is told nothing else, and
an answer that rests on none of these passages is not shown.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from fairlead.domain.failure import WaitAndRetry
from fairlead.features.help.rules import CODE
from fairlead.features.help.rules.passages import Passage

LONGEST_ANSWER: Final = 4_000
WORDS_AT_MOST: Final = 500
"""Tokens that the model may answer with."""
TOLD: Final = (
    "You answer questions about Fairlead, which keeps Campaign Monitor and Salesforce in step. Use only the numbered "
    "passages. After each sentence name the passage it rests on, as [1]. If the passages do not answer the question, say "
    "only: I do not know. Be brief. Use plain text."
)
_SCRUBBED: Final = (
    (re.compile(r"https?://\S+|\bwww\.\S+", re.IGNORECASE), "[link]"),
    (re.compile(r"[^\s@<>()\[\],;:\"]+@[\w-]+(?:\.[\w-]+)*"), "[address]"),
    (re.compile(r"\b[0-9a-f]{16,}\b", re.IGNORECASE), "[id]"),
    (re.compile(r"\b(?=\w*\d)[A-Za-z0-9]{3}[0A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?\b"), "[id]"),
    (re.compile(r"\b(?=\w*\d)(?=\w*[A-Za-z])\w{9,}\b"), "[id]"),
    (re.compile(r"[+(]?\d[\d\s().,/:-]*\d|\d"), "[number]"),
)
_SIGNS: Final = re.compile(r"\[(?:link|address|id|number)\]")
_CITED: Final = re.compile(r"\[(\d{1,3})\]")


class NoSources(WaitAndRetry):
    """The language model's answer names no passage, or cannot be read."""

    code = "FL-703"
    next_step = "Below is what the pages say. If it happens often, choose another model."

    def __init__(self, why: str) -> None:
        super().__init__(f"The language model's answer is not shown: {why}.")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of an answer: words, and the passage that they rest on, None between two."""

    text: str
    passage: Passage | None = None
    number: int = 0


def scrubbed(question: str) -> str:
    """A question without addresses, links, ids and numbers; support codes stay. Names of people cannot be told from
    other words, so whoever asks is told to leave them out.
    """
    pieces = re.split(f"({CODE.pattern})", question, flags=re.IGNORECASE)
    return "".join(piece if place % 2 else _without_names(piece) for place, piece in enumerate(pieces))


def asked_for(question: str) -> str:
    """The words of a question by which pages are found: what would be scrubbed is on no page."""
    return _SIGNS.sub(" ", scrubbed(question))


def _without_names(text: str) -> str:
    for pattern, word in _SCRUBBED:
        text = pattern.sub(word, text)
    return text


def told(model: str, question: str, passages: Sequence[Passage]) -> dict[str, Any]:
    """What is posted: the scrubbed question and the passages, and nothing else."""
    shown = "\n\n".join(
        f"[{number}] {' › '.join(filter(None, (one.title, one.heading)))}\n{one.text}"
        for number, one in enumerate(passages, 1)
    )
    return {
        "model": model,
        "temperature": 0,
        "max_tokens": WORDS_AT_MOST,
        "messages": [
            {"role": "system", "content": TOLD},
            {"role": "user", "content": f"Passages:\n\n{shown}\n\nQuestion: {scrubbed(question)}"},
        ],
    }


def read(body: bytes, passages: Sequence[Passage]) -> tuple[Piece, ...]:
    """A model's answer in pieces. Raises NoSources: unreadable, empty, too long, or not resting on these passages."""
    try:
        text = json.loads(body)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError):
        raise NoSources("it cannot be read") from None
    if not isinstance(text, str) or not text.strip():
        raise NoSources("it is empty")
    if len(text) > LONGEST_ANSWER:
        raise NoSources("it is too long")
    numbers = [int(number) for number in _CITED.findall(text)]
    if not numbers:
        raise NoSources("it names no page that it rests on")
    if not all(1 <= number <= len(passages) for number in numbers):
        raise NoSources("it names a page that it was not given")
    pieces, end = [], 0
    for found in _CITED.finditer(text):
        number = int(found.group(1))
        pieces += [Piece(text[end : found.start()]), Piece(found.group(), passages[number - 1], number)]
        end = found.end()
    return tuple(piece for piece in (*pieces, Piece(text[end:])) if piece.text.strip())
