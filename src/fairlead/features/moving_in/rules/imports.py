"""Imports of the older package (2.5): taken without days to run on, so that they wait until somebody gives them some."""

from collections.abc import Iterator
from typing import Any, Final

from fairlead.features.moving_in.rules import texts, words
from fairlead.features.moving_in.rules.words import (
    UNKNOWN_LIST,
    Here,
    Item,
    Kind,
    Old,
    Row,
    Verdict,
    list_of,
    text,
    yes,
)

_FIXED: Final = {
    "email": "EmailAddress",
    "emailaddress": "EmailAddress",
    "name": "Name",
    "fullname": "Name",
    "consenttotrack": "ConsentToTrack",
    "mobilenumber": "MobileNumber",
    "consenttosendsms": "ConsentToSendSms",
}
"""What every list has, by the words for it without case and blanks."""
_ID: Final = {"report": "00O", "listview": "00B"}


def imports(old: Old, here: Here) -> Iterator[Item]:
    """Every import: taken, or why not. Of several that take people off one list only the first may (2.5)."""
    removing: set[str] = set()
    for row in old.of(words.IMPORT):
        on = list_of(row, old, here)
        yield _import(row, on, removing)
        yield from _left(row, on)


def _import(row: Row, on: words.ListOf, removing: set[str]) -> Item:
    number = text(row, "Name") or text(row, "Id")
    title = text(row, "Import_Title__c") or number
    key = f"import:{text(row, 'Id')}"
    source = _source(row)
    if not on.known or source is None:
        reason = UNKNOWN_LIST if not on.known else "Its source could not be read for certain. Make the import by hand."
        return Item(key, Kind.IMPORT, Verdict.DECIDE, title, reason, on.id, on.name)
    kind, given = source
    removes = text(row, "Refresh_Type__c").casefold() == "replace"
    second = removes and on.id in removing
    if removes:
        removing.add(on.id)
    columns = texts.columns(text(row, "Mapping__c"))
    lines = [] if columns is None else [{"column": one, "to": _target(to)} for one, to in columns]
    hours = texts.hours(text(row, "Run_At__c")) if _scheduled(row) else []
    name = f"{title} ({number})"[:255]
    payload: dict[str, Any] = {
        "list": on.id,
        "kind": kind,
        "source": given,
        "name": "".join(" at " if mark == "@" else mark for mark in name),
        "refresh": "remove" if removes and not second else "update",
        "clear_blank": yes(row, "Clear_Values__c"),
        "hours": hours,
        "timezone": text(row, "TimeZone") or "UTC",
        "lines": lines,
    }
    return Item(
        key,
        Kind.IMPORT,
        Verdict.DECIDE if second or not lines else Verdict.TAKE,
        title,
        " ".join(_told(row, removes=removes, second=second, lines=bool(lines))),
        on.id,
        on.name,
        writes=(f"Import “{payload['name']}”, {kind}, {payload['refresh']}, paused",),
        payload=payload,
        assumed=texts.ASSUMED if lines else "",
    )


def _source(row: Row) -> tuple[str, dict[str, Any]] | None:
    """The kind of source and what names it. Assumed: `Param__c` holds the id of a report or list view."""
    kind, param, soql = text(row, "Import_Type__c").casefold(), text(row, "Param__c"), text(row, "SOQL__c")
    if kind == "report" and param.startswith(_ID["report"]):
        return "report", {"id": param}
    if kind in ("soql", "listview") and soql:
        return "soql", {"soql": soql}  # the package, too, keeps a list view as the query it was then
    return None


def _target(to: str) -> str:
    bare = to.strip("[]")
    return _FIXED.get(bare.replace(" ", "").replace("_", "").casefold(), f"[{bare}]")


def _scheduled(row: Row) -> bool:
    return text(row, "Schedule_Type__c").casefold() == "scheduled"


def _told(row: Row, *, removes: bool, second: bool, lines: bool) -> Iterator[str]:
    if second:
        yield "Another import takes people off this list already, and two would take off each other's: it is taken as an update."
    elif removes:
        yield "It takes people off who leave the source, but only those whom it added itself: never those of others."
    if not lines:
        yield "Its columns could not be read: choose them before it runs."
    if _scheduled(row):
        days = text(row, "Scheduled_Days__c").replace(";", ", ") or "every day"
        yield f"It is saved paused: its hours stay, its days ({days}) are yours to choose when it is to run."
    else:
        yield "It ran by hand, and does so here."


def _left(row: Row, on: words.ListOf) -> Iterator[Item]:
    title, key = text(row, "Import_Title__c") or text(row, "Name"), f"import:{text(row, 'Id')}"
    if yes(row, "Resubscribe__c"):
        reason = "Fairlead lets nobody in again who left without evidence of consent; imports cannot do it."
        yield Item(f"{key}:resubscribe", Kind.IMPORT, Verdict.NOTHING, f"{title}: resubscribe", reason, on.id, on.name)
    segment = text(row, "Segment_Name__c")
    if segment:
        reason = f"The segment “{segment}” stays as it is. Choose “segment” on the import, and it keeps one of its own."
        yield Item(f"{key}:segment", Kind.IMPORT, Verdict.DECIDE, f"{title}: segment", reason, on.id, on.name)
