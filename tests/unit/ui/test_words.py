"""Every word of the pages can be translated: it is marked, collected, and comes out in another language."""

import re
from pathlib import Path

import pytest

from fairlead.cli import texts
from tests.unit.ui import pseudo

TEMPLATES = sorted(texts.SOURCES.rglob("*.html"))
NOT_YET: tuple[str, ...] = ()
"""Templates whose words are not marked yet. It may only become shorter."""
TAG = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)
BLOCK = re.compile(r"{%\s*blocktranslate\b.*?%}.*?{%\s*endblocktranslate\s*%}", re.DOTALL)
LITERAL = re.compile(r"{%\s*(?:hint|badge|settings_link)\b[^%]*?\s(?<!_\()\"[^\"]*[a-z] [^\"]*\"")
NAMES = frozenset({"Fairlead", "UTC", "MB"})


def unmarked(source: str) -> list[str]:
    """Words that stand in a template as they are. What a tag or variable gives is not the template's own."""
    parser = pseudo.Plain()
    parser.feed(TAG.sub(" ", BLOCK.sub(" ", source)))
    bare = [each for each in parser.found if not set(re.findall(r"[A-Za-z]{2,}", each)) <= NAMES]
    return bare + LITERAL.findall(source)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(texts.SOURCES).as_posix())
def test_every_word_of_a_template_is_marked(path: Path) -> None:
    """`{% translate %}`, `{% blocktranslate %}` or `_("…")` stands around it."""
    found = unmarked(path.read_text("utf-8"))
    waits = path.relative_to(texts.SOURCES).as_posix().startswith(NOT_YET)
    if not waits:
        assert found == []


def test_what_is_not_marked_is_found() -> None:
    """The test above sees a text, an attribute and a hint, and leaves code and names alone."""
    assert unmarked("<p>Plain words</p>") == ["Plain words"]
    assert unmarked('<input aria-label="Find it">') == ["Find it"]
    assert unmarked('{% hint "a" "Two words" %}') != []
    assert unmarked('{% hint "a" _("Two words") %}{% translate "Some" %}<code>fairlead sync</code> Fairlead · MB') == []


def test_what_waits_is_there() -> None:
    """A template that is gone or marked leaves the list of those that wait."""
    for name in NOT_YET:
        there = [path for path in TEMPLATES if path.relative_to(texts.SOURCES).as_posix().startswith(name)]
        assert any(unmarked(path.read_text("utf-8")) for path in there), name


def test_the_file_for_translators_is_of_today() -> None:
    """It holds every text that is marked or declared; `make messages` writes it anew."""
    assert texts.FILE.read_text("utf-8") == texts.written(texts.collect())


def test_texts_come_from_templates_code_and_declarations() -> None:
    """One text of each source, a plural, and a text with a variable."""
    found = texts.collect()
    assert "features/people/templates/people/people.html" in found["Nobody was asked for yet.", ""]
    assert "features/connections/views.py" in found["The next sync reads the client.", ""]
    assert "setting primary_sync.sweep_share" in set().union(*found.values())
    assert ("%(calls)s call to %(side)s", "%(calls)s calls to %(side)s") in found
    assert ("Page %(number)s of %(num_pages)s", "") in found or ("Job %(number)s", "") in found
    assert ("Holding", "") in found
