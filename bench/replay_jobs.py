"""The bulk jobs of the replayed org: what is sent is counted and dropped, what is asked for is made of the people."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bench import synthetic
from bench.synthetic import LISTS

MEMBER_KEYS = tuple(f"{list_id}:".encode() for list_id in LISTS)
OVERLAP = len(MEMBER_KEYS[0]) - 1
LINES_AT_MOST = 50_000
LINES_AT_ONCE = 500


@dataclass
class Jobs:
    """Jobs by id, and how many records were written by them."""

    held: dict[str, dict[str, Any]] = field(default_factory=dict)
    written: int = 0
    made: dict[tuple[str, int], list[str]] = field(default_factory=dict)
    """Lines of results by query and first record, for whoever asks at once and for whoever asks again."""
    making: set["asyncio.Task[None]"] = field(default_factory=set)

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
            if takes_s:
                task = asyncio.create_task(self._make(asked["query"], people))
                self.making.add(task)
                task.add_done_callback(self.making.discard)
            return web.json_response(job)
        job = self.held[parts[1]]
        if request.method == "DELETE":
            return web.Response(status=204)
        if parts[-1] == "results":
            return self._results(request, job["soql"], people)
        _go_on(job)
        return web.json_response(job)

    async def _make(self, soql: str, people: dict[str, range]) -> None:
        """Make all results a little at a time while the job takes its time, so that other answers do not wait for them."""
        kind, all_of_them, names = _asked(soql, people)
        for first in range(0, len(all_of_them), LINES_AT_MOST):
            part, lines = all_of_them[first : first + LINES_AT_MOST], list[str]()
            for begin in range(0, len(part), LINES_AT_ONCE):
                lines += _lines(kind, part[begin : begin + LINES_AT_ONCE], names)
                await asyncio.sleep(0)
            self.made[soql, first] = lines

    def _results(self, request: web.Request, soql: str, people: dict[str, range]) -> web.Response:
        kind, all_of_them, names = _asked(soql, people)
        first = int(request.query.get("locator", "0"))
        most = min(int(request.query.get("maxRecords", LINES_AT_MOST)), LINES_AT_MOST)
        lines = self.made.get((soql, first)) if most == LINES_AT_MOST else None
        if lines is None:
            lines = _lines(kind, all_of_them[first : first + most], names)
        after = first + len(lines)
        headers = {
            "Sforce-Locator": str(after) if after < len(all_of_them) else "null",
            "Sforce-NumberOfRecords": str(len(lines)),
        }
        head = ",".join(f'"{name}"' for name in names)
        return web.Response(text="\n".join([head, *lines]) + "\n", content_type="text/csv", headers=headers)

    def _made(self, asked: dict[str, Any]) -> dict[str, Any]:
        job = {"id": f"750{len(self.held):012}AAA", "state": "Open", "apiVersion": 60.0, "done_at": 0.0}
        job |= {"numberRecordsProcessed": 0, "numberRecordsFailed": 0, "retries": 0}
        job |= {"object": asked["object"], "operation": asked["operation"]}
        self.held[str(job["id"])] = job
        return job


def _go_on(job: dict[str, Any]) -> None:
    if job["state"] in ("UploadComplete", "InProgress"):
        job["state"] = "JobComplete" if time.monotonic() >= job["done_at"] else "InProgress"


def _asked(soql: str, people: dict[str, range]) -> tuple[str, range, list[str]]:
    """Of whom a query asks what: the kind of record, all that there are, the names of fields."""
    kind = next(name for name in people if f"FROM {name}" in soql)
    if "FirstName" in soql:
        kind = "Import"
    return kind, people[kind], soql.partition(" FROM ")[0].removeprefix("SELECT ").split(", ")


def _lines(kind: str, some: range, names: list[str]) -> list[str]:
    made = []
    for number in some:
        record = synthetic.importable(number) if kind == "Import" else synthetic.person_record(kind, number)
        made.append(",".join(f'"{_cell(record[name])}"' for name in names))
    return made


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
