"""The Pub/Sub door: `eventbus.v1.PubSub` over gRPC.

It runs on threads of its own: gRPC's asyncio server cannot share a process with loops in other threads without
noise, and the emulator is served from a thread in tests.
"""

import io
import queue
import secrets
import struct
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, NoReturn

import fastavro
import grpc

from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.events import log, schemas
from fairlead_emulators.salesforce.events.allocations import MOST_BYTES, MOST_PUBLISHED, Deliveries
from fairlead_emulators.salesforce.events.readers import Listener, listener
from fairlead_emulators.salesforce.events.wire import pubsub_api_pb2 as pb
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.model.schema import SObject
from fairlead_emulators.salesforce.signin.sessions import Sessions
from fairlead_emulators.salesforce.state.org import Org

fact("pubsub_credentials")
fact("pubsub_flow")
fact("pubsub_keepalive")
fact("pubsub_replay")
fact("pubsub_trailer_key")
fact("pubsub_refusals")
fact("pubsub_session_ends")
fact("custom_channels")

MOST_OUTSTANDING: Final = 100
KEEPALIVE_S: Final = 270.0
_LOOK_S: Final = 0.02
_STREAMS: Final = 64
_CODE: Final = "sfdc.platform.eventbus.grpc."
_REPLAY: Final = struct.Struct(">Q")


def _abort(context: grpc.ServicerContext, status: grpc.StatusCode, code: str, text: str) -> NoReturn:
    context.set_trailing_metadata((("error-code", _CODE + code),))
    context.abort(status, text)
    raise AssertionError("abort raises")


def _rpc_id() -> str:
    return secrets.token_hex(16)


def _serial(replay_id: bytes) -> int | None:
    return _REPLAY.unpack(replay_id)[0] if len(replay_id) == _REPLAY.size else None


