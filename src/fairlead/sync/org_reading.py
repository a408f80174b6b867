"""Reading many records of the org as columns of text, by the cheaper door: pages of a query, or a bulk query."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final

from fairlead.salesforce.client import Salesforce
from fairlead.sync.failures import salesforce_failures

BULK_FROM: Final = 20_000
"""Records from which on a bulk query is cheaper: it costs some five calls and one for each 50,000 records."""
A_PAGE: Final = 2_000

Record = tuple[str, ...]


async def read(
    salesforce: Salesforce, fields: tuple[str, ...], after: str, *, expected: int, all_rows: bool = False
) -> AsyncGenerator[list[Record], None]:
    """Records as tuples of text in the order of `fields`, some at a time; null is blank, booleans are `true` and `false`.

    `after` is what follows the fields (`FROM …`); `expected` is about how many there are; `all_rows` adds deleted ones.
    Fields of a parent (`List__r.List_Id__c`) can be asked for. Raises a Failure.
    """
    soql = f"SELECT {', '.join(fields)} {after}"
    door = _bulk if expected >= BULK_FROM else _pages
    with salesforce_failures("read records"):
        async with aclosing(door(salesforce, soql, fields, all_rows=all_rows)) as pages:
            async for page in pages:
                yield page


async def count(salesforce: Salesforce, after: str) -> int:
    """How many records `SELECT COUNT() {after}` tells; one call. Raises a Failure."""
    with salesforce_failures("count records"):
        return await salesforce.count(f"SELECT COUNT() {after}")


async def _pages(
    salesforce: Salesforce, soql: str, fields: tuple[str, ...], *, all_rows: bool
) -> AsyncGenerator[list[Record], None]:
    paths = [tuple(name.split(".")) for name in fields]
    async for page in salesforce.query_all(soql) if all_rows else salesforce.query(soql):
        yield [tuple([_text(record, path) for path in paths]) for record in page]


async def _bulk(
    salesforce: Salesforce, soql: str, fields: tuple[str, ...], *, all_rows: bool
) -> AsyncGenerator[list[Record], None]:
    async with salesforce.bulk_query.finished(soql, all_rows=all_rows) as job:
        async for records in salesforce.bulk_query.rows(job):
            for start in range(0, len(records), A_PAGE):
                yield records[start : start + A_PAGE]


def _text(record: dict[str, Any], path: tuple[str, ...]) -> str:
    value: Any = record
    for name in path:
        value = value.get(name) if value else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}" if abs(value) < 1_000_000 else str(value)
    return "" if value is None else str(value)
