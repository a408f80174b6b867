"""Ids of Salesforce records: 15 letters and digits that know cases, or 18 that do without."""

from typing import Final

_CASE_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def same_org(known: str, found: str) -> bool:
    """Whether two ids of 15 or 18 characters name one org; the last three only repeat the case of the others."""
    return known[:15] == found[:15]


def to_18(record_id: str) -> str:
    """The id with 18 characters: the last three tell the case of the others, five at a time, from the right."""
    if len(record_id) != 15:
        return record_id
    groups = (record_id[start : start + 5] for start in (0, 5, 10))
    return record_id + "".join(_CASE_LETTERS[sum(letter.isupper() << i for i, letter in enumerate(g))] for g in groups)
