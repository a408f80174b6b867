"""Searches the passages: by the words that somebody gives, or for what answers a question. Nothing of either is kept."""

from dataclasses import dataclass
from typing import Final

from django.db import connection
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from fairlead.features.help import index, rules
from fairlead.features.help.models import Passage
from fairlead.features.help.rules import answers, model, passages
from fairlead.features.help.rules.answers import Answer, Candidate
from fairlead.ui import help_codes

AT_MOST: Final = 30
CANDIDATES: Final = 200
"""Passages that are looked at for an answer: those with most of the question's words."""
_OPEN, _CLOSE = "\x02", "\x03"
"""Marks around the words that were found: no text of ours has them, so they are told from its own signs."""
_HEADLINE: Final = (
    f"StartSel={_OPEN},StopSel={_CLOSE},MaxWords=32,MinWords=14,ShortWord=2,MaxFragments=2,FragmentDelimiter=' … '"
)
_COLUMNS: Final = "folder, name, anchor, title, heading"
_SEARCH: Final = f"""
    WITH asked AS (SELECT websearch_to_tsquery('english', %(words)s) AS query),
    found AS (
        SELECT DISTINCT ON (folder, name, anchor) {_COLUMNS}, body, place,
            (name = %(code)s)::int AS named, ts_rank_cd(words, query, 1) * (CASE WHEN asked THEN 1 ELSE 0.2 END) AS rank
        FROM help_passage, asked
        WHERE edition_id = %(edition)s AND words @@ query
        ORDER BY folder, name, anchor, rank DESC, place
    )
    SELECT {_COLUMNS}, ts_headline('english', body, query, %(headline)s)
    FROM found, asked ORDER BY named DESC, rank DESC, place LIMIT %(most)s
"""
_SAID: Final = """
    SELECT lexeme, (SELECT count(*) FROM help_passage WHERE edition_id = %(edition)s AND asked
        AND lexeme = ANY(tsvector_to_array(words))) FROM unnest(to_tsvector('english', %(words)s))
"""
_FITTING: Final = f"""
    SELECT {_COLUMNS}, body,
        ARRAY(SELECT lexeme FROM unnest(words) WHERE lexeme = ANY(%(said)s)),
        ARRAY(SELECT lexeme FROM unnest(ts_filter(words, '{{a}}')) WHERE lexeme = ANY(%(said)s)),
        length(ts_filter(words, '{{a}}'))
    FROM help_passage
    WHERE edition_id = %(edition)s AND asked AND tsvector_to_array(words) && %(said)s
    ORDER BY cardinality(ARRAY(SELECT lexeme FROM unnest(words) WHERE lexeme = ANY(%(said)s))) DESC, place
    LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Found:
    """A passage that was found: where it stands, what it is called, and words of it, those that were looked for marked."""

    url: str
    title: str
    heading: str
    snippet: SafeString


def search(words: str) -> list[Found]:
    """Passages with all the words, best first; quotes, OR and a minus mean what they mean to search engines."""
    asked: dict[str, str | int] = {
        "words": words,
        "code": rules.code_in(words),
        "edition": index.edition(),
        "headline": _HEADLINE,
        "most": AT_MOST,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SEARCH, asked)
        rows = cursor.fetchall()
    return [Found(url_of(*row[:3]), row[3], row[4], _marked(row[5])) for row in rows]


def answer(question: str) -> Answer:
    """What the pages say to a question; an answer without quotes where they do not say enough."""
    code = rules.code_in(question)
    edition = index.edition()
    if code and help_codes.known(code):
        rows = Passage.objects.filter(edition=edition, folder=passages.CODES, name=code)
        found = tuple(passages.Passage(*row) for row in rows.values_list(*_COLUMNS.split(", "), "body"))
        return Answer(tuple(answers.Quote(one, one.text) for one in found), found)
    with connection.cursor() as cursor:
        cursor.execute(_SAID, {"words": model.asked_for(question), "edition": edition})
        said = dict(cursor.fetchall())
        cursor.execute(_FITTING, {"said": list(said), "edition": edition, "most": CANDIDATES})
        rows = cursor.fetchall()
        cursor.execute("SELECT count(*) FROM help_passage WHERE edition_id = %s AND asked", [edition])
        number = int(cursor.fetchone()[0])
    candidates = [
        Candidate(passages.Passage(*row[:6]), frozenset(row[6]), frozenset(row[7]), int(row[8] or 0)) for row in rows
    ]
    return answers.answer(question, candidates, answers.weights(said, number))


def url_of(folder: str, name: str, anchor: str) -> str:
    """The address of a passage."""
    if folder == passages.CODES:
        return reverse("help_code", args=[name])
    if folder == passages.OPTIONS:
        return reverse("help_option", args=[name])
    return reverse("help_page", args=[folder, name]) + (f"#{anchor}" if anchor else "")


def _marked(headline: str) -> SafeString:
    """A headline as HTML: everything escaped, then the marks made to tags."""
    html = escape(headline.replace("\n", " · ")).replace(_OPEN, "<mark>").replace(_CLOSE, "</mark>")
    return mark_safe(html)  # noqa: S308 - escaped in this line; the two tags are ours
