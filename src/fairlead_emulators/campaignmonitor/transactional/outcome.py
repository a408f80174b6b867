"""What becomes of a message: a pure function of its id, so that the same message always fares alike."""

import random
from dataclasses import dataclass
from typing import Final

from fairlead_emulators.campaignmonitor.facts import fact

_DELIVERED: Final = 0.94  # then come the few marked as spam, then those that bounce
_SPAM: Final = 0.01
_OPENED: Final = 0.6
_CLICKED: Final = 0.4  # of those who open
_LONGEST_DELIVERY_S: Final = 45.0
_LONGEST_PAUSE_S: Final = 6 * 3_600.0
PENDING: Final = "Accepted"


@dataclass(frozen=True)
class Outcome:
    """`settled`, `opens` and `clicks` are unix seconds, some of them to come."""

    status: str
    settled: float
    opens: tuple[float, ...] = ()
    clicks: tuple[float, ...] = ()


@fact("tx-life")
def outcome(message: str, address: str, sent: float, *, opens: bool, clicks: bool) -> Outcome:
    """How a message fares that was sent at `sent`; `opens` and `clicks`: whether these are tracked.

    An address that begins with `bounce` bounces, one with `spam` complains.
    """
    draw = random.Random(message)
    settled = sent + 1 + draw.random() * _LONGEST_DELIVERY_S
    roll, opening, clicking = draw.random(), draw.random(), draw.random()
    if address.lower().startswith("bounce") or roll > _DELIVERED + _SPAM:
        return Outcome("Bounced", settled)
    if address.lower().startswith("spam") or roll > _DELIVERED:
        return Outcome("Spam", settled)
    if opening > _OPENED:
        return Outcome("Delivered", settled)
    seen = tuple(sorted(settled + draw.random() * _LONGEST_PAUSE_S for _ in range(1 + int(opening * 5))))
    followed = tuple(each + 20 for each in seen[: 1 + int(clicking * 3)]) if clicking < _CLICKED else ()
    return Outcome("Delivered", settled, seen if opens else (), followed if clicks else ())
