"""The stream of "look at these records": nothing is lost, whatever cuts it; pushed and asked say the same."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from fairlead.salesforce import AccessToken, connect
from fairlead.salesforce.errors import RequestWrong, SessionRefused
from fairlead.salesforce.event_decode import Change, EventsRefused, EventUnreadable, Reader, field_names
from fairlead.salesforce.event_polling import Every, poll_changes
from fairlead.salesforce.event_publish import publish
from fairlead.salesforce.events import Events, Pace, Pass
from fairlead_emulators.clock import Clock
from fairlead_emulators.salesforce.app import create
from fairlead_emulators.salesforce.events import schemas, server
from fairlead_emulators.salesforce.model.schema import standard_schema
from fairlead_emulators.server import serving

TOPIC = "/data/ContactChangeEvent"
OBJECTS = sorted(o.name for o in standard_schema().objects.values())


class Store:
    """Keeps places in memory; `saved` in order."""

    def __init__(self, place=None):
        self.place = place
        self.saved = []

    async def load(self, topic):
        return self.place

    async def save(self, topic, replay_id, at):
        self.place = (replay_id, at)
        self.saved.append(replay_id)


class Org:
    def __init__(self, emulator, url, door):
        self.emulator, self.url, self.door = emulator, url, door

    async def sign_in(self, stale):
        return Pass(self.emulator.sessions.first, self.url, self.emulator.org.identity.org_id)

    def events(self, sign_in=None, room=100):
        return Events(sign_in or self.sign_in, address=self.door, secure=False, pace=Pace(room, 0.01, 0.05))

    def fault(self, name, **more):
        self.emulator.faults.add([{"fault": name, **more}])

    def ask(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.emulator.sessions.first}"}
        url = f"{self.url}/services/data/v60.0/sobjects/Contact{path}"
        answer = requests.request(method, url, json=body, headers=headers, timeout=10)
        assert answer.ok, answer.text
        return answer.json()["id"] if answer.content else None

    async def edit(self, method, path, body=None):
        return await asyncio.to_thread(self.ask, method, path, body)

    async def contacts(self, count):
        return [await self.edit("POST", "", {"LastName": f"N{i}"}) for i in range(count)]


@pytest.fixture
def local():
    emulator = create(Clock())
    with serving(emulator.app) as url, server.serving(emulator.org, emulator.sessions, keepalive=0.2) as door:
        yield Org(emulator, url, door)
    emulator.close()


START = (bytes(8), None)


async def take(stream, count):
    found = []
    async with aclosing(stream) as looks:
        async with asyncio.timeout(20):
            async for look in looks:
                found.append(look)
                if len(found) == count:
                    break
    return found


@pytest.mark.parametrize("cuts", [0, 1, 3, 7])
@pytest.mark.parametrize("room", [1, 2, 100])
async def test_every_change_is_handled_at_least_once_and_in_order_however_often_the_stream_is_cut(local, cuts, room):
    ids = await local.contacts(8)
    if cuts:
        local.fault("stream_cut", times=cuts)
    looks = await take(local.events(room=room).subscribe(TOPIC, Store(START)), 8)
    assert [look.ids[0] for look in looks] == ids


async def test_a_place_is_stored_only_once_its_item_was_handled_so_a_stopped_consumer_sees_it_again(local):
    ids = await local.contacts(4)
    store = Store(START)
    first = await take(local.events().subscribe(TOPIC, store), 2)
    assert store.saved == [first[0].replay_id]
    again = await take(local.events().subscribe(TOPIC, store), 3)
    assert [look.ids[0] for look in again] == ids[1:]


async def test_an_expired_place_asks_to_reconcile_since_the_last_handled_event_and_goes_on(local):
    ids = await local.contacts(1)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    local.fault("expired_replay")
    lost, kept = await take(local.events().subscribe(TOPIC, Store((bytes(8), at))), 2)
    assert (lost.change, lost.ids, lost.since) == (Change.RECONCILE, (), at - timedelta(minutes=10))
    assert kept.ids == tuple(ids)


async def test_an_overflow_asks_to_reconcile_the_object_and_a_gap_names_its_records(local):
    local.fault("overflow")
    await local.contacts(1)
    local.fault("gap")
    ids = await local.contacts(1)
    overflow, gap = await take(local.events().subscribe(TOPIC, Store(START)), 2)
    assert (overflow.object, overflow.change) == ("Contact", Change.RECONCILE)
    assert (gap.change, gap.ids, gap.fields) == (Change.CREATE, tuple(ids), frozenset())


async def test_changed_fields_are_told_by_api_name_those_in_compounds_too(local):
    (one,) = await local.contacts(1)
    await local.edit("PATCH", f"/{one}", {"LastName": "Z", "MailingCity": "Bonn", "Email": "z@example.com"})
    looks = await take(local.events().subscribe(TOPIC, Store(START)), 2)
    assert {"LastName", "MailingCity", "Email"} <= looks[1].fields


async def test_a_refused_session_is_renewed_once_and_an_unknown_topic_is_told(local):
    await local.contacts(1)
    good = await local.sign_in(None)

    async def renews(stale):
        return good if stale else Pass("old", good.instance_url, good.tenant_id)

    async def never(stale):
        return Pass("old", good.instance_url, good.tenant_id)

    assert len(await take(local.events(renews).subscribe(TOPIC, Store(START)), 1)) == 1
    with pytest.raises(SessionRefused):
        await take(local.events(never).subscribe(TOPIC, Store(START)), 1)
    with pytest.raises(EventsRefused):
        await take(local.events().subscribe("/data/NoChangeEvent", Store(START)), 1)


async def test_polling_and_events_name_the_same_records_for_the_same_edits(local):
    since = datetime.now(UTC) - timedelta(seconds=1)
    ids = await local.contacts(4)
    await local.edit("PATCH", f"/{ids[0]}", {"LastName": "Z"})
    await local.edit("DELETE", f"/{ids[1]}")
    pushed = await take(local.events().subscribe(TOPIC, Store(START)), 6)
    async with connect(AccessToken(local.url, local.emulator.sessions.first)) as sf:
        asked = await take(poll_changes(sf, "Contact", Store(), since, Every(0.01, 600)), 4)
        with pytest.raises(RequestWrong):
            await publish(sf.records, "Contact", {})
    assert {i for look in pushed for i in look.ids} == {i for look in asked for i in look.ids} == set(ids)
    deleted = [{i for look in looks if look.change is Change.DELETE for i in look.ids} for looks in (pushed, asked)]
    assert deleted == [{ids[1]}, {ids[1]}]


SAMPLE = {
    "fields": [
        {"name": "ChangeEventHeader", "type": "string"},
        {"name": "AccountId", "type": "string"},
        {"name": "Name", "type": ["null", {"fields": [{"name": n} for n in ("Salutation", "FirstName", "LastName")]}]},
        {"name": "Email", "type": "string"},
        {"name": "LastModifiedDate", "type": "long"},
    ]
}


def test_bitmaps_are_read_as_the_published_sample_decoder_reads_them():
    assert field_names(SAMPLE, ["0x18"]) == {"Email", "LastModifiedDate"}
    assert field_names(SAMPLE, ["0x10", "2-0x04"]) == {"LastModifiedDate", "LastName"}
    assert field_names(SAMPLE, []) == frozenset()


@given(st.data())
def test_fields_laid_into_bitmaps_come_back_by_name(data):
    sobject = standard_schema().object(data.draw(st.sampled_from(OBJECTS)))
    shape = schemas.change_shape(sobject)
    names = data.draw(st.sets(st.sampled_from(sorted(shape.paths))))
    assert field_names(Reader.of(shape.text).schema, shape.bitmaps(names)) == names


@given(st.lists(st.text(max_size=12) | st.from_regex(r"(\d{1,2}-)?0x[0-9a-fA-F]{1,12}", fullmatch=True)), st.binary())
def test_nonsense_is_unreadable_and_nothing_else(bitmaps, payload):
    reader = Reader.of(schemas.change_shape(standard_schema().object("Contact")).text)
    for read in (lambda: field_names(reader.schema, bitmaps), lambda: reader.look(payload, b"")):
        try:
            read()
        except EventUnreadable as error:
            assert error.step


async def test_the_door_says_whether_a_topic_is_offered(local):
    await local.events().look_for(TOPIC)
    with pytest.raises(EventsRefused):
        await local.events().look_for("/data/NothingChangeEvent")
