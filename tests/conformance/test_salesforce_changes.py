"""Change events and polling tell of the same changes of the same org: what is read after either is the same."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from fairlead.salesforce import AccessToken, Salesforce, connect
from fairlead.salesforce.event_decode import Change, Look
from fairlead.salesforce.event_polling import Every, poll_changes
from fairlead.salesforce.events import Events, Pace, Pass
from fairlead_emulators.clock import Clock
from fairlead_emulators.salesforce.app import create
from fairlead_emulators.salesforce.events import server
from fairlead_emulators.server import serving

TOPIC = "/data/ContactChangeEvent"
START = (bytes(8), None)
QUIET = 1.0
"""Seconds without an item after which a stream is taken to have told all."""
ENVELOPE = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com">'
    "<e:Header><SessionHeader><sessionId>{session}</sessionId></SessionHeader></e:Header>"
    "<e:Body>{call}</e:Body></e:Envelope>"
)


class Place:
    """A place in a stream, kept in memory."""

    def __init__(self, place: tuple[bytes, datetime | None] | None = None) -> None:
        self.place = place

    async def load(self, topic: str) -> tuple[bytes, datetime | None] | None:
        return self.place

    async def save(self, topic: str, replay_id: bytes, at: datetime | None) -> None:
        self.place = (replay_id, at)


class Watched:
    """A local org that is edited through its APIs and watched in both ways."""

    def __init__(self, emulator: Any, url: str, door: str, sf: Salesforce) -> None:
        self.emulator, self.url, self.door, self.sf = emulator, url, door, sf
        self.since = datetime.now(UTC) - timedelta(seconds=1)
        self.pushed, self.asked = Place(START), Place()

    async def made(self, name: str) -> str:
        return await self.sf.records.create("Contact", {"LastName": name})

    async def soap(self, call: str) -> None:
        """What only SOAP does: merging, and bringing back."""
        body = ENVELOPE.format(session=self.emulator.sessions.first, call=call)
        headers = {"Content-Type": "text/xml", "SOAPAction": '""'}
        url = f"{self.url}/services/Soap/u/60.0"
        answer = await asyncio.to_thread(requests.post, url, body.encode(), headers=headers, timeout=10)
        assert "<success>true</success>" in answer.text, answer.text

    async def by_events(self) -> list[Look]:
        """What change events tell since the last time."""

        async def sign_in(stale: Pass | None) -> Pass:
            return Pass(self.emulator.sessions.first, self.url, self.emulator.org.identity.org_id)

        events = Events(sign_in, address=self.door, secure=False, pace=Pace(100, 0.01, 0.05))
        return await all_of(events.subscribe(TOPIC, self.pushed))

    async def by_polling(self) -> list[Look]:
        """What polling tells since the last time."""
        return await all_of(poll_changes(self.sf, "Contact", self.asked, self.since, Every(0.02, 600)))

    async def read(self, looks: list[Look]) -> dict[str, dict[str, Any]]:
        """What a consumer finds when it looks at the records: deleted ones too, and whom they were merged into."""
        ids = sorted({one for look in looks for one in look.ids})
        listed = ", ".join(f"'{one}'" for one in ids)
        soql = f"SELECT Id, LastName, IsDeleted, MasterRecordId FROM Contact WHERE Id IN ({listed})"
        rows = [row async for page in self.sf.query_all(soql) for row in page] if ids else []
        return {row["Id"]: {k: v for k, v in row.items() if k != "attributes"} for row in rows}


async def all_of(stream: AsyncGenerator[Look, None]) -> list[Look]:
    """Items until the stream is quiet."""
    found = []
    async with aclosing(stream):
        while True:
            try:
                found.append(await asyncio.wait_for(anext(stream), QUIET if found else 5))
            except TimeoutError:
                return found


@pytest.fixture
async def org() -> AsyncIterator[Watched]:
    emulator = create(Clock())
    with serving(emulator.app) as url, server.serving(emulator.org, emulator.sessions, keepalive=0.2) as door:
        async with connect(AccessToken(url, emulator.sessions.first)) as sf:
            yield Watched(emulator, url, door, sf)
    emulator.close()


def last(looks: list[Look]) -> dict[str, Change]:
    """The last thing told of each record."""
    return {one: look.change for look in looks for one in look.ids}


async def test_edits_deletions_returns_and_merges_are_told_alike(org):
    kept, edited, deleted, back, winner, loser = [await org.made(f"N{n}") for n in range(6)]
    await org.sf.records.update("Contact", edited, {"LastName": "Edited"})
    await org.sf.records.delete("Contact", deleted)
    await org.sf.records.delete("Contact", back)
    await org.soap(f"<undelete><ids>{back}</ids></undelete>")
    await org.soap(
        f"<merge><request><masterRecord><type>Contact</type><Id>{winner}</Id></masterRecord>"
        f"<recordToMergeIds>{loser}</recordToMergeIds></request></merge>"
    )
    pushed, asked = await org.by_events(), await org.by_polling()
    told = last(pushed)
    assert set(told) == set(last(asked)) == {kept, edited, deleted, back, winner, loser}
    assert (told[deleted], told[loser], told[back]) == (Change.DELETE, Change.DELETE, Change.UNDELETE)
    gone = [{one for one, change in last(looks).items() if change is Change.DELETE} for looks in (pushed, asked)]
    assert gone == [{deleted, loser}, {deleted, loser}]
    rows = await org.read(pushed)
    assert rows == await org.read(asked)
    assert (rows[loser]["IsDeleted"], rows[loser]["MasterRecordId"]) == (True, winner)
    assert (rows[deleted]["IsDeleted"], rows[deleted]["MasterRecordId"]) == (True, None)
    assert (rows[back]["IsDeleted"], rows[edited]["LastName"]) == (False, "Edited")


async def test_each_way_goes_on_where_it_was_and_tells_a_merge_of_known_records(org):
    winner, loser = await org.made("W"), await org.made("L")
    assert set(last(await org.by_events())) == set(last(await org.by_polling())) == {winner, loser}
    await org.soap(
        f"<merge><request><masterRecord><type>Contact</type><Id>{winner}</Id><LastName>Both</LastName></masterRecord>"
        f"<recordToMergeIds>{loser}</recordToMergeIds></request></merge>"
    )
    pushed, asked = await org.by_events(), await org.by_polling()
    assert last(pushed)[loser] is last(asked)[loser] is Change.DELETE
    assert last(pushed)[winner] is Change.UPDATE
    # asked anew, a record that was made a moment ago is still told as made
    assert last(asked)[winner] in {Change.CREATE, Change.UPDATE}
    rows = await org.read(pushed)
    assert rows == await org.read(asked)
    assert (rows[winner]["LastName"], rows[loser]["MasterRecordId"]) == ("Both", winner)


async def test_what_events_lose_is_found_by_asking_since_the_moment_that_they_name(org):
    """A gap names its records; after an overflow or an expired place, polling from `since` finds the rest."""
    first = await org.made("Before")
    assert set(last(await org.by_events())) == {first}
    for fault in ("gap", "overflow"):
        org.emulator.faults.add([{"fault": fault}])
        await org.made(f"In the {fault}")
    gap, overflow = await org.by_events()
    assert (gap.change, gap.fields, len(gap.ids)) == (Change.CREATE, frozenset(), 1)
    assert (overflow.change, overflow.object, overflow.ids) == (Change.RECONCILE, "Contact", ())
    org.emulator.faults.add([{"fault": "expired_replay"}])
    lost, *_ = await org.by_events()
    assert (lost.change, lost.object) == (Change.RECONCILE, None)
    for reconcile in (overflow, lost):
        assert reconcile.since is not None
        stream = poll_changes(org.sf, "Contact", Place(), reconcile.since, Every(0.02, 0))
        found = await org.read(await all_of(stream))
        assert {row["LastName"] for row in found.values()} == {"Before", "In the gap", "In the overflow"}
