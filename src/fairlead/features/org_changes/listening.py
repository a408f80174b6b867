"""Hearing of changes: a companion of the worker that asks for runs, by change events where the org offers them.

Events say no more than *look*: however many come, one run is asked for when they have been quiet for a moment. One
process of all listens for an org; it holds a row, and another takes over when that is no longer renewed. Each begins by
asking for a run, so that nothing is lost between two of them.
"""

import asyncio
import secrets as random
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog
from django.conf import settings as django_settings
from django.utils import timezone

from fairlead.domain.failure import Failure
from fairlead.domain.setting import Values
from fairlead.features.org_changes import records, rules, sandbox, settings
from fairlead.features.org_changes.models import Way
from fairlead.features.org_changes.offered import offered
from fairlead.jobs import api
from fairlead.jobs.context import in_database
from fairlead.salesforce.errors import SalesforceError, Unavailable
from fairlead.salesforce.event_decode import Change, EventsRefused, Look
from fairlead.salesforce.events import Events, Pace, Pass
from fairlead.salesforce.login import Token
from fairlead.salesforce.transport import CLIENT_NAME
from fairlead.store import orgs, setting_rows
from fairlead.store.models import Org
from fairlead.sync import holds, sides, standing

log = structlog.get_logger(__name__)

TOPICS: Final = ("/data/ContactChangeEvent", "/data/LeadChangeEvent", "/data/AccountChangeEvent")
NEEDED: Final = TOPICS[:2]
"""Without these, asking is the better way; without the third, changes of accounts are found by the sweep."""

HELD: Final = timedelta(seconds=60)
LOOK: Final = 5.0
"""Seconds between two looks at what was chosen, and at who listens."""
TRY_EVENTS_AGAIN: Final = 600.0
WATCH_EVERY: Final = 60.0
HELD_AGAIN: Final = 1_800.0
"""A held sandbox is asked for this seldom: each run would fail as the one before did, until somebody confirms."""

Take = Callable[[Look], Awaitable[None]]


@dataclass(slots=True)
class Heard:
    """A topic that somebody else in the house wants to hear, beside changes; `take` handles each event."""

    topic: str
    take: Callable[[Org, Look], Awaitable[None]]


_others: list[Heard] = []


def hear(*others: Heard) -> None:
    """Say what else is to be heard; a later call replaces an earlier one."""
    _others[:] = others


@dataclass(slots=True)
class Places:
    """How far topics were heard: in memory, and kept once what was heard has led to a job (`events.ReplayStore`)."""

    org: Org
    reached: dict[str, tuple[bytes, datetime | None]] = field(default_factory=dict)

    async def load(self, topic: str) -> tuple[bytes, datetime | None] | None:
        return self.reached.get(topic) or await in_database(records.place, self.org, topic)

    async def save(self, topic: str, replay_id: bytes, at: datetime | None) -> None:
        self.reached[topic] = (replay_id, at)

    def keep(self) -> None:
        """Keep all of them. Plain Django."""
        records.keep_places(self.org, dict(self.reached))


async def listen(every: float = LOOK) -> None:
    """Listen for each org, as soon as somebody reacts and both its sides are connected. One that fails stops no other.

    `every`: seconds between two looks at which orgs there are, and who of them is not listened to.
    """
    if not offered() and not _others:
        return
    listened: dict[int, asyncio.Task[None]] = {}
    try:
        while True:
            for org in await in_database(orgs.every):
                task = listened.get(org.pk)
                if task is None or task.done():
                    if task is not None and not task.cancelled() and (error := task.exception()):
                        log.error("listening broke off", org=org.pk, exc_info=error)
                    listened[org.pk] = asyncio.create_task(listen_to(org), name=f"listen to {org.pk}")
            await asyncio.sleep(every)
    finally:
        for task in listened.values():
            task.cancel()
        await asyncio.gather(*listened.values(), return_exceptions=True)


async def listen_to(org: Org) -> None:
    """Listen for one org; ends at once where it is not ready, or another process listens."""
    holder = random.token_hex(8)
    if not await in_database(_ready, org) or not await in_database(records.hold, org, holder, timezone.now() + HELD):
        return
    try:
        await Listening(org, holder).run()
    finally:
        await asyncio.shield(in_database(records.let_go, org, holder))


def _ready(org: Org) -> bool:
    now = standing.of(org.pk)
    return now.campaign_monitor and now.salesforce


