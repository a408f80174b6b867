"""Records of a query as columns of texts, by the cheaper door: pages of the query, or a bulk query where there are many.

Both doors give the same texts: what JSON and CSV write differently (numbers, moments) is made equal here, so that nobody is
written again because a source has grown.
"""

import re
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

import msgspec

from fairlead.features.import_wizard.rules.columns import Column
from fairlead.salesforce.bulk_query import QueryFailed
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.errors import RecordRefused, RequestWrong, SetupRefused

BULK_FROM: Final = 20_000
"""Records from which on a bulk query is cheaper: it costs some five calls and one for each 50,000 records."""
A_PAGE: Final = 8_000
"""Rows of a bulk query that are handed on together."""
Page = Sequence[list[str]]
"""For each wanted column the texts of some rows."""

_PLAIN: Final = re.compile(r"\s*SELECT\s+([\w.]+(?:\s*,\s*[\w.]+)*)\s+FROM\s+\w+\b(.*)", re.IGNORECASE | re.DOTALL)
_NOT_IN_BULK: Final = re.compile(r"\b(?:GROUP\s+BY|OFFSET|FOR\s+(?:VIEW|REFERENCE|UPDATE))\b", re.IGNORECASE)
_NUMBERS: Final = frozenset({"int", "integer", "long", "double", "decimal", "currency", "percent", "number"})


async def pages(
    org: Salesforce, soql: str, there: Sequence[Column], wanted: Sequence[str], *, bulk_from: int = BULK_FROM
) -> AsyncGenerator[Page, None]:
    """All records, some at a time, each wanted column's texts. `there` are the columns of the query, in its order.

    A query that a bulk query cannot run, or that it would read in another order of columns, is read by pages.
    """
    order = bulk_order(soql, there)
    many = False

    def look(total: int) -> bool:
        nonlocal many
        many = total >= bulk_from and order is not None
        return not many

    async with aclosing(_by_query(org, soql, wanted, look)) as found:
        async for page in found:
            yield page
    if not many or order is None:
        return
    job = await _bulk_job(org, soql)
    door = _by_query(org, soql, wanted, None) if job is None else _by_bulk(org, job, order, there, wanted)
    async with aclosing(door) as found:
        async for page in found:
            yield page


def bulk_order(soql: str, there: Sequence[Column]) -> list[str] | None:
    """The columns in which a bulk query would give the query's records; None where that is not certain."""
    plain = _PLAIN.fullmatch(soql)
    if plain is None or _NOT_IN_BULK.search(plain[2]):
        return None
    chosen = [name.strip() for name in plain[1].split(",")]
    known = {one.name.casefold(): one.name for one in there}
    if len(set(map(str.casefold, chosen))) != len(chosen) or {name.casefold() for name in chosen} != set(known):
        return None
    return [known[name.casefold()] for name in chosen]


async def _by_query(
    org: Salesforce, soql: str, wanted: Sequence[str], on_total: Callable[[int], bool] | None
) -> AsyncGenerator[Page, None]:
    kind, getters = _reading(tuple(wanted))
    async for records in org.query(soql, type=kind, on_total=on_total):
        yield [column_of(list(map(get, records)), path) for get, path in getters]


@lru_cache(maxsize=64)
def _reading(wanted: tuple[str, ...]) -> tuple[type[Any], tuple[tuple[Callable[[Any], Any], str], ...]]:
    """A type that holds of a record what is wanted, and for each column what gives its value, and the path from there on."""
    heads = list(dict.fromkeys(path.partition(".")[0] for path in wanted))
    fields: list[tuple[str, Any, Any]] = [(f"c{place}", Any, None) for place in range(len(heads))]
    names: Mapping[str, str] = {f"c{place}": head for place, head in enumerate(heads)}
    kind = msgspec.defstruct("Row", fields, rename=names)
    getters = []
    for path in wanted:
        head, _, rest = path.partition(".")
        getters.append((attrgetter(f"c{heads.index(head)}"), rest))
    return kind, tuple(getters)


def column_of(values: list[Any], path: str = "") -> list[str]:
    """Values of records as texts; `path` goes on through parents."""
    if path:
        return [at_path(value, path) for value in values]
    try:
        "".join(values)
    except TypeError:
        return [_leaf(value) for value in values]
    return values


def at_path(record: Any, path: str) -> str:
    """What stands at a path through parents; blank where a parent is missing."""
    found: Any = record
    for part in path.split("."):
        if not isinstance(found, Mapping):
            return ""
        found = found.get(part)
    return _leaf(found)


def _leaf(value: Any) -> str:
    if type(value) is str:
        return value
    return "" if isinstance(value, Mapping | list) else text_of(value)


def text_of(value: Any) -> str:
    """A value of a record as text: `true` and `false`, numbers without needless zeros, blank for nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


async def _bulk_job(org: Salesforce, soql: str) -> str | None:
    """A bulk query that has read everything; None where the org does not run this one in bulk."""
    try:
        job = await org.bulk_query.create(soql)
    except (RequestWrong, RecordRefused, SetupRefused):
        return None
    try:
        await org.bulk_query.wait(job)
    except QueryFailed:
        await org.bulk_query.drop(job)
        return None
    except BaseException:
        await org.bulk_query.drop(job)
        raise
    return job


async def _by_bulk(
    org: Salesforce, job: str, order: Sequence[str], there: Sequence[Column], wanted: Sequence[str]
) -> AsyncGenerator[Page, None]:
    kinds = {one.name: one.type for one in there}
    chosen = [(order.index(name), kinds[name]) for name in wanted]
    waiting: list[list[str]] = [[] for _ in wanted]
    async with org.bulk_query.until_read(job):
        async for columns in org.bulk_query.columns(job):
            for cells, (place, _) in zip(waiting, chosen, strict=True):
                cells += columns[place]
            if len(waiting[0]) >= A_PAGE:
                yield [as_in_json(cells, kind) for cells, (_, kind) in zip(waiting, chosen, strict=True)]
                waiting = [[] for _ in wanted]
        if waiting[0]:
            yield [as_in_json(cells, kind) for cells, (_, kind) in zip(waiting, chosen, strict=True)]


def as_in_json(cells: list[str], kind: str) -> list[str]:
    """A column of CSV as the same values come in JSON: numbers without needless zeros, moments with their offset."""
    if kind in _NUMBERS:
        return [_number(cell) for cell in cells]
    if kind == "datetime":
        return [cell[:-1] + "+0000" if cell.endswith("Z") else cell for cell in cells]
    return cells


def _number(cell: str) -> str:
    try:
        return text_of(float(cell)) if cell and not cell.lstrip("-").isdecimal() else cell
    except ValueError:
        return cell
