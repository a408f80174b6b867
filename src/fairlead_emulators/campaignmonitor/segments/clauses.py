"""Clauses: which verbs a rule may have, and what stands after them."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from fairlead_emulators.campaignmonitor.audience.fields import Field
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.countries import countries
from fairlead_emulators.campaignmonitor.facts import fact

LEVELS: Final = ("New", "Active", "Engaged", "Unengaged", "Dormant", "Ghost")
_IS: Final = ("EQUALS", "NOT_EQUALS")
_GIVEN: Final = ("PROVIDED", "NOT_PROVIDED")
_PARTS: Final = ("CONTAINS", "NOT_CONTAINS")
_DATES: Final = ("AFTER", "BEFORE", "BETWEEN")
_SIZES: Final = ("GREATER_THAN", "LESS_THAN", "BETWEEN")
# Kind of subject → its verbs, and the code for another one.
_VERBS: Final[dict[str, tuple[tuple[str, ...], int]]] = {
    "name": (_IS + _PARTS + _GIVEN, 2712),
    "email": (_IS + _PARTS, 2713),
    "subscribed": (("EQUALS", *_DATES), 2714),
    "text": (_IS + _PARTS + _GIVEN, 2715),
    "number": (_IS + _SIZES + _GIVEN, 2716),
    "option": (_IS + _GIVEN, 2717),
    "date": (_IS + _DATES + _GIVEN, 2718),
    "location": (_IS, 2757),
    "engagement": (_IS, 2761),
    "mobile": (_IS + _PARTS + _GIVEN, 2762),
}
_KIND_OF_FIELD: Final = {
    "Text": "text", "Number": "number", "MultiSelectOne": "option", "MultiSelectMany": "option", "Date": "date",
    "Country": "option", "USState": "option",
}  # fmt: skip
_FIXED: Final = {
    "emailaddress": "email", "name": "name", "datesubscribed": "subscribed", "mobilenumber": "mobile",
    "location": "location", "engagement": "engagement",
}  # fmt: skip
CAMPAIGN_RULES: Final = (
    "campaignopened", "campaignclickedany", "campaignclickedspecific", "campaignnotclickedspecific",
    "campaignopenednoclick", "campaignnotopened",
)  # fmt: skip
_NUMBER: Final = r"-?\d{1,30}(?:\.\d{1,30})?"
_DAY: Final = r"\d{4}-\d{2}-\d{2}"
_CAMPAIGN: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Subject:
    """What a rule looks at. `kind`: as above, or "campaign" with the rule's lower-case type in `about`."""

    kind: str
    field: Field | None = None
    about: str = ""


@dataclass(frozen=True)
class Clause:
    """A clause that was understood. `operands`: text in comparable form, numbers or days."""

    verb: str
    operands: tuple[Any, ...] = ()


@fact("segment-rule-types")
def subject_of(rule_type: str, fields: Sequence[Field]) -> Subject | None:
    """What a rule type means on a list with these custom fields; None when nothing."""
    asked = rule_type.strip().lower()
    if asked in _FIXED:
        return Subject(_FIXED[asked])
    if asked in CAMPAIGN_RULES:
        return Subject("campaign", about=asked)
    if asked.startswith("[") and asked.endswith("]"):
        for each in fields:
            if asked in (each.key, f"[{each.name.lower()}]"):
                return Subject(_KIND_OF_FIELD[each.type], each)
    return None


@fact("segment-verbs")
def clause_of(subject: Subject, text: str) -> Clause:
    """Reads a clause. Raises Refusal 2710, 2712–2722, 2750, 2755–2758, 2761, 2762."""
    text = text.strip()
    if not text:
        raise Refusal(2710)
    if subject.kind == "campaign":
        return _of_campaign(text)
    verb, operand = ([*text.split(None, 1), ""])[:2]
    verb = verb.upper()
    verbs, otherwise = _VERBS[subject.kind]
    if verb not in verbs:
        raise Refusal(otherwise)
    if verb in _GIVEN:
        return Clause(verb)
    if not operand.strip():
        raise Refusal(2719)
    return Clause(verb, _READERS.get(subject.kind, _text)(subject, verb, operand.strip()))


@fact("segment-campaign-clause")
def _of_campaign(text: str) -> Clause:
    if text.split(maxsplit=1)[0].upper() == "EQUALS":
        text = text[len("EQUALS") :].strip()
    identity, _, url = text.partition(" ")
    if _CAMPAIGN.fullmatch(identity.lower()) is None:
        raise Refusal(2750)
    return Clause("EQUALS", (identity.lower(), url.strip()))


def _text(subject: Subject, verb: str, operand: str) -> tuple[Any, ...]:
    return (operand.casefold(),)


def _option(subject: Subject, verb: str, operand: str) -> tuple[Any, ...]:
    field = subject.field
    # Countries and states are not looked up: the account's own spellings are not known.
    if field is not None and field.options and operand.casefold() not in {each.casefold() for each in field.options}:
        raise Refusal(2722)
    return (operand.casefold(),)


def _numbers(subject: Subject, verb: str, operand: str) -> tuple[Any, ...]:
    if verb == "BETWEEN":
        return tuple(float(each) for each in _pair(operand, _NUMBER, 2756))
    if re.fullmatch(_NUMBER, operand) is None:
        raise Refusal(2721)
    return (float(operand),)


def _days(subject: Subject, verb: str, operand: str) -> tuple[Any, ...]:
    if verb == "BETWEEN":
        return tuple(_day(each, 2755) for each in _pair(operand, _DAY, 2755))
    return (_day(operand, 2720),)


def _day(text: str, otherwise: int) -> date:
    if re.fullmatch(_DAY, text) is None:
        raise Refusal(otherwise)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal(otherwise) from None


def _pair(operand: str, part: str, otherwise: int) -> tuple[str, ...]:
    found = re.fullmatch(rf"'?({part})\s+AND\s+({part})'?", operand, re.IGNORECASE)
    if found is None:
        raise Refusal(otherwise)
    return found.groups()


@fact("segment-location")
def _country(subject: Subject, verb: str, operand: str) -> tuple[Any, ...]:
    if operand.casefold() not in {each.casefold() for each in countries()}:
        raise Refusal(2758)
    return (operand.casefold(),)


def _level(subject: Subject, verb: str, operand: str) -> tuple[Any, ...]:
    if operand.casefold() not in {each.casefold() for each in LEVELS}:
        raise Refusal(2761)
    return (operand.casefold(),)


_READERS: Final[dict[str, Callable[[Subject, str, str], tuple[Any, ...]]]] = {
    "option": _option,
    "number": _numbers,
    "date": _days,
    "subscribed": _days,
    "location": _country,
    "engagement": _level,
}
