"""Laws of the books of facts."""

import pytest

from fairlead_emulators.facts import FactBook

FACT = """
[[fact]]
id = "shape"
text = "Answers are round."
proof = "{proof}"
where = "the manual"
"""


@pytest.fixture
def book(tmp_path, monkeypatch):
    """Makes a book from the text of a `facts.toml` whose fact `shape` is cited."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def made(name, text):
        folder = tmp_path / name / "room"
        folder.mkdir(parents=True)
        (tmp_path / name / "__init__.py").touch()
        (folder / "code.py").write_text('fact("shape")')
        (folder / "facts.toml").write_text(text)
        return FactBook(name)

    return made


def test_a_book_that_says_how_many_of_its_facts_are_assumed_has_no_problems(book):
    assert book("said", "assumed = 1\n" + FACT.format(proof="assumed")).problems() == []
    assert book("proved", FACT.format(proof="documented")).problems() == []


@pytest.mark.parametrize(("said", "proof"), [(0, "assumed"), (2, "assumed"), (1, "documented")])
def test_a_rise_or_fall_of_what_is_assumed_has_to_be_said(book, said, proof):
    """Whoever adds an assumption, or proves one, changes the number at the top of its file."""
    found = book(f"said_{said}_{proof}", f"assumed = {said}\n" + FACT.format(proof=proof)).problems()
    assert len(found) == 1
    assert f"says assumed = {said} and holds {int(proof == 'assumed')}" in found[0]


def test_a_fact_without_citation_or_proof_is_a_problem(book):
    found = book("loose", FACT.format(proof="heard").replace("shape", "other")).problems()
    assert [each.split(" has ")[0].split(" is ")[0] for each in found] == ["'shape'", "'other'", "'other'"]


@pytest.mark.parametrize(("proof", "problems"), [("assumed", 0), ("documented", 1)])
def test_only_what_is_assumed_may_stand_apart_from_the_checks(book, proof, problems):
    """Proved facts need no reason for not being checked."""
    said = f"assumed = {int(proof == 'assumed')}\n" + FACT.format(proof=proof) + 'apart = "nobody is there"\n'
    assert len(book(f"apart_{proof}", said).problems()) == problems
