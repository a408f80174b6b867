"""Members of every list, and who is suppressed: records about people, linked to contacts and leads."""

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import msgspec

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


class _Wanted(NamedTuple):
    """What a subscriber's record must be: `told` are the values of `_compared`; no `key` where the address is too long."""

    key: str
    told: tuple[Any, ...]
    minute: int
    list_and_state: str


class _Got(NamedTuple):
    """What a record is: `told` as of `_Wanted`."""

    key: str
    told: tuple[Any, ...]
    email: str
    linked: Row


@dataclass
class Memory:
    """Lines of the last check as they were understood then: most are the same again. Only what a line means is kept,
    never whether it was as it must be. `of`: the lists and zones by which they were understood.
    """

    of: object = None
    wanted: dict[bytes, _Wanted] = field(default_factory=dict)
    got: dict[bytes, _Got] = field(default_factory=dict)


_memory: Final = {False: Memory(), True: Memory()}


def members(world: World, *, details: bool = False) -> Verdict:
    """Every subscriber of every list, in all five states, is one member."""
    verdict = Verdict()
    memory = _memory[details]
    of = (world.zones, world.list_of_record, {key: row["client"] for key, row in world.lists.items()})
    before = memory if memory.of == of else Memory()
    now = _memory[details] = Memory(of)
    wanted: dict[str, tuple[Any, ...]] = {}
    decode = msgspec.json.Decoder().decode
    for line in world.sides.raw_lines(CM, "subscribers", brief="true"):
        row = now.wanted[line] = before.wanted.get(line) or _member(world, decode(line), details=details)
        if not row.key:
            verdict.refused += 1
            continue
        wanted[row.key] = row.told
        if world.since and row.minute >= world.since:
            verdict.fresh[row.list_and_state] += 1
    verdict.compared = len(wanted)
    verdict.prints = {hash(key): hash(told) for key, told in wanted.items()}
    names = (*_MEMBER, *(_DETAILS if details else ()))
    seen: set[str] = set()
    for line in world.sides.raw_records("CM_Member__c", *names):
        record = now.got[line] = before.got.get(line) or _record(world, decode(line), details=details)
        want = wanted.get(record.key)
        if want is None or record.key in seen:
            _not_wanted(world, verdict, record.key, twice=record.key in seen)
            continue
        seen.add(record.key)
        linked = world.links.differ(record.email, record.linked)
        if linked or record.told != want:
            _differing(world, verdict, record, dict(zip(_compared(details=details), want, strict=True)), linked)
    for key in wanted.keys() - seen:
        if tuple(key.split(":", 1)) in world.tolerance.renamed_on:
            verdict.tolerated["an address that was changed"] += 1
        else:
            verdict.note_missing(masked(*key.split(":", 1)))
    return verdict


def _compared(*, details: bool) -> tuple[str, ...]:
    first = ("List__c", "Email__c", "Full_Name__c", "State__c", "State_Date__c", "Joined_Date__c")
    return (*first, "Reads_Email_With__c", "Custom_Fields__c", *(_DETAILS if details else ()))


def _member(world: World, row: Row, *, details: bool) -> _Wanted:
    zone, minute = world.zones[row["client"]], minute_of(row["state_date"])
    told = (
        row["list"],
        row["email"],
        row["name"][:_LONGEST_NAME].strip() or None,
        row["state"],
        first_showing(minute, zone),
        first_showing(minute_of(row["joined_date"]), zone),
        row["reads"] or None,
        _plain(custom_fields(row["custom_fields"])) or None,
    )
    if details:
        told = (*told, row["consent"], row["mobile"] or None, _sms(row))
    key = "" if len(row["email"]) > LONGEST_EMAIL else f"{row['list']}:{row['email'].strip().lower()}"
    return _Wanted(key, told, minute, f"{row['list']}:{row['state']}")


def _sms(row: Row) -> str | None:
    """The API tells of this consent only together with a number."""
    return _YES[row["sms"]] if row["mobile"] else None


def _record(world: World, record: Row, *, details: bool) -> _Got:
    on = world.lists.get(record["Member_Key__c"].partition(":")[0])
    got = record | {
        "List__c": world.list_of_record.get(record["List__c"]),
        "Custom_Fields__c": _plain(record["Custom_Fields__c"]),
    }
    for name in ("State_Date__c", "Joined_Date__c"):
        got[name] = first_showing(minute_of(record[name]), world.zones[on["client"]]) if on and record[name] else None
    told = tuple(got[name] or None for name in _compared(details=details))
    return _Got(record["Member_Key__c"], told, record["Email__c"], {name: record[name] for name in sorted(_LINKS)})


def _differing(
    world: World, verdict: Verdict, record: _Got, want: Row, linked: dict[str, tuple[object, object]]
) -> None:
    on, address = record.key.split(":", 1)
    differ: dict[str, tuple[Any, Any]] = {
        name: (got, each) for (name, each), got in zip(want.items(), record.told, strict=True) if got != (each or None)
    }
    stale = (on, address) in world.tolerance.renamed_on or world.tolerance.edited(on, address)
    if stale and differ.keys() & _STALE:
        verdict.tolerated["an edit that moves no date"] += 1
        differ = {name: each for name, each in differ.items() if name not in _STALE}
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
