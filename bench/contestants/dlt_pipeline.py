"""A dlt pipeline that does the same jobs: its REST source, and a destination of one's own that writes in bulk.

`.venv-bench/bin/python -m bench.contestants.dlt_pipeline JOB URL`. Run with `RUNTIME__DLTHUB_TELEMETRY=false`.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from threading import Lock
from typing import Any

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ.setdefault("RUNTIME__LOG_LEVEL", "ERROR")

import dlt
import requests
from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator, PageNumberPaginator
from dlt.sources.rest_api import rest_api_source

from bench.contestants import plain

Row = dict[str, Any]
WALL_CLOCKS = ("Date", "ListJoinedDate", "SentOf")
"""Texts that dlt would take for moments in UTC."""
Marked = Callable[[Row], Row]


def account(url: str) -> dict[str, Any]:
    return {
        "base_url": f"{url}/api/v3.3/",
        "auth": {"type": "http_basic", "username": "replay", "password": "x"},
    }


def get(url: str, path: str) -> Any:
    answer = requests.get(f"{url}/api/v3.3/{path}.json", auth=("replay", "x"), timeout=120)
    answer.raise_for_status()
    return answer.json()


def numbered(name: str, path: str, mark: Marked, query: dict[str, str]) -> dict[str, Any]:
    """A resource of numbered pages, each of whose rows is marked with what it belongs to."""
    return {
        "name": name,
        "table_name": name[0],
        "parallelized": True,
        "columns": {column: {"data_type": "text"} for column in WALL_CLOCKS},
        "endpoint": {
            "path": f"{path}.json",
            "params": {"pagesize": "1000", **query},
            "data_selector": "Results",
            "paginator": PageNumberPaginator(base_page=1, page_param="page", total_path="NumberOfPages"),
        },
        "processing_steps": [{"map": mark}],
    }


def clients(url: str) -> Iterator[str]:
    for client in get(url, "clients"):
        yield client["ClientID"]


def member_resources(url: str, since: str = "") -> Iterator[dict[str, Any]]:
    query = {"orderfield": "date", "orderdirection": "asc"} | ({"date": since} if since else {})
    for client in clients(url):
        for listed in get(url, f"clients/{client}/lists"):
            key = listed["ListID"]
            for state in plain.STATES:
                yield numbered(f"m_{key}_{state}", f"lists/{key}/{state}", marker(ListOf=key), query)


def event_resources(url: str, since: str = "") -> Iterator[dict[str, Any]]:
    for client in clients(url):
        for sent in get(url, f"clients/{client}/campaigns")["Results"]:
            key = sent["CampaignID"]
            for kind in plain.KINDS:
                if not (since and kind == "recipients"):
                    mark = marker(CampaignOf=key, SentOf=sent["SentDate"], KindOf=kind)
                    query = {"date": since} if since and kind != "recipients" else {}
                    yield numbered(f"e_{key}_{kind}", f"campaigns/{key}/{kind}", mark, query)


def marker(**marks: str) -> Marked:
    return lambda row: {**row, **marks}


def run(source: Any, size: int, write: Callable[[list[Row]], None]) -> int:
    """Through extraction, normalization and loading; how many rows reached the destination."""
    written, lock = 0, Lock()

    @dlt.destination(  # type: ignore[untyped-decorator]
        batch_size=size,
        loader_file_format="typed-jsonl",
        name="bulk",
        naming_convention="direct",
        skip_dlt_columns_and_tables=True,
        max_table_nesting=0,
    )
    def bulk(items: list[Row], table: dict[str, Any]) -> None:
        nonlocal written
        with lock:  # files are loaded by several threads
            write(items)
            written += len(items)

    with tempfile.TemporaryDirectory(prefix="dlt-bench-") as folder:
        pipeline = dlt.pipeline("bench", pipelines_dir=folder, destination=bulk)
        pipeline.run(source).raise_on_failed_jobs()
    return written


def members(url: str) -> int:
    return _to_org(url, list(member_resources(url)))


def tracking(url: str) -> int:
    return _to_org(url, list(event_resources(url)))


def initial(url: str) -> int:
    return _to_org(url, [*member_resources(url), *event_resources(url)])


def incremental(url: str) -> int:
    """What came since yesterday: everybody has to be matched anew."""
    resources = [*member_resources(url, plain.YESTERDAY), *event_resources(url, f"{plain.YESTERDAY} 12:00")]
    return _to_org(url, resources)


def _to_org(url: str, resources: list[dict[str, Any]]) -> int:
    sf = plain.open_salesforce(url)
    ids = plain.addresses(sf)
    events = plain.Events(ids)

    def write(items: list[Row]) -> None:
        if "ListOf" in items[0]:
            plain.upsert_members(sf, [plain.member(row["ListOf"], row, ids) for row in items])
        else:
            made = [events.record(row["CampaignOf"], row["SentOf"], row["KindOf"], row) for row in items]
            plain.upsert_events(sf, made)

    return run(rest_api_source({"client": account(url), "resources": resources}), plain.BATCH, write)


def import_(url: str) -> int:
    """Contacts by the org's REST API; the destination makes the import calls."""
    http = requests.Session()
    http.auth = ("replay", "x")
    contacts = {
        "name": "contacts",
        "endpoint": {
            "path": "services/data/v60.0/query",
            "params": {"q": plain.IMPORTED},
            "data_selector": "records",
            "paginator": JSONLinkPaginator(next_url_path="nextRecordsUrl"),
        },
    }

    def write(items: list[Row]) -> None:
        body: Any = {"Subscribers": [plain.subscriber(row) for row in items], "Resubscribe": False}
        http.post(f"{url}/api/v3.3/subscribers/{plain.LIST}/import.json", json=body, timeout=120).raise_for_status()

    client = {"base_url": f"{url}/", "auth": {"type": "bearer", "token": "replay"}}
    return run(rest_api_source({"client": client, "resources": [contacts]}), plain.PER_CALL, write)


JOBS = {
    "members": members,
    "tracking": tracking,
    "initial": initial,
    "incremental": incremental,
    "import": import_,
}

if __name__ == "__main__":
    plain.main(JOBS)
