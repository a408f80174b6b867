"""The matcher on a Salesforce org: asks for a few addresses by name, or reads all contacts and leads once, as is cheaper."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from fairlead.domain.address import normal
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.query import split_in
from fairlead.sync import org_reading
from fairlead.sync.gathering import Gathering
from fairlead.sync.match import MatchBuilder, MatchIndex, MatchRules, short_id
from fairlead.sync.org_reading import Record
from fairlead.sync.together import each

ASK_UP_TO: Final = 2_000
"""Addresses asked for by name before the whole org is read: about as many calls as 30,000 contacts cost."""

CONTACT: Final = "Contact"
LEAD: Final = "Lead"

Add = Callable[[Sequence[Record]], None]


def contact_columns(rules: MatchRules) -> tuple[str, ...]:
    """What is read of a contact: Id, the date that breaks ties, and the address fields."""
    return ("Id", rules.told_by, *rules.contact_fields)


def lead_columns(rules: MatchRules) -> tuple[str, ...]:
    """What is read of a lead: Id, the date that breaks ties, what it became, and the address fields."""
    return ("Id", rules.told_by, "IsConverted", "ConvertedContactId", *rules.lead_fields)


class OrgMatcher:
    """Matches addresses for one run. Nothing it reads outlives the run."""

    def __init__(self, salesforce: Salesforce, *, read_all: bool, rules: MatchRules | None = None) -> None:
        self.rules = rules or MatchRules()
        self._salesforce = salesforce
        self._read_all = read_all
        self._index: MatchIndex | None = None
        self._asked = 0
        self._expected = 0
        self._lock = asyncio.Lock()
        self._told: dict[str, tuple[str, str]] = {}
        self._together = Gathering(self._by_name)

    def fresh(self) -> "OrgMatcher":
        """A matcher of the same rules that has read nothing yet, and asks by name."""
        return OrgMatcher(self._salesforce, read_all=False, rules=self.rules)

    async def match(self, addresses: Sequence[str], ids: Sequence[str] | None = None) -> tuple[list[str], list[str]]:
        """Contact ids and lead ids, one text an address, blank where nothing matches. Raises a Failure."""
        if self._index is None:
            given = any(ids or ())
            await self._count(len(addresses) if given else sum(normal(each) not in self._told for each in addresses))
            if self._index is None:
                if given:
                    return (await self._ask(addresses, ids or ())).match(addresses, ids)
                found = await self._together([normal(address) for address in addresses])
                return [contact for contact, _ in found], [lead for _, lead in found]
        return self._index.match(addresses, ids)

    def expect(self, addresses: int) -> None:
        """At least so many different addresses will be asked for: if they are many, none is asked for by name."""
        self._expected = max(self._expected, addresses)

    def forget(self) -> None:
        """What was asked by name is asked anew: contacts or leads were written."""
        self._told.clear()

    async def _count(self, more: int) -> None:
        """Read the whole org once that is cheaper than asking by name."""
        async with self._lock:
            self._asked += more
            if self._index is None and (self._read_all or max(self._asked, self._expected) > ASK_UP_TO):
                self._index = await self._all()

    async def _by_name(self, addresses: Sequence[str]) -> list[tuple[str, str]]:
        """Contact and lead of each address in its normal form. None is asked for twice in a run."""
        missing = sorted({address for address in addresses if address not in self._told} - {""})
        told = dict(self._told)
        if missing:
            index = await self._ask(missing, ())
            told |= dict(zip(missing, zip(*index.match(missing), strict=True), strict=True))
            self._told |= told
        return [told.get(address, ("", "")) for address in addresses]

    async def index(self) -> MatchIndex:
        """The index of all contacts and leads, reading the org if that was not done yet. Raises a Failure."""
        async with self._lock:
            if self._index is None:
                self._index = await self._all()
        return self._index

    async def size(self) -> tuple[int, int]:
        """Addresses of contacts and of leads known, reading the org if that was not done yet."""
        index = await self.index()
        return len(index.contacts), len(index.leads)

    @property
    def known(self) -> MatchIndex | None:
        """The index, if the org was read."""
        return self._index

    async def _ask(self, addresses: Sequence[str], ids: Sequence[str]) -> MatchIndex:
        asked = sorted({normal(address) for address in addresses} - {""})
        given = sorted({short_id(text) for text in ids} - {""})
        builders = MatchBuilder(self.rules)
        contacts = [*_by_name(CONTACT, self.rules.contact_fields, asked), *_by_id(CONTACT, "003", given)]
        leads = [*_by_name(LEAD, self.rules.lead_fields, asked), *_by_id(LEAD, "00Q", given)]

        async def gather(kind: tuple[tuple[str, ...], Iterable[str], Add]) -> None:
            columns, parts, add = kind
            for after in parts:
                async for page in org_reading.read(self._salesforce, columns, after, expected=0):
                    add(page)

        kinds = (
            (contact_columns(self.rules), contacts, builders.contacts),
            (lead_columns(self.rules), leads, builders.leads),
        )
        await each(kinds, gather, at_once=len(kinds))
        return builders.build()

    async def _all(self) -> MatchIndex:
        """Contacts and leads side by side: a large org answers each after a while."""
        builders = MatchBuilder(self.rules)

        async def read(kind: tuple[str, tuple[str, ...], Sequence[str], Add]) -> None:
            source, columns, fields, add = kind
            after = f"FROM {source}{everybody(fields, by_id=self.rules.by_id)}"
            expected = await org_reading.count(self._salesforce, after)
            async for page in org_reading.read(self._salesforce, columns, after, expected=expected):
                add(page)

        kinds = (
            (CONTACT, contact_columns(self.rules), self.rules.contact_fields, builders.contacts),
            (LEAD, lead_columns(self.rules), self.rules.lead_fields, builders.leads),
        )
        await each(kinds, read, at_once=len(kinds))
        return builders.build()


def everybody(fields: Sequence[str], *, by_id: bool) -> str:
    """The condition for all records that may match: those with an address; all of them where an Id may name one."""
    return "" if by_id else " WHERE " + " OR ".join(f"{name} != null" for name in fields)


def _by_name(source: str, fields: Sequence[str], asked: Sequence[str]) -> Iterator[str]:
    for name in fields:
        yield from split_in(f"FROM {source} WHERE {name} IN", asked)


def _by_id(source: str, prefix: str, given: Sequence[str]) -> Iterator[str]:
    return split_in(f"FROM {source} WHERE Id IN", [text for text in given if text.startswith(prefix)])
