"""A full name in its two parts. Pure.

Campaign Monitor keeps one name, Salesforce two. The rule: the last word is the last name, and what stands before it the
first name; small words of nobility or descent before the last (`van der`, `de`) go with it; `Last, First` is turned
round; a single word is the last name; a blank name gets the last name that the settings say.
"""

from typing import Final

MAX_FIRST: Final = 40
MAX_LAST: Final = 80

_PARTICLES: Final = frozenset(
    (
        "af", "al", "av", "bin", "da", "das", "de", "del", "della", "den", "der", "di", "do", "dos", "du", "el", "ibn",
        "la", "le", "ten", "ter", "tot", "van", "von", "vom", "zu", "zum", "zur",
    )
)  # fmt: skip


def split(full_name: str, when_blank: str) -> tuple[str, str]:
    """First and last name, each cut to what Salesforce holds; the last name is never blank."""
    before, comma, after = full_name.partition(",")
    if comma and before.strip() and after.strip() and "," not in after:
        return _cut(after, before)
    words = full_name.replace(",", " ").split()
    if not words:
        return _cut("", when_blank.strip() or "Not provided")
    last = len(words) - 1
    while last > 1 and words[last - 1] in _PARTICLES:
        last -= 1
    return _cut(" ".join(words[:last]), " ".join(words[last:]))


def _cut(first: str, last: str) -> tuple[str, str]:
    return " ".join(first.split())[:MAX_FIRST].rstrip(), " ".join(last.split())[:MAX_LAST].rstrip()
