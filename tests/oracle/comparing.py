"""Rows that must be against rows that are, by key."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tests.oracle.report import Verdict, masked

Fields = dict[str, Any]


def compare(
    verdict: Verdict,
    wanted: Mapping[str, Fields],
    got: Iterable[tuple[str, Fields]],
    gone: Callable[[str, Fields], str] = lambda _key, _row: "",
) -> None:
    """Every wanted key once, with the wanted fields; `gone` says why a record may be there that is not wanted."""
    seen: set[str] = set()
    for key, row in got:
        if key in seen or key not in wanted:
            why = gone(key, row) if key not in seen else ""
            if why:
                verdict.tolerated[why] += 1
            else:
                verdict.note_extra(masked(key))
            continue
        seen.add(key)
        differ = {name: (row.get(name), want) for name, want in wanted[key].items() if not _same(row.get(name), want)}
        if differ:
            verdict.note_wrong(masked(key), differ, private=frozenset({"Email__c", "Full_Name__c"}))
    verdict.compared += len(wanted)
    for key in wanted.keys() - seen:
        verdict.note_missing(masked(key))
    verdict.prints |= {hash(key): hash(str(fields)) for key, fields in wanted.items()}


def _same(got: Any, want: Any) -> bool:
    if isinstance(want, int | float) and not isinstance(want, bool):
        return got is not None and float(got) == want
    return (got or None) == (want or None)
