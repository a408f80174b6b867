"""The paging part of queries, and the envelope of pages."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.facts import fact

SMALLEST, LARGEST = 10, 1000
_LAST_PAGE = 2**31 - 1


@dataclass(frozen=True)
class Asked:
    """The paging part of a query."""

    page: int
    size: int
    order: str
    direction: str


@fact("paging")
@fact("paging-default-order")
def asked(query: Mapping[str, str], orders: tuple[str, ...], default: str) -> Asked:
    """Reads `page`, `pagesize`, `orderfield`, `orderdirection`. Raises Refusal 800–803."""
    page, size = _number(query.get("page", "1"), 800), _number(query.get("pagesize", "1000"), 801)
    if not 1 <= page <= _LAST_PAGE:
        raise Refusal(800)
    if not SMALLEST <= size <= LARGEST:
        raise Refusal(801)
    order = query.get("orderfield", default).lower()
    if order not in orders:
        raise Refusal(802)
    direction = query.get("orderdirection", "asc").lower()
    if direction not in ("asc", "desc"):
        raise Refusal(803)
    return Asked(page, size, order, direction)


def _number(text: str, code: int) -> int:
    try:
        return int(text)
    except ValueError:
        raise Refusal(code) from None


@fact("paging-beyond-end")
def envelope(ask: Asked, results: bytes, count: int, total: int) -> bytes:
    """The JSON of a page from its results (JSON objects joined by commas)."""
    tail = (
        f'],"ResultsOrderedBy":"{ask.order}","OrderDirection":"{ask.direction}","PageNumber":{ask.page},'
        f'"PageSize":{ask.size},"RecordsOnThisPage":{count},"TotalNumberOfRecords":{total},'
        f'"NumberOfPages":{math.ceil(total / ask.size)}}}'
    )
    return b"".join((b'{"Results":[', results, tail.encode()))
