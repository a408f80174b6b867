"""The form of a mapping as it was typed; lines are added and dropped by its own buttons, so that it needs no JavaScript."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import gettext as _

from fairlead.domain.criteria import MOST_CRITERIA, Criterion, Operator
from fairlead.features.transactional_email.rules.words import (
    MOST_LINES,
    Draft,
    Kind,
    Listing,
    Recipient,
    Source,
    Variable,
    Wrong,
)

SAVE: Final = "save"
TEXTS: Final = ("smart", "object", "name", "description", "list", "track", "zone")
BLANK_VARIABLE: Final = Variable("", "")
BLANK_CRITERION: Final = Criterion("", Operator.EQUALS, "")
BLANK_RECIPIENT: Final = Recipient(Kind.TO, Source.FIELD, "")
MOST_LISTINGS: Final = 10


@dataclass(frozen=True, slots=True)
class FormListing:
    """A list of children in the form: its number, with a blank line where there is none or one was asked for."""

    number: int
    listing: Listing
    columns: tuple[Variable, ...]
    criteria: tuple[Criterion, ...]

    @property
    def number_text(self) -> str:
        """The number, for names of controls."""
        return str(self.number)

    @property
    def columns_prefix(self) -> str:
        """What names of controls of a row's fields begin with."""
        return f"l{self.number}_c"

    @property
    def columns_caption(self) -> str:
        """What the fields of its rows are called."""
        return _("Fields of list {number}").format(number=self.number)

    @property
    def drop_column(self) -> str:
        """The button that drops a field, without the field's number."""
        return f"drop-column-{self.number}"

    @property
    def add_column(self) -> str:
        """The button that adds a field."""
        return f"add-column-{self.number}"


@dataclass(frozen=True, slots=True)
class Form:
    """The lines of the form."""

    variables: tuple[Variable, ...]
    listings: tuple[FormListing, ...]
    recipients: tuple[Recipient, ...]


def draft_of(sent: QueryDict, uid: str = "") -> Draft:
    """The mapping as it was typed, blank lines included: `pruned` leaves them out."""
    texts: dict[str, Any] = {name: sent.get(name, "").strip() for name in TEXTS}
    version = sent.get("version", "")
    return Draft(
        **texts,
        task="task" in sent,
        message="message" in sent,
        variables=_variables(sent, "v"),
        listings=tuple(_listing(sent, number) for number in range(1, _count(sent) + 1)),
        recipients=tuple(Recipient(*one) for one in _columns(sent, "r_kind", "r_source", "r_value")),
        id=uid,
        version=int(version) if version.isascii() and version.isdecimal() and len(version) < 10 else None,
    )


def _count(sent: QueryDict) -> int:
    text = sent.get("listings", "0")
    return min(int(text), MOST_LISTINGS) if text.isascii() and text.isdecimal() else 0


def _columns(sent: QueryDict, *names: str) -> Iterable[tuple[str, ...]]:
    return zip(*([text.strip() for text in sent.getlist(name)[:MOST_LINES]] for name in names), strict=False)


def _variables(sent: QueryDict, prefix: str) -> tuple[Variable, ...]:
    rows = _columns(sent, *(f"{prefix}_{name}" for name in ("name", "field", "format", "otherwise")))
    return tuple(Variable(*one) for one in rows)


def _listing(sent: QueryDict, number: int) -> Listing:
    name, prefix = f"l{number}", f"l{number}_"
    limit = sent.get(f"{prefix}limit", "")
    return Listing(
        sent.get(f"{prefix}name", "").strip(),
        sent.get(f"{prefix}relationship", "").strip(),
        _variables(sent, f"{name}_c"),
        tuple(Criterion(*one) for one in _columns(sent, f"{name}_f_field", f"{name}_f_operator", f"{name}_f_value")),
        sent.get(f"{prefix}logic", "").strip(),
        sent.get(f"{prefix}sort", "").strip(),
        f"{prefix}descending" in sent,
        int(limit) if limit.isascii() and limit.isdecimal() and len(limit) < 6 else -1,
    )


def pruned(draft: Draft) -> Draft:
    """Without lines in which nothing was typed."""
    return replace(
        draft,
        variables=tuple(one for one in draft.variables if one.name or one.field),
        recipients=tuple(one for one in draft.recipients if one.value),
        listings=tuple(
            replace(
                one,
                columns=tuple(c for c in one.columns if c.name or c.field),
                criteria=tuple(c for c in one.criteria if c.field or c.value),
            )
            for one in draft.listings
        ),
    )


def changed(draft: Draft, act: str) -> Draft:
    """After a button: `drop-variable-2`, `drop-column-1-3`, `add-listing` … Lines are counted as the form shows them."""
    verb, _, rest = act.partition("-")
    kind, _, numbers = rest.partition("-")
    places = [int(one) - 1 for one in numbers.split("-") if one.isascii() and one.isdecimal()]
    if act == "add-listing" and len(draft.listings) < MOST_LISTINGS:
        return replace(draft, listings=(*draft.listings, Listing("", "")))
    if verb != "drop" or not places:
        return draft
    if kind in ("variable", "recipient", "listing"):
        left: dict[str, Any] = {f"{kind}s": _without(getattr(draft, f"{kind}s"), places[0])}
        return replace(draft, **left)
    if kind in ("column", "criterion") and len(places) == 2 and 0 <= places[0] < len(draft.listings):
        name = {"column": "columns", "criterion": "criteria"}[kind]
        one = draft.listings[places[0]]
        fewer: dict[str, Any] = {name: _without(getattr(one, name), places[1])}
        one = replace(one, **fewer)
        listings = [*draft.listings]
        listings[places[0]] = one
        return replace(draft, listings=tuple(listings))
    return draft


def _without(rows: Sequence[Any], place: int) -> tuple[Any, ...]:
    return tuple(one for number, one in enumerate(rows) if number != place)


def filled(draft: Draft, names: Sequence[str]) -> Draft:
    """With a line for each variable of the smart e-mail that has none."""
    there = {one.name.lower() for one in draft.variables} | {one.name.lower() for one in draft.listings}
    more = tuple(Variable(name, "") for name in names if name.lower() not in there)
    return replace(draft, variables=(*draft.variables, *more))


def form(draft: Draft, act: str = "") -> Form:
    """The lines to show: a blank one where there is none of a kind, and where one was asked for."""
    return Form(
        _with_blank(draft.variables, BLANK_VARIABLE, wanted=act == "add-variable"),
        tuple(
            FormListing(
                number,
                one,
                _with_blank(one.columns, BLANK_VARIABLE, wanted=act == f"add-column-{number}"),
                _with_blank(one.criteria, BLANK_CRITERION, wanted=act == f"add-criterion-{number}", most=MOST_CRITERIA),
            )
            for number, one in enumerate(draft.listings, 1)
        ),
        _with_blank(draft.recipients, BLANK_RECIPIENT, wanted=act == "add-recipient"),
    )


def _with_blank(rows: Sequence[Any], blank: Any, *, wanted: bool, most: int = MOST_LINES) -> tuple[Any, ...]:
    return (*rows, blank) if len(rows) < most and (wanted or not rows) else tuple(rows)


def told(problems: Iterable[Wrong]) -> dict[str, str]:
    """What is wrong, by where it is."""
    found: dict[str, str] = {}
    for one in problems:
        found.setdefault(one.where, one.text)
    return found
