"""Mails and what became of them, as they are kept: one row per event, small, so that millions fit."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.audience.entries import Change
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.store import Store, SubscriberList
from fairlead_emulators.campaignmonitor.ties import next_number

RECIPIENT, OPEN, CLICK, BOUNCE, UNSUBSCRIBE, SPAM = KINDS = range(6)
CAMPAIGN, JOURNEY = "Campaign", "Journey"
HARD: Final = ("Hard", "Hard Bounce")
SOFT: Final = ("Soft", "Soft Bounce - Mailbox Full")

TABLES: Final = """
CREATE TABLE IF NOT EXISTS mails (
    n INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, client TEXT NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL,
    links TEXT NOT NULL, hidden INTEGER NOT NULL, salt TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tracked_lists (n INTEGER PRIMARY KEY, id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tracked_texts (n INTEGER PRIMARY KEY, text TEXT UNIQUE NOT NULL);
CREATE TABLE IF NOT EXISTS tracked_people (
    n INTEGER PRIMARY KEY, list INTEGER NOT NULL, key TEXT NOT NULL, head BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS tracked_people_by_key ON tracked_people (list, key);
CREATE TABLE IF NOT EXISTS tracked (
    n INTEGER PRIMARY KEY, mail INTEGER NOT NULL, kind INTEGER NOT NULL, minute INTEGER NOT NULL,
    person INTEGER NOT NULL, ip INTEGER NOT NULL, what INTEGER NOT NULL);
"""
INDEXES: Final = """
CREATE INDEX IF NOT EXISTS tracked_by_date ON tracked (mail, kind, minute, person);
CREATE INDEX IF NOT EXISTS tracked_by_person ON tracked (person, mail);
"""
# mail, kind, minute, person, ip, what
Row = tuple[int, int, int, int, int, int]
_FEW: Final = 10_000  # addresses that are looked up one by one
_INSERT: Final = "INSERT INTO tracked (mail, kind, minute, person, ip, what) VALUES (?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True)
class Mail:
    """Something that was sent to many: a campaign, or an e-mail of a journey. `salt`: what its fate is drawn from."""

    n: int
    id: str
    client: str
    type: str
    name: str
    links: tuple[str, ...]
    hidden: bool
    salt: str


@dataclass(frozen=True)
class Person:
    """Somebody who got mail, by the list it came through. `list`: the list's n."""

    n: int
    list: int
    key: str

    @staticmethod
    def head(address: str) -> bytes:
        """How rows about an address begin."""
        return b'{"EmailAddress":' + msgspec.json.encode(address)


def _mail(row: Sequence[Any]) -> Mail:
    n, identity, client, kind, name, links, hidden, salt = row
    return Mail(n, identity, client, kind, name, tuple(json.loads(links)), bool(hidden), salt)


_COLUMNS: Final = "mails.n, mails.id, mails.client, mails.type, mails.name, mails.links, mails.hidden, mails.salt"


class Tracking:
    """The mails of one account: `service.own(Tracking)`."""

    def __init__(self, service: Service) -> None:
        self._store = service.store
        self.generation = 0
        """Grows whenever the account is emptied, or a mail or an address changes."""
        self._versions: Counter[tuple[int, int]] = Counter()
        service.life.watch(self._follow)

    @property
    def store(self) -> Store:
        """Where it is kept."""
        return self._store

    def forget(self) -> None:
        """What was remembered holds no longer: the account was emptied."""
        self.generation += 1

    def version(self, mail: int, kind: int) -> object:
        """A value that changes whenever rows of that kind may have."""
        return self.generation, self._versions[mail, kind]

    @property
    def all_versions(self) -> object:
        """A value that changes whenever any row may have."""
        return self.generation, self._versions.total()

    def add_mail(
        self, identity: str, client: str, kind: str, name: str, links: Sequence[str], salt: str, *, hidden: bool = False
    ) -> Mail:
        """Keeps a mail, before it is sent to anybody. `identity`: the id of the campaign or the journey's e-mail."""
        number = next_number(self._store, "mails")
        mail = Mail(number, identity, client, kind, name, tuple(links), hidden, salt)
        row = (number, identity, client, kind, name, json.dumps(list(links)), int(hidden), salt)
        self._store.db.execute("INSERT INTO mails VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        return mail

    def mails(self, where: str, *values: object) -> list[Mail]:
        """Mails that an SQL condition selects, in the order they were made."""
        found = self._store.db.execute(f"SELECT {_COLUMNS} FROM mails WHERE {where} ORDER BY mails.n", values)
        return [_mail(each) for each in found]

    def mail(self, identity: str) -> Mail | None:
        """A mail by its id."""
        return next(iter(self.mails("id = ?", identity.lower())), None)

    def drop_mail(self, identity: str) -> None:
        """Deletes a mail with all its rows."""
        mail = self.mail(identity)
        if mail is not None:
            for table in ("tracked", "planned"):
                self._store.db.execute(f"DELETE FROM {table} WHERE mail = ?", (mail.n,))
            self._store.db.execute("DELETE FROM mails WHERE n = ?", (mail.n,))
            self.generation += 1

    def people(self, on: SubscriberList, addresses: Iterable[str]) -> dict[str, int]:
        """The numbers of addresses of a list, by key; those who never got mail are entered."""
        self._store.db.execute("INSERT OR IGNORE INTO tracked_lists VALUES (?, ?)", (on.n, on.id))
        keys = {each.lower(): each for each in addresses}
        self._store.db.executemany(
            "INSERT OR IGNORE INTO tracked_people (list, key, head) VALUES (?, ?, ?)",
            ((on.n, key, Person.head(address)) for key, address in keys.items()),
        )
        if len(keys) > _FEW:
            found = self._store.db.execute("SELECT key, n FROM tracked_people WHERE list = ?", (on.n,))
            return {key: n for key, n in found if key in keys}
        one = "SELECT n FROM tracked_people WHERE list = ? AND key = ?"
        return {key: self._store.db.execute(one, (on.n, key)).fetchone()[0] for key in keys}

    def text(self, fragment: str) -> int:
        """The number of a part of a row that many share: a link, a reason."""
        self._store.db.execute("INSERT OR IGNORE INTO tracked_texts (text) VALUES (?)", (fragment,))
        return int(self._store.db.execute("SELECT n FROM tracked_texts WHERE text = ?", (fragment,)).fetchone()[0])

    def link(self, url: str) -> int:
        """The number of a link."""
        return self.text(link_text(url))

    def reason(self, kind: str, reason: str) -> int:
        """The number of a bounce's kind (Hard or Soft) and reason."""
        return self.text(msgspec.json.encode({"BounceType": kind, "Reason": reason}).decode()[1:-1])

    def write(self, rows: Sequence[Row]) -> None:
        """Adds rows, within a transaction."""
        self._store.db.executemany(_INSERT, rows)
        for each in {(row[0], row[1]) for row in rows}:
            self._versions[each] += 1

    def load(self, batches: Iterable[Sequence[Row]]) -> int:
        """Adds very many rows, best between `unindex` and `index`. Returns how many."""
        count = 0
        with self._store.transaction():
            for rows in batches:
                self._store.db.executemany(_INSERT, rows)
                count += len(rows)
        self.generation += 1
        return count

    def unindex(self) -> None:
        """Drops the indexes, which would slow down the adding of very many rows. Nothing can be read until `index`."""
        for name in ("tracked_by_date", "tracked_by_person"):
            self._store.db.execute(f"DROP INDEX IF EXISTS {name}")

    def index(self) -> None:
        """Makes the indexes that are not there."""
        for statement in INDEXES.strip().splitlines():
            self._store.db.execute(statement)

    def counts(self, mail: int) -> tuple[list[int], list[int]]:
        """How many rows of each kind a mail has, and of how many people."""
        found = {
            kind: (count, people)
            for kind, count, people in self._store.db.execute(
                "SELECT kind, count(*), count(DISTINCT person) FROM tracked INDEXED BY tracked_by_date"
                " WHERE mail = ? GROUP BY kind",
                (mail,),
            )
        }
        return [found.get(kind, (0, 0))[0] for kind in KINDS], [found.get(kind, (0, 0))[1] for kind in KINDS]

    @fact("tracking-follows-address")
    def _follow(self, change: Change) -> None:
        if change.old is not None and change.old.address != change.new.address:
            done = self._store.db.execute(
                "UPDATE tracked_people SET key = ?, head = ? WHERE list = ? AND key = ?",
                (change.new.key, Person.head(change.new.address), change.on.n, change.old.key),
            )
            self.generation += bool(done.rowcount)


def link_text(url: str) -> str:
    """A link as the part of a row."""
    return msgspec.json.encode({"URL": url}).decode()[1:-1]
