"""Carries out what rules decided for one list: asks what stands in the way, then adds and takes off, once a subscriber.

Once out, never in: nobody is added whom either side, the shadow or the tick box shows out, and nobody is deleted who
unsubscribed, for a deleted subscriber has said nothing. Each reason is kept beside the keyed hash of the address.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.campaignmonitor.errors import RecordRefused
from fairlead.campaignmonitor.subscriptions import NOT_ON_THE_LIST
from fairlead.domain.address import member_key, normal
from fairlead.domain.consent import Opt, Shadow, Shown, stands_in_the_way
from fairlead.domain.consent_settings import Options
from fairlead.domain.consent_sides import Membership, campaign_monitor_side, salesforce_side
from fairlead.domain.records import Cursor, Digest, Kind, Outcome, RowFailure, Rows, Scope, Staged
from fairlead.features.subscriber_rules import org
from fairlead.features.subscriber_rules.org import Person
from fairlead.features.subscriber_rules.rules import deciding
from fairlead.features.subscriber_rules.rules.deciding import Fate, Known
from fairlead.salesforce.client import Salesforce
from fairlead.sync.consent_ports import ConsentBook
from fairlead.sync.failures import campaign_monitor_failures
from fairlead.sync.list_sink import AT_ONCE, EMAIL, NAME, ListSink, list_target, take_off
from fairlead.sync.ports import Ledger

SCOPE: Final = "rules"
"""The kind of the ledger's scopes, where `explain` finds why somebody was not added."""

A_CALL: Final = 1_000
REMEMBER: Final = timedelta(days=30)
"""So long it is remembered that a rule added somebody; by then a sync has brought the member to Salesforce."""

ADDED: Final = b"added".ljust(16, b"\0")
TAKEN_OFF: Final = b"taken off".ljust(16, b"\0")
_MAILED: Final = (deciding.ACTIVE, deciding.UNCONFIRMED)


@dataclass(frozen=True, slots=True)
class Tools:
    """What every list's work needs: both sides, what is remembered, what was chosen. `now` is UTC with its zone."""

    campaign_monitor: CampaignMonitor
    salesforce: Salesforce
    ledger: Ledger
    book: ConsentBook
    options: Options
    trigger_journeys: bool
    now: datetime


@dataclass(slots=True)
class Tally:
    """What became of the people a rule is true of in this run."""

    added: int = 0
    removed: int = 0
    refused: int = 0

    @property
    def fired(self) -> int:
        return self.added + self.removed


async def known_of(tools: Tools, client: str, list_id: str, people: Sequence[Person], *, adding: bool) -> list[Known]:
    """What is known of each of these on a list: the member's state, and for who is to be added what stands in the way."""
    addresses = [normal(one.address) for one in people]
    keys = [member_key(list_id, address) for address in addresses]
    states = await org.members(
        tools.salesforce, list(dict.fromkeys(k for k, a in zip(keys, addresses, strict=True) if a))
    )
    hashes = tools.ledger.hashes(keys)
    digests = await tools.ledger.digests_of(Scope(SCOPE, client, list_id), hashes)
    shadows: Mapping[bytes, Shadow] = {}
    of_people = tools.ledger.hashes(addresses)
    if adding:
        shadows = await tools.book.shadows(client, list(dict.fromkeys(of_people)))
    found = []
    for one, key, hashed, person in zip(people, keys, hashes, of_people, strict=True):
        state = states.get(key, "")
        shown = campaign_monitor_side(
            [Membership(list_id, state, tools.now)] if state else [], suppressed=False, options=tools.options
        )
        shadow = shadows.get(person)
        if shown.opt is None and shadow is not None and shadow.campaign_monitor is Opt.OUT:
            shown = Shown(Opt.OUT)  # no record of this list, but the address was out when it was last seen
        side = stands_in_the_way(shadow, salesforce_side([one.ticked]), shown, tools.options) if adding else None
        found.append(Known(state, digests.get(hashed) == ADDED, side))
    return found


