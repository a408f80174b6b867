"""The matcher on a Salesforce org: asks for a few addresses by name, or reads all contacts and leads once, as is cheaper."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from fairlead.domain.address import normal
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.query import split_in
from fairlead.sync.failures import salesforce_failures
from fairlead.sync.match import BY_LEAD, IndexBuilder, MatchIndex

ASK_UP_TO: Final = 2_000
"""Addresses asked for by name before the whole org is read: about as many calls as 30,000 contacts cost."""

CONTACTS: Final = "SELECT Id, Email, LastModifiedDate FROM Contact WHERE Email"
LEADS: Final = "SELECT Id, Email, LastModifiedDate, IsConverted, ConvertedContactId FROM Lead WHERE Email"


class _Contact(msgspec.Struct, gc=False):
    Id: str
    Email: str
    LastModifiedDate: str


class _Lead(msgspec.Struct, gc=False):
    Id: str
    Email: str
    LastModifiedDate: str
    IsConverted: bool = False
    ConvertedContactId: str | None = None


class OrgMatcher:
    """Matches addresses for one run. Nothing it reads outlives the run."""

    def __init__(self, salesforce: Salesforce, *, read_all: bool) -> None:
        self._salesforce = salesforce
        self._read_all = read_all
        self._index: MatchIndex | None = None
        self._asked = 0
        self._lock = asyncio.Lock()

    def fresh(self) -> "OrgMatcher":
        """A matcher of the same rules that has read nothing yet, and asks by name."""
        return OrgMatcher(self._salesforce, read_all=False)

    async def match(self, addresses: Sequence[str]) -> tuple[list[str], list[str]]:
        """Contact ids and lead ids, one text an address, blank where nothing matches. Raises a Failure."""
        if self._index is None:
            async with self._lock:
                if self._index is None:
                    self._asked += len(addresses)
                    if not self._read_all and self._asked <= ASK_UP_TO:
                        return (await self._ask(addresses)).match(addresses)
                    self._index = await self._build((CONTACTS + " != null",), (LEADS + " != null",))
        return self._index.match(addresses)

    async def size(self) -> tuple[int, int]:
        """Addresses of contacts and of leads known, reading the org if that was not done yet."""
        async with self._lock:
            if self._index is None:
                self._index = await self._build((CONTACTS + " != null",), (LEADS + " != null",))
        return len(self._index.contacts), len(self._index.leads)

    async def _ask(self, addresses: Sequence[str]) -> MatchIndex:
        asked = sorted({normal(address) for address in addresses})
        return await self._build(split_in(CONTACTS + " IN", asked), split_in(LEADS + " IN", asked))

    async def _build(self, contact_queries: Iterable[str], lead_queries: Iterable[str]) -> MatchIndex:
        contacts, leads = IndexBuilder(), IndexBuilder()
        with salesforce_failures("read contacts and leads"):
            for soql in contact_queries:
                async for page in self._salesforce.query(soql, type=_Contact):
                    contacts.add([c.Email for c in page], [c.Id for c in page], [c.LastModifiedDate for c in page])
            for soql in lead_queries:
                async for rows in self._salesforce.query(soql, type=_Lead):
                    _add_leads(rows, contacts, leads)
        return MatchIndex(contacts.build(), leads.build())


def _add_leads(page: Sequence[_Lead], contacts: IndexBuilder, leads: IndexBuilder) -> None:
    """Open leads are leads; a converted one leads to its contact."""
    still = [lead for lead in page if not lead.IsConverted]
    leads.add([lead.Email for lead in still], [lead.Id for lead in still], [lead.LastModifiedDate for lead in still])
    became = [(lead, lead.ConvertedContactId) for lead in page if lead.IsConverted and lead.ConvertedContactId]
    contacts.add(
        [lead.Email for lead, _ in became],
        [contact for _, contact in became],
        [lead.LastModifiedDate for lead, _ in became],
        BY_LEAD,
    )
