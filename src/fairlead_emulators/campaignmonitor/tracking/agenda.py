"""What comes due by the clock, of all kinds, in the order of time: also when the clock jumps by weeks."""

from typing import Protocol

from fairlead_emulators.campaignmonitor.api import Service


class Source(Protocol):
    """Something that has things to do at certain moments (unix seconds)."""

    def next_due(self) -> float | None:
        """When the next thing is due; None: nothing is planned. Asked for before every call, so cheap."""
        ...

    def carry_out(self, until: float) -> None:
        """Does what is due until then, or the first part of it."""
        ...


class Agenda:
    """One per account: `service.own(Agenda)`. Rooms add their sources when the account is made."""

    def __init__(self, service: Service) -> None:
        self._clock = service.clock
        self.sources: list[Source] = []

    def tick(self) -> None:
        """Carries out what is due: always the earliest first, whichever source has it."""
        now = self._clock.now().timestamp()
        while True:
            dues = [(due, at) for at, each in enumerate(self.sources) if (due := each.next_due()) is not None]
            first = min(dues, default=None)
            if first is None or first[0] > now:
                return
            others = [due for due, at in dues if at != first[1]]
            self.sources[first[1]].carry_out(max(first[0], min([now, *others])))
