"""Members of every list, and who is suppressed: records about people, linked to contacts and leads."""

from typing import Any, Final

from tests.oracle.moments import first_showing, minute_of, second_of
from tests.oracle.reading import CM, Row
from tests.oracle.report import Verdict, masked
from tests.oracle.world import LONGEST_EMAIL, World

_LONGEST_NAME: Final = 255
_LONGEST_FIELDS: Final = 32_000
_PRIVATE: Final = frozenset({"Email__c", "Full_Name__c", "Custom_Fields__c", "Mobile_Number__c"})
_STALE: Final = frozenset({"Full_Name__c", "Custom_Fields__c", "Mobile_Number__c", "Consent_To_Send_SMS__c"})
"""Fields whose edits move no date."""
_LINKS: Final = frozenset({"Contact__c", "Lead__c"})
_MEMBER: Final = (
    "Member_Key__c", "List__c", "Email__c", "Full_Name__c", "State__c", "State_Date__c", "Joined_Date__c",
    "Contact__c", "Lead__c", "Reads_Email_With__c", "Custom_Fields__c",
)  # fmt: skip
_DETAILS: Final = ("Consent_To_Track__c", "Mobile_Number__c", "Consent_To_Send_SMS__c")
_YES: Final = {True: "Yes", False: "No"}


def custom_fields(pairs: list[list[str]]) -> str:
    """As people read them: a line `Name: value` for each value that is not blank."""
    lines = [f"{name.strip('[]')}: {value}" for name, value in pairs if value]
    return "\n".join(lines)[:_LONGEST_FIELDS]


def _plain(text: str | None) -> str:
    """A long text without what an org does to its line ends and edges."""
    return "\n".join(line.rstrip() for line in (text or "").replace("\r\n", "\n").split("\n")).strip()


def members(world: World, *, details: bool = False) -> Verdict:
    """Every subscriber of every list, in all five states, is one member."""
    verdict = Verdict()
    wanted = {}
    for row in world.sides.lines(CM, "subscribers"):
        key = f"{row['list']}:{row['email'].strip().lower()}"
        if len(row["email"]) > LONGEST_EMAIL:
            verdict.refused += 1
        else:
            wanted[key] = _member(world, row, details=details)
            if world.since and minute_of(row["state_date"]) >= world.since:
                verdict.fresh[f"{row['list']}:{row['state']}"] += 1
    verdict.compared = len(wanted)
    verdict.prints = {hash(key): hash(row) for key, row in wanted.items()}
    names = (*_MEMBER, *(_DETAILS if details else ()))
    seen: set[str] = set()
    for record in world.sides.records("CM_Member__c", *names):
        key = record["Member_Key__c"]
        want = wanted.get(key)
        if want is None or key in seen:
            _not_wanted(world, verdict, key, twice=key in seen)
            continue
        seen.add(key)
        _check(world, verdict, key, record, dict(zip(_compared(details=details), want, strict=True)))
    for key in wanted.keys() - seen:
        if tuple(key.split(":", 1)) in world.tolerance.renamed_on:
            verdict.tolerated["an address that was changed"] += 1
        else:
            verdict.note_missing(masked(*key.split(":", 1)))
    return verdict


def _compared(*, details: bool) -> tuple[str, ...]:
    first = ("List__c", "Email__c", "Full_Name__c", "State__c", "State_Date__c", "Joined_Date__c")
    return (*first, "Reads_Email_With__c", "Custom_Fields__c", *(_DETAILS if details else ()))


def _member(world: World, row: Row, *, details: bool) -> tuple[Any, ...]:
    zone = world.zones[row["client"]]
    told = (
        row["list"],
        row["email"],
        row["name"][:_LONGEST_NAME].strip() or None,
        row["state"],
        first_showing(minute_of(row["state_date"]), zone),
        first_showing(minute_of(row["joined_date"]), zone),
        row["reads"] or None,
        _plain(custom_fields(row["custom_fields"])),
    )
    return (*told, row["consent"], row["mobile"] or None, _sms(row)) if details else told


