"""What the event door bears: merging, sizes, allocations, channels, sessions that end."""

import io
import json
import queue

import fastavro
import grpc
import pytest

from fairlead_emulators.salesforce.events.wire import pubsub_api_pb2 as pb
from tests.unit.emulators.salesforce.conftest import PARENT
from tests.unit.emulators.salesforce.test_events import CONTACTS, contact, door  # noqa: F401

EVENT = """<?xml version="1.0" encoding="UTF-8"?>
<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata">
  <label>Note</label><pluralLabel>Notes</pluralLabel><deploymentStatus>Deployed</deploymentStatus>
  <eventType>HighVolume</eventType>
  <fields><fullName>Text__c</fullName><label>Text</label><type>LongTextArea</type><length>131072</length>
    <visibleLines>3</visibleLines></fields>
</CustomObject>"""
TOPIC = "/event/Said__e"


@pytest.fixture
def said(door):  # noqa: F811
    """A door whose org has a platform event."""
    assert door.org.deploy({"objects/Said__e.object": EVENT})["success"]
    return door


def payload(door, text):  # noqa: F811
    info = door.call("GetTopic", pb.TopicRequest(topic_name=TOPIC))
    text_of_schema = door.call("GetSchema", pb.SchemaRequest(schema_id=info.schema_id)).schema_json
    schema = fastavro.parse_schema(json.loads(text_of_schema))
    target = io.BytesIO()
    fastavro.schemaless_writer(target, schema, {"CreatedDate": 0, "CreatedById": "x", "Text__c": text})
    return pb.ProducerEvent(id="1", schema_id=info.schema_id, payload=target.getvalue())


def settings(org, **values):
    assert org.control("settings", values).status_code == 200


def refused(stream):
    with pytest.raises(grpc.RpcError) as failed:
        for _ in stream:
            pass
    return failed.value.code(), dict(failed.value.trailing_metadata()).get("error-code", "").rpartition("grpc.")[2]


def test_equal_changes_of_one_transaction_are_one_event_wherever_they_stand(door):  # noqa: F811
    ids = [contact(door.org) for _ in range(4)]
    rows = [{"attributes": {"type": "Contact"}, "Id": i, "Title": title} for i, title in zip(ids, "ABAB", strict=True)]
    assert door.org.ask("PATCH", "/composite/sobjects", json={"records": rows}).status_code == 200
    headers = [body["ChangeEventHeader"] for body in door.bodies(6)[4:]]
    assert [header["recordIds"] for header in headers] == [[ids[0], ids[2]], [ids[1], ids[3]]]
    assert {header["transactionKey"] for header in headers} == {headers[0]["transactionKey"]}
    assert [header["sequenceNumber"] for header in headers] == [1, 2]


LONG = "".join(
    f"<fields><fullName>T{n}__c</fullName><label>T{n}</label><type>LongTextArea</type><length>131072</length>"
    "<visibleLines>3</visibleLines></fields>"
    for n in range(8)
)
BIG = PARENT.replace("</CustomObject>", f"{LONG}</CustomObject>")


def test_a_change_over_a_megabyte_is_told_as_a_gap(door):  # noqa: F811
    assert door.org.deploy({"objects/Big__c.object": BIG})["success"]
    settings(door.org, change_events=["Big__c"])
    texts = {f"T{n}__c": "x" * 131_072 for n in range(8)}
    made = door.org.ask("POST", "/sobjects/Big__c", json={"Key__c": "a", **texts})
    assert made.status_code == 201
    (event,) = door.take(1, "/data/Big__ChangeEvent")
    header = door.read(event)["ChangeEventHeader"]
    assert (header["changeType"], header["recordIds"]) == ("GAP_CREATE", [made.json()["id"]])


def test_the_allocation_ends_streams_until_a_day_has_passed(door):  # noqa: F811
    settings(door.org, event_deliveries=2)
    for _ in range(3):
        contact(door.org)
    stream, _asks = door.subscribe(5, replay_preset=pb.EARLIEST)
    assert len(next(stream).events) == 2
    assert refused(stream) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "subscription.limit.exceeded")
    door.org.control("clock", {"advance_seconds": 25 * 3600})
    try:
        contact(door.org)
        stream, _asks = door.subscribe(1, replay_preset=pb.EARLIEST)
        assert len(next(stream).events) == 1
    finally:
        door.org.control("clock", {"advance_seconds": -25 * 3600})


def test_a_custom_channel_carries_its_members_alone(door):  # noqa: F811
    settings(door.org, event_channels={"Few__chn": ["Account"]})
    contact(door.org)
    door.org.ask("POST", "/sobjects/Account", json={"Name": "A"})
    (event,) = door.take(1, "/data/Few__chn")
    assert door.read(event)["ChangeEventHeader"]["entityName"] == "Account"
    for unknown in ("/data/Other__chn", "/event/Few__chn", "/data/few__chn"):
        with pytest.raises(grpc.RpcError) as failed:
            door.call("GetTopic", pb.TopicRequest(topic_name=unknown))
        assert failed.value.code() is grpc.StatusCode.NOT_FOUND


def test_a_stream_ends_with_its_session(door):  # noqa: F811
    stream, _asks = door.subscribe(1, replay_preset=pb.LATEST)
    assert not next(stream).events
    door.org.control("expire_sessions", {})
    try:
        assert refused(stream)[0] is grpc.StatusCode.UNAUTHENTICATED
    finally:
        door.org.control("reset", {})


def test_what_is_published_is_bounded(said):
    event = payload(said, "hello")
    answer = said.call("Publish", pb.PublishRequest(topic_name=TOPIC, events=[event]))
    assert answer.results[0].replay_id
    assert answer.rpc_id
    big = pb.ProducerEvent(id="2", schema_id=event.schema_id, payload=b"x" * 1_000_001)
    answer = said.call("Publish", pb.PublishRequest(topic_name=TOPIC, events=[big, event]))
    assert "1000000 bytes" in answer.results[0].error.msg
    assert not answer.results[1].error.msg
    with pytest.raises(grpc.RpcError) as failed:
        said.call("Publish", pb.PublishRequest(topic_name=TOPIC, events=[event] * 201))
    assert failed.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert [said.read(each)["Text__c"] for each in said.take(2, TOPIC)] == ["hello", "hello"]


def test_a_publishing_stream_answers_each_request_and_keeps_its_topic(said):
    method = said.channel.stream_stream(
        "/eventbus.v1.PubSub/PublishStream", pb.PublishRequest.SerializeToString, pb.PublishResponse.FromString
    )
    asks = queue.SimpleQueue()
    stream = method(iter(asks.get, None), metadata=said.metadata, timeout=10)
    for topic in (TOPIC, ""):
        asks.put(pb.PublishRequest(topic_name=topic, events=[payload(said, "a"), payload(said, "b")]))
        assert len(next(stream).results) == 2
    asks.put(pb.PublishRequest(topic_name=CONTACTS, events=[payload(said, "c")]))
    assert refused(stream)[0] is grpc.StatusCode.INVALID_ARGUMENT
