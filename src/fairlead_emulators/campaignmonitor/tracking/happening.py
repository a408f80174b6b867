"""Sending a mail, and what recipients then do when its time has come."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.dates import minute_of
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.store import SubscriberList
from fairlead_emulators.campaignmonitor.tracking.fate import fate, seeded
from fairlead_emulators.campaignmonitor.tracking.kept import (
    BOUNCE,
    CLICK,
    HARD,
    OPEN,
    RECIPIENT,
    SOFT,
    SPAM,
    UNSUBSCRIBE,
    Mail,
    Row,
    Tracking,
)

PLANNED: Final = """
CREATE TABLE IF NOT EXISTS planned (
    n INTEGER PRIMARY KEY, due REAL NOT NULL, mail INTEGER NOT NULL, kind INTEGER NOT NULL, person INTEGER NOT NULL,
    ip INTEGER NOT NULL, what INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS planned_by_due ON planned (due, n);
CREATE INDEX IF NOT EXISTS planned_by_mail ON planned (mail);
"""
_BATCH: Final = 10_000
# due, mail, kind, person, ip, what
Plan = tuple[float, int, int, int, int, int]


class Whats:
    """The numbers that stand in a mail's rows: of its links, and of reasons."""

    def __init__(self, tracking: Tracking, links: Sequence[str]) -> None:
        self._links = [tracking.link(each) for each in links]
        self._reasons = [tracking.reason(*HARD), tracking.reason(*SOFT)]

    def of(self, kind: int, number: int) -> int:
        """For a step of `fate`."""
        if kind == CLICK:
            return self._links[number]
        return self._reasons[number] if kind == BOUNCE else 0


class Happening:
    """Mails of one account under way: `service.own(Happening)`. A source of the agenda."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._store = service.store
        self._tracking = service.own(Tracking)

    def send(self, mail: Mail, on: SubscriberList, addresses: Sequence[str], at: float) -> None:
        """Sends a mail to addresses of a list, and plans what they will do; within a transaction."""
        people = self._tracking.people(on, addresses)
        minute, salt, whats = minute_of(at), seeded(mail.salt), Whats(self._tracking, mail.links)
        self._tracking.write([(mail.n, RECIPIENT, minute, n, 0, 0) for n in people.values()])
        self.plan(
            (at + after, mail.n, kind, n, ip, whats.of(kind, what))
            for key, n in people.items()
            for kind, after, ip, what in fate(salt, key, len(mail.links))
        )

    def plan(self, plans: Iterable[Plan]) -> None:
        """Keeps what is to happen, within a transaction."""
        self._store.db.executemany(
            "INSERT INTO planned (due, mail, kind, person, ip, what) VALUES (?, ?, ?, ?, ?, ?)", plans
        )

    def next_due(self) -> float | None:
        """When the next event is due."""
        found = self._store.db.execute("SELECT due FROM planned ORDER BY due LIMIT 1").fetchone()
        return None if found is None else float(found[0])

    def carry_out(self, until: float) -> None:
        """Lets happen what is due until then."""
        due = self._store.db.execute(
            "SELECT p.n, p.due, p.mail, p.kind, p.person, p.ip, p.what, who.list, who.key FROM planned p"
            " JOIN tracked_people who ON who.n = p.person WHERE p.due <= ? ORDER BY p.due, p.n LIMIT ?",
            (until, _BATCH),
        ).fetchall()
        with self._store.transaction():
            self._store.db.executemany("DELETE FROM planned WHERE n = ?", [(each[0],) for each in due])
            self._let_happen(due)

    def _let_happen(self, due: Sequence[tuple[Any, ...]]) -> None:
        lists = {each.n: each for each in self._store.lists()}
        hard = self._tracking.reason(*HARD)
        rows: list[Row] = []
        for _, at, mail, kind, person, ip, what, list_n, key in due:
            on = lists.get(list_n)
            if on is None or self.happens(on, key, kind, at, hard=what == hard):
                rows.append((mail, kind, minute_of(at), person, ip, what))
        self._tracking.write(rows)

    @fact("tracking-consent")
    @fact("tracking-moves-states")
    def happens(self, on: SubscriberList, key: str, kind: int, at: float, *, hard: bool = False) -> bool:
        """Moves the subscriber's state as the event does; whether the event is recorded.

        Opens and clicks of those who did not agree to be tracked are not; nor is an opt-out of who is out already.
        """
        if kind in (OPEN, CLICK) and self._service.life.consent(on.client, key) == "No":
            return False
        try:
            self.move(on, key, kind, at, hard=hard)
        except Refusal:
            # A mail that was under way comes back whatever its recipient has become meanwhile.
            return kind == BOUNCE
        return True

    def move(self, on: SubscriberList, address: str, kind: int, at: float, *, hard: bool = False) -> None:
        """Moves the subscriber's state as the event does. Raises Refusal 203 when it is not in a state for it."""
        life = self._service.life
        if kind in (OPEN, CLICK):
            life.active(on, address)
            return
        moves: dict[int, Callable[..., None]] = {UNSUBSCRIBE: life.unsubscribe, SPAM: life.complain}
        moves[BOUNCE] = life.bounce if hard else life.soft_bounce
        moves[kind](on, address, at=at)
