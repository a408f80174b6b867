"""Which contact and which lead an address belongs to: sorted fixed-width arrays, some 26 bytes a record.

Rules (feature 2.2, C1, C8): an Id that is given counts first; then the address fields in the admin's order, whatever the
case; several records of one field → the most recently modified, or the oldest, as chosen; a contact and a lead → both; a
converted lead → its contact, unless a contact has the address itself; no match → blank.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fairlead.domain.address import normals
from fairlead.sync.seen import Hashes, text_hashes

DIRECT, BY_LEAD = 64, 0
"""Ranks, the higher the better: a record's first field is DIRECT, each later one less by 1; so for contacts by a lead."""
MOST_FIELDS: Final = 16
"""Address fields of one object, at most."""
SHORT_ID: Final = 15
"""Characters of an Id without its check letters; case matters in them."""
LONG_ID: Final = 18
_DATE: Final = len("2026-01-31T12:00:00.000")
_ID: Final = re.compile(r"(?:003|00Q)[A-Za-z0-9]{12}(?:[A-Z0-5]{3})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class MatchRules:
    """How to match: address fields in the order in which they count, which of several records to take, and whether by Id.

    `id_field` is the custom field of Campaign Monitor that gives an Id, where one does.
    """

    contact_fields: tuple[str, ...] = ("Email",)
    lead_fields: tuple[str, ...] = ("Email",)
    oldest: bool = False
    by_id: bool = False
    id_field: str = ""

    @property
    def told_by(self) -> str:
        """The date that breaks ties."""
        return "CreatedDate" if self.oldest else "LastModifiedDate"

    def __str__(self) -> str:
        return f"{','.join(self.contact_fields)};{','.join(self.lead_fields)};{self.told_by};{int(self.by_id)}{self.id_field}"


def short_id(text: str) -> str:
    """The 15 characters of a contact's or lead's Id; blank for anything else that people write into a custom field."""
    text = text.strip()
    return text[:SHORT_ID] if _ID.fullmatch(text) else ""


@dataclass(frozen=True, slots=True)
class IdIndex:
    """Record ids by the hash of an address; one id an address. `ambiguous` addresses had several records to choose from."""

    hashes: Hashes
    ids: NDArray[np.bytes_]
    ambiguous: int = 0

    def find(self, asked: "Asked") -> list[str]:
        """An id for each hash, blank where there is none."""
        if not len(self.hashes):
            return [""] * len(asked.order)
        places = np.searchsorted(self.hashes, asked.ascending)
        places[places == len(self.hashes)] = 0
        found = self.hashes[places] == asked.ascending
        ids = np.zeros(len(asked.order), dtype=self.ids.dtype)
        ids[asked.order[found]] = self.ids[places[found]]
        return _texts(ids)

    def __len__(self) -> int:
        return len(self.hashes)


def _bytes(texts: Sequence[str], length: int) -> NDArray[np.bytes_]:
    """ASCII texts, each of at most `length` characters."""
    if set(map(len, texts)) == {length}:  # the usual case: read as one
        return np.frombuffer("".join(texts).encode("ascii"), f"S{length}")
    return np.array(texts, dtype=f"S{length}")


def _texts(ids: NDArray[np.bytes_]) -> list[str]:
    """Ids, which are ASCII, as texts: widened all together, which is quicker than decoding each."""
    texts: list[str] = ids.view(np.uint8).astype(np.uint32).view(f"U{ids.dtype.itemsize}").tolist()
    return texts


@dataclass(frozen=True, slots=True)
class Asked:
    """Hashes to look for, in ascending order, and where each stood: sorted, they walk through an index."""

    ascending: Hashes
    order: NDArray[np.intp]

    @classmethod
    def of(cls, keys: list[str]) -> "Asked":
        """The hashes of these keys."""
        hashes = text_hashes(keys)
        order = np.argsort(hashes)
        return cls(hashes[order], order)


def _nothing() -> IdIndex:
    return IdIndex(np.empty(0, dtype=np.int64), np.empty(0, dtype=f"S{LONG_ID}"))


@dataclass(slots=True)
class IndexBuilder:
    """Collects (address, id, date, rank) a page at a time; `build` keeps the best record of each address.

    `oldest`: of equal rank the earliest date wins, not the latest.
    """

    oldest: bool = False
    _hashes: list[Hashes] = field(default_factory=list)
    _ids: list[NDArray[np.bytes_]] = field(default_factory=list)
    _dates: list[NDArray[np.int64]] = field(default_factory=list)
    _ranks: list[NDArray[np.int8]] = field(default_factory=list)

    def add(self, addresses: Sequence[str], ids: Sequence[str], dates: Sequence[str], rank: int = DIRECT) -> None:
        """Take records. `dates` are Salesforce's date-times (`2026-01-31T12:00:00.000+0000`); blank addresses are left out."""
        keys = normals(addresses)
        if not all(keys):
            kept = [i for i, address in enumerate(keys) if address]
            keys, ids, dates = [keys[i] for i in kept], [ids[i] for i in kept], [dates[i] for i in kept]
        self.add_keys(keys, ids, dates, rank)

    def add_keys(self, keys: list[str], ids: Sequence[str], dates: Sequence[str], rank: int = DIRECT) -> None:
        """Take records by keys that are compared as they are."""
        self._hashes.append(text_hashes(keys))
        self._ids.append(_bytes(ids, LONG_ID))
        self._dates.append(_bytes([text[:_DATE] for text in dates], _DATE).astype("datetime64[ms]").astype(np.int64))
        self._ranks.append(np.full(len(ids), rank, dtype=np.int8))

    def build(self) -> IdIndex:
        """The index: of each address the record of the highest rank, then of the date that wins, then of the lowest id."""
        if not self._hashes:
            return _nothing()
        hashes = np.concatenate(self._hashes)
        order = np.argsort(hashes)
        hashes = hashes[order]
        several = np.zeros(len(hashes), dtype=np.bool_)
        several[1:] = hashes[1:] == hashes[:-1]
        first = ~several
        several[:-1] |= several[1:]
        ids = np.concatenate(self._ids)
        if several.any():
            order[several] = self._by_merit(order[several], hashes[several], ids)
        ids = ids[order]
        best = np.maximum.accumulate(np.where(first, np.arange(len(hashes)), 0))
        ambiguous = len(np.unique(hashes[ids != ids[best]]))
        return IdIndex(hashes[first], ids[first], ambiguous)

    def _by_merit(self, places: NDArray[np.intp], hashes: Hashes, ids: NDArray[np.bytes_]) -> NDArray[np.intp]:
        """Places of records whose addresses are not theirs alone, in ascending order of hashes: the best of each first."""
        dates = np.concatenate(self._dates)[places]
        ranks = np.concatenate(self._ranks)[places]
        merits = np.lexsort((ids[places], dates if self.oldest else -dates, -ranks, hashes))
        chosen: NDArray[np.intp] = places[merits]
        return chosen


@dataclass(frozen=True, slots=True)
class MatchIndex:
    """Contacts and leads by address, and by their own Id where a custom field may give it."""

    contacts: IdIndex
    leads: IdIndex
    contact_ids: IdIndex = field(default_factory=_nothing)
    lead_ids: IdIndex = field(default_factory=_nothing)

    def match(self, addresses: Sequence[str], ids: Sequence[str] | None = None) -> tuple[list[str], list[str]]:
        """Contact ids and lead ids, one text an address, blank where nothing matches.

        `ids` are what people wrote beside the address; one that is a contact's or lead's Id counts before the address.
        """
        asked = Asked.of(normals(addresses))
        contacts, leads = self.contacts.find(asked), self.leads.find(asked)
        if ids is not None and any(ids):
            given = Asked.of([short_id(text) for text in ids])
            contacts = _first(self.contact_ids.find(given), contacts)
            leads = _first(self.lead_ids.find(given), leads)
        return contacts, leads


def _first(given: list[str], otherwise: list[str]) -> list[str]:
    return [one or other for one, other in zip(given, otherwise, strict=True)]


@dataclass(slots=True)
class MatchBuilder:
    """Contacts and leads as they are read, a page of texts at a time, become the index that decides."""

    rules: MatchRules
    _contacts: IndexBuilder = field(init=False)
    _leads: IndexBuilder = field(init=False)
    _contact_ids: IndexBuilder = field(init=False)
    _lead_ids: IndexBuilder = field(init=False)

    def __post_init__(self) -> None:
        oldest = self.rules.oldest
        self._contacts, self._leads = IndexBuilder(oldest), IndexBuilder(oldest)
        self._contact_ids, self._lead_ids = IndexBuilder(oldest), IndexBuilder(oldest)

    def contacts(self, page: Sequence[tuple[str, ...]]) -> None:
        """Contacts: Id, the date that breaks ties, and the address fields in their order."""
        if not page:
            return
        ids, dates, *addresses = (list(column) for column in zip(*page, strict=True))
        for place, column in enumerate(addresses):
            self._contacts.add(column, ids, dates, DIRECT - place)
        if self.rules.by_id:
            self._contact_ids.add_keys([id_[:SHORT_ID] for id_ in ids], ids, dates)

    def leads(self, page: Sequence[tuple[str, ...]]) -> None:
        """Leads: Id, date, whether converted, to which contact, address fields. A converted one leads to its contact."""
        still = [record for record in page if record[2] != "true"]
        became = [record for record in page if record[2] == "true" and record[3]]
        for records, by_address, by_id, target, rank in (
            (still, self._leads, self._lead_ids, 0, DIRECT),
            (became, self._contacts, self._contact_ids, 3, BY_LEAD),
        ):
            if not records:
                continue
            columns = [list(column) for column in zip(*records, strict=True)]
            for place, column in enumerate(columns[4:]):
                by_address.add(column, columns[target], columns[1], rank - place)
            if self.rules.by_id:
                by_id.add_keys([id_[:SHORT_ID] for id_ in columns[0]], columns[target], columns[1], rank)

    def build(self) -> MatchIndex:
        """The index of all pages."""
        return MatchIndex(
            self._contacts.build(), self._leads.build(), self._contact_ids.build(), self._lead_ids.build()
        )
