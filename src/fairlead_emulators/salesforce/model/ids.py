"""Record ids: 3 characters of key prefix, 12 of instance and serial number in base 62, 3 of checksum."""

import re
from typing import Final

from fairlead_emulators.salesforce.facts import fact

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHAPE: Final = re.compile(r"[0-9A-Za-z]{15}(?:[A-Za-z0-5]{3})?")
_POD: Final = "5e"
_UPPER: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_BITS: Final = {ord(char): "1" if char in _UPPER else "0" for char in ALPHABET}

fact("ids")


def checksum(id15: str) -> str:
    """The 3 characters that make a 15-character id safe where case is lost: one bit per upper-case letter."""
    bits = id15.translate(_BITS)  # five digits of base 2 for each part, the first character the lowest
    return _CHECK[int(bits[4::-1], 2)] + _CHECK[int(bits[9:4:-1], 2)] + _CHECK[int(bits[14:9:-1], 2)]


def base62(number: int, width: int) -> str:
    """`number` in base 62, filled with zeros to `width`; text order is number order."""
    digits = []
    for _ in range(width):
        number, rest = divmod(number, 62)
        digits.append(ALPHABET[rest])
    return "".join(reversed(digits))


def make_id(prefix: str, serial: int) -> str:
    """The 18-character id of the `serial`-th record of the object with that key prefix."""
    id15 = f"{prefix}{_POD}{base62(serial, 10)}"
    return id15 + checksum(id15)


def make_ids(prefix: str, first: int, count: int) -> list[str]:
    """`count` ids in a row; one checksum part per 62² ids, so that a million take about a second."""
    ids: list[str] = []
    serial, last = first, first + count
    while serial < last:
        high, low = divmod(serial, 62)
        stem = f"{prefix}{_POD}{base62(high, 9)}"
        head = checksum(stem + "0")[:2]
        tail_bits = sum(1 << bit for bit, char in enumerate(stem[10:14]) if char in _UPPER)
        for rest in range(low, min(62, low + last - serial)):
            char = ALPHABET[rest]
            bits = tail_bits | (16 if char in _UPPER else 0)
            ids.append(f"{stem}{char}{head}{_CHECK[bits]}")
        serial = (high + 1) * 62
    return ids


def to18(text: str) -> str | None:
    """The 18-character form of a 15- or 18-character id; None when the text has not the shape of one."""
    if not _SHAPE.fullmatch(text):
        return None
    if len(text) == 18 and text[15:] == checksum(text[:15]):
        return text
    return text[:15] + checksum(text[:15]) if len(text) == 15 else _recased(text)


def _recased(text: str) -> str | None:
    """An 18-character id whose letters lost their case: the checksum tells which were upper-case."""
    chars = list(text[:15].lower())
    for part, check in enumerate(text[15:].upper()):
        bits = _CHECK.find(check)
        for bit in range(5):
            if bits >> bit & 1:
                chars[part * 5 + bit] = chars[part * 5 + bit].upper()
    id15 = "".join(chars)
    return id15 + text[15:].upper() if checksum(id15) == text[15:].upper() else None
