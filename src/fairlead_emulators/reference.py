"""Writes the pages of what is imitated from the books of facts: `python -m fairlead_emulators.reference docs/reference`."""

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from fairlead_emulators.campaignmonitor.facts import fact as campaign_monitor
from fairlead_emulators.campaignmonitor.switches import SWITCHES
from fairlead_emulators.facts import FactBook
from fairlead_emulators.salesforce.facts import fact as salesforce

NOTE: Final = "<!-- Written by `make docs` from the code: do not edit. -->\n\n"
HEAD: Final = """# What the local {what} imitates

It answers as the vendor documents it. Every behaviour below names its proof: the vendor's documentation, what well-known
clients rely on, or nothing yet. What is *assumed* may be otherwise in the real service; much of it can be switched with
`POST /_control/settings`.

"""
TABLE: Final = "| behaviour | known from |\n| --- | --- |\n"
_ASSUMED: Final = "assumed"


def campaign_monitor_page() -> str:
    """The page of the account."""
    rows = "".join(f"| `{name}` | `{each.default}` | {_cell(each.text)} |\n" for name, each in sorted(SWITCHES.items()))
    settings = f"\n## Settings\n\n| setting | default | |\n| --- | --- | --- |\n{rows}"
    return _page("Campaign Monitor account", campaign_monitor) + settings


def salesforce_page() -> str:
    """The page of the org."""
    return _page("Salesforce org", salesforce)


def _page(what: str, book: FactBook) -> str:
    known = [each for each in book.entries.values() if each["proof"] != _ASSUMED]
    assumed = [each for each in book.entries.values() if each["proof"] == _ASSUMED]
    parts = (f"## Proved\n\n{TABLE}{_rows(known)}", f"## Assumed\n\n{TABLE}{_rows(assumed)}")
    return NOTE + HEAD.format(what=what) + "\n".join(parts)


def _rows(entries: Iterable[Mapping[str, str]]) -> str:
    return "".join(f"| {_cell(each['text'])} | {_cell(each['where'])} |\n" for each in entries)


def _cell(text: str) -> str:
    """One line of a table: angle brackets and bars are no markup."""
    return " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|").replace("[", "\\[")


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "local-campaign-monitor.md": campaign_monitor_page,
    "local-salesforce.md": salesforce_page,
}


def main(folder: str) -> None:
    """Writes the pages into the folder."""
    for name, made in PAGES.items():
        (Path(folder) / name).write_text(made(), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
