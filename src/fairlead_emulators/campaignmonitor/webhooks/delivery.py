"""From changes to posts: queued with the change, posted in batches, tried again, given up after a week."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import msgspec

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.audience.life import Change
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.urls import local
from fairlead_emulators.campaignmonitor.webhooks.events import Event, event_of, kind_of, payload
from fairlead_emulators.campaignmonitor.webhooks.hooks import Hook, hooks, switch
from fairlead_emulators.campaignmonitor.webhooks.posting import NOT_LOCAL, Reply, post, session

BATCH: Final = 1_000
_DAY_S: Final = 86_400
_HELD_BACK_S: Final = 1.0
_DELIVERIES_KEPT: Final = 500
_DUE: Final = (
    "active = 1 AND next_try <= ? AND list IN (SELECT n FROM lists)"
    " AND EXISTS (SELECT 1 FROM webhook_events WHERE webhook = webhooks.n AND not_before <= ?)"
)


@dataclass(frozen=True)
class _Batch:
    """Events of one webhook, in the order they are posted. `numbers`: their rows in the queue."""

    numbers: Sequence[int]
    events: Sequence[Event]


class Deliveries:
    """The webhooks' queue of one account. Begins to watch subscribers when it is made."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._store = service.store
        self._task: asyncio.Task[int] | None = None
        service.life.watch(self.note)

    def _now(self) -> float:
        return self._service.clock.now().timestamp()

    def note(self, change: Change) -> None:
        """Queues the event of a change for the list's webhooks, in the change's transaction."""
        listening = hooks(self._store, "list = ? AND active = 1", change.on.n)
        kind = kind_of(change) if listening else None
        chosen = [each.n for each in listening if kind in each.events]
        if kind is None or not chosen:
            return
        client = self._store.client(change.on.client)
        assert client is not None, "a list always has its client"
        event = msgspec.json.encode(event_of(kind, change, client.zone))
        self._store.db.executemany(
            "INSERT INTO webhook_events (webhook, not_before, event) VALUES (?, 0, ?)", [(n, event) for n in chosen]
        )

    def tick(self) -> None:
        """Starts to deliver what is due; outside a running loop there is nothing to start it in."""
        if not self._due():
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self._started(loop)

    def _due(self) -> list[Hook]:
        now = self._now()
        return hooks(self._store, _DUE, now, now)

    def _started(self, loop: asyncio.AbstractEventLoop) -> "asyncio.Task[int]":
        if self._task is None or self._task.done() or self._task.get_loop() is not loop:
            self._task = loop.create_task(self._deliver())
        return self._task

    async def deliver(self) -> int:
        """Delivers all that is due now and returns how many posts were made, by this or by one under way."""
        made = 0
        while self._due():
            made += await asyncio.shield(self._started(asyncio.get_running_loop()))
        return made

    async def _deliver(self) -> int:
        made = 0
        async with session(self._service.switches.number("webhook_timeout_seconds")) as through:
            while due := self._due():
                made += sum(await asyncio.gather(*(self._next_batch(through, each) for each in due)))
        return made

    @fact("webhook-batches")
    async def _next_batch(self, through: aiohttp.ClientSession, to: Hook) -> int:
        """One batch of one webhook; returns how many posts were made."""
        on = next((each for each in self._store.lists() if each.n == to.list), None)
        if on is None:  # deleted, or the account was emptied, since it was found due
            return 0
        occasion = {"url": to.url, "list": on.id}
        batch = self._batch(to, occasion)
        if not batch.events:
            return 0
        if self._service.faults.take("webhook_drop", **occasion):
            self._done(to, batch, Reply(0), "dropped by a fault")
            return 0
        body, content_type = payload(to.format, on.id, batch.events)
        twice = self._service.faults.take("webhook_duplicate", **occasion) is not None
        for _ in range(1 + twice):
            reply = await self._posted(through, to, body, content_type)
            if not reply.ok:
                self._failed(to, batch, reply)
                return 1
            self._done(to, batch, reply, "delivered")
        return 1 + twice

    @fact("webhook-local")
    async def _posted(self, through: aiohttp.ClientSession, to: Hook, body: bytes, content_type: str) -> Reply:
        if self._service.switches.word("webhook_hosts") == "local" and not local(to.url):
            return NOT_LOCAL
        return await post(through, to.url, body, content_type)

    def _batch(self, to: Hook, occasion: dict[str, str]) -> _Batch:
        rows = self._store.db.execute(
            "SELECT n, event FROM webhook_events WHERE webhook = ? AND not_before <= ? ORDER BY n LIMIT ?",
            (to.n, self._now(), BATCH),
        ).fetchall()
        mixed = self._service.faults.take("webhook_reorder", **occasion) if rows else None
        if mixed:
            # The first is overtaken by all others, and these go out last to first.
            first, *rest = rows
            self._store.db.execute(
                "UPDATE webhook_events SET not_before = ? WHERE n = ?",
                (self._now() + (mixed.seconds or _HELD_BACK_S), first[0]),
            )
            rows = rest[::-1]
        return _Batch([n for n, _ in rows], [msgspec.json.decode(event) for _, event in rows])

    def _done(self, to: Hook, batch: _Batch, reply: Reply, outcome: str) -> None:
        with self._store.transaction():
            if not self._is_there(to):
                return
            self._store.db.executemany("DELETE FROM webhook_events WHERE n = ?", [(n,) for n in batch.numbers])
            self._store.db.execute(
                "UPDATE webhooks SET failing_since = NULL, tries = 0, next_try = 0 WHERE n = ?", (to.n,)
            )
            self._log(to, batch, reply, outcome)

    @fact("webhook-retry")
    @fact("webhook-deactivation")
    def _failed(self, to: Hook, batch: _Batch, reply: Reply) -> None:
        with self._store.transaction():
            if not self._is_there(to):
                return
            now, settings = self._now(), self._service.switches
            since = now if to.failing_since is None else to.failing_since
            if now - since > settings.number("webhook_failing_days") * _DAY_S:
                switch(self._store, to, active=False)
                self._log(to, batch, reply, f"{reply.failure}: deactivated")
                return
            longest = settings.number("webhook_retry_longest_seconds")
            # At least a second: otherwise one delivery would try for ever.
            wait = max(1.0, min(longest, settings.number("webhook_retry_seconds") * 2.0 ** min(to.tries, 40)))
            self._store.db.execute(
                "UPDATE webhooks SET failing_since = ?, tries = tries + 1, next_try = ? WHERE n = ?",
                (since, now + wait, to.n),
            )
            self._log(to, batch, reply, f"{reply.failure}: again in {wait:.0f} s")

    def _is_there(self, to: Hook) -> bool:
        """Whether it still is, unchanged: it may be deleted or switched off while a post is under way."""
        return bool(hooks(self._store, "n = ? AND active = 1", to.n))

    def _log(self, to: Hook, batch: _Batch, reply: Reply, outcome: str) -> None:
        made = self._store.db.execute(
            "INSERT INTO webhook_deliveries (webhook, at, url, events, status, outcome) VALUES (?, ?, ?, ?, ?, ?)",
            (to.id, self._now(), to.url, len(batch.events), reply.status, outcome),
        ).lastrowid
        assert made is not None, "an insert has its number"
        self._store.db.execute("DELETE FROM webhook_deliveries WHERE n <= ?", (made - _DELIVERIES_KEPT,))

    def as_json(self) -> dict[str, Any]:
        """`{webhooks: [{…, list, waiting, failing_since, tries, next_try}], deliveries: […]}`, times in unix seconds."""
        waiting = dict(self._store.db.execute("SELECT webhook, count(*) FROM webhook_events GROUP BY webhook"))
        lists = {each.n: each.id for each in self._store.lists()}
        shown = [
            {
                **each.shown(),
                "list": lists.get(each.list),
                "waiting": waiting.get(each.n, 0),
                "failing_since": each.failing_since,
                "tries": each.tries,
                "next_try": each.next_try,
            }
            for each in hooks(self._store)
        ]
        names = ("webhook", "at", "url", "events", "status", "outcome")
        log = self._store.db.execute(f"SELECT {', '.join(names)} FROM webhook_deliveries ORDER BY n")
        return {"webhooks": shown, "deliveries": [dict(zip(names, row, strict=True)) for row in log]}

    @fact("webhook-test")
    async def test(self, to: Hook, list_id: str, events: Sequence[Event]) -> Reply:
        """Posts these events at once, past the queue."""
        body, content_type = payload(to.format, list_id, events)
        async with session(self._service.switches.number("webhook_timeout_seconds")) as through:
            return await self._posted(through, to, body, content_type)
