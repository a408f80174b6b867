"""The builder's form: a rule as it was typed, rows added and dropped by its own buttons, so that it needs no JavaScript."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from django.http import QueryDict

from fairlead.domain.criteria import MOST_CRITERIA, Criterion, Operator, Problem
from fairlead.features.subscriber_rules.keeping import NAMES, Draft

ADD: Final = "add"
DROP: Final = "drop-"
SAVE: Final = "save"
BLANK: Final = Criterion("", Operator.EQUALS, "")


@dataclass(frozen=True, slots=True)
class FormRow:
    """One criterion of the form, with what is wrong with it."""

    number: int
    criterion: Criterion
    problem: str = ""


def draft_of(sent: QueryDict, rule: int = 0) -> Draft:
    """The rule as it was typed. Rows without field and value are left out."""
    texts: dict[str, Any] = {name: sent.get(name, "").strip() for name in NAMES}
    version = sent.get("version", "")
    return Draft(
        **texts,
        criteria=tuple(_rows(sent)),
        enabled="enabled" in sent,
        id=rule,
        version=int(version) if version.isascii() and version.isdecimal() and len(version) < 10 else None,
    )


def _rows(sent: QueryDict) -> Iterable[Criterion]:
    columns = [sent.getlist(name)[:MOST_CRITERIA] for name in ("field", "operator", "value")]
    for field, operator, value in zip(*columns, strict=False):
        if field.strip() or value.strip():
            yield Criterion(field.strip(), operator, value)


def asked(sent: QueryDict) -> str:
    """Which button was pressed: SAVE where none was told."""
    return sent.get("act", SAVE)


def changed(draft: Draft, sent: QueryDict, act: str) -> Draft:
    """The rule after a row was added or dropped: by its place in the form, blank rows included."""
    if act == ADD:
        return draft  # the page always shows one blank row more
    number = act.removeprefix(DROP)
    columns = [sent.getlist(name)[:MOST_CRITERIA] for name in ("field", "operator", "value")]
    every = [Criterion(*one) for one in zip(*columns, strict=False)]
    if act.startswith(DROP) and number.isascii() and number.isdecimal() and 0 < int(number) <= len(every):
        del every[int(number) - 1]
    return replace(draft, criteria=tuple(one for one in every if one.field.strip() or one.value.strip()))


def rows(draft: Draft, problems: Iterable[Problem] = (), *, blank: bool = False) -> list[FormRow]:
    """The rows of the form; with a blank one where there are none, or one more was asked for."""
    told: dict[int, str] = {}
    for problem in problems:
        told.setdefault(problem.row, problem.text)
    criteria = [*draft.criteria]
    if len(criteria) < MOST_CRITERIA and (blank or not criteria):
        criteria.append(BLANK)
    return [FormRow(number, one, told.get(number, "")) for number, one in enumerate(criteria, 1)]


def of_the_whole(problems: Iterable[Problem]) -> list[str]:
    """What is wrong with the rule apart from its rows."""
    return [problem.text for problem in problems if not problem.row]
