"""What seeds say was sent before the day begins: it agrees with the states that subscribers are in, and changes none."""

import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.dates import minute_of
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.store import STATES, SubscriberList
from fairlead_emulators.campaignmonitor.tracking.fate import HARD_REASON, fate, seeded
from fairlead_emulators.campaignmonitor.tracking.happening import Happening, Plan, Whats
from fairlead_emulators.campaignmonitor.tracking.kept import (
    BOUNCE,
    CLICK,
    OPEN,
    RECIPIENT,
    SPAM,
    UNSUBSCRIBE,
    Mail,
    Row,
    Tracking,
)
from fairlead_emulators.campaignmonitor.tracking.places import address_of

_ACTIVE, _UNSUBSCRIBED, _BOUNCED = (STATES.index(each) for each in ("Active", "Unsubscribed", "Bounced"))
_COMPLAINT_EVERY: Final = 20  # of those who are out, one in so many had complained
_LEAVES_WITHIN_S: Final = 30 * 86_400


class Got(NamedTuple):
    """Somebody who got a mail at `sent`. `left`: when it left the list, None while it is Active (unix seconds).

    `leaves`: whether it may have left by this mail rather than by a later one.
    """

    address: str
    state: int
    left: float | None
    sent: float
    leaves: bool = True


def got(service: Service, on: SubscriberList, sent: float, until: float | None = None) -> list[Got]:
    """Who was active on a list when a mail was sent, as far as its states of today tell.

    `until`: when the list got its next mail.
    """
    found = service.store.db.execute(
        "SELECT address, state, state_at FROM subscribers WHERE list = ? AND joined_at <= ?"
        " AND ((state = ? AND state_at <= ?) OR (state <> ? AND state_at > ?)) ORDER BY key",
        (on.n, sent, _ACTIVE, sent, _ACTIVE, sent),
    )
    return [
        Got(address, state, None if state == _ACTIVE else at, sent, until is None or at <= until)
        for address, state, at in found
    ]


class Past:
    """Lays the history of mails of one account. `start`: unix seconds of the day's beginning."""

    def __init__(self, service: Service, start: float) -> None:
        self._tracking = service.own(Tracking)
        self._happening = service.own(Happening)
        self._start = start
        self._people: dict[int, dict[str, int]] = {}

    def rows(self, mail: Mail, on: SubscriberList, who: Sequence[Got]) -> Iterator[list[Row]]:
        """Rows of a mail to people of a list, kind by kind; keeps what is still to come as planned."""
        people = self._numbers(on, who)
        salt, whats = seeded(mail.salt), Whats(self._tracking, mail.links)
        by_kind: dict[int, list[Row]] = defaultdict(list)
        plans: list[Plan] = []
        for each in who:
            key = each.address.lower()
            n = people[key]
            by_kind[RECIPIENT].append((mail.n, RECIPIENT, minute_of(each.sent), n, 0, 0))
            for kind, at, ip, what in _steps(each, salt, len(mail.links)):
                if at < self._start:
                    by_kind[kind].append((mail.n, kind, minute_of(at), n, ip, whats.of(kind, what)))
                else:
                    plans.append((at, mail.n, kind, n, ip, whats.of(kind, what)))
        self._happening.plan(plans)
        for kind in sorted(by_kind):
            yield sorted(by_kind[kind], key=lambda row: row[2])

    def _numbers(self, on: SubscriberList, who: Sequence[Got]) -> dict[str, int]:
        """The numbers of a list's people by key. They are remembered: most mails go to mostly the same people."""
        known = self._people.setdefault(on.n, {})
        missing = [each.address for each in who if each.address.lower() not in known]
        known |= self._tracking.people(on, missing) if missing else {}
        return known


@fact("tracking-seeded")
def _steps(of: Got, salt: bytes, links: int) -> Iterator[tuple[int, float, int, int]]:
    """What somebody did, with moments in place of delays. Only opens and clicks are left to fate."""
    key = of.address.lower()
    end = of.left if of.left is not None else float("inf")
    here = of.leaves and of.left is not None and of.left - of.sent < _LEAVES_WITHIN_S
    if here and of.state == _BOUNCED:
        yield BOUNCE, end, 0, HARD_REASON
        return
    ip = 0
    for kind, after, ip, what in fate(salt, key, links):
        soft = kind == BOUNCE and what != HARD_REASON and of.state == _ACTIVE
        if (kind in (OPEN, CLICK) or soft) and of.sent + after < end:
            yield kind, of.sent + after, ip, what
    if here and of.state == _UNSUBSCRIBED:
        number = zlib.crc32(key.encode())
        ip = ip or address_of(number)
        yield SPAM if number % _COMPLAINT_EVERY == 0 else UNSUBSCRIBE, end, ip, 0
