"""Writes the page of what is imitated from the books of facts: `python -m fairlead_emulators.reference docs/reference`."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from fairlead_emulators.campaignmonitor.facts import fact as campaign_monitor
from fairlead_emulators.campaignmonitor.switches import SWITCHES
from fairlead_emulators.salesforce.facts import fact as salesforce

NOTE: Final = "<!-- Written by `make docs` from the code: do not edit. -->\n\n"
HEAD: Final = """# What is imitated

The local Campaign Monitor account and the local Salesforce org answer as the vendors document it. Every behaviour below
names its proof: the vendors' documentation, what well-known clients rely on, or nothing yet. What is *assumed* may be
otherwise in the real service; much of it can be switched with `POST /_control/settings`.

"""
TABLE: Final = "| behaviour | known from |\n| --- | --- |\n"
_ASSUMED: Final = "assumed"


def page() -> str:
    """The page, whole."""
    return NOTE + HEAD + "\n".join(_sections())


def _sections() -> Iterator[str]:
    for title, book in (("Campaign Monitor", campaign_monitor), ("Salesforce", salesforce)):
        known = [each for each in book.entries.values() if each["proof"] != _ASSUMED]
        assumed = [each for each in book.entries.values() if each["proof"] == _ASSUMED]
        yield f"## {title}: proved\n\n{TABLE}{_rows(known)}"
        yield f"## {title}: assumed\n\n{TABLE}{_rows(assumed)}"
    rows = "".join(f"| `{name}` | `{each.default}` | {_cell(each.text)} |\n" for name, each in sorted(SWITCHES.items()))
    yield f"## Settings of the Campaign Monitor account\n\n| setting | default | |\n| --- | --- | --- |\n{rows}"


def _rows(entries: Iterable[Mapping[str, str]]) -> str:
    return "".join(f"| {_cell(each['text'])} | {_cell(each['where'])} |\n" for each in entries)


def _cell(text: str) -> str:
    """One line of a table: angle brackets and bars are no markup."""
    return " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|").replace("[", "\\[")


PAGES: Final[Mapping[str, Callable[[], str]]] = {"imitated.md": page}


def main(folder: str) -> None:
    """Writes the pages into the folder."""
    for name, made in PAGES.items():
        (Path(folder) / name).write_text(made(), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
