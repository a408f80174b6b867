"""Who causes events, and who may hear of them."""

import grpc
import pytest

from fairlead_emulators.salesforce.events import server
from fairlead_emulators.salesforce.events.wire import pubsub_api_pb2 as pb
from tests.unit.emulators.salesforce.access.conftest import assign
from tests.unit.emulators.salesforce.actions.test_actions import EVENT, NOTICE, notify
from tests.unit.emulators.salesforce.test_events import CONTACTS, Door, code_of

CHILDREN = "/data/Child__ChangeEvent"
PUBLISHES = """<?xml version="1.0" encoding="UTF-8"?>
<PermissionSet xmlns="http://soap.sforce.com/2006/04/metadata"><label>Ask</label>
  <fieldPermissions><field>Ask__e.What__c</field><readable>true</readable><editable>true</editable></fieldPermissions>
  <objectPermissions><object>Ask__e</object><allowRead>true</allowRead><allowCreate>true</allowCreate>
    <allowEdit>false</allowEdit><allowDelete>false</allowDelete></objectPermissions>
</PermissionSet>"""


@pytest.fixture
def doors(desk, user):
    """The door as the admin and as the user have it."""
    desk.settings(change_events=["Contact", "Child__c"])
    with server.serving(desk.client.emulator.org, desk.client.emulator.sessions, keepalive=0.2) as address:
        both = Door(desk.client, address), Door(desk.client, address)
        both[1].metadata = (("accesstoken", user.token), *both[1].metadata[1:])
        yield both
        for each in both:
            each.channel.close()


def test_an_event_names_the_user_who_caused_it(desk, user, doors):
    desk.make("Contact", LastName="By the admin")
    with user:
        desk.make("Contact", LastName="By the user")
    told = [body["ChangeEventHeader"]["commitUser"] for body in doors[0].bodies(2)]
    assert told == [desk.client.emulator.org.identity.user_id, user.user_id]


def test_who_may_not_read_the_object_hears_nothing_of_it(desk, doors):
    desk.make("Child__c", Note__c="n")
    with pytest.raises(grpc.RpcError) as refused:
        doors[1].call("GetTopic", pb.TopicRequest(topic_name=CHILDREN))
    assert (refused.value.code(), code_of(refused)) == (grpc.StatusCode.PERMISSION_DENIED, "service.auth.access")
    with pytest.raises(grpc.RpcError) as refused:
        doors[1].take(1, CHILDREN)
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    desk.settings(events_need_rights=False)
    assert doors[1].bodies(1, topic=CHILDREN)[0]["Note__c"] == "n"


def test_who_may_read_some_fields_hears_of_these(desk, user, doors):
    desk.make("Child__c", Note__c="n", Kind__c="Red")
    assign(desk, user, "Readers")
    (mine,), (all_of_it,) = doors[1].bodies(1, topic=CHILDREN), doors[0].bodies(1, topic=CHILDREN)
    assert (mine["Note__c"], mine["Kind__c"]) == ("n", None)
    assert (all_of_it["Note__c"], all_of_it["Kind__c"]) == ("n", "Red")


def test_all_changes_are_those_of_the_objects_that_the_user_may_read(desk, doors):
    desk.make("Child__c", Note__c="n")
    desk.make("Contact", LastName="Open")
    (event,) = doors[1].take(1, "/data/ChangeEvents")
    assert doors[1].read(event)["Name"]["LastName"] == "Open"


def test_a_user_without_the_api_does_not_listen(desk, doors):
    desk.settings(api_enabled=False)
    with pytest.raises(grpc.RpcError) as refused:
        doors[1].call("GetTopic", pb.TopicRequest(topic_name=CONTACTS))
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


def test_platform_events_are_published_by_who_may_create_them_and_name_their_creator(desk, user, doors):
    assert desk.client.deploy({"objects/Ask__e.object": EVENT, "permissionsets/Ask.permissionset": PUBLISHES})[
        "success"
    ]
    with user:
        assert desk.client.ask("POST", "/sobjects/Ask__e", json={"What__c": "x"}).status_code == 404
    with pytest.raises(grpc.RpcError) as refused:
        doors[1].call("Publish", pb.PublishRequest(topic_name="/event/Ask__e"))
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assign(desk, user, "Ask")
    with user:
        assert desk.client.ask("POST", "/sobjects/Ask__e", json={"What__c": "x"}).status_code == 201
    (body,) = doors[1].bodies(1, topic="/event/Ask__e")
    assert (body["What__c"], body["CreatedById"]) == ("x", user.user_id)


def test_a_notification_is_from_who_sent_it(desk, user):
    assert desk.client.deploy({"notificationtypes/Notice.notiftype": NOTICE})["success"]
    with user:
        assert notify(desk.client).json()[0]["isSuccess"]
    (note,) = desk.client.control("notifications").json()
    assert note["senderId"] == user.user_id
