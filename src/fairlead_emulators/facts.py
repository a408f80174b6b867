"""Every imitated behaviour has an entry in its emulator's `facts.toml`, with the proof that it is so.

fact = FactBook(__package__)          # once, in the emulator's package

@fact("paging")                       # on the function or class that imitates it
def page(...): ...

fact("ids")                           # or as a statement inside it

An assumed entry may say in `apart` why calls to an account cannot check it; the others are checked in `tests/live`.
"""

import ast
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Final, TypeVar

PROOFS: Final = ("documented", "seen in client code", "assumed")
T = TypeVar("T")


class FactBook:
    """The facts of one emulator package: every `facts.toml` in it, beside the modules that cite it."""

    def __init__(self, package: str) -> None:
        self._package = package
        books = list(_books_below(resources.files(package), package))
        listed = [entry for _, book in books for entry in book["fact"]]
        self._miscounted = [each for each in books if _assumed(each[1]["fact"]) != each[1].get("assumed", 0)]
        self.entries: dict[str, dict[str, str]] = {each["id"]: each for each in listed}
        self._twice = sorted(each for each, count in Counter(each["id"] for each in listed).items() if count > 1)

    def __call__(self, identity: str) -> Callable[[T], T]:
        """Marks code as imitating that entry. Raises LookupError when there is none."""
        if identity not in self.entries:
            raise LookupError(f"facts.toml of {self._package} has no entry {identity!r}: add it with its proof")
        return _unchanged

    def cited(self) -> set[str]:
        """The ids which the package's source cites by `fact("…")`, found without running it."""
        return _cited_below(resources.files(self._package))

    def problems(self) -> list[str]:
        """What is wrong with the book, as sentences: uncited or unknown ids, missing parts, unknown proofs."""
        cited = self.cited()
        found = [f"{each!r} is cited and has no entry" for each in sorted(cited - set(self.entries))]
        found += [f"{each!r} has an entry and is not cited" for each in sorted(set(self.entries) - cited)]
        found += [f"{each!r} has two entries" for each in self._twice]
        found += [
            f"{name} says assumed = {book.get('assumed', 0)} and holds {_assumed(book['fact'])}: find proof, or say so"
            for name, book in self._miscounted
        ]
        for identity, entry in self.entries.items():
            if entry.get("proof") not in PROOFS:
                found.append(f"{identity!r} has proof {entry.get('proof')!r}: use one of {PROOFS}")
            found += [f"{identity!r} has no {part}" for part in ("text", "where") if not entry.get(part)]
            if entry.get("proof") != "assumed" and "apart" in entry:
                found.append(f"{identity!r} is not assumed and stands apart all the same: leave out apart")
        return found

    def assumed(self) -> int:
        """How many entries are assumed. Each file says its own number at its top, so that a rise is seen and argued."""
        return _assumed(self.entries.values())


def _unchanged(marked: T) -> T:
    return marked


def _assumed(entries: Iterable[Mapping[str, str]]) -> int:
    return sum(entry.get("proof") == "assumed" for entry in entries)


def _books_below(folder: Traversable, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for each in sorted(folder.iterdir(), key=lambda each: each.name):
        if each.is_dir() and each.name != "__pycache__":
            yield from _books_below(each, f"{name}.{each.name}")
        elif each.name == "facts.toml":
            yield f"facts.toml of {name}", tomllib.loads(each.read_text(encoding="utf-8"))


def _cited_below(folder: Traversable) -> set[str]:
    found: set[str] = set()
    for each in folder.iterdir():
        if each.is_dir() and each.name != "__pycache__":
            found |= _cited_below(each)
        elif each.name.endswith(".py"):
            found |= {
                str(call.args[0].value)
                for call in ast.walk(ast.parse(each.read_text(encoding="utf-8")))
                if isinstance(call, ast.Call)
                and isinstance(call.func, ast.Name)
                and call.func.id == "fact"
                and call.args
                and isinstance(call.args[0], ast.Constant)
            }
    return found
