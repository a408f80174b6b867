"""What a row of a source asks for on a list, or why it cannot be asked for."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from fairlead.domain.address import normal
from fairlead.domain.words import noop
from fairlead.features.import_wizard.rules import columns
from fairlead.features.import_wizard.rules.columns import Line

CLEAR: Final = "\x00"
"""A value that empties a field."""
SEVERAL: Final = "\x1f"
"""Between the values of a field of several choices."""
LONGEST: Final = 250
"""Characters of one value of a custom field."""

ToE164 = Callable[[str], str | None]
"""Gives a telephone number as E.164; None where it is none."""


class Why(StrEnum):
    """Why a row was not written, where Fairlead itself says so; what Campaign Monitor says has its own number."""

    NO_ADDRESS = "no-address"
    BAD_ADDRESS = "bad-address"
    TWICE = "twice"
    BAD_CONSENT = "bad-consent"
    BAD_MOBILE = "bad-mobile"
    TOO_LONG = "too-long"
    BAD_VALUE = "bad-value"
    TICKED = "ticked"
    OPTED_OUT = "opted-out"
    NOT_DELETED = "not-deleted"
    SUPPRESSED = "suppressed"
    PASSING = "passing"

    @property
    def text(self) -> str:
        """The reason as people read it."""
        return _WHY[self]


_WHY: Final = {
    Why.NO_ADDRESS: noop("The row has no e-mail address."),
    Why.BAD_ADDRESS: noop("What stands in the column of the e-mail address is none."),
    Why.TWICE: noop("The address comes more than once in the source; the first row counts."),
    Why.BAD_CONSENT: noop("A consent must be yes, no or blank."),
    Why.BAD_MOBILE: noop("The mobile number is not in international form, such as +61412345678."),
    Why.TOO_LONG: noop("A value has more than 250 characters."),
    Why.BAD_VALUE: noop("A value does not fit its field: a date or number was expected."),
    Why.TICKED: noop("Email Opt Out is ticked in Salesforce for this address."),
    Why.OPTED_OUT: noop("The address is known to have opted out."),
    Why.NOT_DELETED: noop("The person is no longer Deleted on the list, or never was: they stay as they are."),
    Why.SUPPRESSED: noop("The address is on the client's suppression list: nobody brings it back."),
    Why.PASSING: noop("Campaign Monitor asked for patience for this address; the next run tries it again."),
}
CM_WORDS: Final = {
    "204": noop("The address is on the client's suppression list."),
    "205": noop("The person was deleted from the list; “add deleted people again” would add them."),
    "206": noop("The person unsubscribed from the list."),
    "207": noop("Mail to the person bounced."),
    "208": noop("The person has not confirmed their subscription yet."),
    "1": noop("Campaign Monitor does not take the address for one."),
}


def reason(code: str) -> str:
    """The reason of a code, whoever gave it. It names nobody."""
    if code in set(Why):
        return Why(code).text
    return CM_WORDS.get(code, f"Campaign Monitor refused it with code {code}.")


@dataclass(frozen=True, slots=True)
class Person:
    """A row as it is asked for. `values` are (key, text) of custom fields; None and absent keys stay as they are.

    A name or value of `CLEAR` empties the field. Consents are `Yes`, `No` or blank.
    """

    email: str = field(repr=False)
    name: str | None = field(default=None, repr=False)
    mobile: str | None = field(default=None, repr=False)
    track: str = ""
    sms: str = ""
    values: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def key(self) -> str:
        """The normal form of the address."""
        return normal(self.email)

    @property
    def text(self) -> str:
        """Equal for equal wishes."""
        parts = [self.email, self.name or "", str(self.name is None), self.mobile or "", self.track, self.sms]
        return "\x1e".join([*parts, *(f"{key}={value}" for key, value in self.values)])


@dataclass(frozen=True, slots=True)
class Reading:
    """How rows are read: which cell goes where. `types` are those of custom fields by key."""

    email: int
    name: tuple[int, ...] = ()
    mobile: int | None = None
    track: int | None = None
    sms: int | None = None
    values: tuple[tuple[str, str, int], ...] = ()
    track_default: str = ""
    clear_blank: bool = False

    @classmethod
    def of(
        cls,
        lines: Sequence[Line],
        order: Sequence[str],
        types: Mapping[str, str],
        *,
        track_default: str = "",
        clear_blank: bool = False,
    ) -> "Reading":
        """For rows whose cells come in this order of columns. Raises KeyError for a column that is not among them."""
        place = {name: number for number, name in enumerate(order)}
        at = {line.to: place[line.column] for line in lines}
        own = [(line.to, types.get(line.to, "Text"), place[line.column]) for line in lines if line.to.startswith("[")]
        return cls(
            email=at[columns.EMAIL],
            name=tuple(place[line.column] for line in lines if line.to == columns.NAME),
            mobile=at.get(columns.MOBILE),
            track=at.get(columns.CONSENT_TO_TRACK),
            sms=at.get(columns.CONSENT_TO_SEND_SMS),
            values=tuple(own),
            track_default=track_default,
            clear_blank=clear_blank,
        )


ADDRESS: Final = re.compile(r"[^@\s,;<>]+@[^@\s,;<>.]+(?:\.[^@\s,;<>.]+)+")
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_YES: Final = frozenset({"true", "yes", "y", "1", "on"})
_NO: Final = frozenset({"false", "no", "n", "0", "off"})
_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_DAY: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T.*)?")


def only_e164(text: str) -> str | None:
    """A number that is in international form already; None else: no country is guessed."""
    return text if _E164.fullmatch(text) else None


def read(how: Reading, cells: Sequence[str], to_e164: ToE164 = only_e164) -> Person | Why:
    """What the row asks for, or why not. Never raises for what stands in a cell."""
    email = cells[how.email].strip()
    if not email:
        return Why.NO_ADDRESS
    if not ADDRESS.fullmatch(email):
        return Why.BAD_ADDRESS
    track = how.track_default if how.track is None else consent(cells[how.track])
    sms = "" if how.sms is None else consent(cells[how.sms])
    if track is None or sms is None:
        return Why.BAD_CONSENT
    mobile = None
    if how.mobile is not None and cells[how.mobile].strip():
        mobile = to_e164(cells[how.mobile].strip())
        if mobile is None:
            return Why.BAD_MOBILE
    values = []
    for key, kind, place in how.values:
        text = value(cells[place], kind)
        if isinstance(text, Why):
            return text
        if text or how.clear_blank:
            values.append((key, text or CLEAR))
    return Person(email, _name(how, cells), mobile, track or "", sms, tuple(values))


def _name(how: Reading, cells: Sequence[str]) -> str | None:
    name = " ".join(part for place in how.name if (part := cells[place].strip()))
    if name:
        return name
    return CLEAR if how.name and how.clear_blank else None


def consent(text: str) -> str | None:
    """`Yes`, `No`, or blank for nothing said; None for other words."""
    word = text.strip().casefold()
    if not word:
        return ""
    return "Yes" if word in _YES else "No" if word in _NO else None


def value(text: str, kind: str) -> str | Why:
    """A cell as a custom field of this type takes it; blank stays blank."""
    text = text.strip()
    if not text:
        return ""
    if kind == "Date":
        day = _DAY.fullmatch(text)
        return "/".join(day.groups()) if day else Why.BAD_VALUE
    if kind == "Number" and not _NUMBER.fullmatch(text):
        return Why.BAD_VALUE
    parts = [part.strip() for part in text.split(";") if part.strip()] if kind == "MultiSelectMany" else [text]
    if any(len(part) > LONGEST for part in parts):
        return Why.TOO_LONG
    return SEVERAL.join(dict.fromkeys(parts))
