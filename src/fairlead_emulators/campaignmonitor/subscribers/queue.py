"""Single adds: counted by address, and kept back until they become visible."""

from collections import deque
from typing import Final

import msgspec

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.audience.fields import Sent
from fairlead_emulators.campaignmonitor.audience.life import Entry
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.store import SubscriberList

TABLES: Final = """
CREATE TABLE IF NOT EXISTS queued_adds (
    n INTEGER PRIMARY KEY, list TEXT NOT NULL, due REAL NOT NULL, entry BLOB NOT NULL, resubscribe INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS queued_adds_due ON queued_adds (due, n);
"""
_MOST_REMEMBERED: Final = 100_000


class _Queued(msgspec.Struct):
    """An `Entry` as it is kept."""

    address: str
    name: str | None
    sent: list[tuple[str, str, bool]]
    mobile: str | None
    sms: bool | None
    consent: str | None
    restart: bool

    def entry(self) -> Entry:
        """What was kept."""
        sent = [Sent(*each) for each in self.sent]
        return Entry(self.address, self.name, sent, self.mobile, self.sms, self.consent, restart=self.restart)


def _queued(entry: Entry) -> bytes:
    sent = [(each.key, each.value, each.clear) for each in entry.sent]
    kept = _Queued(entry.address, entry.name, sent, entry.mobile, entry.sms, entry.consent, entry.restart)
    return msgspec.json.encode(kept)


class Queue:
    """The queue of one account."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._store = service.store
        self._recent: dict[tuple[int, str], deque[float]] = {}

    def forget(self) -> None:
        """Counts anew: the account was emptied."""
        self._recent.clear()

    @fact("add-throttled")
    def count(self, to: SubscriberList, address: str) -> None:
        """Counts an add of an address. Raises Refusal 429 when there were too many of late."""
        limit = int(self._service.switches.number("add_limit"))
        if not limit:
            return
        now = self._service.clock.now().timestamp()
        since = now - self._service.switches.number("add_limit_seconds")
        if len(self._recent) > _MOST_REMEMBERED:
            self._recent.clear()
        times = self._recent.setdefault((to.n, address.lower()), deque())
        while times and not since < times[0] <= now:  # the clock may have been moved back
            times.popleft()
        if len(times) >= limit:
            raise too_often()
        times.append(now)

    @fact("add-queued")
    def add(self, to: SubscriberList, entry: Entry, *, resubscribe: bool) -> None:
        """Adds at once, or checks now and adds later. Raises Refusal as `Life.add`."""
        delay = self._service.switches.number("add_delay_seconds")
        if not delay:
            self._service.life.add(to, entry, resubscribe=resubscribe)
            return
        self._service.life.check_add(to, entry, resubscribe=resubscribe)
        due = self._service.clock.now().timestamp() + delay
        with self._store.transaction():
            self._store.db.execute(
                "INSERT INTO queued_adds (list, due, entry, resubscribe) VALUES (?, ?, ?, ?)",
                (to.id, due, _queued(entry), int(resubscribe)),
            )

    def tick(self) -> None:
        """Carries out what has come due."""
        now = self._service.clock.now().timestamp()
        due = self._store.db.execute(
            "SELECT n, list, due, entry, resubscribe FROM queued_adds WHERE due <= ? ORDER BY due, n", (now,)
        ).fetchall()
        if not due:
            return
        with self._store.transaction():
            for n, identity, at, kept, resubscribe in due:
                self._store.db.execute("DELETE FROM queued_adds WHERE n = ?", (n,))
                to = self._store.list(identity)
                if to is not None:
                    self._carry_out(to, msgspec.json.decode(kept, type=_Queued).entry(), bool(resubscribe), at)

    def _carry_out(self, to: SubscriberList, entry: Entry, resubscribe: bool, at: float) -> None:
        try:
            self._service.life.add(to, entry, resubscribe=resubscribe, at=at)
        except Refusal:
            # It was accepted, and is refused now, such as after an unsubscribe meanwhile: nobody is told.
            return


def too_often() -> Refusal:
    """The refusal of an address that is added again and again."""
    return Refusal(429, http=429, message="Subscriber was added too many times too quickly, try again later.")
