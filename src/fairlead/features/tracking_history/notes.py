"""Notes of events as arrays: what a reading has to count, and which events the next may meet again. Pure.

People stand here as keyed hashes. Some ten bytes to forty an event, and a row of the database for many thousands of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from fairlead.domain.activity import Activity
from fairlead.store.activity import COUNTED
from fairlead.sync.event_ports import FORGET_ALL, Noted

HASH: Final = 32
ID: Final = 18
HELD: Final = 50_000
"""Events of one reading that are held in memory, and members whose totals are added up together, about: 2 to 5 MB."""
PART: Final = 10_000
"""Events of one row of the database, and members whose totals are added by one query, at most. On its way to the database
a row takes some twenty times its size."""

_MEMBERS: Final = np.dtype([("who", f"S{HASH}"), ("count", "<i4"), ("last", "<i8")])
_LINKED: Final = np.dtype(
    [
        ("who", f"S{HASH}"),
        ("contact", f"S{ID}"),
        ("lead", f"S{ID}"),
        ("count", "<i4"),
        ("first", "<i8"),
        ("last", "<i8"),
    ]
)
_REMEMBERED: Final = np.dtype([("key", "S16"), ("at", "S16"), ("flagged", "?")])
_LENGTH: Final = len("2026-01-31T12:00:00.000Z")
_TO_SECONDS: Final = len("2026-01-31T12:00:00")

Records = NDArray[np.void]


def seconds(moments: Sequence[str]) -> NDArray[np.int64]:
    """Moments in UTC (`2026-01-31T12:00:00.000Z`) as seconds since 1970. Raises ValueError for what is no moment."""
    if len(moments) > 1 and moments.count(moments[0]) == len(moments):
        return np.repeat(seconds(moments[:1]), len(moments))
    cells = np.frombuffer("".join(moments).encode("ascii"), np.uint8)
    if len(cells) != _LENGTH * len(moments):
        raise ValueError("a moment of another form")
    texts = np.ascontiguousarray(cells.reshape(-1, _LENGTH)[:, :_TO_SECONDS]).view(f"S{_TO_SECONDS}").ravel()
    return texts.astype("datetime64[s]").astype(np.int64)


def fixed(texts: Sequence[bytes], length: int) -> NDArray[np.bytes_]:
    """Texts of that many bytes. Numpy compares them byte by byte; trailing zeros count as part of the length."""
    return np.frombuffer(b"".join(texts), f"S{length}")


@dataclass(frozen=True, slots=True)
class Tally:
    """How many events each member and each address of a linked campaign had, in the order of their hashes."""

    members: Records
    linked: Records

    @classmethod
    def of(cls, noted: Noted) -> Self:
        """Events one by one, not yet added up."""
        members = np.empty(len(noted.members), _MEMBERS)
        members["who"], members["count"] = fixed(noted.members, HASH), 1
        members["last"] = seconds(noted.at)
        linked = np.empty(len(noted.addresses), _LINKED)
        if len(linked):
            linked["who"], linked["count"] = fixed(noted.addresses, HASH), 1
            linked["contact"], linked["lead"] = np.array(noted.contacts, f"S{ID}"), np.array(noted.leads, f"S{ID}")
            linked["first"] = linked["last"] = seconds(noted.linked_at)
        return cls(members, linked)

    @classmethod
    def joined(cls, parts: Sequence["Tally"]) -> Self:
        """Several as one, added up: each member and address once."""
        members = _joined([part.members for part in parts], _MEMBERS)
        linked = _joined([part.linked for part in parts], _LINKED)
        return cls(_added(members), _added(linked))

    @classmethod
    def from_bytes(cls, body: bytes) -> Self:
        """What `to_bytes` made."""
        count, rest = int.from_bytes(body[:4], "little"), body[4:]
        size = count * _MEMBERS.itemsize
        return cls(np.frombuffer(rest[:size], _MEMBERS), np.frombuffer(rest[size:], _LINKED))

    def to_bytes(self) -> Iterator[bytes]:
        """For the database, a part a row."""
        for first in range(0, max(len(self.members), len(self.linked)), PART):
            members, linked = (each[first : first + PART] for each in (self.members, self.linked))
            yield len(members).to_bytes(4, "little") + members.tobytes() + linked.tobytes()

    def __len__(self) -> int:
        return len(self.members) + len(self.linked)


def _joined(parts: Sequence[Records], of: np.dtype[np.void]) -> Records:
    return np.concatenate(parts) if parts else np.empty(0, of)


def _added(records: Records) -> Records:
    """One record for each hash, in their order: counts added, the first and the last moment, the last of the ids."""
    if not len(records):
        return records
    who, first, back = np.unique(records["who"], return_index=True, return_inverse=True)
    added = records[first].copy()
    added["who"] = who
    added["count"] = np.bincount(back, weights=records["count"], minlength=len(who))
    last = added["last"].copy()
    np.maximum.at(last, back, records["last"])
    added["last"] = last
    if "first" in (records.dtype.names or ()):
        earliest = added["first"].copy()
        np.minimum.at(earliest, back, records["first"])
        added["first"] = earliest
        for name in ("contact", "lead"):
            order = np.lexsort((records[name], back))
            ids = added[name].copy()
            ids[back[order]] = records[name][order]  # of several the last is kept
            added[name] = ids
    return added


def by_activity(tallies: Sequence[tuple[Activity, Tally]]) -> Iterator[tuple[bytes, list[list[int]], list[int]]]:
    """Members of several tallies for `store.activity.add_to_members`, some thousand at a time: their hashes in order, how
    many events of each counted activity they had, and the moment of the last of any activity.
    """
    members = _joined([tally.members for _, tally in tallies], _MEMBERS)
    who, back = np.unique(members["who"], return_inverse=True)
    lasts = np.full(len(who), np.iinfo(np.int64).min)
    np.maximum.at(lasts, back, members["last"])
    counts, first = np.zeros((len(COUNTED), len(who)), np.int32), 0
    for what, tally in tallies:
        if what in COUNTED:
            places = back[first : first + len(tally.members)]
            np.add.at(counts[COUNTED.index(what)], places, tally.members["count"])
        first += len(tally.members)
    for first in range(0, len(who), PART):
        some = slice(first, first + PART)
        yield who[some].tobytes(), counts[:, some].tolist(), lasts[some].tolist()


@dataclass(slots=True)
class Tallies:
    """The tally of one reading as it grows: added up whenever many events have come."""

    _parts: list[Tally] = field(default_factory=list)
    _count: int = 0

    def add(self, noted: Noted) -> None:
        """Take events."""
        if noted.members or noted.addresses:
            part = Tally.of(noted)
            self._parts.append(part)
            self._count += len(part)

    def full(self) -> Tally | None:
        """Everything so far, once it is so much that it had better be put aside; it is then forgotten here."""
        if self._count < HELD:
            return None
        whole = Tally.joined(self._parts)
        if len(whole) < HELD // 2:
            self._parts, self._count = [whole], len(whole)
            return None
        self._parts, self._count = [], 0
        return whole

    def rest(self) -> Tally:
        """What is left."""
        return Tally.joined(self._parts)


@dataclass(frozen=True, slots=True)
class Remembered:
    """Events that a later reading may meet again, by key in ascending order: minute (wall clock), and whether it was flagged."""

    records: Records

    @classmethod
    def of(cls, keys: Sequence[bytes], minutes: Sequence[str], flagged: Sequence[bool]) -> Self:
        """Events; of a key that comes several times the flags are joined."""
        records = np.empty(len(keys), _REMEMBERED)
        records["key"], records["at"], records["flagged"] = fixed(keys, 16), np.array(minutes, "S16"), flagged
        return cls(_once(records))

    @classmethod
    def from_bytes(cls, bodies: Sequence[bytes]) -> Self:
        """What `to_bytes` made."""
        return cls(_once(np.frombuffer(b"".join(bodies), _REMEMBERED)))

    def to_bytes(self) -> Iterator[bytes]:
        """For the database, a part a row."""
        for first in range(0, len(self.records), PART):
            yield self.records[first : first + PART].tobytes()

    def find(self, keys: Sequence[bytes]) -> Mapping[bytes, bool]:
        """Of these keys those that are remembered, and whether each was flagged."""
        if not len(self.records) or not keys:
            return {}
        held = np.ascontiguousarray(self.records["key"])
        asked = fixed(keys, 16)
        places = np.searchsorted(held, asked)
        places[places == len(held)] = 0
        found = (held[places] == asked).nonzero()[0]
        flags = self.records["flagged"][places[found]]
        return {keys[i]: flag for i, flag in zip(found.tolist(), flags.tolist(), strict=True)}

    def joined(self, others: Sequence["Remembered"]) -> "Remembered":
        """These and others."""
        return Remembered(_once(np.concatenate([self.records, *(other.records for other in others)])))

    def since(self, minute: str) -> "Remembered":
        """Those of a minute and later: all for a blank, none for `FORGET_ALL`."""
        if minute == FORGET_ALL:
            return Remembered(self.records[:0])
        return Remembered(self.records[self.records["at"] >= minute.encode()]) if minute else self

    def __len__(self) -> int:
        return len(self.records)


def _once(records: Records) -> Records:
    """Each key once, in their order, flagged where any of its records is."""
    keys, first, back = np.unique(records["key"], return_index=True, return_inverse=True)
    once = records[first].copy()
    if len(keys) < len(records):
        once["flagged"][back[records["flagged"]]] = True
    return once
