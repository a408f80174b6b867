"""Every imitated behaviour of Salesforce has an entry in `facts.toml`; code that imitates it names the entry."""

import tomllib
from functools import cache
from importlib import resources
from typing import Final

PROOFS: Final = ("documented", "seen in client code", "assumed")
used: Final[set[str]] = set()


@cache
def entries() -> dict[str, dict[str, str]]:
    """All entries by id: `{id, text, proof, where}`."""
    text = (resources.files(__package__) / "facts.toml").read_text(encoding="utf-8")
    return {entry["id"]: entry for entry in tomllib.loads(text)["fact"]}


def fact(identity: str) -> None:
    """Marks code as imitating that entry of `facts.toml`. Raises LookupError when there is none."""
    if identity not in entries():
        raise LookupError(f"facts.toml has no entry {identity!r}: add one with its proof")
    used.add(identity)
