"""The least that a program of these libraries can do: `python -m bench.contestants.bare JOB URL`

It reads pages into typed rows, turns them into columns and those into what is sent, with Fairlead's own code for each of the
three, and does nothing else: nobody is matched, nothing is compared, checked, remembered or told. So what it takes no
program can save that decodes, makes and sends the same bytes with the same libraries.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import tzinfo
from functools import partial
from io import BytesIO
from typing import Any, Final
from zoneinfo import ZoneInfo

import aiohttp
import msgspec

from bench.contestants.pump import AT_ONCE, YESTERDAY, Pump
from bench.contestants.telling import tell
from bench.synthetic import CLIENT, LISTS, QUERY_PAGE, STATES, VERSION
from bench.synthetic_events import CAMPAIGNS, KINDS, campaign_id
from bench.world import JOB_BYTES, PER_IMPORT
from fairlead.campaignmonitor import subscribers, tracking
from fairlead.campaignmonitor.packing import inflated
from fairlead.campaignmonitor.paging import Page
from fairlead.campaignmonitor.utc_column import to_utc
from fairlead.jobs import collector
from fairlead.salesforce.csvdata import csv_bytes, header_bytes
from fairlead.sync import convert, convert_tracking
from fairlead.sync.convert_tracking import Mail

ZONE: Final[tzinfo] = ZoneInfo("Europe/London")
Read = Callable[[bytes], Page[Any]]
READ_EVENTS: Final[dict[str, Read]] = {
    "recipients": tracking._RECIPIENTS,
    "opens": tracking._OPENS,
    "clicks": tracking._CLICKS,
    "bounces": tracking._BOUNCES,
    "unsubscribes": tracking._UNSUBSCRIBES,
    "spam": tracking._SPAM,
}


class Contact(msgspec.Struct, gc=False, rename={"email": "Email", "first": "FirstName", "last": "LastName"}):
    """A record of the query of an import."""

    email: str = ""
    first: str = ""
    last: str = ""


class Found(msgspec.Struct, rename={"total": "totalSize", "next": "nextRecordsUrl"}):
    """A page of that query."""

    records: list[Contact]
    total: int = 0
    next: str = ""


READ_CONTACTS: Final = msgspec.json.Decoder(Found).decode


class Upload:
    """Records on their way into bulk jobs of the size that the org allows."""

    def __init__(self, http: "Bare", name: str, fields: tuple[str, ...]) -> None:
        self._http, self._name, self._key = http, name, fields[0]
        self._head = header_bytes(fields)
        self._pieces, self._size, self.rows = [self._head], 0, 0

    async def add(self, columns: tuple[list[str], ...]) -> None:
        piece = csv_bytes(columns)
        if self._size + len(piece) > JOB_BYTES:
            await self.send()
        self._pieces.append(piece)
        self._size += len(piece)
        self.rows += len(columns[0])

    async def send(self) -> None:
        body, self._pieces, self._size = b"".join(self._pieces), [self._head], 0
        if len(body) > len(self._head):
            await self._http.bulk(self._name, self._key, body)


class Bare(Pump):
    """A pump whose bytes are read, and written again."""

    async def pages(self, path: str, read: Read, query: dict[str, str]) -> AsyncIterator[list[Any]]:
        """The rows of all pages, some on the way at once."""

        async def fetch(number: int) -> bytes:
            return await self.get(f"/api/v3.3/{path}.json", query | {"page": str(number), "pagesize": "1000"})

        first = read(inflated(await fetch(1)))
        yield first.rows
        for some in _some(range(2, first.pages + 1)):
            for body in await asyncio.gather(*map(fetch, some)):
                yield read(inflated(body)).rows

    async def bulk(self, name: str, key: str, body: bytes) -> None:
        """One bulk job, looked at until it is done."""
        jobs = f"{self._url}/services/data/v{VERSION}/jobs/ingest"
        asked = {
            "object": name,
            "operation": "upsert",
            "externalIdFieldName": key,
            "contentType": "CSV",
            "lineEnding": "LF",
        }
        async with self._http.post(jobs, json=asked) as made:
            job = f"{jobs}/{(await made.json())['id']}"
        async with self._http.put(f"{job}/batches", data=BytesIO(body), headers={"Content-Type": "text/csv"}) as taken:
            await taken.read()
        async with self._http.patch(job, json={"state": "UploadComplete"}) as closed:
            await closed.read()
        while True:
            async with self._http.get(job) as answer:
                if (await answer.json())["state"] == "JobComplete":
                    return
            await asyncio.sleep(0.5)

    async def members(self, since: str = "") -> int:
        upload = Upload(self, "CM_Member__c", convert.MEMBER_FIELDS)
        query = {"date": since} if since else {}
        utc = partial(to_utc, place=ZONE)
        for list_id in LISTS:
            for state in STATES:
                async for rows in self.pages(f"lists/{list_id}/{state}", subscribers._read_page, query):
                    if rows:
                        nobody = [""] * len(rows)
                        await upload.add(convert.members(rows, list_id, nobody, nobody, utc, 1).columns)
        await upload.send()
        return upload.rows

    async def tracking(self, since: str = "") -> int:
        upload = Upload(self, "CM_Tracking__c", convert_tracking.TRACKING_FIELDS)
        listing = msgspec.json.decode(inflated(await self.get(f"/api/v3.3/clients/{CLIENT}/campaigns.json")))
        sent = {row["CampaignID"]: row["SentDate"] for row in listing["Results"]}
        for number in range(CAMPAIGNS):
            mail = Mail(campaign_id(number), sent=sent[campaign_id(number)])
            for kind in KINDS:
                if since and kind == "recipients":
                    continue
                query = {"date": since} if since else {}
                async for rows in self.pages(f"campaigns/{mail.id}/{kind}", READ_EVENTS[kind], query):
                    if rows:
                        await upload.add(_records(kind, rows, mail))
        await upload.send()
        return upload.rows

    async def incremental(self) -> int:
        return await self.members(YESTERDAY) + await self.tracking(f"{YESTERDAY} 12:00")

    async def import_(self) -> int:
        """Asks for some pages at once, and sends those while the next come."""
        query = {"q": "SELECT Id, Email, FirstName, LastName FROM Contact"}
        path = f"/services/data/v{VERSION}/query"
        first = READ_CONTACTS(inflated(await self.get(path, query)))
        locator = first.next.rpartition("-")[0]
        await self._import(first.records)
        for some in _some(range(QUERY_PAGE, first.total, QUERY_PAGE)):
            bodies = await asyncio.gather(*(self.get(f"{locator}-{place}") for place in some))
            await asyncio.gather(*(self._import(READ_CONTACTS(inflated(body)).records) for body in bodies))
        return first.total

    async def _import(self, records: list[Contact]) -> None:
        for begin in range(0, len(records), PER_IMPORT):
            people = [
                {"EmailAddress": one.email, "Name": f"{one.first} {one.last}", "ConsentToTrack": "Unchanged"}
                for one in records[begin : begin + PER_IMPORT]
            ]
            body = msgspec.json.encode({"Subscribers": people, "Resubscribe": False})
            await self.post(f"/api/v3.3/subscribers/{LISTS[0]}/import.json", body)


def _some(numbers: range) -> list[range]:
    """As many as may be asked for at once, one lot after the other."""
    return [numbers[begin : begin + AT_ONCE] for begin in range(0, len(numbers), AT_ONCE)]


def _records(kind: str, rows: list[Any], mail: Mail) -> tuple[list[str], ...]:
    """A page of events as records, without the count that tells equal ones apart."""
    events, count = convert_tracking.columns(kind, rows, mail), len(rows)
    blank, begin = [""] * count, convert_tracking.prefix(mail.id, kind)
    dates = zip(events.emails, events.dates, events.urls, strict=True)
    return (
        [f"{begin}{email}:{date}:{url}" for email, date, url in dates],
        [kind] * count,
        to_utc(events.dates, ZONE),
        events.emails,
        ["Campaign"] * count,
        [mail.id] * count,
        blank,
        events.lists,
        blank,
        blank,
        events.urls,
        events.bounces,
        events.reasons,
        events.ips,
        events.cities,
        events.regions,
        events.codes,
        events.countries,
        events.latitudes,
        events.longitudes,
        ["false"] * count,
        ["1"] * count,
    )


JOBS: dict[str, Callable[[Bare], Coroutine[Any, Any, int]]] = {
    "members": Bare.members,
    "tracking": Bare.tracking,
    "initial": Bare.initial,
    "incremental": Bare.incremental,
    "import": Bare.import_,
}


async def bare(job: str, url: str) -> int:
    """Rows read and written."""
    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as http:
        return await JOBS[job](Bare(http, url))


if __name__ == "__main__":
    collector.calm()
    tell(lambda: asyncio.run(bare(sys.argv[1], sys.argv[2])))
