"""Counters of a mail: numbers of its rows, remembered until a row is added."""

from dataclasses import dataclass

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.tracking.kept import (
    BOUNCE,
    CLICK,
    KINDS,
    OPEN,
    RECIPIENT,
    SPAM,
    UNSUBSCRIBE,
    Tracking,
)


@dataclass(frozen=True)
class Counted:
    """Numbers of events; openers and clickers are numbers of people."""

    sent: int
    opens: int
    openers: int
    clicks: int
    clickers: int
    bounces: int
    unsubscribes: int
    complaints: int


class Counts:
    """One per account: `service.own(Counts)`."""

    def __init__(self, service: Service) -> None:
        self._tracking = service.own(Tracking)
        self._known: dict[int, tuple[object, Counted]] = {}

    def of(self, mail: int) -> Counted:
        """Those of a mail, by its n."""
        version = [self._tracking.version(mail, kind) for kind in KINDS]
        known = self._known.get(mail)
        if known is None or known[0] != version:
            rows, people = self._tracking.counts(mail)
            counted = Counted(
                rows[RECIPIENT],
                rows[OPEN],
                people[OPEN],
                rows[CLICK],
                people[CLICK],
                rows[BOUNCE],
                rows[UNSUBSCRIBE],
                rows[SPAM],
            )
            known = self._known[mail] = (version, counted)
        return known[1]
