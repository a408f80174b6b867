"""The Pub/Sub door of the org: credentials, flow control, replay, and what change events say."""

import io
import json
import queue
import struct

import fastavro
import grpc
import pytest

from fairlead_emulators.salesforce.events import server
from fairlead_emulators.salesforce.events.wire import pubsub_api_pb2 as pb

CONTACTS = "/data/ContactChangeEvent"


class Door:
    """A plain gRPC client of the door."""

    def __init__(self, org, address):
        self.org = org
        self.channel = grpc.insecure_channel(address)
        self.metadata = (
            ("accesstoken", org.emulator.sessions.first),
            ("instanceurl", org.url),
            ("tenantid", org.emulator.org.identity.org_id),
        )

    def call(self, name, request, metadata=None):
        kinds = {"GetTopic": pb.TopicInfo, "GetSchema": pb.SchemaInfo, "Publish": pb.PublishResponse}
        method = self.channel.unary_unary(
            f"/eventbus.v1.PubSub/{name}", type(request).SerializeToString, kinds[name].FromString
        )
        return method(request, metadata=self.metadata if metadata is None else metadata, timeout=10)

    def subscribe(self, count, topic=CONTACTS, **more):
        method = self.channel.stream_stream(
            "/eventbus.v1.PubSub/Subscribe", pb.FetchRequest.SerializeToString, pb.FetchResponse.FromString
        )
        asks = queue.SimpleQueue()
        asks.put(pb.FetchRequest(topic_name=topic, num_requested=count, **more))
        return method(iter(asks.get, None), metadata=self.metadata, timeout=10), asks

    def read(self, event):
        schema = json.loads(self.call("GetSchema", pb.SchemaRequest(schema_id=event.event.schema_id)).schema_json)
        return fastavro.schemaless_reader(io.BytesIO(event.event.payload), fastavro.parse_schema(schema), None)

    def take(self, count, topic=CONTACTS, preset=pb.EARLIEST, **more):
        """That many events from the start."""
        stream, asks = self.subscribe(count, topic, replay_preset=preset, **more)
        found = []
        for answer in stream:
            found += answer.events
            if len(found) >= count:
                break
        asks.put(None)
        stream.cancel()
        return found

    def bodies(self, count, **more):
        return [self.read(event) for event in self.take(count, **more)]


@pytest.fixture
def door(bare):
    bare.control("faults", [])
    bare.emulator.faults.clear()
    with server.serving(bare.emulator.org, bare.emulator.sessions, keepalive=0.2) as address:
        made = Door(bare, address)
        yield made
        made.channel.close()


def contact(org, **fields):
    return org.ask("POST", "/sobjects/Contact", json={"LastName": "Smith", **fields}).json()["id"]


def code_of(failed):
    return dict(failed.value.trailing_metadata())["error-code"].rpartition("grpc.")[2]


def test_create_update_and_delete_are_told_in_order_with_the_client_that_did_them(door):
    door.org.http.headers["Sforce-Call-Options"] = "client=Echo"
    made = contact(door.org, FirstName="Ann")
    door.org.ask("PATCH", f"/sobjects/Contact/{made}", json={"LastName": "Jones", "FirstName": None})
    door.org.ask("DELETE", f"/sobjects/Contact/{made}")
    first, second, third = door.bodies(3)
    headers = [each["ChangeEventHeader"] for each in (first, second, third)]
    assert [each["changeType"] for each in headers] == ["CREATE", "UPDATE", "DELETE"]
    assert {each["recordIds"][0] for each in headers} == {made}
    assert {each["changeOrigin"] for each in headers} == {"com/salesforce/api/rest/60.0;client=Echo"}
    assert first["Name"] == {"Salutation": None, "FirstName": "Ann", "LastName": "Smith"}
    assert second["Name"]["LastName"] == "Jones"
    assert any("-0x" in each for each in headers[1]["changedFields"])
    assert len(headers[1]["nulledFields"]) == 1


def test_a_refused_or_rolled_back_write_and_an_update_without_change_are_not_told(door):
    made = contact(door.org)
    door.org.ask("PATCH", f"/sobjects/Contact/{made}", json={"Email": "no address"})
    door.org.ask("PATCH", f"/sobjects/Contact/{made}", json={"LastName": "Smith"})
    rows = [{"attributes": {"type": "Contact"}, "LastName": name} for name in ("A", None)]
    door.org.ask("POST", "/composite/sobjects", json={"allOrNone": True, "records": rows})
    door.org.ask("PATCH", f"/sobjects/Contact/{made}", json={"LastName": "Z"})
    assert [e["ChangeEventHeader"]["changeType"] for e in door.bodies(2)] == ["CREATE", "UPDATE"]


def test_no_more_events_are_sent_than_were_asked_for(door):
    for _ in range(5):
        contact(door.org)
    stream, asks = door.subscribe(2, replay_preset=pb.EARLIEST)
    answer = next(stream)
    assert (len(answer.events), answer.pending_num_requested) == (2, 0)
    assert not next(stream).events
    asks.put(pb.FetchRequest(num_requested=3))
    assert len(next(answer for answer in stream if answer.events).events) == 3
    asks.put(None)


def test_more_than_100_outstanding_are_refused(door):
    stream, _asks = door.subscribe(101)
    with pytest.raises(grpc.RpcError) as failed:
        next(stream)
    assert failed.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_replay_starts_after_the_named_event_and_expires_after_72_hours(door):
    first, second = contact(door.org), contact(door.org)
    one, _ = door.take(2)
    (again,) = door.bodies(1, preset=pb.CUSTOM, replay_id=one.replay_id)
    assert again["ChangeEventHeader"]["recordIds"] == [second] != [first]
    door.org.control("clock", {"advance_seconds": 73 * 3600})
    try:
        stream, _asks = door.subscribe(1, replay_preset=pb.CUSTOM, replay_id=one.replay_id)
        with pytest.raises(grpc.RpcError) as failed:
            next(stream)
    finally:
        door.org.control("clock", {"advance_seconds": -73 * 3600})
    assert code_of(failed) == "subscription.fetch.replayid.corrupted"


@pytest.mark.parametrize(("fault", "kind", "named"), [("gap", "GAP_CREATE", True), ("overflow", "GAP_OVERFLOW", False)])
def test_gaps_name_records_and_overflows_only_the_object(door, fault, kind, named):
    door.org.fault(fault)
    made = contact(door.org)
    header = door.bodies(1)[0]["ChangeEventHeader"]
    assert (header["changeType"], header["recordIds"]) == (kind, [made] if named else [])


def test_calls_without_a_live_session_and_unknown_topics_are_refused(door):
    for metadata in ((), (("accesstoken", "x"), *door.metadata[1:])):
        with pytest.raises(grpc.RpcError) as failed:
            door.call("GetTopic", pb.TopicRequest(topic_name=CONTACTS), metadata)
        assert failed.value.code() is grpc.StatusCode.UNAUTHENTICATED
    with pytest.raises(grpc.RpcError) as failed:
        door.call("GetTopic", pb.TopicRequest(topic_name=CONTACTS.lower()))
    assert failed.value.code() is grpc.StatusCode.NOT_FOUND


def test_replay_ids_of_any_shape_are_refused_the_documented_way(door):
    for odd in (b"", b"x", struct.pack(">Q", 2**60), b"\xff" * 8, b"y" * 50):
        stream, _asks = door.subscribe(1, replay_preset=pb.CUSTOM, replay_id=odd)
        with pytest.raises(grpc.RpcError) as failed:
            next(stream)
        assert code_of(failed) == "subscription.fetch.replayid.corrupted"
