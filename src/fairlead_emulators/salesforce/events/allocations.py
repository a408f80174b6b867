"""What events may cost: deliveries in 24 hours, and the size of what is published."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.state.org import Org

fact("event_allocation")
fact("publish_limits")

DELIVERIES: Final = 25_000
MOST_PUBLISHED: Final = 200
MOST_BYTES: Final = 1_000_000


@dataclass(slots=True)
class Deliveries:
    """Events handed out in the last 24 emulated hours, by minute."""

    minutes: deque[tuple[datetime, list[int]]] = field(default_factory=deque)

    def left(self, org: Org) -> int:
        """How many more may be handed out now: the setting `event_deliveries`, or the edition's 25,000."""
        now = org.clock.now()
        while self.minutes and self.minutes[0][0] <= now - timedelta(days=1):
            self.minutes.popleft()
        allowed = int(org.settings.get("event_deliveries", DELIVERIES))
        return max(allowed - sum(count[0] for _, count in self.minutes), 0)

    def add(self, org: Org, count: int) -> None:
        """Counts events handed out."""
        minute = org.clock.now().replace(second=0, microsecond=0)
        if not self.minutes or self.minutes[-1][0] != minute:
            self.minutes.append((minute, [0]))
        self.minutes[-1][1][0] += count
