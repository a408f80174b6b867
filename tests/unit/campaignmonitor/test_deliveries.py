"""What webhooks post: events by kind, understood in odd shapes, and refused as a whole only where nothing can be read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.campaignmonitor.deliveries import (
    Deactivated,
    Delivery,
    DeliveryUnreadable,
    Event,
    Subscribed,
    Updated,
    read_delivery,
)
from tests.unit.campaignmonitor.server import LIST

WHEN = "2026-03-01 10:28:00"
ADA = {
    "Date": WHEN,
    "EmailAddress": "ada@example.com",
    "Name": "Ada",
    "CustomFields": [{"Key": "colour", "Value": "red"}],
}
SUBSCRIBE = ADA | {"Type": "Subscribe", "SignupIPAddress": "192.0.2.7"}
UPDATE = ADA | {"Type": "Update", "OldEmailAddress": "old@example.com", "State": "Active"}
DEACTIVATE = ADA | {"Type": "Deactivate", "State": "Bounced"}


def posted(events, **more):
    return json.dumps({"Events": events, "ListID": LIST} | more).encode()


def common(kind):
    return {
        "kind": kind,
        "date": WHEN,
        "email": "ada@example.com",
        "name": "Ada",
        "custom_fields": (("colour", "red"),),
    }


def test_each_kind_of_event_is_read_in_order():
    assert read_delivery(posted([SUBSCRIBE, UPDATE, DEACTIVATE])) == Delivery(
        LIST,
        (
            Subscribed(**common("Subscribe"), signup_ip="192.0.2.7"),
            Updated(**common("Update"), old_email="old@example.com", state="Active"),
            Deactivated(**common("Deactivate"), state="Bounced"),
        ),
    )


def test_a_full_batch_is_read():
    assert len(read_delivery(posted([SUBSCRIBE] * 1000)).events) == 1000


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_names_in_other_cases_and_a_byte_order_mark_are_understood(mark):
    odd = {"events": [{"type": "SUBSCRIBE", "emailaddress": "ada@example.com"}], "listid": LIST}
    (event,) = read_delivery(mark + json.dumps(odd).encode()).events
    assert isinstance(event, Subscribed)
    assert event.email == "ada@example.com"


def test_an_event_alone_missing_parts_nulls_and_numbers_are_understood():
    (event,) = read_delivery(posted({"Type": "Subscribe", "Name": None, "CustomFields": None})).events
    assert event == Subscribed("Subscribe")
    fields = [{"Key": "age", "Value": 42}, {"Key": "vip", "Value": True}, {"Key": "x"}, "junk"]
    (event,) = read_delivery(posted([{"Type": "Update", "CustomFields": fields}])).events
    assert event.custom_fields == (("age", "42"), ("vip", "true"), ("x", ""))
    assert read_delivery(posted([])).events == read_delivery(posted(None)).events == ()


def test_a_new_kind_of_event_holds_up_no_other():
    delivery = read_delivery(posted([ADA | {"Type": "Moved"}, "junk", 7, None, DEACTIVATE]))
    assert [type(event) for event in delivery.events] == [Event, Deactivated]
    assert delivery.events[0].kind == "Moved"
    assert delivery.unread == 3


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<Webhook/>",
        b"[1]",
        b"null",
        b'"x"',
        b"\xff\xfe",
        posted([], ListID=None),
        posted([], ListID="../x"),
        b"[" * 9999,
    ],
    ids=["nothing", "xml", "array", "null", "text", "no utf-8", "no list", "no id", "deep"],
)
def test_what_campaign_monitor_does_not_post_is_refused(body):
    with pytest.raises(DeliveryUnreadable) as caught:
        read_delivery(body)
    assert caught.value.step


def test_nobody_is_shown():
    delivery = read_delivery(posted([SUBSCRIBE, UPDATE, DEACTIVATE]))
    assert not [word for word in ("ada", "Ada", "old@", "192.0.2.7", "red") if word in repr(delivery)]
    with pytest.raises(DeliveryUnreadable) as caught:
        read_delivery(b'{"Events": [{"EmailAddress": "ada@example.com"')
    assert "ada@" not in f"{caught.value!r}{caught.value.__cause__!r}"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Type", "Date", "EmailAddress", "CustomFields", "Key", "Value"]), inner)
    ),
    max_leaves=12,
)


@given(st.lists(JSON, max_size=5))
def test_whatever_stands_among_the_events_every_item_is_an_event_or_counted(events):
    delivery = read_delivery(posted(events))
    assert len(delivery.events) + delivery.unread == len(events)
