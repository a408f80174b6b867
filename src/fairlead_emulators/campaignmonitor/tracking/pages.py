"""Pages of what became of a mail: orders are worked out once and remembered, rows are joined from ready parts."""

from array import array
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.dates import wire
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.paging import Asked
from fairlead_emulators.campaignmonitor.tracking.kept import BOUNCE, CLICK, OPEN, RECIPIENT, UNSUBSCRIBE, Tracking
from fairlead_emulators.campaignmonitor.tracking.places import wire_address, wire_place

_ORDERS: Final = {
    "date": "SELECT n FROM tracked INDEXED BY tracked_by_date WHERE mail = ? AND kind = ? AND minute >= ?"
    " ORDER BY minute, person, n",
    "email": "SELECT t.n FROM tracked t INDEXED BY tracked_by_date JOIN tracked_people p ON p.n = t.person"
    " WHERE t.mail = ? AND t.kind = ? AND t.minute >= ? ORDER BY p.key, t.minute, t.n",
    "list": "SELECT t.n FROM tracked t INDEXED BY tracked_by_date JOIN tracked_people p ON p.n = t.person"
    " JOIN tracked_lists l ON l.n = p.list"
    " WHERE t.mail = ? AND t.kind = ? AND t.minute >= ? ORDER BY l.id, p.key, t.minute, t.n",
}
_MOST_REMEMBERED: Final = 24
_EARLIEST: Final = -(2**62)


@lru_cache(maxsize=100_000)
def wire_minute(minute: int, where: ZoneInfo) -> bytes:
    """A date as the part of a row."""
    return wire(minute, where).encode()


class Reports:
    """Reads pages. One per account: `service.own(Reports)`."""

    def __init__(self, service: Service) -> None:
        self._store = service.store
        self._switches = service.switches
        self._tracking = service.own(Tracking)
        self._orders: OrderedDict[tuple[object, ...], array[int]] = OrderedDict()

    def _order(self, mail: int, kind: int, order: str, since: int | None) -> "array[int]":
        wanted = (mail, kind, order, since, self._tracking.version(mail, kind))
        known = self._orders.get(wanted)
        if known is None:
            found = self._store.db.execute(_ORDERS[order], (mail, kind, _EARLIEST if since is None else since))
            known = array("q", (n for (n,) in found))
            self._orders[wanted] = known
            if len(self._orders) > _MOST_REMEMBERED:
                self._orders.popitem(last=False)
        self._orders.move_to_end(wanted)
        return known

    def page(
        self, mail: int, kind: int, ask: Asked, since: int | None, where: ZoneInfo, *, lists: bool
    ) -> tuple[bytes, int, int]:
        """The page's rows as JSON objects joined by commas, how many they are, and how many there are in all.

        `ask.order`: date, email or list; `since`: the first unix minute; `lists`: whether rows say the list. `where`:
        the time zone of dates.
        """
        order = self._order(mail, kind, ask.order, since)
        total, first = len(order), (ask.page - 1) * ask.size
        if ask.direction == "asc":
            chosen = order[first : first + ask.size]
        else:
            chosen = order[max(total - first - ask.size, 0) : max(total - first, 0)][::-1]
        return b",".join(self._rows(chosen, kind, where, lists=lists)), len(chosen), total

    def _rows(self, chosen: Sequence[int], kind: int, where: ZoneInfo, *, lists: bool) -> list[bytes]:
        if not chosen:
            return []
        found = self._store.db.execute(
            "SELECT t.n, p.head, p.list, t.minute, t.ip, t.what FROM tracked t JOIN tracked_people p ON p.n = t.person"
            f" WHERE t.n IN ({','.join(map(str, chosen))})"
        ).fetchall()
        said = {n: b',"ListID":"%b"' % identity.encode() if lists else b"" for n, identity in self._lists()}
        blank = self._switches.word("unknown_places") == "blank"
        row = _row_of(kind, where, said, self._texts(found, kind), sent=not lists, blank=blank)
        by_n = {each[0]: row(each) for each in found}
        return [by_n[n] for n in chosen]

    def _lists(self) -> list[tuple[int, str]]:
        return self._store.db.execute("SELECT n, id FROM tracked_lists").fetchall()

    def _texts(self, found: Sequence[tuple[Any, ...]], kind: int) -> dict[int, bytes]:
        if kind not in (CLICK, BOUNCE):
            return {}
        wanted = ",".join(map(str, {each[5] for each in found}))
        texts = self._store.db.execute(f"SELECT n, text FROM tracked_texts WHERE n IN ({wanted})")
        return {n: text.encode() for n, text in texts}


@fact("tracking-rows")
def _row_of(
    kind: int, where: ZoneInfo, lists: dict[int, bytes], texts: dict[int, bytes], *, sent: bool, blank: bool
) -> Callable[[tuple[Any, ...]], bytes]:
    """How a row of a kind is put together from (n, head, list, minute, ip, what).

    `sent`: recipients say when; `blank`: as in `wire_place`.
    """
    if kind == RECIPIENT:
        if sent:
            return lambda row: b'%b%b,"SentDate":"%b"}' % (row[1], lists[row[2]], wire_minute(row[3], where))
        return lambda row: b"%b%b}" % (row[1], lists[row[2]])

    def dated(row: tuple[Any, ...]) -> bytes:
        return b'%b%b,"Date":"%b"' % (row[1], lists[row[2]], wire_minute(row[3], where))

    if kind == OPEN:
        return lambda row: b"%b,%b}" % (dated(row), wire_place(row[4], blank=blank))
    if kind == CLICK:
        return lambda row: b"%b,%b,%b}" % (dated(row), texts[row[5]], wire_place(row[4], blank=blank))
    if kind == BOUNCE:
        return lambda row: b"%b,%b}" % (dated(row), texts[row[5]])
    if kind == UNSUBSCRIBE:
        return lambda row: b"%b,%b}" % (dated(row), wire_address(row[4]))
    return lambda row: dated(row) + b"}"
