"""Change events and platform events of one org, as a stream of "look at these records"."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import grpc
import grpc.aio

from fairlead.salesforce.errors import SalesforceError, SessionRefused, Unavailable
from fairlead.salesforce.event_decode import Change, EventsRefused, EventUnreadable, Look, Reader
from fairlead.salesforce.wire import pubsub_api_pb2 as pb

SALESFORCE_DOOR: Final = "api.pubsub.salesforce.com:7443"
_END: Final = vars(grpc.aio)["EOF"]  # the type stubs lack it
_SERVICE: Final = "/eventbus.v1.PubSub/"
_EXPIRED: Final = "fetch.replayid"
# Salesforce speaks at least every 270 s: a longer silence is a dead connection.
_SILENCE_S: Final = 330.0
_ANSWER_S: Final = 20.0
# An event may be committed a little after the moment that it names.
_OVERLAP: Final = timedelta(minutes=10)


class ReplayStore(Protocol):
    """Where the place in each topic is kept. `at` is the moment of the last event handled."""

    async def load(self, topic: str) -> tuple[bytes, datetime | None] | None: ...
    async def save(self, topic: str, replay_id: bytes, at: datetime | None) -> None: ...


@dataclass(frozen=True, slots=True)
class Pass:
    """What opens the door: a live token, the instance's address, and the 18-character id of the org."""

    access_token: str
    instance_url: str
    tenant_id: str


@dataclass(frozen=True, slots=True)
class Pace:
    """`room`: most events on their way (1 to 100). Pauses between connections in seconds; each doubles the last."""

    room: int = 100
    first: float = 1.0
    longest: float = 60.0


class Events:
    """The Pub/Sub door of one org. `sign_in(stale)` gives a Pass; `stale` is the one that was refused, or None.

    `address` is host:port; `secure=False` only for a local org.
    """

    def __init__(
        self,
        sign_in: Callable[[Pass | None], Awaitable[Pass]],
        *,
        address: str = SALESFORCE_DOOR,
        secure: bool = True,
        pace: Pace | None = None,
    ) -> None:
        self._sign_in = sign_in
        self._address = address
        self._secure = secure
        self._pace = pace or Pace()
        self._readers: dict[str, Reader] = {}

    def _channel(self) -> grpc.aio.Channel:
        options = [("grpc.keepalive_time_ms", 60_000), ("grpc.max_receive_message_length", 16 << 20)]
        if self._secure:
            return grpc.aio.secure_channel(self._address, grpc.ssl_channel_credentials(), options=options)
        return grpc.aio.insecure_channel(self._address, options=options)

    async def look_for(self, topic: str) -> None:
        """Ask the door for a topic, so that it is known to be open. Raises EventsRefused, Unavailable, SessionRefused."""
        used = await self._sign_in(None)
        for last in (False, True):
            try:
                async with self._channel() as channel:
                    await _topic(channel, used, topic)
                return
            except grpc.aio.AioRpcError as failed:
                error = _meaning(failed, topic)
                if last or not isinstance(error, SessionRefused):
                    raise error from None
            used = await self._sign_in(used)

    async def subscribe(self, topic: str, store: ReplayStore) -> AsyncGenerator[Look, None]:
        """Looks for ever, each at least once. A place is stored when the consumer asks for the next item.

        Without a stored place the stream starts at its tip. Cut streams are taken up again after a pause.
        Raises EventsRefused for a topic that is not offered, SessionRefused when a second sign-in is refused too.
        """
        pause, stale, refused = self._pace.first, None, False
        while True:
            used = await self._sign_in(stale)
            stale = None
            try:
                async with self._channel() as channel:
                    stream = _Stream(channel, used, topic, store, self._pace.room, self._readers)
                    async with aclosing(stream.looks()) as looks:
                        async for look in looks:
                            pause, refused = self._pace.first, False
                            yield look
            except grpc.aio.AioRpcError as failed:
                error = _meaning(failed, topic)
                if isinstance(error, SessionRefused) and not refused:
                    stale, refused = used, True
                    continue
                if not isinstance(error, Unavailable):
                    raise error from None
            except TimeoutError:
                pass
            await asyncio.sleep(pause)
            pause = min(pause * 2, self._pace.longest)


async def _topic(channel: grpc.aio.Channel, used: Pass, topic: str) -> None:
    method: Any = channel.unary_unary(
        f"{_SERVICE}GetTopic",
        request_serializer=pb.TopicRequest.SerializeToString,
        response_deserializer=pb.TopicInfo.FromString,
    )
    await method(pb.TopicRequest(topic_name=topic), metadata=_metadata(used), timeout=_ANSWER_S)


