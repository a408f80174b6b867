"""What was compared and what is not as it must be, by object; people appear in it as hashes only."""

from collections import Counter
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

SHOWN = 5


def masked(*parts: object) -> str:
    """A key without the person in it."""
    return "…".join(blake2b(str(part).encode(), digest_size=4).hexdigest() for part in parts)


@dataclass
class Verdict:
    """Of one object. `tolerated`: differences that no client can know of yet, by why; `prints`: digests of what must be.

    `refused`: rows that an org cannot take, such as addresses of more than 80 characters. `fresh`: how many rows became
    what they are since the check before, by what one call of the API gives them: a list and a state, a mail and a kind.
    """

    compared: int = 0
    missing: int = 0
    extra: int = 0
    wrong: int = 0
    refused: int = 0
    by_field: Counter[str] = field(default_factory=Counter)
    tolerated: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    prints: dict[int, int] = field(default_factory=dict, repr=False)
    fresh: Counter[str] = field(default_factory=Counter)

    @property
    def ok(self) -> bool:
        return not (self.missing or self.extra or self.wrong)

    def _show(self, text: str) -> None:
        if len(self.examples) < SHOWN:
            self.examples.append(text)

    def note_missing(self, key: str) -> None:
        self.missing += 1
        self._show(f"missing: {key}")

    def note_extra(self, key: str) -> None:
        self.extra += 1
        self._show(f"extra: {key}")

    def note_wrong(
        self, key: str, fields: dict[str, tuple[Any, Any]], *, private: frozenset[str] = frozenset()
    ) -> None:
        """`fields`: what it is and what it must be, by field; values of private ones are not shown."""
        self.wrong += 1
        for name, (got, want) in fields.items():
            self.by_field[name] += 1
            told = "differs" if name in private else f"is {got!r}, not {want!r}"
            self._show(f"wrong: {key}: {name} {told}")

    def as_json(self) -> dict[str, Any]:
        """Without the digests."""
        return {
            "compared": self.compared,
            "missing": self.missing,
            "extra": self.extra,
            "wrong": self.wrong,
            "refused": self.refused,
            "by_field": dict(self.by_field),
            "tolerated": dict(self.tolerated),
            "examples": self.examples,
        }


@dataclass
class Report:
    """All objects that were compared."""

    verdicts: dict[str, Verdict] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return all(each.ok for each in self.verdicts.values())

    @property
    def tolerated(self) -> int:
        """How many differences no client can know of yet."""
        return sum(each.tolerated.total() for each in self.verdicts.values())

    def text(self) -> str:
        """The differences, a line each."""
        lines = []
        for name, each in self.verdicts.items():
            if not each.ok:
                lines.append(
                    f"{name}: {each.missing} missing, {each.extra} extra, {each.wrong} wrong of {each.compared}"
                )
                lines += [f"  {example}" for example in each.examples]
        return "\n".join(lines) or "all as it must be"

    def as_json(self) -> dict[str, Any]:
        return {name: each.as_json() for name, each in self.verdicts.items()}
