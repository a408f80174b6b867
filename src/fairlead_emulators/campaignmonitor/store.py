"""The account's state in SQLite: clients, lists, custom fields, subscribers, suppressions, tokens."""

import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from fairlead_emulators.campaignmonitor.dates import zone

STATES: Final = ("Active", "Unconfirmed", "Unsubscribed", "Bounced", "Deleted")

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS clients (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, country TEXT NOT NULL, time_zone TEXT NOT NULL,
    api_key TEXT NOT NULL, created REAL NOT NULL, position INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS lists (
    n INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, client TEXT NOT NULL, title TEXT NOT NULL,
    unsubscribe_page TEXT NOT NULL, unsubscribe_setting TEXT NOT NULL, confirmed_opt_in INTEGER NOT NULL,
    success_page TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS custom_fields (
    list INTEGER NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, options TEXT NOT NULL,
    visible INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (list, key));
CREATE TABLE IF NOT EXISTS subscribers (
    n INTEGER PRIMARY KEY, list INTEGER NOT NULL, key TEXT NOT NULL, address TEXT NOT NULL,
    name TEXT NOT NULL, state INTEGER NOT NULL, minute INTEGER NOT NULL, state_at REAL NOT NULL,
    joined_at REAL NOT NULL, fields TEXT NOT NULL, mobile TEXT NOT NULL, sms INTEGER NOT NULL,
    reads TEXT NOT NULL, row BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS suppressions (
    client TEXT NOT NULL, key TEXT NOT NULL, address TEXT NOT NULL, at REAL NOT NULL, reason TEXT NOT NULL,
    PRIMARY KEY (client, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS consents (
    client TEXT NOT NULL, key TEXT NOT NULL, consent TEXT NOT NULL, PRIMARY KEY (client, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS soft_bounces (
    list INTEGER NOT NULL, key TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (list, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tokens (
    access TEXT PRIMARY KEY, refresh TEXT NOT NULL, expires REAL NOT NULL, revoked INTEGER NOT NULL,
    scopes TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_INDEXES: Final = """
CREATE UNIQUE INDEX IF NOT EXISTS by_address ON subscribers (list, key);
CREATE INDEX IF NOT EXISTS by_date ON subscribers (list, state, minute, key);
CREATE INDEX IF NOT EXISTS by_email ON subscribers (list, state, key);
CREATE INDEX IF NOT EXISTS everywhere ON subscribers (key);
"""
_DROPPED_FOR_LOADING: Final = ("by_date", "by_email", "everywhere")


@dataclass(frozen=True)
class Client:
    """One client of the account."""

    id: str
    name: str
    country: str
    time_zone: str
    api_key: str

    @cached_property
    def zone(self) -> ZoneInfo:
        """The tz database's zone for the label."""
        return zone(self.time_zone)


@dataclass(frozen=True)
class SubscriberList:
    """One list; `n` is our own small key for it."""

    n: int
    id: str
    client: str
    title: str
    unsubscribe_page: str
    unsubscribe_setting: str
    confirmed_opt_in: bool
    success_page: str

    @property
    def client_wide(self) -> bool:
        """Whether an unsubscribe here holds for all lists of the client."""
        return self.unsubscribe_setting == "AllClientLists"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One address on one list. `fields`: (field name, value) pairs; times in unix seconds."""

    list: int
    address: str
    name: str
    state: str
    state_at: float
    joined_at: float
    fields: tuple[tuple[str, str], ...] = ()
    mobile: str = ""
    sms: bool = False
    reads: str = ""

    @property
    def key(self) -> str:
        """The address as it is compared."""
        return self.address.lower()


class Store:
    """Opens the state (`:memory:` without a folder). Every write runs inside `transaction`.

    `tables`: what the rooms keep, as SQL beginning CREATE … IF NOT EXISTS.
    """

    def __init__(self, data_dir: Path | None, tables: Sequence[str] = ()) -> None:
        path = ":memory:" if data_dir is None else str(data_dir / "campaign_monitor.sqlite")
        # Seeds may be laid from another thread than the one that serves.
        self.db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.db.executescript("PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;")
        self.db.executescript(_TABLES + _INDEXES + "".join(tables))
        self._versions: Counter[int] = Counter()
        self._depth = 0
        self._writing = threading.RLock()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; may be nested. Another thread's transaction is waited for."""
        with self._writing:
            if self._depth:
                yield
                return
            self.db.execute("BEGIN")
            self._depth = 1
            try:
                yield
            except BaseException:
                self.db.execute("ROLLBACK")
                raise
            else:
                self.db.execute("COMMIT")
            finally:
                self._depth = 0

    def version(self, list_n: int) -> int:
        """Grows with every change of the list's subscribers."""
        return self._versions[list_n]

    def touch(self, list_n: int) -> None:
        """Notes a change of the list's subscribers."""
        self._versions[list_n] += 1

    def clear(self) -> None:
        """Empties the account."""
        found = self.db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        with self.transaction():
            for (name,) in found.fetchall():
                self.db.execute(f"DELETE FROM {name}")
        for n in list(self._versions):
            self.touch(n)

    def load(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Adds many subscribers at once: `columns` of `rows.py`. Indexes are built afterwards."""
        with self.transaction():
            for index in _DROPPED_FOR_LOADING:
                self.db.execute(f"DROP INDEX IF EXISTS {index}")
            self.db.executemany(INSERT_SUBSCRIBER, rows)
        self.db.executescript(_INDEXES)

    def meta(self, key: str) -> str | None:
        """A remembered value."""
        found = self.db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if found is None else str(found[0])

    def remember(self, key: str, value: str) -> None:
        """Keeps a value."""
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def clients(self) -> list[Client]:
        """All clients, in the order they were made."""
        found = self.db.execute("SELECT id, name, country, time_zone, api_key FROM clients ORDER BY position")
        return [Client(*each) for each in found]

    def client(self, identity: str) -> Client | None:
        """One client."""
        found = self.db.execute(
            "SELECT id, name, country, time_zone, api_key FROM clients WHERE id = ?", (identity.lower(),)
        ).fetchone()
        return found and Client(*found)

    def lists(self, client: str | None = None) -> list[SubscriberList]:
        """The lists of a client, or all."""
        where, values = ("WHERE client = ?", (client,)) if client else ("", ())
        return [_list(each) for each in self.db.execute(f"SELECT * FROM lists {where} ORDER BY n", values)]

    def list(self, identity: str) -> SubscriberList | None:
        """One list by its id."""
        found = self.db.execute("SELECT * FROM lists WHERE id = ?", (identity.lower(),)).fetchone()
        return None if found is None else _list(found)

    def subscriber(self, list_n: int, address: str) -> Subscriber | None:
        """One subscriber, whatever the case of the address."""
        found = self.db.execute(
            "SELECT list, address, name, state, state_at, joined_at, fields, mobile, sms, reads"
            " FROM subscribers WHERE list = ? AND key = ?",
            (list_n, address.lower()),
        ).fetchone()
        return None if found is None else as_subscriber(found)

    def counts(self) -> dict[int, dict[str, int]]:
        """Subscribers by list and state."""
        found: dict[int, dict[str, int]] = {each.n: dict.fromkeys(STATES, 0) for each in self.lists()}
        for n, state, count in self.db.execute("SELECT list, state, count(*) FROM subscribers GROUP BY list, state"):
            found[n][STATES[state]] = count
        return found


INSERT_SUBSCRIBER: Final = (
    "INSERT INTO subscribers (list, key, address, name, state, minute, state_at, joined_at, fields, mobile,"
    " sms, reads, row) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def _list(found: tuple[Any, ...]) -> SubscriberList:
    n, identity, client, title, page, setting, confirmed, success = found
    return SubscriberList(n, identity, client, title, page, setting, bool(confirmed), success)


def as_subscriber(found: tuple[Any, ...]) -> Subscriber:
    """A subscriber from the columns list … reads, in the order of the class."""
    n, address, name, state, state_at, joined_at, fields, mobile, sms, reads = found
    pairs = tuple((key, value) for key, value in json.loads(fields))
    return Subscriber(n, address, name, STATES[state], state_at, joined_at, pairs, mobile, bool(sms), reads)
