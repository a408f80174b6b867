"""One account and one org to measure on, the fewest calls that any client could read or write them with, and all answers."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

from bench import synthetic, synthetic_events
from bench.synthetic import CLIENT, LISTS, PAGE, STATES, pack

PER_IMPORT = 1_000
PER_COLLECTION = 200
BULK_QUERY = 50_000
JOB_BYTES = 100_000_000
MEMBER_BYTES = 420
EVENT_BYTES = 260
"""About what a record takes in a bulk job."""
VERSION_PATH = f"/services/data/v{synthetic.VERSION}"


@dataclass(frozen=True)
class World:
    """How many subscribers, events, and contacts to import; `latency_ms` of every call, `job_s` that a bulk job takes.

    `turned`: an hour later, when `share` of the subscribers, and as many opens, are new.
    """

    members: int = 0
    events: int = 0
    contacts: int = 0
    latency_ms: int = 0
    job_s: float = 0
    share: float = 0.01
    turned: bool = False

    def as_text(self) -> str:
        return json.dumps(asdict(self))

    @property
    def late(self) -> int:
        """Opens that are new since an hour."""
        return round(self.events * self.share) if self.turned else 0

    @property
    def changed(self) -> int:
        """Subscribers who changed since an hour."""
        return synthetic.changed(self.members, self.share)

    def member_pages(self) -> int:
        """Pages of all states of all lists; an empty state has to be asked for, too."""
        return sum(max(1, ceil(count / PAGE)) for count in synthetic.sizes(self.members).values())

    def event_pages(self) -> int:
        """Pages of all reports that have any event: a campaign's figures tell which have."""
        return sum(ceil(one.total / PAGE) for one in synthetic_events.reports(self.events))


def ingest(rows: int, row_bytes: int) -> int:
    """Calls that writing so many records to the org takes: collections, or bulk jobs made, filled, closed, looked at, read."""
    jobs = max(1, ceil(rows * row_bytes / JOB_BYTES))
    return min(ceil(rows / PER_COLLECTION), 5 * jobs)


def reading(records: int) -> int:
    """Calls that reading so many records of the org takes: pages of a query, or a bulk query, made, looked at, read."""
    return min(max(1, ceil(records / synthetic.QUERY_PAGE)), 2 + ceil(records / BULK_QUERY))


def account(world: World) -> dict[str, bytes]:
    """The account's answers that do not depend on what was asked before, by path."""
    basics = {"ClientID": CLIENT, "CompanyName": "Bench", "Country": "Ireland", "TimeZone": synthetic.TIME_ZONE}
    answers: dict[str, Any] = {
        "clients": [{"ClientID": CLIENT, "Name": "Bench"}],
        f"clients/{CLIENT}": {"ApiKey": "unused", "BasicDetails": basics, "BillingDetails": {}},
        f"clients/{CLIENT}/lists": [{"ListID": one, "Name": f"List {one[0]}"} for one in LISTS],
        "systemdate": {"SystemDate": f"2026-01-01 {13 if world.turned else 12}:00:00"},
        f"clients/{CLIENT}/campaigns": synthetic_events.listing(),
    }
    sizes = synthetic.sizes(world.members)
    for one in LISTS:
        answers |= _list(one, sizes)
    reports = synthetic_events.reports(world.events, world.late)
    for number in range(synthetic_events.CAMPAIGNS):
        of = {one.kind: one.total for one in reports if one.campaign == number}
        summary = synthetic_events.summary(number, of)
        answers[f"campaigns/{synthetic_events.campaign_id(number)}/summary"] = summary
    return {f"/api/v3.3/{path}.json": pack(body) for path, body in answers.items()}


def _list(list_id: str, sizes: Mapping[tuple[str, str], int]) -> dict[str, Any]:
    details = {
        "ListID": list_id, "Title": f"List {list_id[0]}", "ConfirmedOptIn": False,
        "UnsubscribeSetting": "OnlyThisList", "UnsubscribePage": "", "ConfirmationSuccessPage": "",
    }  # fmt: skip
    counters = {"active": "TotalActiveSubscribers", "unsubscribed": "TotalUnsubscribes", "deleted": "TotalDeleted",
                "bounced": "TotalBounces"}  # fmt: skip
    return {
        f"lists/{list_id}": details,
        f"lists/{list_id}/customfields": [],
        f"lists/{list_id}/stats": {name: sizes[list_id, state] for state, name in counters.items()},
    }


def org() -> dict[str, bytes]:
    """The org's answers that do not depend on anything, by path."""
    answers: dict[str, Any] = {
        "/services/data": [{"version": synthetic.VERSION, "label": "Replay", "url": VERSION_PATH}],
        f"{VERSION_PATH}/limits": {"DailyApiRequests": {"Max": 10_000_000, "Remaining": 9_000_000}},
    }
    for name in ("Contact", "Lead"):
        answers[f"{VERSION_PATH}/sobjects/{name}/describe"] = _described(name)
    return {path: pack(body) for path, body in answers.items()}


def _described(name: str) -> dict[str, Any]:
    fields = [("Id", "id"), ("Email", "email"), ("FirstName", "string"), ("LastName", "string")]
    told = [
        {"name": field, "label": field, "type": kind, "updateable": True, "createable": True, "nillable": True}
        for field, kind in fields
    ]
    rights = dict.fromkeys(("createable", "updateable", "deletable", "queryable"), True)
    return {"name": name, "label": name, "fields": told, "childRelationships": [], **rights}


def reports(world: World) -> Iterator[tuple[str, str, bytes]]:
    """(path of the report, page number, body) of every page of every whole report."""
    for report in synthetic_events.reports(world.events):
        path = f"{synthetic_events.campaign_id(report.campaign)}/{report.kind}"
        for number, body in synthetic_events.pages(report):
            yield path, str(number), body


def members(world: World) -> Iterator[tuple[str, str, bytes]]:
    """(list and state, page number, body) of every page of subscribers."""
    if world.members:
        for list_id, state, number, body in synthetic.member_pages(world.members):
            yield f"{list_id}/{state}", str(number), body
    else:
        for list_id in LISTS:
            for state in STATES:
                yield f"{list_id}/{state}", "1", synthetic.envelope([], 1, 0)


def queries(world: World) -> Iterator[tuple[str, bytes]]:
    """(locator, body) of every page of people: `Contact` and `Lead` to match with, `Import` for those to import."""
    for kind, persons in synthetic.people(world.members or world.events // 10).items():
        for number, body in enumerate(synthetic.people_pages(kind, persons)):
            yield f"{kind}-{number * synthetic.QUERY_PAGE}", body
    if world.contacts:
        imported = synthetic.people_pages("Import", range(world.contacts), synthetic.importable)
        for number, body in enumerate(imported):
            yield f"Import-{number * synthetic.QUERY_PAGE}", body
