"""The Campaign Monitor side of opt status: where an address stands on a client's lists and its suppression list."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Final

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.campaignmonitor.errors import RecordRefused
from fairlead.campaignmonitor.subscribers import State, Subscriber
from fairlead.campaignmonitor.subscriptions import NOT_ON_THE_LIST
from fairlead.campaignmonitor.suppression import Suppressed
from fairlead.campaignmonitor.timezones import instants, zone
from fairlead.campaignmonitor.wishes import ConsentEvidence, ConsentToTrack, SubscriberWish
from fairlead.domain.address import normal
from fairlead.domain.consent import Evidence, Shown
from fairlead.domain.consent_settings import Options
from fairlead.domain.consent_sides import ACTIVE, BOUNCED, UNSUBSCRIBED, Membership, campaign_monitor_side
from fairlead.domain.records import RowFailure
from fairlead.sync.failures import campaign_monitor_failures
from fairlead.sync.list_sink import take_off
from fairlead.sync.stage import ClientScope
from fairlead.sync.together import each

AT_ONCE: Final = 4
CHANGES: Final[tuple[State, ...]] = ("Active", "Unsubscribed", "Bounced", "Deleted")
STANDING: Final[tuple[State, ...]] = ("Active", "Unsubscribed", "Bounced")
"""States that say anything; who is deleted or unconfirmed counts as missing."""
A_PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Left:
    """An opt-out that a state tells: the list (blank: the suppression list), and its moment as the account wrote it."""

    place: str
    date: str
    at: datetime


@dataclass(slots=True)
class Standing:
    """Where an address stands. `bounced`: it is suppressed, but only because mail came back."""

    memberships: list[Membership] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    suppressed: bool = False
    bounced: bool = False

    def shown(self, options: Options) -> Shown:
        """As one value."""
        out = self.suppressed or (self.bounced and options.hard_bounce_is_opt_out)
        return campaign_monitor_side(self.memberships, suppressed=out, options=options)

    def active_on(self) -> list[str]:
        """Ids of the lists that still mail to it."""
        return [one.list for one in self.memberships if one.state == ACTIVE]

    def gone_from(self, options: Options) -> list[str]:
        """Ids of the lists that it left, as far as that is an opt-out."""
        gone = {UNSUBSCRIBED, BOUNCED} if options.hard_bounce_is_opt_out else {UNSUBSCRIBED}
        return [one.list for one in self.memberships if one.state in gone]


@dataclass(frozen=True, slots=True)
class Change:
    """A subscriber that entered a state."""

    list: str
    state: str
    email: str = field(repr=False)
    date: str


class AccountSide:
    """Reads and writes one client's lists. `tick` is awaited with each page, and may raise to end the reading."""

    def __init__(
        self, account: CampaignMonitor, client: ClientScope, lists: Sequence[str], tick: Callable[[], Awaitable[None]]
    ) -> None:
        self._account = account
        self._client = client
        self._lists = lists
        self._tick = tick
        self._zone: tzinfo = zone(client.time_zone)
        self.pages = 0

    async def changed(self, since: date) -> AsyncIterator[list[Change]]:
        """Subscribers that entered a state on or after a day, list after list. Raises a Failure."""
        with campaign_monitor_failures("read changed subscribers"):
            for of in self._lists:
                async with aclosing(self._account.in_states(of, CHANGES, since, tracking_preference=False)) as pages:
                    async for page in pages:
                        await self._tick()
                        yield [Change(of, row.state or page.state, normal(row.email), row.date) for row in page.rows]

    async def newly_suppressed(self, since: date) -> list[Suppressed]:
        """Entries of the suppression list since a day: its newest pages. Raises a Failure."""
        found: list[Suppressed] = []
        number = 1
        with campaign_monitor_failures("read a suppression list"):
            while True:
                await self._tick()
                page = await self._account.suppression.newest(self._client.id, number)
                found += [row for row in page.rows if row.date[:10] >= since.isoformat()]
                if not page.rows or page.rows[-1].date[:10] < since.isoformat() or number >= page.pages:
                    return found
                number += 1

    async def everybody(self) -> dict[str, Standing]:
        """Where everybody stands, from whole lists. Raises a Failure."""
        found: dict[str, Standing] = {}
        self.pages = 0
        with campaign_monitor_failures("read the subscribers of a list"):
            for of in self._lists:
                async with aclosing(self._account.in_states(of, STANDING, tracking_preference=False)) as pages:
                    async for page in pages:
                        await self._tick()
                        self.pages += 1
                        for row in page.rows:
                            self._note(found.setdefault(normal(row.email), Standing()), of, page.state, row)
            async with aclosing(self._account.suppression.suppressed(self._client.id)) as suppressed:
                async for entries in suppressed:
                    await self._tick()
                    self.pages += 1
                    for entry in entries.rows:
                        self._suppress(found.setdefault(normal(entry.email), Standing()), entry)
        return found

    async def standing(self, addresses: Collection[str]) -> dict[str, Standing]:
        """Where these addresses stand, each asked for by itself. Raises a Failure."""
        found: dict[str, Standing] = {}
        with campaign_monitor_failures("read where an address stands"):
            known = await self._small_suppression()

            async def one(address: str) -> None:
                await self._tick()
                found[address] = await self._one(address, known)

            await each(sorted(addresses), one, at_once=AT_ONCE)
        return found

    async def _small_suppression(self) -> dict[str, Suppressed] | None:
        """The whole suppression list where one call gives it; None where each address is looked for."""
        page = await self._account.suppression.newest(self._client.id, 1)
        return {normal(row.email): row for row in page.rows} if page.pages <= 1 else None

    async def _one(self, address: str, known: dict[str, Suppressed] | None) -> Standing:
        standing = Standing()
        for of, state in await self._lists_of(address):
            if of in self._lists and state in STANDING:
                row = await self._subscriber(of, address)
                if row is not None and row.state in STANDING:
                    self._note(standing, of, row.state, row)
        entry = known.get(address) if known is not None else await self._account.suppression.find(
            self._client.id, address
        )  # fmt: skip
        if entry is not None:
            self._suppress(standing, entry)
        return standing

    async def _lists_of(self, address: str) -> list[tuple[str, str]]:
        try:
            listed = await self._account.suppression.lists_for_email(self._client.id, address)
        except RecordRefused as error:
            if error.code not in (NOT_ON_THE_LIST, 1):
                raise
            return []
        return [(one.list_id, one.state) for one in listed]

    async def _subscriber(self, of: str, address: str) -> Subscriber | None:
        try:
            return await self._account.subscriber(of, address)
        except RecordRefused as error:
            if error.code != NOT_ON_THE_LIST:
                raise
            return None

    def _note(self, standing: Standing, of: str, state: str, row: Subscriber) -> None:
        """Of two moments that a text may mean, the one that errs towards out."""
        first, last = instants(row.date, self._zone)
        standing.memberships.append(Membership(of, state, last if state == ACTIVE else first))
        if state == UNSUBSCRIBED:
            standing.left.append(Left(of, row.date, first))

    def heard(self, told: Iterable[tuple[str, str]]) -> list[Left]:
        """Opt-outs that a webhook told (list, moment); one whose moment cannot be read, or of another list, is none."""
        found = []
        for place, text in told:
            with suppress(ValueError):
                found.append(Left(place, text, instants(text, self._zone)[0]))
        return [one for one in found if one.place in self._lists]

    def _suppress(self, standing: Standing, entry: Suppressed) -> None:
        if entry.reason == BOUNCED:
            standing.bounced = True
            return
        standing.suppressed = True
        standing.left.append(Left("", entry.date, instants(entry.date, self._zone)[0]))

    async def unsubscribe(self, wanted: Sequence[tuple[str, Sequence[str]]]) -> list[RowFailure]:
        """Unsubscribe addresses (address, lists); gives the refusals by address. Raises a Failure."""
        by_list: dict[str, list[tuple[str, str]]] = {}
        for address, lists in wanted:
            for of in lists:
                by_list.setdefault(of, []).append((address, address))
        failures: list[RowFailure] = []
        for of, addresses in sorted(by_list.items()):
            await self._tick()
            told = await take_off(self._account, of, addresses, unsubscribe=True)
            failures += told.failures
        return failures

    async def bring_back(self, address: str, standing: Standing, evidence: Evidence, options: Options) -> None:
        """Bring an address back to the lists that it left: the careful lane's own write. Raises a Failure."""
        proof = ConsentEvidence(f"{evidence.basis.value}: {evidence.source}".strip(": "), str(evidence.id), evidence.at)
        with campaign_monitor_failures("bring back somebody who consented"):
            if standing.suppressed or standing.bounced:
                await self._account.suppression.unsuppress(self._client.id, address)
            for of in standing.gone_from(options):
                wish = SubscriberWish(address, ConsentToTrack.UNCHANGED)
                await self._account.subscriptions.resubscribe(of, wish, proof)
