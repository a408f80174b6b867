"""Who may be added: the remembered opt status of an address, and Email Opt Out on the contacts and leads that have it."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Final, Protocol

import msgspec

from fairlead.domain.address import normal, normals
from fairlead.domain.consent import MISSING, Opt, Shadow, Shown, stands_in_the_way
from fairlead.domain.consent_settings import Options
from fairlead.features.import_wizard.rules.rows import Why
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.errors import SetupRefused
from fairlead.salesforce.query import split_in
from fairlead.sync.failures import salesforce_failures
from fairlead.sync.seen import Seen, text_hashes

FEW: Final = 400
"""So many addresses are asked for by themselves; beyond them all ticked ones of the org are read once."""
DOING: Final = "read who opted out"


class Ticks(Protocol):
    """The tick boxes of an org."""

    async def ticked(self, addresses: Sequence[str]) -> Collection[str]:
        """Those of these normal forms that a contact or lead with Email Opt Out has. Raises a Failure."""
        ...


class Shadows(Protocol):
    """The part of `store.consent.PostgresConsentBook` that is asked here."""

    async def not_in(self, client: str, addresses: Sequence[bytes]) -> Mapping[bytes, Shadow]:
        """What is remembered of those of these addresses (keyed hashes) that are not agreed to be in."""
        ...


@dataclass(slots=True)
class OrgTicks:
    """Read from the org: by address while they are few, then all that are ticked, once, as 64-bit hashes."""

    org: Salesforce
    _asked: int = 0
    _all: Seen | None = None
    _hidden: set[str] = field(default_factory=set)

    async def ticked(self, addresses: Sequence[str]) -> Collection[str]:
        """See `Ticks`. An object that the sync user may not see at all has nobody; a hidden field raises a Failure."""
        self._asked += len(addresses)
        with salesforce_failures(DOING):
            if self._all is None and self._asked <= FEW:
                return await self._some(addresses)
            if self._all is None:
                self._all = await self._every()
        if not len(self._all):
            return ()
        found = self._all.contains(text_hashes(list(addresses)))
        return set(compress(addresses, found.tolist()))

    async def _some(self, addresses: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for name in _OBJECTS:
            before = f"SELECT Email FROM {name} WHERE HasOptedOutOfEmail = true AND Email IN"
            for soql in split_in(before, addresses):
                async for page in self._pages(name, soql):
                    found |= {normal(row.email) for row in page}
        return found

    async def _every(self) -> Seen:
        seen = Seen()
        for name in _OBJECTS:
            soql = f"SELECT Email FROM {name} WHERE HasOptedOutOfEmail = true AND Email != null"
            async for page in self._pages(name, soql):
                seen.add(text_hashes(normals([row.email for row in page])))
        return seen

    async def _pages(self, name: str, soql: str) -> AsyncIterator[list["_Ticked"]]:
        """The records; none of an object that is hidden."""
        if name in self._hidden:
            return
        try:
            async for page in self.org.query(soql, type=_Ticked):
                yield page
        except SetupRefused as refused:
            if refused.code != "INVALID_TYPE":
                raise
            self._hidden.add(name)


class _Ticked(msgspec.Struct, rename={"email": "Email"}, gc=False):
    email: str


_OBJECTS: Final = ("Contact", "Lead")


@dataclass(slots=True)
class NoTicks:
    """Nobody has a tick, or these have."""

    ticks: set[str] = field(default_factory=set)

    async def ticked(self, addresses: Sequence[str]) -> Collection[str]:
        return self.ticks & set(addresses)


@dataclass(frozen=True, slots=True)
class MayBeAdded:
    """Asks both before anybody is added."""

    client: str
    book: Shadows
    ticks: Ticks
    options: Options

    async def forbidden(self, keys: Sequence[bytes], addresses: Sequence[str]) -> Mapping[bytes, Why]:
        """Of these (keyed hashes, and normal forms) those who must not be added, and why. Raises a Failure.

        Whoever is neither ticked nor remembered as other than in is not looked at by themselves: nothing could stand in
        their way.
        """
        if not keys:
            return {}
        shadows = await self.book.not_in(self.client, keys)
        ticked: Collection[str] = ()
        if self.options.block_adding_opted_out:
            ticked = await self.ticks.ticked(addresses)
        if not shadows and not ticked:
            return {}
        found: dict[bytes, Why] = {}
        for key, address in zip(keys, addresses, strict=True):
            if key not in shadows and address not in ticked:
                continue
            shown = Shown(Opt.OUT) if address in ticked else MISSING
            if stands_in_the_way(shadows.get(key), shown, MISSING, self.options) is not None:
                found[key] = Why.TICKED if address in ticked else Why.OPTED_OUT
        return found
