"""How a question is answered from passages alone: which of them fit, when none does, and what of them is quoted. Pure.

Nothing is made up: an answer is sentences of the pages, with the pages they stand on. Where the passages have too little
of what was asked, the answer is that Fairlead does not know.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Final

from fairlead.features.help.rules.passages import Passage

ENOUGH: Final = 0.55
"""Share of what was asked, by how rarely it is said, that a passage must have to count as an answer."""
NEARLY_ALL: Final = 0.8
A_FEW: Final = 3
"""A passage whose title and heading say nothing of what was asked must have nearly all of it, and it must be a few words."""
NEAR: Final = 0.8
"""Further passages are quoted if their score is so near that of the best."""
QUOTED_AT_MOST: Final = 3
TOLD_AT_MOST: Final = 6
"""Passages that a language model is told, if there is one."""
EXCERPT: Final = 480
"""Characters quoted of one passage; a sentence is never cut."""
OF_TITLE: Final = 0.5
"""What words in a title or heading count beside the text."""
_STEM: Final = 5


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that has some of the words that were asked for: all of them, and those of its title and heading.

    `of_heading` is how many words title and heading have in all: the shorter, the more of it is what was asked for.
    """

    passage: Passage
    has: frozenset[str]
    in_heading: frozenset[str]
    of_heading: int


@dataclass(frozen=True, slots=True)
class Quote:
    """What an answer takes from one passage."""

    passage: Passage
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Sentences of the pages; nothing where no page says enough. `passages` is what a language model may be told."""

    quotes: tuple[Quote, ...] = ()
    passages: tuple[Passage, ...] = ()

    @property
    def known(self) -> bool:
        """Whether anything fits."""
        return bool(self.quotes)


def weights(said: Mapping[str, int], passages: int) -> dict[str, float]:
    """How much each word of a question tells: the fewer passages say it, the more. A word that none says tells most."""
    return {word: log((passages + 1) / (times + 0.5)) for word, times in said.items()}


def covered(candidate: Candidate, weight: Mapping[str, float]) -> float:
    """The share of what was asked that the passage has, from 0 to 1."""
    whole = sum(weight.values())
    return sum(weight[word] for word in candidate.has) / whole if whole > 0 else 0.0


def score(candidate: Candidate, weight: Mapping[str, float]) -> float:
    """The same, with words in title and heading counted again."""
    whole = sum(weight.values())
    if whole <= 0:
        return 0.0
    fits = sum(weight[word] for word in candidate.in_heading) / whole
    filled = len(candidate.in_heading) / max(1, candidate.of_heading)
    return covered(candidate, weight) + OF_TITLE * fits * (0.5 + 0.5 * filled)


def fits(candidate: Candidate, weight: Mapping[str, float]) -> bool:
    """Whether a passage has enough of what was asked."""
    if candidate.in_heading:
        return covered(candidate, weight) >= ENOUGH
    return len(weight) >= A_FEW and covered(candidate, weight) >= NEARLY_ALL


def answer(question: str, candidates: Sequence[Candidate], weight: Mapping[str, float]) -> Answer:
    """What the passages say to a question: the best, and those that come near it; one for each place."""
    fitting = [one for one in candidates if fits(one, weight)]
    chosen: dict[tuple[str, str, str], Candidate] = {}
    for one in sorted(fitting, key=lambda one: -score(one, weight)):
        chosen.setdefault(one.passage.place, one)
    best = list(chosen.values())[:TOLD_AT_MOST]
    near = [one for one in best if score(one, weight) >= NEAR * score(best[0], weight)]
    quotes = tuple(Quote(one.passage, excerpt(one, question, weight)) for one in near[:QUOTED_AT_MOST])
    return Answer(quotes, tuple(one.passage for one in best))


def excerpt(candidate: Candidate, question: str, weight: Mapping[str, float]) -> str:
    """The lines of a passage that answer: from the first where its heading is the question, else from the one with most
    of the question's words.
    """
    lines = candidate.passage.text.split("\n")
    words = _stems(question)
    whole = sum(weight.values())
    of_heading = sum(weight[word] for word in candidate.in_heading) / whole if whole > 0 else 0.0
    start = 0
    if of_heading < ENOUGH:
        start = max(range(len(lines)), key=lambda place: (len(words & _stems(lines[place])), -place))
    return _cut(lines[start:])


def _stems(text: str) -> set[str]:
    return {word[:_STEM] for word in re.findall(r"\w+", text.lower()) if len(word) > 2}


def _cut(lines: Sequence[str]) -> str:
    """Whole sentences up to EXCERPT characters, at least one."""
    taken, size = list[str](), 0
    for line in lines:
        sentences = list[str]()
        for sentence in re.split(r"(?<=[.!?])\s+", line):
            if size and size + len(sentence) > EXCERPT:
                return "\n".join([*taken, " ".join(sentences)] if sentences else taken)
            sentences.append(sentence)
            size += len(sentence) + 1
        taken.append(" ".join(sentences))
    return "\n".join(taken)
