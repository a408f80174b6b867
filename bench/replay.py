"""A process that plays both sides from prepared answers: `python -m bench.replay WORLD` prints `{"url": …}` and serves.

WORLD is `World.as_text()`. Both sides share one port: `/api/v3.3/…` is the account, `/services/…` the org. `GET /_counts`
tells what was asked, `POST /_forget` begins anew, `POST /_turn` lets an hour pass.
"""

import asyncio
import json
import os
import re
import sys
import time
from dataclasses import dataclass, field, replace

from aiohttp import web

from bench import synthetic, synthetic_events, world
from bench.replay_jobs import Jobs
from bench.synthetic import LISTS, STATES, pack
from bench.world import World

SERVES_AT_MOST = 3600
"""Seconds."""
JSON = {"Content-Type": "application/json; charset=utf-8", "Content-Encoding": "gzip"}
PERSON = re.compile(r"person\.(\d{7})@", re.IGNORECASE)
LONGEST_URL = 32_000
EMPTY = synthetic.envelope([], 1, 0)


@dataclass
class Replay:
    """What is answered, and what was asked."""

    world: World
    members: dict[str, dict[str, bytes]] = field(default_factory=dict)
    reports: dict[str, dict[str, bytes]] = field(default_factory=dict)
    fixed: dict[str, bytes] = field(default_factory=dict)
    queries: dict[str, bytes] = field(default_factory=dict)
    jobs: Jobs = field(default_factory=Jobs)
    people: dict[str, range] = field(init=False)
    cm_calls: int = 0
    sf_calls: int = 0
    written: int = 0

    def prepare(self) -> None:
        self.people = synthetic.people(self.world.members or self.world.events // 10)
        for of, pages in ((world.members, self.members), (world.reports, self.reports)):
            for path, number, body in of(self.world):
                pages.setdefault(path, {})[number] = body
        self.fixed |= world.account(self.world) | world.org()
        self.queries = dict(world.queries(self.world))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        if path.startswith("/_"):
            return self._control(path)
        if self.world.latency_ms:
            await asyncio.sleep(self.world.latency_ms / 1000)
        if path.startswith("/api/"):
            self.cm_calls += 1
            if path.endswith("/import.json"):
                return await self._import(request)
            return self._member_page(request) or self._report_page(request) or self._fixed(path)
        self.sf_calls += 1
        if "/jobs/" in path:
            return await self._job(request)
        if "/composite/sobjects" in path:
            return await self._collections(request)
        return self._query(request) if "/query" in path else self._fixed(path)

    def _control(self, path: str) -> web.Response:
        if path == "/_forget":
            self.cm_calls = self.sf_calls = self.written = 0
            self.jobs = Jobs()
        elif path == "/_turn":
            self.world = replace(self.world, turned=True)
            self.fixed |= world.account(self.world)
        told = {"cm_calls": self.cm_calls, "sf_calls": self.sf_calls, "written": self.written + self.jobs.written}
        return web.json_response(told)

    def _member_page(self, request: web.Request) -> web.Response | None:
        parts = request.path.removesuffix(".json").split("/")
        if parts[-1] not in STATES or parts[-3] != "lists":
            return None
        if (refused := _wrong_size(request)) is not None:
            return refused
        number = request.query.get("page", "1")
        if request.query.get("date"):
            if not self.world.turned:
                return _gzipped(EMPTY)  # nothing has changed since
            return _gzipped(
                synthetic.changed_page(self.world.members, parts[-2], parts[-1], self.world.share, int(number))
            )
        return _gzipped(self.members[f"{parts[-2]}/{parts[-1]}"][number])

    def _report_page(self, request: web.Request) -> web.Response | None:
        parts = request.path.removesuffix(".json").split("/")
        if parts[-1] not in synthetic_events.KINDS or parts[-3] != "campaigns":
            return None
        if (refused := _wrong_size(request)) is not None:
            return refused
        number, since = request.query.get("page", "1"), request.query.get("date", "")
        if not since and not self.world.turned:
            return _gzipped(self.reports[f"{parts[-2]}/{parts[-1]}"][number])
        campaign, found = int(parts[-2], 16), synthetic_events.reports(self.world.events, self.world.late)
        report = next(one for one in found if (one.campaign, one.kind) == (campaign, parts[-1]))
        return _gzipped(synthetic_events.page_since(report, since, int(number)))

    async def _import(self, request: web.Request) -> web.Response:
        count = (await request.read()).count(b'"EmailAddress"')
        self.written += count
        told = {"FailureDetails": [], "DuplicateEmailsInSubmission": [], "TotalExistingSubscribers": 0}
        return web.json_response(told | {"TotalUniqueEmailsSubmitted": count, "TotalNewSubscribers": count}, status=201)

    def _fixed(self, path: str) -> web.Response:
        body = self.fixed.get(path.removesuffix("/"))
        return _gzipped(body) if body else web.json_response({"Code": 404, "Message": "Not replayed"}, status=404)

    def _query(self, request: web.Request) -> web.Response:
        soql = request.query.get("q", "")
        if "columns" in request.query:
            names = soql.split(" FROM ")[0].removeprefix("SELECT ").split(", ")
            told = [{"columnName": name, "apexType": "String", "joinColumns": []} for name in names]
            return web.json_response({"columnMetadata": told, "entityName": "Contact"})
        if "explain" in request.query:
            return web.json_response({"plans": []})
        if not soql:
            return _gzipped(self.queries[request.path.rpartition("/")[2]])
        return _gzipped(self._found(soql))

    def _found(self, soql: str) -> bytes:
        if "HasOptedOutOfEmail = true" in soql:
            return _found([])
        if "FROM CM_List__c" in soql:
            return _found([{"attributes": {"type": "CM_List__c"}, "List_Id__c": one} for one in LISTS])
        for kind, persons in self.people.items():
            if f"FROM {kind}" not in soql:
                continue
            if "ORDER BY SystemModstamp DESC" in soql:
                return _found([{"attributes": {"type": kind}, "SystemModstamp": synthetic.LATEST_CHANGE}])
            if "SystemModstamp >=" in soql:
                return _found([])  # nobody has changed since
            if "COUNT()" in soql:
                return pack({"totalSize": len(persons), "done": True, "records": []})
            if "Email IN" in soql:
                asked = {int(number) for number in PERSON.findall(soql)}
                return _found([synthetic.person_record(kind, n) for n in sorted(asked) if n in persons])
            return self.queries["Import-0" if "FirstName" in soql else f"{kind}-0"]
        return _found([])

    async def _collections(self, request: web.Request) -> web.Response:
        records = (await request.json())["records"]
        self.written += len(records)
        results = [
            {"id": f"a00{i:012}AAA", "success": True, "created": True, "errors": []} for i in range(len(records))
        ]
        return web.json_response(results)

    async def _job(self, request: web.Request) -> web.StreamResponse:
        if "/jobs/ingest" in request.path:
            return await self.jobs.ingest(request, self.world.job_s)
        return await self.jobs.query(request, self.world.job_s, self.people | {"Import": range(self.world.contacts)})


def _found(records: list[dict[str, object]]) -> bytes:
    return pack({"totalSize": len(records), "done": True, "records": records})


def _wrong_size(request: web.Request) -> web.Response | None:
    if request.query.get("pagesize", "1000") == str(synthetic.PAGE):
        return None
    return web.json_response({"Code": 801, "Message": "Only pages of 1000 are replayed"}, status=400)


def _gzipped(body: bytes) -> web.Response:
    return web.Response(body=body, headers=JSON)


async def serve(served: World) -> None:
    replay = Replay(served)
    replay.prepare()
    app = web.Application(client_max_size=200_000_000)
    app.router.add_route("*", "/{path:.*}", replay.handle)
    runner = web.AppRunner(app, access_log=None, auto_decompress=False, max_line_size=LONGEST_URL)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    token = {
        "access_token": "00D!replay",
        "instance_url": f"http://127.0.0.1:{port}",
        "id": f"http://127.0.0.1:{port}/id/00D000000000001AAA/005000000000001AAA",
        "issued_at": str(int(time.time() * 1000)),
        "token_type": "Bearer",
    }
    replay.fixed["/services/oauth2/token"] = pack(token)
    print(json.dumps({"url": f"http://127.0.0.1:{port}"}), flush=True)
    parent = os.getppid()
    for _ in range(SERVES_AT_MOST):
        await asyncio.sleep(1)
        if os.getppid() != parent:  # whoever measured is gone
            break
    await runner.cleanup()


def main() -> None:
    asyncio.run(serve(World(**json.loads(sys.argv[1]))))


if __name__ == "__main__":
    main()
