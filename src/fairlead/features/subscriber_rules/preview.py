"""Who would be added or taken off by a rule, read live; nothing of it is kept."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from asgiref.sync import sync_to_async

from fairlead.domain.address import normal
from fairlead.domain.consent_settings import options
from fairlead.features.subscriber_rules import keeping, org
from fairlead.features.subscriber_rules.applying import Tools, known_of
from fairlead.features.subscriber_rules.keeping import Ready
from fairlead.features.subscriber_rules.org import Person
from fairlead.features.subscriber_rules.rules import deciding
from fairlead.features.subscriber_rules.rules.deciding import Fate
from fairlead.features.subscriber_rules.rules.words import Does
from fairlead.salesforce.client import Salesforce
from fairlead.store import hashing, secrets, setting_rows
from fairlead.store.consent import PostgresConsentBook
from fairlead.store.ledger import LedgerKeys, PostgresLedger
from fairlead.store.models import Org
from fairlead.sync import sides
from fairlead.sync.seen import Seen, text_hashes

SHOWN: Final = 50
"""So many people are shown on a page; the table (CSV) has all."""

Row = tuple[Person, Fate]


@dataclass(slots=True)
class Preview:
    """Counts by what would become of the records that satisfy a rule, and the first of them that would change."""

    rule: Ready
    records: int = 0
    on_the_list: int = 0
    fates: dict[Fate, int] = field(default_factory=dict)
    shown: list[Row] = field(default_factory=list)

    @property
    def changes(self) -> int:
        """How many subscribers would be added or taken off."""
        return self.fates.get(Fate.ADD, 0) + self.fates.get(Fate.REMOVE, 0)

    def as_json(self) -> Mapping[str, Any]:
        """As the command line prints it."""
        told = {"rule": self.rule.id, "records": self.records, "on_the_list": self.on_the_list}
        return told | {"changes": self.changes, "fates": {str(fate): count for fate, count in self.fates.items()}}


async def preview(who: Org, rule: int) -> Preview:
    """Raises NoSuchRule, or a Failure."""
    of = await sync_to_async(_ready)(who, rule)
    async with sides.salesforce(who.pk) as crm:
        found = Preview(of, on_the_list=await org.on_the_list(crm, of.list))
        async with aclosing(rows(await tools(who, crm), of)) as pages:
            async for page in pages:
                found.records += len(page)
                for one in page:
                    found.fates[one[1]] = found.fates.get(one[1], 0) + 1
                    if one[1] in (Fate.ADD, Fate.REMOVE) and len(found.shown) < SHOWN:
                        found.shown.append(one)
    return found


async def stream(who: Org, rule: int) -> AsyncGenerator[list[Row], None]:
    """Every record that satisfies the rule, a page at a time. Raises NoSuchRule, or a Failure."""
    of = await sync_to_async(_ready)(who, rule)
    async with sides.salesforce(who.pk) as crm, aclosing(rows(await tools(who, crm), of)) as pages:
        async for page in pages:
            yield page


async def rows(of: Tools, rule: Ready, after: str = "") -> AsyncGenerator[list[Row], None]:
    """The records that satisfy a rule, with what would become of each now. Of those with one address the first counts."""
    adding = rule.does == Does.ADD
    decide = deciding.to_add if adding else deciding.to_remove
    seen = Seen()
    async with aclosing(org.people(of.salesforce, rule.object, rule.where, after)) as pages:
        async for page in pages:
            known = await known_of(of, rule.client, rule.list, page, adding=adding)
            repeated = seen.add(text_hashes([normal(one.address) for one in page]))
            found: list[Row] = []
            for one, about, again in zip(page, known, repeated, strict=True):
                fate = decide(one.address, about)
                found.append((one, Fate.SAME_ADDRESS if again and fate in (Fate.ADD, Fate.REMOVE) else fate))
            yield found


async def tools(who: Org, crm: Salesforce) -> Tools:
    """For looking only: nothing is written with them."""
    chosen = await sync_to_async(setting_rows.values)(who)
    keys = LedgerKeys(hashing.address_key(), hashing.content_key(), secrets.seal, secrets.unseal)
    ledger = PostgresLedger(who.pk, 0, _nothing, keys)
    book = PostgresConsentBook(who.pk, _nothing)
    no_account: Any = None
    return Tools(no_account, crm, ledger, book, options(chosen), False, datetime.now().astimezone())


def _nothing() -> None:
    """Nothing is written."""


def _ready(who: Org, rule: int) -> Ready:
    return keeping.ready(keeping.find(who, rule))