def _sms(row: Row) -> str | None:
    """The API tells of this consent only together with a number."""
    return _YES[row["sms"]] if row["mobile"] else None


def _check(world: World, verdict: Verdict, key: str, record: Row, want: Row) -> None:
    on, address = key.split(":", 1)
    zone = world.zones[world.lists[on]["client"]]
    got = record | {
        "List__c": world.list_of_record.get(record["List__c"]),
        "Custom_Fields__c": _plain(record["Custom_Fields__c"]),
    }
    for name in ("State_Date__c", "Joined_Date__c"):
        got[name] = first_showing(minute_of(record[name]), zone) if record[name] else None
    differ: dict[str, tuple[Any, Any]] = {
        name: (got[name], each) for name, each in want.items() if (got[name] or None) != (each or None)
    }
    stale = (on, address) in world.tolerance.dateless or (on, address) in world.tolerance.renamed_on
    if stale and differ.keys() & _STALE:
        verdict.tolerated["an edit that moves no date"] += 1
        differ = {name: each for name, each in differ.items() if name not in _STALE}
    linked = world.links.differ(record["Email__c"], record)
    if linked and not world.relinks and address in world.tolerance.relinked:
        verdict.tolerated["contacts or leads that changed"] += 1
        linked = {}
    if differ or linked:
        verdict.note_wrong(masked(on, address), {**differ, **linked}, private=_PRIVATE)


def _not_wanted(world: World, verdict: Verdict, key: str, *, twice: bool) -> None:
    on, _, address = key.partition(":")
    if on in world.tolerance.lists_gone and not twice:
        verdict.tolerated["a member of a list that is gone"] += 1
    elif (on, address) in world.tolerance.renamed_on and not twice:
        verdict.tolerated["an address that was changed"] += 1
    else:
        verdict.note_extra(masked(on, address))


def suppressions(world: World) -> Verdict:
    """Every address on a client's suppression list is one record."""
    verdict = Verdict()
    wanted: dict[tuple[str, str], tuple[str, int]] = {}
    for row in world.sides.lines(CM, "truth/suppressions"):
        if len(row["email"]) > LONGEST_EMAIL:
            verdict.refused += 1
            continue
        at = second_of(row["at"])
        minute = first_showing(at // 60, world.zones[row["client"]])
        wanted[row["client"], row["email"].strip().lower()] = (row["reason"], minute * 60 + at % 60)
    verdict.compared = len(wanted)
    verdict.prints = {hash(key): hash(told) for key, told in wanted.items()}
    seen: set[tuple[str, str]] = set()
    names = ("Client__c", "Email__c", "Suppressed_Date__c", "Reason__c", "Contact__c", "Lead__c")
    for record in world.sides.records("CM_Suppression__c", *names):
        key = (world.client_of_record.get(record["Client__c"], ""), (record["Email__c"] or "").strip().lower())
        if key in seen or key not in wanted:
            if key in world.tolerance.unsuppressed and key not in seen:
                verdict.tolerated["taken off the suppression list"] += 1
            else:
                verdict.note_extra(masked(*key))
            continue
        seen.add(key)
        _check_suppression(world, verdict, key, record, wanted[key])
    for key in wanted.keys() - seen:
        verdict.note_missing(masked(*key))
    return verdict


def _check_suppression(
    world: World, verdict: Verdict, key: tuple[str, str], record: Row, want: tuple[str, int]
) -> None:
    at = second_of(record["Suppressed_Date__c"]) if record["Suppressed_Date__c"] else 0
    found = first_showing(at // 60, world.zones[key[0]]) * 60 + at % 60
    differ: dict[str, tuple[Any, Any]] = {}
    if record["Reason__c"] != want[0]:
        differ["Reason__c"] = (record["Reason__c"], want[0])
    if found != want[1]:
        differ["Suppressed_Date__c"] = (found, want[1])
    linked = world.links.differ(key[1], record)
    if linked and not world.relinks and key[1] in world.tolerance.relinked:
        verdict.tolerated["contacts or leads that changed"] += 1
        linked = {}
    if differ or linked:
        verdict.note_wrong(masked(*key), {**differ, **linked})
