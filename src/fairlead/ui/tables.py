"""Tables that sort, filter, page and export alike on every page.

A page declares a `Table` once. `TABLE.asked(request)` reads what the address asks for; the page fetches those rows (of the
database by `asked.of(queryset)`, of a side by `asked.skip`, `asked.size` and `asked.sort`) and hands the result to
its template, which draws the cells itself between the tags `table_tools`, `table_head` and `table_pages` (`{% load tables %}`).
Nobody's address or name belongs into an address of a page: a search for people is a form that is posted.
"""

import csv
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from asgiref.sync import sync_to_async
from django.db.models import F, Model, QuerySet
from django.http import HttpRequest, StreamingHttpResponse

from fairlead.domain.failure import Failure

M = TypeVar("M", bound=Model)

SIZES: Final = (25, 50, 100, 200)
MOST_FOUND: Final = 80
"""Characters of a text that is searched for."""
CSV_LINES: Final = 500
"""Lines that travel at once."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `sort` is the field it sorts by (of the database or of Salesforce), blank where it does not."""

    name: str
    title: str
    sort: str = ""
    number: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """A choice that narrows the rows; `choices` are (value, label), and “all” stands before them."""

    name: str
    title: str
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """What a table offers. `find` labels its search for a text (blank: none); `default` is a column's name, after `-` falling.

    `download` is the name of the address of its CSV file, which takes the same words as the page.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    default: str
    filters: tuple[Filter, ...] = ()
    find: str = ""
    size: int = 50
    download: str = ""

    def asked(self, request: HttpRequest) -> "Asked":
        """What an address asks for; what it asks for in vain has its default."""
        given = request.GET
        sortable = {column.name for column in self.columns if column.sort}
        order = given.get("sort", "")
        chosen = {
            each.name: given[each.name]
            for each in self.filters
            if given.get(each.name) in {value for value, _ in each.choices}
        }
        size = _number(given.get("size", ""), self.size)
        return Asked(
            table=self,
            page=_number(given.get("page", ""), 1),
            size=size if size in SIZES else self.size,
            order=order if order.removeprefix("-") in sortable else self.default,
            chosen=chosen,
            text=given.get("find", "").strip()[:MOST_FOUND] if self.find else "",
        )


@dataclass(frozen=True, slots=True)
class Head:
    """A column's head: its title, perhaps a link that sorts by it, and how it is sorted (`ascending`, `descending`, blank)."""

    column: Column
    link: str
    sorted: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked of a table; `shown` or `of` complete it with the rows."""

    table: Table
    page: int = 1
    size: int = 50
    order: str = ""
    chosen: dict[str, str] = field(default_factory=dict)
    text: str = ""
    rows: Sequence[Any] = ()
    count: int = 0
    reach: int | None = None

    @property
    def descending(self) -> bool:
        """Whether the largest comes first."""
        return self.order.startswith("-")

    @property
    def sort(self) -> str:
        """The field to sort by."""
        name = self.order.removeprefix("-")
        return next((column.sort for column in self.table.columns if column.name == name), "")

    @property
    def skip(self) -> int:
        """Rows before this page."""
        return (self.page - 1) * self.size

    @property
    def soql_order(self) -> str:
        """`Field ASC NULLS LAST` for a query of Salesforce; the field is a declared one, never what was typed."""
        return f"{self.sort} {'DESC' if self.descending else 'ASC'} NULLS LAST"

    @property
    def narrowed(self) -> bool:
        """Whether a filter or a text leaves rows out."""
        return bool(self.chosen or self.text)

    def ordered(self, rows: "QuerySet[M]") -> "QuerySet[M]":
        """The rows in the order asked for; the key decides between equals, so that no row stands on two pages."""
        key = F(self.sort)
        by = key.desc(nulls_last=True) if self.descending else key.asc(nulls_last=True)
        return rows.order_by(by, "pk")

    def of(self, rows: "QuerySet[M]") -> "Asked":
        """With a page of rows of the database: two queries, whatever the size of the table."""
        count = rows.count()
        asked = replace(self, page=min(self.page, max(1, -(-count // self.size))))
        return asked.shown(list(self.ordered(rows)[asked.skip : asked.skip + asked.size]), count)

    def shown(self, rows: Sequence[Any], count: int, reach: int | None = None) -> "Asked":
        """With these rows of `count`; `reach` is how many rows can be paged through, where that is less (SOQL: 2,000)."""
        return replace(self, rows=rows, count=count, reach=reach)

    @property
    def pages(self) -> int:
        """How many pages can be shown."""
        within = self.count if self.reach is None else min(self.count, self.reach)
        return max(1, -(-within // self.size))

    @property
    def cut(self) -> bool:
        """Whether rows lie beyond the last page that can be shown."""
        return self.reach is not None and self.count > self.reach

    @property
    def first(self) -> int:
        """The number of the first row of this page."""
        return self.skip + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """The number of the last row of this page."""
        return self.skip + len(self.rows)

    def link(self, **changes: Any) -> str:
        """The same with these changes, as the query of an address; a blank change takes a word away."""
        words: dict[str, Any] = {
            **self.chosen,
            "find": self.text,
            "sort": "" if self.order == self.table.default else self.order,
        }
        words |= {"size": "" if self.size == self.table.size else self.size, "page": self.page if self.page > 1 else ""}
        words |= changes
        return "?" + urlencode({name: value for name, value in words.items() if value != ""})

    @property
    def heads(self) -> list[Head]:
        """The heads of the columns, in order."""
        return [self._head(column) for column in self.table.columns]

    def _head(self, column: Column) -> Head:
        if not column.sort:
            return Head(column, "", "")
        now = {column.name: "ascending", f"-{column.name}": "descending"}.get(self.order, "")
        falling_first = column.number and not now
        upcoming = f"-{column.name}" if now == "ascending" or falling_first else column.name
        return Head(column, self.link(sort=upcoming, page=""), now)

    @property
    def filters(self) -> list[tuple[Filter, str]]:
        """The filters, each with what is chosen."""
        return [(each, self.chosen.get(each.name, "")) for each in self.table.filters]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Rows a page that can be asked for."""
        return SIZES

    @property
    def before(self) -> str:
        """The link to the page before, blank on the first."""
        return self.link(page=self.page - 1 if self.page > 2 else "") if self.page > 1 else ""

    @property
    def after(self) -> str:
        """The link to the next page, blank on the last."""
        return self.link(page=self.page + 1) if self.page < self.pages else ""


