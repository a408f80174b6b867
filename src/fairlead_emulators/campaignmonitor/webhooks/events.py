"""What a webhook tells: the event of a change, and the payload of a batch."""

import re
from collections.abc import Sequence
from typing import Any, Final
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import msgspec

from fairlead_emulators.campaignmonitor.audience.life import Change
from fairlead_emulators.campaignmonitor.dates import minute_of, wire
from fairlead_emulators.campaignmonitor.facts import fact

SUBSCRIBE, UPDATE, DEACTIVATE = "Subscribe", "Update", "Deactivate"
EVENTS: Final = (SUBSCRIBE, DEACTIVATE, UPDATE)
Event = dict[str, Any]
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@fact("webhook-occasions")
def kind_of(change: Change) -> str | None:
    """The type of event that a change is; None for one that is not told: a confirmation is still awaited."""
    before = change.old.state if change.old else None
    after = change.new.state
    if after == before:
        return UPDATE
    if after == "Active":
        return SUBSCRIBE
    return None if after == "Unconfirmed" else DEACTIVATE


@fact("webhook-payload")
@fact("webhook-signup-ip")
def event_of(kind: str, change: Change, where: ZoneInfo) -> Event:
    """The event as it is posted."""
    new = change.new
    event: Event = {"Type": kind, "Date": wire(minute_of(change.at), where)}
    if kind == UPDATE:
        event["OldEmailAddress"] = change.old.address if change.old else new.address
    event |= {"EmailAddress": new.address, "Name": new.name}
    event |= {"SignupIPAddress": change.ip or "TypeManual"} if kind == SUBSCRIBE else {"State": new.state}
    event["CustomFields"] = [{"Key": key, "Value": value} for key, value in new.fields]
    return event


@fact("webhook-test")
def example(kind: str, at: float, where: ZoneInfo) -> Event:
    """The event of that type which a test posts. `at`: unix seconds."""
    event: Event = {"Type": kind, "Date": wire(minute_of(at), where)}
    if kind == UPDATE:
        event["OldEmailAddress"] = "test.before@example.com"
    event |= {"EmailAddress": "test@example.com", "Name": "Test Subscriber"}
    state = "Active" if kind == UPDATE else "Unsubscribed"
    event |= {"SignupIPAddress": "TypeManual"} if kind == SUBSCRIBE else {"State": state}
    return event | {"CustomFields": []}


def payload(form: str, list_id: str, events: Sequence[Event]) -> tuple[bytes, str]:
    """The body of a batch and its content type. `form`: Json | Xml."""
    if form == "Json":
        return msgspec.json.encode({"Events": events, "ListID": list_id}), "application/json; charset=utf-8"
    return _xml(list_id, events), "application/xml; charset=utf-8"


@fact("webhook-xml")
def _xml(list_id: str, events: Sequence[Event]) -> bytes:
    root = ET.Element("Webhook")
    within = ET.SubElement(root, "Events")
    for event in events:
        _element(within, "Event", event)
    _element(root, "ListID", list_id)
    body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return body


def _element(parent: ET.Element, name: str, value: Any) -> None:
    made = ET.SubElement(parent, name)
    if isinstance(value, dict):
        for key, each in value.items():
            _element(made, key, each)
    elif isinstance(value, list):
        for each in value:
            _element(made, name.removesuffix("s"), each)
    else:
        made.text = _NOT_XML.sub("", str(value))
