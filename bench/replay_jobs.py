"""The bulk jobs of the replayed org: what is sent is counted and dropped, what is asked for is made of the people."""

import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bench import synthetic
from bench.synthetic import LISTS

MEMBER_KEYS = tuple(f"{list_id}:".encode() for list_id in LISTS)
OVERLAP = len(MEMBER_KEYS[0]) - 1
LINES_AT_MOST = 50_000


@dataclass
class Jobs:
    """Jobs by id, and how many records were written by them."""

    held: dict[str, dict[str, Any]] = field(default_factory=dict)
    written: int = 0

    async def ingest(self, request: web.Request, takes_s: float) -> web.StreamResponse:
        parts = request.path.rstrip("/").split("/ingest", 1)[1].split("/")
        if request.method == "POST":
            return web.json_response(self._made(await request.json()))
        job = self.held[parts[1]]
        if parts[-1] == "batches":
            job["numberRecordsProcessed"] = await _count(request, job["object"])
            self.written += job["numberRecordsProcessed"]
            return web.Response(status=201)
        if request.method == "PATCH":
            job["state"], job["done_at"] = (await request.json())["state"], time.monotonic() + takes_s
        elif request.method == "DELETE":
            return web.Response(status=204)
        elif len(parts) > 2:
            return web.Response(text='"sf__Id","sf__Created","sf__Error"\n', content_type="text/csv")
        else:
            _go_on(job)
        return web.json_response(job)

    async def query(self, request: web.Request, takes_s: float, people: dict[str, range]) -> web.StreamResponse:
        parts = request.path.rstrip("/").split("/jobs/query", 1)[1].split("/")
        if request.method == "POST":
            asked = await request.json()
            job = self._made({"object": "", "operation": asked["operation"]})
            job |= {"soql": asked["query"], "state": "UploadComplete", "done_at": time.monotonic() + takes_s}
            return web.json_response(job)
        job = self.held[parts[1]]
        if request.method == "DELETE":
            return web.Response(status=204)
        if parts[-1] == "results":
            return _results(request, job["soql"], people)
        _go_on(job)
        return web.json_response(job)

    def _made(self, asked: dict[str, Any]) -> dict[str, Any]:
        job = {"id": f"750{len(self.held):012}AAA", "state": "Open", "apiVersion": 60.0, "done_at": 0.0}
        job |= {"numberRecordsProcessed": 0, "numberRecordsFailed": 0, "retries": 0}
        job |= {"object": asked["object"], "operation": asked["operation"]}
        self.held[str(job["id"])] = job
        return job


def _go_on(job: dict[str, Any]) -> None:
    if job["state"] in ("UploadComplete", "InProgress"):
        job["state"] = "JobComplete" if time.monotonic() >= job["done_at"] else "InProgress"


def _results(request: web.Request, soql: str, people: dict[str, range]) -> web.Response:
    kind = next(name for name in people if f"FROM {name}" in soql)
    if "FirstName" in soql:
        kind = "Import"
    names = soql.partition(" FROM ")[0].removeprefix("SELECT ").split(", ")
    first = int(request.query.get("locator", "0"))
    most = min(int(request.query.get("maxRecords", LINES_AT_MOST)), LINES_AT_MOST)
    some = people[kind][first : first + most]
    lines = [",".join(f'"{name}"' for name in names)]
    for number in some:
        record = synthetic.importable(number) if kind == "Import" else synthetic.person_record(kind, number)
        lines.append(",".join(f'"{_cell(record[name])}"' for name in names))
    after = first + len(some)
    headers = {
        "Sforce-Locator": str(after) if after < len(people[kind]) else "null",
        "Sforce-NumberOfRecords": str(len(some)),
    }
    return web.Response(text="\n".join(lines) + "\n", content_type="text/csv", headers=headers)


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
