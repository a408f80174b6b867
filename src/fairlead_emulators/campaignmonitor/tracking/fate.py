"""What somebody does with a mail: a pure function of the mail and the address, so that the same seed tells the same."""

import struct
import zlib
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.tracking.kept import BOUNCE, CLICK, OPEN, SPAM, UNSUBSCRIBE
from fairlead_emulators.campaignmonitor.tracking.places import address_of

_ONE: Final = 65_536
_WORDS: Final = struct.Struct("<16H")
_HARD, _HARD_OR_SOFT = 0.006, 0.016  # of the recipients
_OPENED, _CLICKED = 0.42, 0.33  # of those who got it; of those who opened
_UNSUBSCRIBED, _COMPLAINED = 0.012, 0.0015  # of those who opened
_LATEST_S: Final = 60 * 86_400.0
HARD_REASON, SOFT_REASON = 0, 1
# kind, seconds after the mail was sent, IP address, number of the link or of the reason of a bounce
Step = tuple[int, float, int, int]


def seeded(salt: str) -> bytes:
    """What `fate` wants instead of the salt of a mail."""
    return blake2b(salt.encode(), digest_size=32).digest()


def _delay(word: int) -> float:
    """Most within hours, some after weeks."""
    return 120 + (word / _ONE) ** 8 * _LATEST_S


@fact("tracking-fate")
def fate(salt: bytes, key: str, links: int) -> list[Step]:
    """What becomes of a mail to an address, in the order of time. `links`: how many the mail has.

    An address that begins with `bounce` bounces hard, one with `soft` softly, one with `spam` complains.
    """
    encoded = key.encode()
    words = _WORDS.unpack(blake2b(encoded, digest_size=32, key=salt).digest())
    roll = words[0] / _ONE
    if roll < _HARD_OR_SOFT or key.startswith(("bounce", "soft")):
        hard = key.startswith("bounce") or (roll < _HARD and not key.startswith("soft"))
        return [(BOUNCE, 5.0 + words[1] % 900, 0, HARD_REASON if hard else SOFT_REASON)]
    wicked = key.startswith("spam")
    if words[2] / _ONE >= _OPENED and not wicked:
        return []
    return _after_opening(words, address_of(zlib.crc32(encoded)), links, wicked=wicked)


def _after_opening(words: Sequence[int], ip: int, links: int, *, wicked: bool) -> list[Step]:
    opened = sorted(map(_delay, words[4 : 5 + words[3] % 4 % 3]))
    steps: list[Step] = [(OPEN, each, ip, 0) for each in opened]
    if links and words[8] / _ONE < _CLICKED:
        steps += [
            (CLICK, opened[at % len(opened)] + 5 + words[10 + at] % 300, ip, words[10 + at] % links)
            for at in range(1 + words[9] % 3)
        ]
        if words[9] % 8 == 0:  # who clicks twice, does so within the minute
            steps.append((CLICK, steps[-1][1] + 3, ip, steps[-1][3]))
    if wicked or words[14] / _ONE < _COMPLAINED:
        steps.append((SPAM, opened[0] + 90, ip, 0))
    elif words[13] / _ONE < _UNSUBSCRIBED:
        steps.append((UNSUBSCRIBE, opened[0] + 45 + words[13] % 200, ip, 0))
    return sorted(steps, key=lambda step: step[1])
