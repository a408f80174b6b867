"""The same account and org for every contestant: answers built once, gzipped, so that replaying them costs next to nothing."""

import gzip
import json
from collections.abc import Iterator
from datetime import datetime, timedelta

CLIENT = "c" * 32
LISTS = tuple(f"{number:x}" * 32 for number in range(1, 5))
STATES = {"active": 0.70, "unconfirmed": 0.05, "unsubscribed": 0.15, "bounced": 0.05, "deleted": 0.05}
TIME_ZONE = "(GMT) Greenwich Mean Time : Dublin, Edinburgh, Lisbon, London"
PAGE = 1000
CONTACTS_EACH = 0.48  # of the subscribers
LEADS_EACH = 0.24
QUERY_PAGE = 2000
VERSION = "60.0"

_BEGIN = datetime(2023, 1, 1)  # noqa: DTZ001 - a wall clock
_READERS = ("Gmail", "Apple Mail", "Outlook", "")
_CITIES = ("Lisbon", "Kraków", "São Paulo", "Port of Spain", "Århus")


def address(number: int) -> str:
    """The address of person `number`; some are in capitals."""
    text = f"person.{number:07}@example.com"
    return text.upper() if number % 50 == 0 else text


def subscriber(number: int, state: str, position: int, of: int) -> dict[str, object]:
    """A row with seven fields and seven custom fields; rows of a state come by date over two years."""
    at = _BEGIN + timedelta(minutes=position * 1_051_200 // max(of, 1))
    custom = {
        "city": _CITIES[number % 5],
        "age": str(18 + number % 60),
        "website": f"https://www.example.com/p/{number}",
        "plan": ("basic", "plus", "pro")[number % 3],
        "joined on": f"2024-{1 + number % 12:02}-{1 + number % 28:02}",
        "interests": "sailing",
        "note": f'said "hello, world" {number % 97} times',
    }
    return {
        "EmailAddress": address(number),
        "Name": f"Person Nº {number}",
        "Date": f"{at:%Y-%m-%d %H:%M}:00",
        "ListJoinedDate": f"{at - timedelta(days=number % 300):%Y-%m-%d %H:%M}:00",
        "State": state.capitalize(),
        "CustomFields": [{"Key": key, "Value": value} for key, value in custom.items()],
        "ReadsEmailWith": _READERS[number % 4],
        "ConsentToTrack": "Yes",
    }


def envelope(rows: list[dict[str, object]], number: int, total: int) -> bytes:
    pages = -(-total // PAGE)
    return pack(
        {
            "Results": rows,
            "ResultsOrderedBy": "date",
            "OrderDirection": "asc",
            "PageNumber": number,
            "PageSize": PAGE,
            "RecordsOnThisPage": len(rows),
            "TotalNumberOfRecords": total,
            "NumberOfPages": pages,
        }
    )


def pack(body: object) -> bytes:
    return gzip.compress(json.dumps(body).encode(), compresslevel=4)


def sizes(rows: int) -> dict[tuple[str, str], int]:
    """How many subscribers each (list, state) has; together `rows`."""
    left = rows
    counts = {}
    for i, list_id in enumerate(LISTS):
        of_list = rows // len(LISTS) + (i < rows % len(LISTS))
        for state, share in STATES.items():
            counts[list_id, state] = int(of_list * share)
            left -= counts[list_id, state]
    counts[LISTS[0], "active"] += left
    return counts


def member_pages(rows: int) -> Iterator[tuple[str, str, int, bytes]]:
    """(list id, state, page number, gzipped body) of every page."""
    person = 0
    for (list_id, state), total in sizes(rows).items():
        for begin in range(0, total, PAGE) or [0]:
            count = min(PAGE, total - begin)
            page = [subscriber(person + i, state, begin + i, total) for i in range(count)]
            person += count
            yield list_id, state, begin // PAGE + 1, envelope(page, begin // PAGE + 1, total)


def people_pages(kind: str, count: int, first: int) -> list[bytes]:
    """Query answers with `count` contacts or leads, persons from `first` on."""
    prefix = "003" if kind == "Contact" else "00Q"
    bodies = []
    for begin in range(0, count, QUERY_PAGE) or [0]:
        end = min(begin + QUERY_PAGE, count)
        records = [
            {
                "attributes": {"type": kind, "url": f"/services/data/v{VERSION}/sobjects/{kind}/{prefix}{n:012}AAA"},
                "Id": f"{prefix}{n:012}AAA",
                "Email": address(first + n).lower(),
                "LastModifiedDate": "2025-01-01T00:00:00.000+0000",
            }
            | ({"IsConverted": False, "ConvertedContactId": None} if kind == "Lead" else {})
            for n in range(begin, end)
        ]
        body: dict[str, object] = {"totalSize": count, "done": end >= count, "records": records}
        if end < count:
            body["nextRecordsUrl"] = f"/services/data/v{VERSION}/query/{kind}-{end}"
        bodies.append(pack(body))
    return bodies
