"""Which contact and which lead an address belongs to: sorted fixed-width arrays, some 26 bytes a record.

Rules (feature 2.2): standard Email, whatever the case; several records → the most recently modified; a contact and a
lead → both; a converted lead → its contact, unless a contact has the address itself; no match → blank.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fairlead.domain.address import normal
from fairlead.sync.seen import Hashes, text_hashes

DIRECT, BY_LEAD = 1, 0


@dataclass(frozen=True, slots=True)
class IdIndex:
    """Record ids by the hash of an address; one id an address."""

    hashes: Hashes
    ids: NDArray[np.bytes_]

    def find(self, hashes: Hashes) -> list[str]:
        """An id for each hash, blank where there is none."""
        if not len(self.hashes):
            return [""] * len(hashes)
        order = np.argsort(hashes)  # sorted questions walk through the index instead of leaping about in it
        places = np.empty(len(hashes), dtype=np.intp)
        places[order] = np.searchsorted(self.hashes, hashes[order])
        places[places == len(self.hashes)] = 0
        found = (self.hashes[places] == hashes).nonzero()[0]
        ids = [""] * len(hashes)
        for position, id_ in zip(found.tolist(), self.ids[places[found]].tolist(), strict=True):
            ids[position] = id_.decode()
        return ids

    def __len__(self) -> int:
        return len(self.hashes)


@dataclass(slots=True)
class IndexBuilder:
    """Collects (address, id, last modified, rank) a page at a time; `build` keeps the best record of each address."""

    _hashes: list[Hashes] = field(default_factory=list)
    _ids: list[NDArray[np.bytes_]] = field(default_factory=list)
    _modified: list[NDArray[np.datetime64]] = field(default_factory=list)
    _ranks: list[NDArray[np.int8]] = field(default_factory=list)

    def add(self, addresses: Sequence[str], ids: Sequence[str], modified: Sequence[str], rank: int = DIRECT) -> None:
        """Take records. `modified` are Salesforce's date-times (`2026-01-31T12:00:00.000+0000`)."""
        self._hashes.append(text_hashes([normal(address) for address in addresses]))
        self._ids.append(np.array(ids, dtype="S18"))
        self._modified.append(np.array([text[:23] for text in modified], dtype="datetime64[ms]"))
        self._ranks.append(np.full(len(ids), rank, dtype=np.int8))

    def build(self) -> IdIndex:
        """The index: of each address the direct record before one by a lead, then the most recently modified, then the id."""
        if not self._hashes:
            return IdIndex(np.empty(0, dtype=np.int64), np.empty(0, dtype="S18"))
        hashes = np.concatenate(self._hashes)
        ids = np.concatenate(self._ids)
        modified = np.concatenate(self._modified).astype(np.int64)
        order = np.lexsort((ids, -modified, -np.concatenate(self._ranks), hashes))
        hashes = hashes[order]
        first = np.ones(len(hashes), dtype=np.bool_)
        first[1:] = hashes[1:] != hashes[:-1]
        return IdIndex(hashes[first], ids[order][first])


@dataclass(frozen=True, slots=True)
class MatchIndex:
    """Contacts and leads by address."""

    contacts: IdIndex
    leads: IdIndex

    def match(self, addresses: Sequence[str]) -> tuple[list[str], list[str]]:
        """Contact ids and lead ids, one text an address, blank where nothing matches."""
        hashes = text_hashes([normal(address) for address in addresses])
        return self.contacts.find(hashes), self.leads.find(hashes)