@dataclass(slots=True)
class Listening:
    """One process's listening for one org. `pace` are the pauses between connections."""

    org: Org
    holder: str
    pace: Pace = field(default_factory=Pace)
    look_every: float = LOOK
    burst: rules.Burst = field(default_factory=rules.Burst)
    places: Places = field(init=False)
    way: Way = Way.STARTING
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _asked: float = 0.0
    _held_since: float | None = None

    def __post_init__(self) -> None:
        self.places = Places(self.org)

    async def run(self) -> None:
        """Listen until it is cancelled, or another process has taken over."""
        await self._ask()
        while True:
            chosen = await in_database(setting_rows.values, self.org)
            events = chosen.of(settings.CHANGE_CAPTURE) != settings.OFF
            async with asyncio.TaskGroup() as group:
                streams = [group.create_task(self._topics(events=events, chosen=chosen))]
                try:
                    await self._asking(chosen)
                finally:
                    for one in streams:
                        one.cancel()
            if not await in_database(self._hold) or not await in_database(_ready, self.org):
                return

    def _hold(self) -> bool:
        return records.hold(self.org, self.holder, timezone.now() + HELD)

    async def _asking(self, chosen: Values) -> None:
        """Ask for runs when it is time; returns when something else was chosen, or the row is another's."""
        while True:
            now = time.monotonic()
            every = chosen.of(settings.SWEEP) * 60 if self.way is Way.EVENTS else chosen.of(settings.EVERY)
            waits = self.burst.wait(now)
            if waits == 0 or now - self._asked >= every:
                await self._ask()
                continue
            left = min(self.look_every, every - (now - self._asked), waits if waits is not None else self.look_every)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), max(left, 0.05))
                self._woken.clear()
                continue
            if not await in_database(self._hold):
                return
            if settings.of_listening(await in_database(setting_rows.values, self.org)) != settings.of_listening(chosen):
                return

    async def _ask(self) -> None:
        """Ask for a run, and keep how far was heard; the run reads all that was heard until now."""
        self.burst.asked()
        self._asked = time.monotonic()
        await in_database(self._ask_now)

    def _ask_now(self) -> None:
        if offered() and self._may_run():
            api.ask(self.org, rules.KIND, by=self._by())
        self.places.keep()
        records.note_hearing(self.org, asked_at=timezone.now())

    def _may_run(self) -> bool:
        if not sandbox.held(self.org) and not holds.reason(self.org.pk):
            self._held_since = None
            return True
        now = time.monotonic()
        due = self._held_since is not None and now - self._held_since >= HELD_AGAIN
        if due or self._held_since is None:  # the run that found it out was the first
            self._held_since = now
        return due

    def _by(self) -> str:
        return "Salesforce" if self.way is Way.EVENTS else "schedule"

    async def _topics(self, *, events: bool, chosen: Values) -> None:
        """Hear all topics at once; a topic that is refused does not end the others."""
        wanted: dict[str, Take] = {one.topic: partial(one.take, self.org) for one in _others}
        if events and offered():
            wanted |= dict.fromkeys(TOPICS, self._changed)
        else:
            await self._tell(Way.ASKING, "")
        if not wanted:
            return
        while True:
            try:
                await self._connected(wanted, chosen)
            except* (Failure, SalesforceError) as failed:
                failure = _first(failed)
                log.warning("not listening", reason=type(failure).__name__)
                await self._tell(Way.ASKING, f"Salesforce is asked instead: {failure}")
            await asyncio.sleep(self.pace.longest)

    async def _connected(self, wanted: Mapping[str, Take], chosen: Values) -> None:
        here = await in_database(standing.of, self.org.pk)
        async with sides.salesforce(self.org.pk) as crm:
            passes: dict[str, Token] = {}

            async def sign_in(stale: Pass | None) -> Pass:
                known = passes.get(stale.access_token) if stale else None
                token = await crm.transport.token(known)
                passes[token.access_token] = token
                return Pass(token.access_token, token.instance_url, here.org_id)

            url = django_settings.FAIRLEAD_SALESFORCE_EVENTS_URL
            door = Events(sign_in, address=url.partition("://")[2], secure=url.startswith("https://"), pace=self.pace)
            async with asyncio.TaskGroup() as group:
                if set(NEEDED) <= set(wanted):
                    group.create_task(self._watch(door, chosen))
                for topic, take in wanted.items():
                    group.create_task(self._one(door, topic, take))

    async def _watch(self, door: Events, chosen: Values) -> None:
        """Tell whether the events of changes are to be had now: while they are not, the org is asked instead."""
        while True:
            try:
                for topic in NEEDED:
                    await door.look_for(topic)
            except EventsRefused as error:
                say = chosen.of(settings.CHANGE_CAPTURE) == settings.ON
                await self._tell(Way.ASKING, str(error) if say else "")
            except Unavailable as error:
                await self._tell(Way.ASKING, f"Salesforce is asked instead: {error}")
            else:
                await self._tell(Way.EVENTS, "")
            await asyncio.sleep(WATCH_EVERY)

    async def _one(self, door: Events, topic: str, take: Take) -> None:
        """Hear one topic; one that is not offered is tried again now and then."""
        while True:
            try:
                async with aclosing(door.subscribe(topic, self.places)) as looks:
                    async for look in looks:
                        await take(look)
            except EventsRefused as error:
                log.info("topic not offered", topic=topic, code=error.code)
            await asyncio.sleep(TRY_EVENTS_AGAIN)

    async def _changed(self, look: Look) -> None:
        """A change; what we ourselves have done is no news."""
        if look.client == CLIENT_NAME and look.change is not Change.RECONCILE:
            return
        first = self.burst.begin is None
        self.burst.note(time.monotonic())
        if first:
            self._woken.set()
            await in_database(partial(records.note_hearing, self.org, heard_at=timezone.now()))

    async def _tell(self, way: Way, message: str) -> None:
        if way is not self.way:
            self._woken.set()
            if way is Way.EVENTS:
                # what changed before the streams were open is read by one more run
                self.burst.note(time.monotonic())
        self.way = way
        await in_database(partial(records.note_hearing, self.org, way=way, message=message))


def _first(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    """One of the errors that were raised together."""
    inner: BaseException = failed
    while isinstance(inner, BaseExceptionGroup):
        inner = inner.exceptions[0]
    return inner
