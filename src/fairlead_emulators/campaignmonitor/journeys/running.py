"""Subscribers on their journeys: who begins one, and the e-mails that come due."""

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.audience.entries import Change
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.journeys.kept import ACTIVE, NOT_STARTED, Journey, emails, journeys
from fairlead_emulators.campaignmonitor.tracking.happening import Happening
from fairlead_emulators.campaignmonitor.tracking.kept import Tracking

_AT_ONCE_S = 4.0  # nobody answers a mail sooner, so mails within so many seconds go out together


class Running:
    """The journeys of one account under way: `service.own(Running)`. A source of the agenda."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._store = service.store
        service.life.watch(self._note)

    @fact("journey-begins")
    def _note(self, change: Change) -> None:
        old, new = change.old, change.new
        if old is not None and old.key != new.key:
            self._store.db.execute(
                "UPDATE OR REPLACE journey_runs SET key = ? WHERE key = ?"
                " AND journey IN (SELECT n FROM journeys WHERE list = ?)",
                (new.key, old.key, change.on.n),
            )
        joins = new.state == "Active" and (old is None or old.state != "Active" or change.restart)
        if joins and not change.quiet:
            for each in journeys(self._store, "list = ? AND status = ?", change.on.n, ACTIVE):
                self._begin(each, new.key, change.at, again=change.restart)

    def _begin(self, on: Journey, key: str, at: float, *, again: bool) -> None:
        first = emails(self._store, "journey = ? AND position = 0", on.n)
        if first:
            verb = "REPLACE" if again else "INSERT OR IGNORE"
            row = (on.n, key, 0, at + first[0].delay)
            self._store.db.execute(f"{verb} INTO journey_runs VALUES (?, ?, ?, ?, NULL)", row)

    def next_due(self) -> float | None:
        """When the next e-mail is due."""
        found = self._store.db.execute("SELECT due FROM journey_runs WHERE due IS NOT NULL ORDER BY due LIMIT 1")
        first = found.fetchone()
        return None if first is None else float(first[0])

    def carry_out(self, until: float) -> None:
        """Sends the e-mails that are due first."""
        first = self.next_due()
        if first is None:
            return
        due = self._store.db.execute(
            "SELECT journey, key, position, due FROM journey_runs WHERE due <= ? ORDER BY due, journey, key",
            (min(until, first + _AT_ONCE_S),),
        ).fetchall()
        with self._store.transaction():
            for journey, key, position, at in due:
                self._next_step(journey, key, position, at)

    @fact("journey-steps")
    def _next_step(self, journey: int, key: str, position: int, at: float) -> None:
        of = journeys(self._store, "n = ?", journey)[0]
        on = next(each for each in self._store.lists(of.client) if each.n == of.list)
        who = self._store.subscriber(on.n, key)
        here, *later = emails(self._store, "journey = ? AND position >= ?", journey, position)
        due = None
        if who is not None and who.state == "Active":
            mail = self._service.own(Tracking).mail(here.id)
            assert mail is not None, "an e-mail always has its mail"
            self._service.own(Happening).send(mail, on, [who.address], at)
            due = at + later[0].delay if later else None
        self._store.db.execute(
            "UPDATE journey_runs SET position = ?, due = ? WHERE journey = ? AND key = ?",
            (position + 1, due, journey, key),
        )

    @fact("journey-status")
    def set_status(self, of: Journey, status: str) -> None:
        """Pauses a journey, or lets it go on: what came due meanwhile goes out now."""
        now = self._service.clock.now().timestamp()
        with self._store.transaction():
            self._store.db.execute("UPDATE journeys SET status = ? WHERE n = ?", (status, of.n))
            if status == NOT_STARTED:
                self._store.db.execute("DELETE FROM journey_runs WHERE journey = ?", (of.n,))
            elif status == ACTIVE:
                self._store.db.execute(
                    "UPDATE journey_runs SET due = max(waiting, ?), waiting = NULL"
                    " WHERE journey = ? AND waiting IS NOT NULL",
                    (now, of.n),
                )
            else:
                self._store.db.execute(
                    "UPDATE journey_runs SET waiting = due, due = NULL WHERE journey = ? AND due IS NOT NULL", (of.n,)
                )
