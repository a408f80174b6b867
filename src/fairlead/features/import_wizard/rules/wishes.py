"""Many rows of a source at a time, by column: what they ask for, and which of them cannot be asked for.

`rows.read` says what one row means; a property holds both against each other. Here no object is made for a row: a column is
read by calls that go through all of it, and only what is unusual in it is looked at cell by cell.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress, repeat
from typing import Any, Final

from fairlead.features.import_wizard.rules import rows
from fairlead.features.import_wizard.rules.rows import CLEAR, LONGEST, Person, Reading, ToE164, Why

Columns = Sequence[Sequence[str]]
"""Rows of a source: for each wanted column the texts of all rows."""

_BETWEEN: Final = "\x1e"


@dataclass(slots=True)
class Wishes:
    """What people shall be, a column for each part; None where nothing is said of anybody's. `Person` says what each means.

    `values` are custom fields: their key, and a text for each person, blank for what stays as it is.
    """

    emails: list[str] = field(repr=False)
    names: list[str | None] | None = field(default=None, repr=False)
    mobiles: list[str | None] | None = field(default=None, repr=False)
    tracks: list[str] | None = field(default=None, repr=False)
    sms: list[str] | None = field(default=None, repr=False)
    values: tuple[tuple[str, list[str]], ...] = field(default=(), repr=False)

    def __len__(self) -> int:
        return len(self.emails)

    def all_with(self, key: str, text: str) -> "Wishes":
        """The same, and this custom field for everybody."""
        return self._each(lambda column: column, ((key, [text] * len(self)),))

    def only(self, chosen: Sequence[bool]) -> "Wishes":
        """Those of them that are chosen."""
        return self._each(lambda column: list(compress(column, chosen)))

    def cut(self, begin: int, end: int) -> "Wishes":
        """Those from one place to another."""
        return self._each(lambda column: column[begin:end])

    def and_then(self, others: "Wishes") -> "Wishes":
        """These and those, which say something of the same parts."""
        theirs = iter([*others._columns()])
        return self._each(lambda column: column + next(theirs))

    def texts(self, before: str = "") -> list[str]:
        """For each person what `Person.text` gives, after `before`: equal for equal wishes."""
        named: Iterable[str] = repeat(f"{_BETWEEN}True")
        if self.names is not None:
            named = [f"{_BETWEEN}True" if name is None else f"{name}{_BETWEEN}False" for name in self.names]
        mobiles = repeat("") if self.mobiles is None else [one or "" for one in self.mobiles]
        parts = (self.emails, named, mobiles, self.tracks or repeat(""), self.sms or repeat(""))
        whole: Iterable[str] = map(_BETWEEN.join, zip(*parts, strict=False))  # those that repeat have no end
        own = [[f"{_BETWEEN}{key}={text}" if text else "" for text in texts] for key, texts in self.values]
        return list(map("".join, zip(repeat(before), whole, *own, strict=False)))

    def persons(self) -> Iterator[Person]:
        """Each of them by itself."""
        return map(self.person, range(len(self)))

    def person(self, at: int) -> Person:
        """One of them by itself."""
        return Person(
            self.emails[at],
            self.names[at] if self.names else None,
            self.mobiles[at] if self.mobiles else None,
            self.tracks[at] if self.tracks else "",
            self.sms[at] if self.sms else "",
            tuple((key, texts[at]) for key, texts in self.values if texts[at]),
        )

    def _columns(self) -> Iterator[list[Any]]:
        """In the order in which `_each` asks for them."""
        yield self.emails
        for column in (self.names, self.mobiles, self.tracks, self.sms):
            if column is not None:
                yield column
        for _, texts in self.values:
            yield texts

    def _each(self, of: Callable[[list[Any]], list[Any]], more: tuple[tuple[str, list[str]], ...] = ()) -> "Wishes":
        return Wishes(
            of(self.emails),
            None if self.names is None else of(self.names),
            None if self.mobiles is None else of(self.mobiles),
            None if self.tracks is None else of(self.tracks),
            None if self.sms is None else of(self.sms),
            tuple((key, of(texts)) for key, texts in self.values) + more,
        )


def read(how: Reading, columns: Columns, to_e164: ToE164 = rows.only_e164) -> tuple[Wishes, dict[int, Why]]:
    """What the rows ask for, and why some (by place) cannot: what stands in the wishes for those means nothing.

    Never raises for what stands in a cell.
    """
    count = len(columns[how.email])
    why: dict[int, Why] = {}
    emails = _addresses(columns[how.email], why)
    tracks = [how.track_default] * count if how.track_default else None
    if how.track is not None:
        tracks = _consents(columns[how.track], why)
    sms = None if how.sms is None else _consents(columns[how.sms], why)
    mobiles = None if how.mobile is None else _mobiles(columns[how.mobile], to_e164, why)
    values = [(key, _values(columns[place], kind, why)) for key, kind, place in how.values]
    if how.clear_blank:
        values = [(key, [text or CLEAR for text in texts]) for key, texts in values]
    names = _names(how, columns) if how.name else None
    return Wishes(emails, names, mobiles, tracks, sms, tuple(values)), why


def without(why: dict[int, Why], places: Collection[int], count: int) -> tuple[list[bool], dict[int, Why]]:
    """Which of `count` rows stay where those at these places go, and why some of them cannot, by their new places."""
    stays = [True] * count
    for place in places:
        stays[place] = False
    gone = sorted(places)
    moved: dict[int, Why] = {}
    before = 0
    for place in sorted(why):
        while before < len(gone) and gone[before] < place:
            before += 1
        if stays[place]:
            moved[place - before] = why[place]
    return stays, moved


def _addresses(cells: Sequence[str], why: dict[int, Why]) -> list[str]:
    emails = [cell.strip() for cell in cells]
    if not all(map(rows.ADDRESS.fullmatch, emails)):
        for place, email in enumerate(emails):
            if not email:
                why[place] = Why.NO_ADDRESS
            elif not rows.ADDRESS.fullmatch(email):
                why[place] = Why.BAD_ADDRESS
    return emails


def _consents(cells: Sequence[str], why: dict[int, Why]) -> list[str]:
    """A word is looked at once, however many have it."""
    meant = {word: rows.consent(word) for word in set(cells)}
    if None in meant.values():
        for place, cell in enumerate(cells):
            if meant[cell] is None:
                why.setdefault(place, Why.BAD_CONSENT)
    return [meant[cell] or "" for cell in cells]


def _mobiles(cells: Sequence[str], to_e164: ToE164, why: dict[int, Why]) -> list[str | None]:
    numbers = [to_e164(text) if (text := cell.strip()) else "" for cell in cells]
    if None in numbers:
        for place, number in enumerate(numbers):
            if number is None:
                why.setdefault(place, Why.BAD_MOBILE)
    return [number or None for number in numbers]


def _values(cells: Sequence[str], kind: str, why: dict[int, Why]) -> list[str]:
    if kind not in _READ_EACH:
        texts = [cell.strip() for cell in cells]
        if max(map(len, texts), default=0) <= LONGEST:
            return texts
    found: list[str] = []
    for place, cell in enumerate(cells):
        text = rows.value(cell, kind)
        if isinstance(text, Why):
            why.setdefault(place, text)
        found.append(text)
    return found


_READ_EACH: Final = frozenset({"Date", "Number", "MultiSelectMany"})


def _names(how: Reading, columns: Columns) -> list[str | None]:
    parts = [[cell.strip() for cell in columns[place]] for place in how.name]
    if len(parts) == 1:
        names = parts[0]
    elif len(parts) == 2:
        names = [f"{first} {last}" if first and last else first or last for first, last in zip(*parts, strict=True)]
    else:
        names = [" ".join(filter(None, each)) for each in zip(*parts, strict=True)]
    blank = CLEAR if how.clear_blank else None
    return [name or blank for name in names]
