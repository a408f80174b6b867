"""The same account and org for every contestant: answers built once, gzipped, so that replaying them costs next to nothing."""

import gzip
import json
from collections.abc import Callable, Iterator
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
LATEST_CHANGE = "2025-01-01T00:00:00.000+0000"

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


def changed_page(rows: int, list_id: str, state: str, share: float, number: int) -> bytes:
    """A page of who changed since an hour: that share of each state of each list, with new names."""
    first = 0
    for key, count in sizes(rows).items():
        if key == (list_id, state):
            break
        first += count
    total = round(count * share)
    begin = (number - 1) * PAGE
    page = []
    for place in range(begin, min(begin + PAGE, total)):
        row = subscriber(first + place, state, 0, 1)
        page.append(row | {"Date": f"2026-01-01 12:{place * 50 // total:02}:00", "Name": f"New name {first + place}"})
    return envelope(page, number, total)


def changed(rows: int, share: float) -> int:
    """How many that are together."""
    return sum(round(count * share) for count in sizes(rows).values())


def importable(number: int) -> dict[str, object]:
    """Contact `number` as the query of an import gives it."""
    record = person_record("Contact", number)
    del record["LastModifiedDate"]
    return record | {"FirstName": f"First{number % 997}", "LastName": f"Last Nº {number}"}


def person_record(kind: str, number: int) -> dict[str, object]:
    """Person `number` as a contact or a lead."""
    record_id = f"{'003' if kind == 'Contact' else '00Q'}{number:012}AAA"
    record: dict[str, object] = {
        "attributes": {"type": kind, "url": f"/services/data/v{VERSION}/sobjects/{kind}/{record_id}"},
        "Id": record_id,
        "Email": address(number).lower(),
        "LastModifiedDate": LATEST_CHANGE,
    }
    return record | ({"IsConverted": False, "ConvertedContactId": None} if kind == "Lead" else {})


def people(rows: int) -> dict[str, range]:
    """The persons who are contacts, and those who are leads; a tenth of the contacts are both."""
    contacts, leads = int(rows * CONTACTS_EACH), int(rows * LEADS_EACH)
    first = contacts * 9 // 10
    return {"Contact": range(contacts), "Lead": range(first, first + leads)}


def people_pages(kind: str, persons: range, record: Callable[[int], dict[str, object]] | None = None) -> list[bytes]:
    """The answers to a query for all of them; the locator of a further page is the kind and where it begins."""
    make = record or (lambda number: person_record(kind, number))
    bodies = []
    for begin in range(0, len(persons), QUERY_PAGE) or [0]:
        some = persons[begin : begin + QUERY_PAGE]
        end = begin + len(some)
        records = [make(number) for number in some]
        body: dict[str, object] = {"totalSize": len(persons), "done": end >= len(persons), "records": records}
        if end < len(persons):
            body["nextRecordsUrl"] = f"/services/data/v{VERSION}/query/{kind}-{end}"
        bodies.append(pack(body))
    return bodies