def _metadata(used: Pass) -> tuple[tuple[str, str], ...]:
    return ("accesstoken", used.access_token), ("instanceurl", used.instance_url), ("tenantid", used.tenant_id)


class _Stream:
    """One connection's subscription to one topic."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        used: Pass,
        topic: str,
        store: ReplayStore,
        room: int,
        readers: dict[str, Reader],
    ) -> None:
        self._channel = channel
        self._metadata = _metadata(used)
        self._topic = topic
        self._store = store
        self._room = room
        self._readers = readers
        self._at: datetime | None = None

    async def looks(self) -> AsyncGenerator[Look, None]:
        """Items of this connection; ends when the server ends the stream. Raises AioRpcError, TimeoutError."""
        place = await self._store.load(self._topic)
        first = pb.FetchRequest(topic_name=self._topic, num_requested=self._room)
        if place is not None:
            first.replay_preset, first.replay_id, self._at = pb.CUSTOM, place[0], place[1]
        try:
            async with aclosing(self._fetched(first)) as looks:
                async for look in looks:
                    yield look
            return
        except grpc.aio.AioRpcError as failed:
            if place is None or _EXPIRED not in _code(failed):
                raise
        # What was told meanwhile is lost: take what is left, and have the rest compared.
        yield Look(None, (), Change.RECONCILE, since=self._since())
        first.replay_preset, first.replay_id = pb.EARLIEST, b""
        async with aclosing(self._fetched(first)) as looks:
            async for look in looks:
                yield look

    async def _fetched(self, first: pb.FetchRequest) -> AsyncGenerator[Look, None]:
        method: Any = self._channel.stream_stream(
            f"{_SERVICE}Subscribe",
            request_serializer=pb.FetchRequest.SerializeToString,
            response_deserializer=pb.FetchResponse.FromString,
        )
        call = method(metadata=self._metadata)
        try:
            await call.write(first)
            while True:
                answer = await asyncio.wait_for(call.read(), _SILENCE_S)
                if answer is _END:
                    return
                for event in answer.events:
                    look = await self._look(event)
                    yield look
                    await self._handled(look, event.replay_id)
                if answer.events:
                    # asked for only now: a slow consumer never has more than `room` events on their way
                    await call.write(pb.FetchRequest(num_requested=len(answer.events)))
                elif answer.latest_replay_id:
                    await self._store.save(self._topic, answer.latest_replay_id, self._at)
        except asyncio.InvalidStateError:
            await call  # the stream ended while we wrote: raises why
        finally:
            call.cancel()

    async def _look(self, event: pb.ConsumerEvent) -> Look:
        try:
            look = (await self._reader(event.event.schema_id)).look(event.event.payload, event.replay_id)
        except EventUnreadable:
            # It must not stop the stream for ever: the records are found by comparing.
            return Look(None, (), Change.RECONCILE, replay_id=event.replay_id, since=self._since())
        if look.change is Change.RECONCILE:
            return Look(look.object, (), Change.RECONCILE, replay_id=event.replay_id, since=self._since())
        return look

    def _since(self) -> datetime | None:
        return None if self._at is None else self._at - _OVERLAP

    async def _handled(self, look: Look, replay_id: bytes) -> None:
        if look.change is not Change.RECONCILE and look.since is not None:
            self._at = look.since
        await self._store.save(self._topic, replay_id, self._at)

    async def _reader(self, schema_id: str) -> Reader:
        if schema_id not in self._readers:
            method: Any = self._channel.unary_unary(
                f"{_SERVICE}GetSchema",
                request_serializer=pb.SchemaRequest.SerializeToString,
                response_deserializer=pb.SchemaInfo.FromString,
            )
            info = await method(pb.SchemaRequest(schema_id=schema_id), metadata=self._metadata, timeout=60)
            self._readers[schema_id] = Reader.of(info.schema_json)
        return self._readers[schema_id]


def _code(failed: grpc.aio.AioRpcError) -> str:
    with suppress(TypeError, ValueError):
        trailing: Any = failed.trailing_metadata()
        return str(dict(trailing).get("error-code", ""))
    return ""


def _meaning(failed: grpc.aio.AioRpcError, topic: str) -> SalesforceError:
    """What happens next. The server's own text is left out: it may hold values."""
    status = failed.code()
    code = _code(failed) or status.name
    if status is grpc.StatusCode.UNAUTHENTICATED:
        return SessionRefused("The event door does not accept the session.", code=code)
    if status in (
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.UNIMPLEMENTED,
    ):
        return EventsRefused(f"The org does not offer the events of {topic}.", code=code)
    return Unavailable(f"The stream of {topic} ended ({status.name}).", code=code)
