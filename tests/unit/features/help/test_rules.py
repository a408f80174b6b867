"""How pages are cut, what answers a question, and what a language model is told."""

import json

import pytest

from fairlead.features.help import rules
from fairlead.features.help.rules import Document, answers, model, passages
from fairlead.features.help.rules.answers import Candidate
from fairlead.features.help.rules.passages import Passage

PAGE = """<!-- made -->
# Webhooks

They *tell* at once,
see [the API](api.md) and `webhooks.use`.

![A picture](x.png)

## How to begin
<!-- F75 -->

1. Do this.
2. Do that.

| what | does | not |
| --- | --- | --- |
| **a** | one | two |
| b | |
| | |

```console
fairlead webhooks   repair
```

## Empty

### Deep, too

    indented
"""


def passage(name: str = "a", heading: str = "", text: str = "Text.") -> Passage:
    return Passage("howto", name, rules.slug(heading), "Title", heading, text)


def test_a_page_is_cut_at_its_headings_and_keeps_no_marks() -> None:
    found = passages.of_document(Document("howto", "webhooks", "Webhooks", PAGE))
    assert [(one.anchor, one.heading) for one in found] == [
        ("", ""),
        ("how-to-begin", "How to begin"),
        ("deep-too", "Deep, too"),
    ]
    assert found[0].text == "They tell at once, see the API and webhooks.use.\nA picture"
    assert found[1].text == "Do this.\nDo that.\na: one · two\nb\nfairlead webhooks repair"
    assert found[2].text == "indented"
    assert found[1].place == ("howto", "webhooks", "how-to-begin")


def test_a_short_page_is_one_passage_with_its_headings() -> None:
    found = passages.whole(Document("codes", "FL-1", "FL-1: Broken", "\n## What it means\n\nIt broke.\n"))
    assert (found.anchor, found.heading, found.text) == ("", "", "What it means\nIt broke.")
    assert passages.of_document(Document("howto", "x", "X", "# X\n")) == []


def test_a_long_section_is_several_passages_of_one_anchor() -> None:
    text = "## Long\n\n" + "\n\n".join(f"{number} " + "word " * 100 for number in range(6))
    found = passages.of_document(Document("howto", "x", "X", text))
    assert len(found) > 1
    assert {one.anchor for one in found} == {"long"}
    assert all(len(one.text) <= passages.LONGEST for one in found)


@pytest.mark.parametrize(
    ("words", "clean", "code"),
    [
        ("  a\n b\x00c ", "a b c", ""),
        ("what is fl-111?", "what is fl-111?", "FL-111"),
        ("SF-UNABLE_TO_LOCK_ROW", "SF-UNABLE_TO_LOCK_ROW", "SF-UNABLE_TO_LOCK_ROW"),
        ("reflect-111", "reflect-111", ""),
    ],
)
def test_what_is_typed_is_cleaned_and_codes_are_found(words: str, clean: str, code: str) -> None:
    assert rules.cleaned(words, 40) == clean
    assert rules.code_in(words) == code
    assert len(rules.cleaned("a" * 99, 40)) == 40


def candidate(has: str, heading: str = "", of: Passage | None = None, size: int = 2) -> Candidate:
    return Candidate(of or passage(), frozenset(has.split()), frozenset(heading.split()), size)


def test_rare_words_tell_more_than_common_ones() -> None:
    weight = answers.weights({"common": 90, "rare": 1, "never": 0}, 100)
    assert 0 < weight["common"] < weight["rare"] < weight["never"]
    assert answers.covered(candidate("rare"), weight) > answers.covered(candidate("common"), weight)
    assert answers.covered(candidate("common rare never"), weight) == pytest.approx(1)


def test_a_question_without_words_that_tell_has_no_answer() -> None:
    assert answers.covered(candidate(""), {}) == 0
    assert answers.score(candidate(""), {}) == 0
    assert not answers.answer("the of", [candidate("")], {}).known


def test_too_little_of_what_was_asked_is_no_answer() -> None:
    """At the threshold it is one; a word less, and the help does not know. Without a word in the heading more is needed."""
    weight = dict.fromkeys("abcdefghijklmnopqrst", 1.0)
    words = list(weight)
    for share, heading in ((answers.ENOUGH, "a"), (answers.NEARLY_ALL, "")):
        enough = int(share * len(weight) + 0.5)
        assert answers.answer("q", [candidate(" ".join(words[:enough]), heading)], weight).known
        assert not answers.answer("q", [candidate(" ".join(words[: enough - 1]), heading)], weight).known
    assert not answers.answer("q", [candidate("a b")], {"a": 1.0, "b": 1.0}).known


