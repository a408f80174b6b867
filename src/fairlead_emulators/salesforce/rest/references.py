"""`@{reference.field}`: what an inner request takes from the answer of an earlier one."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from fairlead_emulators.salesforce.facts import fact

fact("composite_references")

NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_REFERENCE: Final = re.compile(r"@\{([^.}\[]*)([^}]*)\}")
_PART: Final = re.compile(r"[^.\[\]]+")


class Unanswered(LookupError):
    """A reference to what no earlier request answered; the text is Salesforce's."""


def names_in(value: Any) -> set[str]:
    """The references that a URL or body makes."""
    if isinstance(value, str):
        return {match.group(1) for match in _REFERENCE.finditer(value)}
    if isinstance(value, Mapping):
        return set().union(*(names_in(part) for pair in value.items() for part in pair))
    if isinstance(value, list):
        return set().union(*(names_in(part) for part in value))
    return set()


def filled(value: Any, answers: Mapping[str, Any]) -> Any:
    """A body with its references replaced. Raises Unanswered."""
    if isinstance(value, Mapping):
        return {filled(name, answers): filled(part, answers) for name, part in value.items()}
    if isinstance(value, list):
        return [filled(part, answers) for part in value]
    if not isinstance(value, str):
        return value
    whole = _REFERENCE.fullmatch(value)
    return _looked_up(whole, answers) if whole else _replaced(value, answers, str)


def filled_url(url: str, answers: Mapping[str, Any]) -> str:
    """A URL with its references replaced. Raises Unanswered."""
    return _replaced(url, answers, lambda found: quote(str(found), safe=""))


def _replaced(text: str, answers: Mapping[str, Any], shown: Callable[[Any], str]) -> str:
    return _REFERENCE.sub(lambda match: shown(_looked_up(match, answers)), text)


def _looked_up(match: re.Match[str], answers: Mapping[str, Any]) -> Any:
    name, path = match.group(1), match.group(2)
    try:
        found = answers[name]
        for part in _PART.findall(path):
            found = found[int(part)] if isinstance(found, list) else found[part]
    except (LookupError, TypeError, ValueError):
        raise Unanswered(f"Invalid reference specified. No value for {name}{path} found in {name}") from None
    return found