class PubSub:
    """The calls of the service. `keepalive` is the longest silence of a subscription, in seconds."""

    def __init__(self, org: Org, sessions: Sessions, keepalive: float = KEEPALIVE_S) -> None:
        self._org = org
        self._sessions = sessions
        self._keepalive = keepalive
        self._schemas: dict[str, str] = {}
        self._delivered = Deliveries()

    def _check(self, context: grpc.ServicerContext, refreshed: str = "") -> str:
        """The token of a live session."""
        given = dict(context.invocation_metadata())
        token = refreshed or str(given.get("accesstoken", ""))
        live = self._sessions.is_live(token)
        tenant = str(given.get("tenantid", ""))
        if not live or not given.get("instanceurl") or tenant[:15] != self._org.identity.org_id[:15]:
            text = "Authentication exception: send accesstoken, instanceurl and tenantid of a live session"
            _abort(context, grpc.StatusCode.UNAUTHENTICATED, "service.auth.error", text)
        return token

    def _listener(self, context: grpc.ServicerContext) -> Listener:
        try:
            return listener(self._org, self._sessions.user_of(self._check(context)))
        except ApiError as error:
            _abort(context, grpc.StatusCode.PERMISSION_DENIED, "service.auth.access", error.message)

    def _objects(self, topic: str, context: grpc.ServicerContext, who: Listener) -> list[SObject]:
        with self._org.storage.lock:
            channels = self._org.settings.get("event_channels", {})
            found = schemas.objects_of(self._org.storage.schema, topic, channels)
        if found is None:
            text = f"The topic {topic!r} is unknown: names are case-sensitive, such as /data/ContactChangeEvent"
            _abort(context, grpc.StatusCode.NOT_FOUND, "topic.notfound", text)
        readable = who.readable(found)
        if not readable:
            text = f"The user of this session may not read what {topic!r} tells of"
            _abort(context, grpc.StatusCode.PERMISSION_DENIED, "service.auth.access", text)
        return readable

    def _shape(self, sobject: SObject) -> schemas.Shape:
        shape = schemas.shape_of(sobject)
        self._schemas[shape.identity] = shape.text
        return shape

    def get_topic(self, request: pb.TopicRequest, context: grpc.ServicerContext) -> pb.TopicInfo:
        """What may be done with a topic, and its present schema."""
        who = self._listener(context)
        objects = self._objects(request.topic_name, context, who)
        return pb.TopicInfo(
            topic_name=request.topic_name,
            tenant_guid=self._org.identity.org_id,
            can_publish=request.topic_name.startswith("/event/") and who.may_publish(objects[0]),
            can_subscribe=True,
            schema_id=self._shape(objects[0]).identity if len(objects) == 1 else "",
            rpc_id=_rpc_id(),
        )

    def get_schema(self, request: pb.SchemaRequest, context: grpc.ServicerContext) -> pb.SchemaInfo:
        """The Avro schema of that id."""
        self._check(context)
        if request.schema_id not in self._schemas:
            with self._org.storage.lock:
                for sobject in self._org.storage.schema.objects.values():
                    self._shape(sobject)
        text = self._schemas.get(request.schema_id)
        if text is None:
            _abort(context, grpc.StatusCode.NOT_FOUND, "schema.notfound", "There is no schema with this id")
        return pb.SchemaInfo(schema_json=text, schema_id=request.schema_id, rpc_id=_rpc_id())

    def subscribe(
        self, requests: Iterator[pb.FetchRequest], context: grpc.ServicerContext
    ) -> Iterator[pb.FetchResponse]:
        """Events of one topic, as many as are asked for."""
        who = self._listener(context)
        first = next(requests, None)
        if first is None:
            return
        names = [o.name for o in self._objects(first.topic_name, context, who)]
        serial, room = self._start(first, context), first.num_requested
        more: queue.SimpleQueue[pb.FetchRequest | None] = queue.SimpleQueue()
        threading.Thread(target=_hear, args=(requests, more), daemon=True).start()
        spoken, token = time.monotonic(), first.auth_refresh
        while context.is_active():
            self._check_room(room, context)
            self._check(context, token)
            events = log.after(self._org, serial, names, room) if room else []
            events = [who.told(each) for each in self._allowed(events, context)]
            if events or time.monotonic() - spoken > self._keepalive:
                if events and self._org.faults.take("stream_cut", topic=first.topic_name) is not None:
                    _abort(context, grpc.StatusCode.UNAVAILABLE, "service.unavailable", "The stream was cut")
                serial = events[-1].serial if events else max(serial, log.bounds(self._org)[1] if room else serial)
                room -= len(events)
                yield self._response(events, serial, room)
                spoken = time.monotonic()
                continue
            try:
                asked = more.get(timeout=_LOOK_S)
            except queue.Empty:
                continue
            if asked is None:
                return
            if asked.topic_name not in ("", first.topic_name):
                _abort(context, grpc.StatusCode.INVALID_ARGUMENT, "fetch.topic", "A stream keeps its first topic")
            room += asked.num_requested
            token = asked.auth_refresh or token

    def _allowed(self, events: list[log.Event], context: grpc.ServicerContext) -> list[log.Event]:
        """The events that the allocation still covers, counted. Ends the stream when it is used up."""
        if not events:
            return events
        left = self._delivered.left(self._org)
        if not left:
            text = "The events of the last 24 hours are used up: see the allocations of the edition"
            _abort(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "subscription.limit.exceeded", text)
        allowed = events[:left]
        self._delivered.add(self._org, len(allowed))
        return allowed

    def _check_room(self, room: int, context: grpc.ServicerContext) -> None:
        if not 0 <= room <= MOST_OUTSTANDING:
            text = f"{room} events are asked for: keep between 1 and {MOST_OUTSTANDING} outstanding"
            _abort(context, grpc.StatusCode.INVALID_ARGUMENT, "subscription.fetch.requested.events.limit", text)

    def _start(self, first: pb.FetchRequest, context: grpc.ServicerContext) -> int:
        floor, newest = log.bounds(self._org)
        if first.num_requested < 1:
            self._check_room(-1, context)
        if first.replay_preset == pb.LATEST:
            return newest
        if first.replay_preset == pb.EARLIEST:
            return floor
        serial = _serial(first.replay_id)
        expired = self._org.faults.take("expired_replay", topic=first.topic_name) is not None
        if expired or serial is None or not floor <= serial <= newest:
            code, text = "subscription.fetch.replayid.corrupted", "The replay id is corrupted or older than 72 hours"
            _abort(context, grpc.StatusCode.INVALID_ARGUMENT, code, text)
        return serial

    def _response(self, events: list[log.Event], serial: int, room: int) -> pb.FetchResponse:
        with self._org.storage.lock:
            sent = [self._sent(each) for each in events]
        return pb.FetchResponse(
            events=sent, latest_replay_id=_REPLAY.pack(serial), pending_num_requested=room, rpc_id=_rpc_id()
        )

    def _sent(self, event: log.Event) -> pb.ConsumerEvent:
        sobject = self._org.storage.schema.objects[event.object.lower()]
        shape = self._shape(sobject)
        kinds = {f.name: f.type for f in sobject.fields.values()} | {"CreatedDate": "datetime"}
        body = shape.nested({name: _avro_value(kinds.get(name), value) for name, value in event.values.items()})
        if event.kind != "EVENT":
            body["ChangeEventHeader"] = self._header(event, shape)
        target = io.BytesIO()
        fastavro.schemaless_writer(target, fastavro.parse_schema(shape.schema), body)
        made = pb.ProducerEvent(id=f"{event.serial:08x}", schema_id=shape.identity, payload=target.getvalue())
        return pb.ConsumerEvent(event=made, replay_id=_REPLAY.pack(event.serial))

    def _header(self, event: log.Event, shape: schemas.Shape) -> dict[str, Any]:
        return {
            "entityName": event.object,
            "recordIds": event.ids,
            "changeType": event.kind,
            "changeOrigin": event.origin,
            "transactionKey": event.transaction,
            "sequenceNumber": event.sequence,
            "commitTimestamp": event.moment,
            "commitNumber": event.serial,
            "commitUser": event.user or self._org.identity.user_id,
            "nulledFields": shape.bitmaps(n for n in event.changed if event.values[n] is None),
            "diffFields": [],
            "changedFields": shape.bitmaps(event.changed),
        }

    def publish(self, request: pb.PublishRequest, context: grpc.ServicerContext) -> pb.PublishResponse:
        """Keeps platform events. An event that cannot be read is refused alone."""
        who = self._listener(context)
        (sobject, *_) = self._objects(request.topic_name, context, who)
        if not sobject.name.endswith("__e"):
            text = "Change events cannot be published"
            _abort(context, grpc.StatusCode.INVALID_ARGUMENT, "publish.topic", text)
        if not who.may_publish(sobject):
            text = f"The user of this session may not publish {sobject.name}"
            _abort(context, grpc.StatusCode.PERMISSION_DENIED, "service.auth.access", text)
        if len(request.events) > MOST_PUBLISHED:
            text = f"{len(request.events)} events: publish at most {MOST_PUBLISHED} at once"
            _abort(context, grpc.StatusCode.INVALID_ARGUMENT, "publish.limit.exceeded", text)
        shape = self._shape(sobject)
        results = [self._published(sobject, shape, each, who) for each in request.events]
        return pb.PublishResponse(results=results, schema_id=shape.identity, rpc_id=_rpc_id())

    def _published(
        self, sobject: SObject, shape: schemas.Shape, event: pb.ProducerEvent, who: Listener
    ) -> pb.PublishResult:
        try:
            if len(event.payload) > MOST_BYTES:
                raise ValueError(f"an event has at most {MOST_BYTES} bytes")
            if event.schema_id != shape.identity:
                raise ValueError("the schema id is not the topic's present one: ask GetTopic")
            body = fastavro.schemaless_reader(io.BytesIO(event.payload), fastavro.parse_schema(shape.schema), None)
        except (ValueError, EOFError, IndexError, TypeError) as error:
            refused = pb.Error(code=pb.PUBLISH, msg=f"The event cannot be read: {error}")
            return pb.PublishResult(error=refused, correlation_key=event.id)
        values = (
            {k: v for k, v in body.items() if k not in ("CreatedDate", "CreatedById")} if isinstance(body, dict) else {}
        )
        serial = log.publish(self._org, sobject, values | {"CreatedById": who.user_id})
        return pb.PublishResult(replay_id=_REPLAY.pack(serial), correlation_key=event.id)

    def publish_stream(
        self, requests: Iterator[pb.PublishRequest], context: grpc.ServicerContext
    ) -> Iterator[pb.PublishResponse]:
        """As `publish`, again and again on one topic."""
        topic = ""
        for request in requests:
            topic = topic or request.topic_name
            if request.topic_name not in ("", topic):
                _abort(context, grpc.StatusCode.INVALID_ARGUMENT, "publish.topic", "A stream keeps its first topic")
            yield self.publish(pb.PublishRequest(topic_name=topic, events=request.events), context)

    def managed_subscribe(
        self, requests: Iterator[pb.ManagedFetchRequest], context: grpc.ServicerContext
    ) -> Iterator[pb.ManagedFetchResponse]:
        """Refused: the subscriptions of this org keep no state."""
        self._check(context)
        text = "Managed subscriptions are not offered here: use Subscribe and keep the replay id"
        _abort(context, grpc.StatusCode.UNIMPLEMENTED, "managed.unsupported", text)