def test_a_heading_that_is_the_question_comes_first_and_a_short_one_before_a_long_one() -> None:
    weight = {"job": 1.0, "hold": 1.0}
    text, long, short = (passage(name) for name in ("text", "long", "short"))
    found = answers.answer(
        "jobs hold",
        [
            candidate("job hold", "job", of=text, size=9),
            candidate("job hold", "job hold", long, size=20),
            candidate("job hold", "job hold", short, size=2),
        ],
        weight,
    )
    assert [one.name for one in found.passages] == ["short", "long", "text"]
    assert [one.passage.name for one in found.quotes] == ["short", "long"]


def test_each_place_is_quoted_once_and_few_are() -> None:
    weight = {"job": 1.0}
    same = [candidate("job", "job", passage("a", text=f"{number}")) for number in range(3)]
    others = [candidate("job", "job", passage(name)) for name in "bcdefgh"]
    found = answers.answer("job", [*same, *others], weight)
    assert [one.passage.name for one in found.quotes] == ["a", "b", "c"]
    assert len(found.passages) == answers.TOLD_AT_MOST


def test_a_quote_begins_where_the_answer_is_and_ends_with_a_sentence() -> None:
    long = " ".join(f"Sentence {number} says nothing at all of it." for number in range(40))
    one = candidate("job", of=passage(text=f"Something else.\nJobs hold. {long}"))
    weight = {"job": 1.0, "hold": 1.0}
    quote = answers.excerpt(one, "Why do jobs hold?", weight)
    assert quote.startswith("Jobs hold.")
    assert quote.endswith(".")
    assert len(quote) <= answers.EXCERPT
    of_heading = candidate("job hold", "job hold", one.passage)
    assert answers.excerpt(of_heading, "Why do jobs hold?", weight).startswith("Something else.")
    assert answers.excerpt(candidate("", of=passage(text="x" * 999)), "", {}) == "x" * 999
    rows = passage(text="\n".join(f"row {number}: " + "x" * 90 for number in range(9)))
    assert len(answers.excerpt(candidate("", of=rows), "", {}).split("\n")) == 4


@pytest.mark.parametrize(
    ("question", "sent"),
    [
        ("Why is ada.lovelace+x@example.com missing?", "Why is [address] missing?"),
        ("Look at https://acme.my.salesforce.com/0035e00000AbCdE now", "Look at [link] now"),
        ("What of 0035e00000AbCdEAAV?", "What of [id]?"),
        ("What of 0035e00000AbCdE?", "What of [id]?"),
        ("List a1b2c3d4e5f60718293a4b5c6d7e8f90 holds", "List [id] holds"),
        ("Call +1 (555) 555-1234 or 7", "Call [number] or [number]"),
        ("Born 1815-12-10, order AB12CD34EF", "Born [number], order [id]"),
        ("What is FL-111, and CM-204?", "What is FL-111, and CM-204?"),
        ("Why are my subscriber rules holding?", "Why are my subscriber rules holding?"),
    ],
)
def test_nothing_that_names_somebody_is_sent(question: str, sent: str) -> None:
    assert model.scrubbed(question) == sent


def test_pages_are_found_without_what_is_scrubbed() -> None:
    assert model.asked_for("Jobs of ada@example.com hold 7, FL-111").split() == ["Jobs", "of", "hold", ",", "FL-111"]


def test_a_model_is_told_the_scrubbed_question_and_passages_only() -> None:
    told = model.told("small", "Where is ada@example.com?", [passage("a", "Heading", "Says this.")])
    assert told["model"] == "small"
    assert (
        told["messages"][1]["content"]
        == "Passages:\n\n[1] Title › Heading\nSays this.\n\nQuestion: Where is [address]?"
    )
    assert "ada" not in json.dumps(told)


def said(text: object) -> bytes:
    return json.dumps({"choices": [{"message": {"content": text}}]}).encode()


def test_an_answer_is_read_in_pieces_with_what_it_rests_on() -> None:
    a, b = passage("a"), passage("b")
    pieces = model.read(said("Jobs hold [2]. Five run [1][2]"), [a, b])
    assert [(one.text, one.passage) for one in pieces] == [
        ("Jobs hold ", None),
        ("[2]", b),
        (". Five run ", None),
        ("[1]", a),
        ("[2]", b),
    ]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<html>", "it cannot be read"),
        (b'{"choices": []}', "it cannot be read"),
        (b'{"choices": 7}', "it cannot be read"),
        (said(None), "it is empty"),
        (said("  "), "it is empty"),
        (said("x" * 5_000), "it is too long"),
        (said("Jobs hold."), "it names no page that it rests on"),
        (said("I do not know."), "it names no page that it rests on"),
        (said("Jobs hold [3]."), "it names a page that it was not given"),
        (said("Jobs hold [0]."), "it names a page that it was not given"),
    ],
)
def test_an_answer_that_rests_on_none_of_the_passages_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(model.NoSources, match=why):
        model.read(body, [passage("a"), passage("b")])
