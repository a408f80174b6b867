"""Libraries for JSON, gzip, CSV and HTTP on one page of subscribers: `python -m bench.libraries [--write]`.

Each does what the hot path has to do; told is processor time for a page of 1,000 rows, in this process alone. `--write` puts
the table into docs/explanation/where-the-time-goes.md. Those that are not installed are left out: none is needed for this.
"""

import argparse
import asyncio
import csv
import gzip
import importlib
import io
import json
import time
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from isal import isal_zlib

from bench.measure import replay
from bench.report import DOCUMENT, placed, table
from bench.synthetic import LISTS, envelope, subscriber
from bench.world import World
from fairlead.campaignmonitor.paging import Page
from fairlead.campaignmonitor.subscribers import Subscriber
from fairlead.salesforce.csvdata import csv_bytes

EXPLAINED = DOCUMENT.parents[1] / "explanation" / "where-the-time-goes.md"
COMMAND = "python -m bench.libraries --write"
ROWS, TIMES, PAGES = 1_000, 30, 200
GZIP_BITS = 31
Measure = tuple[str, str, Callable[[], Any]]


def page() -> bytes:
    """A page of subscribers, gzipped as it comes."""
    return envelope([subscriber(number, "active", number, ROWS) for number in range(ROWS)], 1, ROWS)


def installed(name: str) -> Any:
    """The module, None where it is not there."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def measures() -> Iterator[Measure]:
    """(what for, by what, the work on one page)."""
    packed = page()
    body = gzip.decompress(packed)
    yield "gzip, inflated", "zlib", lambda: zlib.decompress(packed, GZIP_BITS)
    yield "gzip, inflated", "isal", lambda: isal_zlib.decompress(packed, GZIP_BITS)
    typed = msgspec.json.Decoder(Page[Subscriber], strict=False)
    untyped = msgspec.json.Decoder()
    yield "JSON, decoded", "json", lambda: json.loads(body)
    if orjson := installed("orjson"):
        yield "JSON, decoded", "orjson", lambda: orjson.loads(body)
    yield "JSON, decoded", "msgspec to dicts", lambda: untyped.decode(body)
    yield "JSON, decoded", "msgspec to structs", lambda: typed.decode(body)
    rows = [[row.email, row.name, row.date, row.state] * 3 for row in typed.decode(body).rows]
    names = [f"Field_{place}__c" for place in range(12)]
    records = [dict(zip(names, row, strict=True)) for row in rows]
    columns = [list(column) for column in zip(*rows, strict=True)]
    yield "CSV, written", "csv.DictWriter", lambda: _by_dicts(names, records)
    yield "CSV, written", "csv.writer", lambda: _by_rows(rows)
    yield "CSV, written", "by columns", lambda: csv_bytes(columns)


def _by_dicts(names: list[str], records: list[dict[str, str]]) -> bytes:
    out = io.StringIO()
    csv.DictWriter(out, names, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(records)
    return out.getvalue().encode()


def _by_rows(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def fetches(url: str, pages: int) -> Iterator[Measure]:
    """(what for, by what, so many pages asked for over loopback, inflated)."""
    address = f"{url}/api/v3.3/lists/{LISTS[0]}/active.json?page=1&pagesize=1000"

    def by_urllib() -> None:
        for _ in range(pages):
            with urllib.request.urlopen(address) as answer:
                gzip.decompress(answer.read())

    yield "HTTP, a page fetched", "urllib", by_urllib
    if requests := installed("requests"):

        def by_requests() -> None:
            with requests.Session() as session:
                for _ in range(pages):
                    assert session.get(address).content

        yield "HTTP, a page fetched", "requests", by_requests
    if httpx := installed("httpx"):

        def by_httpx() -> None:
            with httpx.Client() as client:
                for _ in range(pages):
                    assert client.get(address).content

        yield "HTTP, a page fetched", "httpx", by_httpx
    yield "HTTP, a page fetched", "aiohttp, 8 at once", lambda: asyncio.run(_by_aiohttp(address, pages))


async def _by_aiohttp(address: str, pages: int) -> None:
    import aiohttp

    aiohttp.set_zlib_backend(isal_zlib)
    gate = asyncio.Semaphore(8)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=8)) as http:

        async def one() -> None:
            async with gate, http.get(address) as answer:
                assert await answer.read()

        await asyncio.gather(*(one() for _ in range(pages)))


def cost_ms(work: Callable[[], Any], times: int) -> float:
    """Milliseconds of processor that the work takes at its quickest."""
    best = float("inf")
    for _ in range(times):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return 1000 * best


def measured(times: int = TIMES, pages: int = PAGES) -> list[tuple[str, str, float]]:
    """(what for, by what, milliseconds of processor a page)."""
    found = [(what, by, cost_ms(work, times)) for what, by, work in measures()]
    with replay(World(members=4 * ROWS)) as replayed:
        found += [(what, by, cost_ms(work, 2) / pages) for what, by, work in fetches(replayed.url, pages)]
    return found


def told(found: list[tuple[str, str, float]]) -> str:
    """As a table, each against the first of its kind."""
    first: dict[str, float] = {}
    rows = []
    for what, by, cost in found:
        of = first.setdefault(what, cost)
        rows.append((f"{what}: {by}", f"{cost:.2f}", f"{of / max(cost, 0.001):.1f} ×"))
    return table(("for a page of 1,000 subscribers", "ms of processor", "against the first"), rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.libraries", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into the documentation")
    wanted = parser.parse_args()
    text = told(measured())
    print(text)
    if wanted.write:
        EXPLAINED.write_text(placed(EXPLAINED.read_text(), COMMAND, text))


if __name__ == "__main__":
    main()