@dataclass(slots=True)
class ListWork:
    """The work on one list in one run. Who was handled once is not handled again; removing wins over adding."""

    tools: Tools
    client: str
    list_id: str
    tallies: dict[int, Tally] = field(default_factory=dict)
    _new: dict[bytes, Digest] = field(default_factory=dict)
    _failures: dict[str, RowFailure] = field(default_factory=dict)
    _answered: set[bytes] = field(default_factory=set)
    _adds: dict[str, tuple[Person, int]] = field(default_factory=dict)
    _handled: dict[bytes, bool] = field(default_factory=dict)

    @property
    def scope(self) -> Scope:
        return Scope(SCOPE, self.client, self.list_id)

    def tally(self, rule: int) -> Tally:
        """The rule's own."""
        return self.tallies.setdefault(rule, Tally())

    async def remove(self, rule: int, people: Sequence[Person]) -> None:
        """Take these off the list, unless they unsubscribed or bounced. Raises a Failure."""
        known = await self._known(people, adding=False)
        due: dict[str, Person] = {}
        for one, about in zip(people, known, strict=True):
            key = member_key(self.list_id, one.address)
            (hashed,) = self.tools.ledger.hashes([key])
            waiting = self._adds.pop(key, None)
            if self._handled.get(hashed) is False:
                continue
            if waiting is None and not self._handled.get(hashed):
                if deciding.to_remove(one.address, about) is Fate.REMOVE:
                    due[key] = one
            elif waiting is None:
                due[key] = one  # added in this very run
            self._handled[hashed] = False
            self._answered.add(hashed)
        await self._take_off(rule, due)

    async def add(self, rule: int, people: Sequence[Person]) -> None:
        """Add these by and by, but for those whom something stands in the way of. Raises a Failure."""
        known = await self._known(people, adding=True)
        for one, about in zip(people, known, strict=True):
            key = member_key(self.list_id, one.address) if one.address.strip() else f"{self.list_id}:{one.id}"
            (hashed,) = self.tools.ledger.hashes([key])
            fate = deciding.to_add(one.address, about)
            if self._handled.get(hashed) is False:
                fate = Fate.REMOVED_BY_RULE
            elif self._handled.get(hashed) or key in self._adds:
                continue  # another record with the same address
            self._answered.add(hashed)
            failure = deciding.refusal(key, fate)
            if failure is not None:
                self._failures[key] = failure
                self.tally(rule).refused += 1
            elif fate is Fate.ADD:
                self._adds[key] = one, rule
            if len(self._adds) >= A_CALL:
                await self.write()

    async def write(self) -> None:
        """Write those who wait to be added. Raises a Failure; what was written stays, and is written again."""
        waiting, self._adds = self._adds, {}
        if not waiting:
            return
        fields = (EMAIL, NAME)
        target = list_target(self.list_id, fields)
        sink = ListSink(self.tools.campaign_monitor, self.list_id, fields, trigger_journeys=self.tools.trigger_journeys)
        columns = (
            list(waiting),
            [one.address.strip() for one, _ in waiting.values()],
            [one.name for one, _ in waiting.values()],
        )
        outcome = await sink.upsert(target, Rows(target.fields, (Kind.TEXT,) * len(target.fields), columns))
        refused = self._refuse(outcome)
        day = self.tools.now.date().isoformat()
        for (key, (_, rule)), hashed in zip(waiting.items(), self.tools.ledger.hashes(list(waiting)), strict=True):
            self._handled[hashed] = True
            if key in refused:
                self.tally(rule).refused += 1
            else:
                self.tally(rule).added += 1
                self._new[hashed] = Digest(ADDED, day)

    async def commit(self, also: Callable[[], None]) -> None:
        """Keep the reasons and who was added; `also` is called in the same transaction."""
        now = self.tools.now
        await self.tools.ledger.commit(
            self.scope,
            Staged(Cursor(now.replace(tzinfo=None)), self._new),
            list(self._failures.values()),
            forget_before=(now - REMEMBER).date(),
            answered=self._answered,
            also=also,
        )
        self._new, self._failures, self._answered = {}, {}, set()

    async def _known(self, people: Sequence[Person], *, adding: bool) -> list[Known]:
        return await known_of(self.tools, self.client, self.list_id, people, adding=adding)

    async def _take_off(self, rule: int, due: Mapping[str, Person]) -> None:
        """Delete those who are still active or unconfirmed there: read just before, so that no opt-out is lost."""
        if not due:
            return
        states = await states_now(self.tools.campaign_monitor, self.list_id, due)
        rows = [(key, due[key].address.strip()) for key, state in states.items() if state in _MAILED]
        outcome = await take_off(self.tools.campaign_monitor, self.list_id, rows)
        refused = self._refuse(outcome)
        self.tally(rule).refused += len(refused)
        self.tally(rule).removed += len(rows) - len(refused)
        day = self.tools.now.date().isoformat()
        gone = [key for key, state in states.items() if state == deciding.DELETED]
        hashes = self.tools.ledger.hashes(gone)
        counted = await self.tools.ledger.digests_of(self.scope, hashes)
        # others were taken off by an attempt that was cut short before it could say so
        self.tally(rule).removed += sum(counted.get(hashed) != TAKEN_OFF for hashed in hashes)
        for hashed in self.tools.ledger.hashes([*gone, *(key for key, _ in rows if key not in refused)]):
            self._new[hashed] = Digest(TAKEN_OFF, day)

    def _refuse(self, outcome: Outcome) -> Collection[str]:
        """Keep refusals of Campaign Monitor; gives their keys."""
        found = {failure.key: failure for failure in outcome.failures}
        self._failures.update(found)
        return found


async def states_now(account: CampaignMonitor, list_id: str, due: Mapping[str, Person]) -> dict[str, str]:
    """The state of these (by key) on the list right now, blank for who is not on it. Raises a Failure."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def look(address: str) -> str:
        async with gate:
            with campaign_monitor_failures("read a subscriber"):
                try:
                    return (await account.subscriber(list_id, address)).state
                except RecordRefused as error:
                    if error.code != NOT_ON_THE_LIST:
                        raise
                    return ""

    calls = [asyncio.create_task(look(one.address.strip())) for one in due.values()]
    try:
        return dict(zip(due, await asyncio.gather(*calls), strict=True))
    finally:
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
