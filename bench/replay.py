"""A process that plays both sides from prepared answers: `python -m bench.replay ROWS` prints `{"url": …}` and serves.

Both sides share one port: `/api/v3.3/…` is the account, `/services/…` the org, `GET /_counts` what was asked so far.
"""

import asyncio
import gzip
import json
import os
import re
import sys
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bench import synthetic
from bench.synthetic import CLIENT, LISTS, STATES, pack

SERVES_AT_MOST = 3600
"""Seconds."""
JSON = {"Content-Type": "application/json; charset=utf-8", "Content-Encoding": "gzip"}
MEMBER_KEYS = tuple(f"{list_id}:".encode() for list_id in LISTS)
PERSON = re.compile(r"person\.(\d{7})@", re.IGNORECASE)
LONGEST_URL = 32_000
OVERLAP = len(MEMBER_KEYS[0]) - 1


@dataclass
class Replay:
    """What is answered, and what was asked."""

    rows: int
    members: dict[str, dict[str, bytes]] = field(default_factory=dict)
    fixed: dict[str, bytes] = field(default_factory=dict)
    queries: dict[str, bytes] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    people: dict[str, range] = field(init=False)
    cm_calls: int = 0
    sf_calls: int = 0
    written: int = 0

    def prepare(self) -> None:
        self.people = synthetic.people(self.rows)
        for list_id, state, number, body in synthetic.member_pages(self.rows):
            self.members.setdefault(f"{list_id}/{state}", {})[str(number)] = body
        self.fixed = _account() | _org()
        for kind, persons in self.people.items():
            for i, body in enumerate(synthetic.people_pages(kind, persons)):
                self.queries[f"{kind}-{i * synthetic.QUERY_PAGE}"] = body

    async def handle(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        if path.startswith("/api/"):
            self.cm_calls += 1
            return self._member_page(request) or self._fixed(path)
        if path == "/_counts":
            return web.json_response({"cm_calls": self.cm_calls, "sf_calls": self.sf_calls, "written": self.written})
        self.sf_calls += 1
        if "/jobs/ingest" in path:
            return await self._ingest(request)
        if "/jobs/query" in path:
            return await self._bulk_query(request)
        if "/composite/sobjects" in path:
            return await self._collections(request)
        if "/query" in path:
            return self._query(request)
        return self._fixed(path)

    def _member_page(self, request: web.Request) -> web.Response | None:
        parts = request.path.removesuffix(".json").split("/")
        if parts[-1] not in STATES or parts[-3] != "lists":
            return None
        if request.query.get("pagesize", "1000") != str(synthetic.PAGE):
            return web.json_response({"Code": 801, "Message": "Only pages of 1000 are replayed"}, status=400)
        if request.query.get("date"):
            return _gzipped(synthetic.envelope([], 1, 0))  # nothing has changed since
        return _gzipped(self.members[f"{parts[-2]}/{parts[-1]}"][request.query.get("page", "1")])

    def _fixed(self, path: str) -> web.Response:
        body = self.fixed.get(path)
        return _gzipped(body) if body else web.json_response({"Code": 404, "Message": "Not replayed"}, status=404)

    def _query(self, request: web.Request) -> web.Response:
        soql = request.query.get("q", "")
        locator = request.path.rpartition("/")[2]
        for kind, persons in self.people.items():
            if f"FROM {kind} " in soql:
                if "Email IN" in soql:
                    asked = {int(number) for number in PERSON.findall(soql)}
                    return _gzipped(_found([synthetic.person_record(kind, n) for n in sorted(asked) if n in persons]))
                locator = f"{kind}-0"
        return _gzipped(self.queries.get(locator) or _found([]))

    async def _collections(self, request: web.Request) -> web.Response:
        records = (await request.json())["records"]
        self.written += len(records)
        results = [
            {"id": f"a00{i:012}AAA", "success": True, "created": True, "errors": []} for i in range(len(records))
        ]
        return web.json_response(results)

    async def _ingest(self, request: web.Request) -> web.Response:
        parts = request.path.rstrip("/").split("/ingest", 1)[1].split("/")
        if request.method == "POST":
            wanted = await request.json()
            job = {"id": f"750{len(self.jobs):012}AAA", "state": "Open", "apiVersion": 60.0}
            self.jobs[job["id"]] = job | {"numberRecordsProcessed": 0, "numberRecordsFailed": 0, "retries": 0}
            self.jobs[job["id"]] |= {"object": wanted["object"], "operation": wanted["operation"]}
            return web.json_response(self.jobs[job["id"]])
        job = self.jobs[parts[1]]
        if parts[-1] == "batches":
            job["numberRecordsProcessed"] = await _count(request, job["object"])
            self.written += job["numberRecordsProcessed"]
            return web.Response(status=201)
        if request.method == "PATCH":
            job["state"] = (await request.json())["state"]
        elif request.method == "DELETE":
            return web.Response(status=204)
        elif len(parts) > 2:
            return web.Response(text='"sf__Id","sf__Created","sf__Error"\n', content_type="text/csv")
        elif job["state"] == "UploadComplete":
            job["state"] = "JobComplete"
        return web.json_response(job)

    async def _bulk_query(self, request: web.Request) -> web.Response:
        """A query job that is done at once; its result comes in pages of `maxRecords`, as texts between quotes."""
        parts = request.path.rstrip("/").split("/query", 1)[1].split("/")
        if request.method == "POST":
            soql = (await request.json())["query"]
            kind = next(kind for kind in self.people if f"FROM {kind} " in soql)
            fields = soql.removeprefix("SELECT ").partition(" FROM ")[0].split(", ")
            job = {"id": f"751{len(self.jobs):012}AAA", "state": "JobComplete", "kind": kind, "fields": fields}
            self.jobs[job["id"]] = job
            return web.json_response(job)
        if request.method == "DELETE":
            return web.Response(status=204)
        job = self.jobs[parts[1]]
        if parts[-1] != "results":
            return web.json_response(job)
        begin, most = int(request.query.get("locator", "0")), int(request.query["maxRecords"])
        everyone = self.people[job["kind"]]
        some = everyone[begin : begin + most]
        end = begin + len(some)
        headers = {
            "Sforce-Locator": str(end) if end < len(everyone) else "null",
            "Sforce-NumberOfRecords": str(len(some)),
        }
        lines = [",".join(f'"{name}"' for name in job["fields"])]
        for number in some:
            record = synthetic.person_record(job["kind"], number)
            lines.append(",".join(f'"{_cell(record[name])}"' for name in job["fields"]))
        body = gzip.compress("\n".join([*lines, ""]).encode(), compresslevel=4)
        return web.Response(
            body=body, headers=headers | {"Content-Type": "text/csv; charset=UTF-8", "Content-Encoding": "gzip"}
        )


def _cell(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


async def _count(request: web.Request, name: str) -> int:
    """Drain an upload and count its records: a member's key occurs once a record; other objects have a line each."""
    count, tail, lines = 0, b"", 0
    async for chunk in request.content.iter_any():
        window = tail + chunk
        count += sum(window.count(key) for key in MEMBER_KEYS)
        lines += chunk.count(b"\n")
        tail = window[-OVERLAP:]
    return count if name == "CM_Member__c" else max(0, lines - 1)


def _found(records: list[dict[str, object]]) -> bytes:
    return pack({"totalSize": len(records), "done": True, "records": records})


def _gzipped(body: bytes) -> web.Response:
    return web.Response(body=body, headers=JSON)


def _account() -> dict[str, bytes]:
    basics = {"ClientID": CLIENT, "CompanyName": "Bench", "Country": "Ireland", "TimeZone": synthetic.TIME_ZONE}
    answers: dict[str, Any] = {
        "clients": [{"ClientID": CLIENT, "Name": "Bench"}],
        f"clients/{CLIENT}": {"ApiKey": "unused", "BasicDetails": basics, "BillingDetails": {}},
        f"clients/{CLIENT}/lists": [{"ListID": one, "Name": f"List {one[0]}"} for one in LISTS],
        "systemdate": {"SystemDate": "2026-01-01 12:00:00"},
    }
    for one in LISTS:
        answers[f"lists/{one}"] = {
            "ListID": one,
            "Title": f"List {one[0]}",
            "ConfirmedOptIn": False,
            "UnsubscribeSetting": "OnlyThisList",
            "UnsubscribePage": "",
            "ConfirmationSuccessPage": "",
        }
        answers[f"lists/{one}/customfields"] = []
        answers[f"lists/{one}/stats"] = dict.fromkeys(
            ("TotalActiveSubscribers", "TotalUnsubscribes", "TotalDeleted", "TotalBounces"), 0
        )
    return {f"/api/v3.3/{path}.json": pack(body) for path, body in answers.items()}


def _org() -> dict[str, bytes]:
    version = {"version": synthetic.VERSION, "label": "Replay", "url": f"/services/data/v{synthetic.VERSION}"}
    return {"/services/data": pack([version])}


async def serve(rows: int) -> None:
    replay = Replay(rows)
    replay.prepare()
    app = web.Application(client_max_size=200_000_000)
    app.router.add_route("*", "/{path:.*}", replay.handle)
    runner = web.AppRunner(app, access_log=None, auto_decompress=False, max_line_size=LONGEST_URL)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    replay.fixed["/services/oauth2/token"] = pack(
        {
            "access_token": "00D!replay",
            "instance_url": f"http://127.0.0.1:{port}",
            "id": f"http://127.0.0.1:{port}/id/00D000000000001AAA/005000000000001AAA",
            "token_type": "Bearer",
        }
    )
    print(json.dumps({"url": f"http://127.0.0.1:{port}"}), flush=True)
    parent = os.getppid()
    for _ in range(SERVES_AT_MOST):
        await asyncio.sleep(1)
        if os.getppid() != parent:  # whoever measured is gone
            break
    await runner.cleanup()


def main() -> None:
    asyncio.run(serve(int(sys.argv[1])))


if __name__ == "__main__":
    main()
