r"""A page of subscribers with the custom fields of each as one text, before anything of it is made into objects.

Custom fields are most of what a page holds. Field by field they would take a third of a whole sync's time, so the JSON is
rewritten first: `[{"Key":"City","Value":"Oslo"},{"Key":"Age","Value":"40"}]` becomes `[{"Key":"City: Oslo\nAge: 40"}]`.
No replacement can hit a value: each token has a quote where JSON lets a text end, and goes on as no text may.
"""

from typing import Final, NamedTuple

BLANK: Final = "\1"
"""Ends a line whose value is blank, in the text of a subscriber."""

_KEY: Final = b'"Key":'
_NEXT_LINE: Final = rb"\n"
_BLANK: Final = rb"\u0001"


class _Spelling(NamedTuple):
    """The tokens of a custom field as a server spaces them: before the key, between key and value, between two fields."""

    key: bytes
    value: bytes
    following: bytes


_DENSE: Final = _Spelling(b'{"Key":"', b'","Value":"', b'"},{"Key":"')
_SPACED: Final = _Spelling(b'{"Key": "', b'", "Value": "', b'"}, {"Key": "')


def lined(body: bytes) -> tuple[bytes, int]:
    """The body with one text for each list of custom fields that is not empty, and how many such texts there must be.

    A text has a line `Name: value` for each value, `Name` and `BLANK` for a blank one; names stand without brackets.
    What is written otherwise than here expected has another number of them, or is no JSON any more.
    """
    at = body.find(_KEY)
    if at < 0:
        return body, 0
    after = body[at + len(_KEY) : at + len(_KEY) + 3]
    key, value, following = _SPACED if after[:1] == b" " else _DENSE
    if b'"[' in after:
        body = body.replace(key + b"[", key).replace(b"]" + value, value)
    if _BLANK in body:  # in a value: it could not be told from one of ours
        return body, -1
    blanks, values = 0, 0
    if value + b'"' in body:
        body, blanks = _replaced(body, value + b'"}', _BLANK + b'"}')
    body, values = _replaced(body, value, b": ")
    body, more = _replaced(body, following, _NEXT_LINE)
    return body, blanks + values - more


def _replaced(body: bytes, old: bytes, new: bytes) -> tuple[bytes, int]:
    """The body with other tokens, and how many there were."""
    changed = body.replace(old, new)
    return changed, (len(body) - len(changed)) // (len(old) - len(new))


def without_blanks(text: str) -> str:
    """The lines that have a value."""
    return "\n".join([line for line in text.split("\n") if not line.endswith(BLANK)])
