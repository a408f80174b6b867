"""Addresses that several contacts, or several leads, have: who the candidates are, which one is linked, and why (C1).

Read live, in two passes: the first keeps 16 bytes of each record to find which addresses are ambiguous, the second reads
the records of those. Nothing is stored.
"""

from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from fairlead.domain.address import normal
from fairlead.features.members import rules
from fairlead.features.members.rules import Ambiguous, Candidate
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.query import split_in
from fairlead.sync import org_reading
from fairlead.sync.match import BY_LEAD, DIRECT, MatchRules
from fairlead.sync.org_matcher import CONTACT, LEAD, everybody
from fairlead.sync.org_reading import Record
from fairlead.sync.seen import Hashes, text_hashes

_MORE: Final = ("Name", "LastModifiedDate", "CreatedDate")


@dataclass(frozen=True, slots=True)
class _Claim:
    """One record's claim to one address: by its own field, or, for the contact that a lead became, by the lead's."""

    address: str
    kind: str
    id: str
    field: str
    rank: int
    record: Record


@dataclass(slots=True)
class _Pairs:
    """Hashes of (address, record) of one object, to find addresses that several records claim."""

    addresses: list[Hashes] = field(default_factory=list)
    records: list[Hashes] = field(default_factory=list)

    def add(self, claims: Sequence[_Claim]) -> None:
        self.addresses.append(text_hashes([claim.address for claim in claims]))
        self.records.append(text_hashes([claim.id for claim in claims]))

    def several(self) -> set[int]:
        """Hashes of the addresses that more than one record claims."""
        if not self.addresses:
            return set()
        pairs = np.unique(np.stack((np.concatenate(self.addresses), np.concatenate(self.records))), axis=1)
        hashes, counts = np.unique(pairs[0], return_counts=True)
        return set(hashes[counts > 1].tolist())


async def find(crm: Salesforce, matching: MatchRules) -> list[Ambiguous]:
    """Every ambiguous address in order, with its candidates, the one that is linked first. Raises a Failure."""
    pairs = {CONTACT: _Pairs(), LEAD: _Pairs()}
    async for claims in _claims(crm, matching, ()):
        for kind, of in pairs.items():
            of.add([claim for claim in claims if claim.kind == kind])
    several = {kind: of.several() for kind, of in pairs.items()}
    if not any(several.values()):
        return []
    found: dict[tuple[str, str], list[_Claim]] = {}
    async for claims in _claims(crm, matching, _MORE):
        for claim in claims:
            if hash(claim.address) in several[claim.kind]:
                found.setdefault((claim.address, claim.kind), []).append(claim)
    names = await _contact_names(crm, found)
    return [
        Ambiguous(address, kind, rules.judge([_candidate(claim, names) for claim in claims], oldest=matching.oldest))
        for (address, kind), claims in sorted(found.items(), key=lambda item: item[0])
        if len({claim.id for claim in claims}) > 1
    ]


async def _claims(crm: Salesforce, matching: MatchRules, more: tuple[str, ...]) -> AsyncGenerator[list[_Claim], None]:
    for kind, fields in ((CONTACT, matching.contact_fields), (LEAD, matching.lead_fields)):
        own = ("IsConverted", "ConvertedContactId") if kind == LEAD else ()
        after = f"FROM {kind}{everybody(fields, by_id=False)}"
        expected = await org_reading.count(crm, after)
        columns = ("Id", *more, *own, *fields)
        async for page in org_reading.read(crm, columns, after, expected=expected):
            yield [claim for record in page for claim in _claims_of(record, kind, fields)]


def _claims_of(record: Record, kind: str, fields: Sequence[str]) -> Iterator[_Claim]:
    addresses = record[len(record) - len(fields) :]
    owner, owner_kind, rank = record[0], kind, DIRECT
    if kind == LEAD:
        converted, became = record[-len(fields) - 2 : -len(fields)]
        if converted == "true":
            owner, owner_kind, rank = became, CONTACT, BY_LEAD
    for place, (name, address) in enumerate(zip(fields, addresses, strict=True)):
        if address.strip() and owner:
            yield _Claim(normal(address), owner_kind, owner, f"{kind}.{name}", rank - place, record)


async def _contact_names(crm: Salesforce, found: dict[tuple[str, str], list[_Claim]]) -> dict[str, str]:
    """Names of the contacts that leads became, by id."""
    wanted = sorted({claim.id for claims in found.values() for claim in claims if claim.id != claim.record[0]})
    names: dict[str, str] = {}
    for after in split_in("FROM Contact WHERE Id IN", wanted):
        async for page in org_reading.read(crm, ("Id", "Name"), after, expected=0):
            names.update((record[0], record[1]) for record in page)
    return names


def _candidate(claim: _Claim, names: dict[str, str]) -> Candidate:
    id_, name, modified, created = claim.record[:4]
    return Candidate(
        kind=claim.kind,
        id=claim.id,
        name=name if id_ == claim.id else names.get(claim.id, ""),
        field=claim.field,
        rank=claim.rank,
        modified=modified[:19],
        created=created[:19],
    )