def _number(text: str, default: int) -> int:
    return max(1, int(text)) if text.isdecimal() and text.isascii() and len(text) < 8 else default


def harmless(cell: object) -> str:
    """A cell that no spreadsheet takes for a formula; blank for None."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} and not _is_number(text) else text


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdecimal() and text.isascii()


Lines = Iterable[Sequence[object]] | AsyncIterable[Sequence[object]]


def csv_answer(name: str, head: Sequence[str], lines: Lines) -> StreamingHttpResponse:
    """A CSV file that is sent while it is made: nothing is kept, and memory does not grow with its lines.

    A Failure in between ends the file with a line that says so.
    """
    answer = StreamingHttpResponse(_csv(head, lines), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    return answer


class _Line:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


async def _csv(head: Sequence[str], lines: Lines) -> AsyncIterator[bytes]:
    writer: Any = csv.writer(_Line())
    yield writer.writerow(head).encode()
    try:
        async for some in _some(lines):
            yield "".join(writer.writerow([harmless(cell) for cell in line]) for line in some).encode()
    except Failure as failure:
        yield writer.writerow([f"This file is not complete. {failure}"]).encode()


async def _some(lines: Lines) -> AsyncIterator[list[Sequence[object]]]:
    if isinstance(lines, AsyncIterable):
        part: list[Sequence[object]] = []
        async for line in lines:
            part.append(line)
            if len(part) >= CSV_LINES:
                yield part
                part = []
        if part:
            yield part
        return
    rest: Iterator[Sequence[object]] = iter(lines)
    while part := await sync_to_async(lambda: list(islice(rest, CSV_LINES)))():
        yield part
