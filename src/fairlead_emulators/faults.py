"""Faults on demand: rules that tests post, and what takes them.

Transport faults (`status`, `delay`, `cut`, `lost_answer`, `malformed`) are worked by `middleware.Gate` on any
request. Every other name is a service fault (`row_lock`, `expired_token`, …): the service asks for it where it
belongs, by `faults.take("row_lock", object="CM_Member__c")`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

TRANSPORT: Final = frozenset({"status", "delay", "cut", "lost_answer", "malformed"})
_KEYS: Final = frozenset({"match", "times", "fault", "status", "body", "headers", "seconds", "after", "every", "data"})


@dataclass
class Rule:
    """One posted fault. `match`: a regular expression (searched, case-insensitive) per fact of the occasion."""

    fault: str
    match: dict[str, re.Pattern[str]] = field(default_factory=dict)
    times: int | None = 1
    status: int = 500
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    after: int = 0
    every: int = 1
    data: dict[str, Any] = field(default_factory=dict)
    seen: int = 0
    taken: int = 0

    def fits(self, occasion: Mapping[str, object]) -> bool:
        """Whether every matched fact is present and fits; a matched fact that is absent does not."""
        return all(
            name in occasion and pattern.search(str(occasion[name])) is not None for name, pattern in self.match.items()
        )

    def strike(self) -> bool:
        """Counts one fitting occasion; True when the fault happens on it."""
        if self.times is not None and self.taken >= self.times:
            return False
        self.seen += 1
        past = self.seen - self.after
        if past < 1 or (past - 1) % self.every:
            return False
        self.taken += 1
        return True


def rule(posted: Mapping[str, Any], known: frozenset[str]) -> Rule:
    """A rule from its JSON form. Raises ValueError naming the part that is wrong."""
    unknown = set(posted) - _KEYS
    if unknown:
        raise ValueError(f"fault has unknown keys {sorted(unknown)}: use {sorted(_KEYS)}")
    name = posted.get("fault")
    if name not in known:
        raise ValueError(f"fault {name!r} is not known here: use one of {sorted(known)}")
    every = int(posted.get("every", 1))
    if every < 1:
        raise ValueError(f"every is {every}: use 1 or more")
    times = posted.get("times", 1)
    return Rule(
        fault=str(name),
        match={key: _pattern(str(text)) for key, text in posted.get("match", {}).items()},
        times=None if times is None else int(times),
        status=int(posted.get("status", 500)),
        body=posted.get("body"),
        headers={str(key): str(value) for key, value in posted.get("headers", {}).items()},
        seconds=float(posted.get("seconds", 0)),
        after=int(posted.get("after", 0)),
        every=every,
        data=dict(posted.get("data", {})),
    )


def _pattern(text: str) -> re.Pattern[str]:
    """What facts are matched with. Raises ValueError for a text that is no regular expression."""
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"match has {text!r}, which is no regular expression: {error}") from error


class Faults:
    """The rules in force on one emulator, oldest first; the first that strikes is the one that happens."""

    def __init__(self, service_faults: frozenset[str] = frozenset()) -> None:
        self.known = TRANSPORT | service_faults
        self._rules: list[Rule] = []

    def add(self, posted: list[Mapping[str, Any]]) -> int:
        """Adds rules (all or none) and returns how many are in force. Raises ValueError for a wrong one."""
        self._rules += [rule(each, self.known) for each in posted]
        return len(self._rules)

    def clear(self) -> None:
        """Takes back all rules."""
        self._rules.clear()

    def any_in_force(self) -> bool:
        """Whether looking is worth it."""
        return bool(self._rules)

    def take(self, name: str, /, **occasion: object) -> Rule | None:
        """The rule of this name that strikes on this occasion, or None. Each call counts as one occasion."""
        for each in self._rules:
            if each.fault == name and each.fits(occasion) and each.strike():
                return each
        return None

    def take_transport(self, **occasion: object) -> Rule | None:
        """As `take`, for any transport fault. The middleware calls it once per request."""
        for each in self._rules:
            if each.fault in TRANSPORT and each.fits(occasion) and each.strike():
                return each
        return None

    def as_json(self) -> list[dict[str, Any]]:
        """`[{fault, match, times, seen, taken}]`."""
        return [
            {
                "fault": each.fault,
                "match": {name: pattern.pattern for name, pattern in each.match.items()},
                "times": each.times,
                "seen": each.seen,
                "taken": each.taken,
            }
            for each in self._rules
        ]
