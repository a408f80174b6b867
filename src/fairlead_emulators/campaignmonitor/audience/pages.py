"""Pages of a list's subscribers."""

from bisect import bisect_right
from typing import Any, Final

from fairlead_emulators.campaignmonitor.paging import Asked
from fairlead_emulators.campaignmonitor.store import STATES, Store, SubscriberList

_ORDERS: Final = {"email": ("key",), "date": ("minute", "key"), "name": ("name", "key")}


class Pages:
    """Reads pages of subscribers. Remembers where pages began, so that deep pages need no long skip."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: dict[int, tuple[int, dict[Any, Any]]] = {}

    def _memory(self, list_n: int) -> dict[Any, Any]:
        version = self._store.version(list_n)
        known = self._seen.get(list_n)
        if known is None or known[0] != version:
            known = self._seen[list_n] = (version, {})
        return known[1]

    def total(self, of: SubscriberList, state: str, since: int | None) -> int:
        """How many subscribers are in that state (since that unix minute)."""
        memory = self._memory(of.n)
        known = memory.get(("total", state, since))
        if known is None:
            known = self._store.db.execute(
                "SELECT count(*) FROM subscribers INDEXED BY by_date WHERE list = ? AND state = ? AND minute >= ?",
                (of.n, STATES.index(state), -(2**62) if since is None else since),
            ).fetchone()[0]
            memory["total", state, since] = known
        return int(known)

    def results(
        self, of: SubscriberList, state: str, since: int | None, ask: Asked, *, consents: bool, sms: bool
    ) -> tuple[bytes, int]:
        """The page's rows as JSON objects joined by commas, and how many they are."""
        starts = self._memory(of.n).setdefault((state, since, ask.order, ask.direction, ask.size), {1: None})
        pages = sorted(starts)
        nearest = pages[bisect_right(pages, ask.page) - 1]
        wide = ("address", "sms", "mobile") if consents or sms else ()
        found = self._read(of, state, since, ask, starts[nearest], (ask.page - nearest) * ask.size, wide)
        if not found:
            return b"", 0
        if len(found) == ask.size:
            starts[ask.page + 1] = found[-1][1 : 1 + len(_ORDERS[ask.order])]
        if not wide:
            # Rows are kept open at their end: closing them is part of the join.
            return b"},".join([each[0] for each in found]) + b"}", len(found)
        ended = [self._with_ends(of, each, consents=consents, sms=sms) for each in found]
        return b",".join(ended), len(found)

    def _read(
        self,
        of: SubscriberList,
        state: str,
        since: int | None,
        ask: Asked,
        after: tuple[Any, ...] | None,
        skip: int,
        wide: tuple[str, ...],
    ) -> list[tuple[Any, ...]]:
        columns = _ORDERS[ask.order]
        where, values = "list = ? AND state = ?", [of.n, STATES.index(state)]
        # Beside the place to go on from, the day would be the only bound that the index is searched by.
        if since is not None and (after is None or ask.direction == "desc" or columns[0] != "minute"):
            where += " AND minute >= ?"
            values.append(since)
        if after is not None:
            sign = ">" if ask.direction == "asc" else "<"
            where += f" AND ({', '.join(columns)}) {sign} ({', '.join('?' * len(columns))})"
            values += after
        order = ", ".join(f"{column} {ask.direction}" for column in columns)
        return self._store.db.execute(
            f"SELECT row, {', '.join(columns + wide)} FROM subscribers WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?",
            [*values, ask.size, skip],
        ).fetchall()

    def _with_ends(self, of: SubscriberList, found: tuple[Any, ...], *, consents: bool, sms: bool) -> bytes:
        row: bytes = found[0]
        address, said, mobile = found[-3:]
        if consents:
            row += b',"ConsentToTrack":"' + self._consents(of).get(address.lower(), "Yes").encode() + b'"'
        if sms and mobile:
            row += b',"ConsentToSendSms":"' + (b"Yes" if said else b"No") + b'"'
        return row + b"}"

    def _consents(self, of: SubscriberList) -> dict[str, str]:
        memory = self._memory(of.n)
        if "consents" not in memory:
            memory["consents"] = dict(
                self._store.db.execute("SELECT key, consent FROM consents WHERE client = ?", (of.client,))
            )
        known: dict[str, str] = memory["consents"]
        return known
