"""The floor: ask for the same member pages, read the bytes, drop them. `python -m bench.pump URL_CM URL_SF`"""

import asyncio
import json
import sys

import aiohttp
from isal import isal_zlib

from bench.synthetic import LISTS, STATES

AT_ONCE = 8


async def pump(url: str) -> int:
    """Rows on the pages read, as the first page of each state tells."""
    aiohttp.set_zlib_backend(isal_zlib)
    gate = asyncio.Semaphore(AT_ONCE)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as http:

        async def page(list_id: str, state: str, number: int) -> bytes:
            query = {"page": str(number), "pagesize": "1000"}
            async with gate, http.get(f"{url}/api/v3.3/lists/{list_id}/{state}.json", params=query) as response:
                return await response.read()

        async def whole(list_id: str, state: str) -> int:
            first = json.loads(await page(list_id, state, 1))
            numbers = range(2, first["NumberOfPages"] + 1)
            for begin in range(0, len(numbers), AT_ONCE):
                await asyncio.gather(*(page(list_id, state, n) for n in numbers[begin : begin + AT_ONCE]))
            return int(first["TotalNumberOfRecords"])

        return sum(await asyncio.gather(*(whole(list_id, state) for list_id in LISTS for state in STATES)))


if __name__ == "__main__":
    print(json.dumps({"rows": asyncio.run(pump(sys.argv[1]))}))