def _hear(requests: Iterator[pb.FetchRequest], more: "queue.SimpleQueue[pb.FetchRequest | None]") -> None:
    try:
        for request in requests:
            more.put(request)
    except Exception:  # gRPC raises a bare Exception here when the stream has ended
        return
    finally:
        more.put(None)


def _avro_value(kind: str | None, value: Any) -> Any:
    if value is None:
        return None
    if kind == "datetime":
        return log.epoch_ms(value) if isinstance(value, str) else value
    if kind == "boolean":
        return bool(value)
    if kind in ("double", "currency", "percent"):
        return float(value)
    return int(value) if kind == "int" else str(value)


def _handlers(service: PubSub) -> Any:
    def unary(call: Any, request: Any) -> Any:
        return grpc.unary_unary_rpc_method_handler(call, request.FromString, _bytes)

    def stream(call: Any, request: Any) -> Any:
        return grpc.stream_stream_rpc_method_handler(call, request.FromString, _bytes)

    return grpc.method_handlers_generic_handler(
        "eventbus.v1.PubSub",
        {
            "GetTopic": unary(service.get_topic, pb.TopicRequest),
            "GetSchema": unary(service.get_schema, pb.SchemaRequest),
            "Publish": unary(service.publish, pb.PublishRequest),
            "Subscribe": stream(service.subscribe, pb.FetchRequest),
            "PublishStream": stream(service.publish_stream, pb.PublishRequest),
            "ManagedSubscribe": stream(service.managed_subscribe, pb.ManagedFetchRequest),
        },
    )


def _bytes(message: Any) -> bytes:
    return bytes(message.SerializeToString())


def start(
    org: Org, sessions: Sessions, port: int = 0, *, keepalive: float = KEEPALIVE_S
) -> tuple[str, Callable[[], object]]:
    """Serves the door on a local port (0: any free one): its address, and what stops it. Raises OSError."""
    server = grpc.server(ThreadPoolExecutor(_STREAMS, "events"), options=(("grpc.so_reuseport", 0),))
    server.add_generic_rpc_handlers((_handlers(PubSub(org, sessions, keepalive)),))
    try:
        bound = server.add_insecure_port(f"127.0.0.1:{port}")
    except RuntimeError:
        bound = 0
    if not bound:
        raise OSError(f"port {port} cannot be used: choose another, or 0 for any")
    server.start()
    return f"127.0.0.1:{bound}", lambda: server.stop(0).wait()


@contextmanager
def serving(org: Org, sessions: Sessions, *, keepalive: float = KEEPALIVE_S) -> Iterator[str]:
    """Serves the door on a free port and yields its address. For tests and embedding."""
    address, stop = start(org, sessions, keepalive=keepalive)
    try:
        yield address
    finally:
        stop()
