"""CSV as the Bulk API speaks it: written by column, read from a stream in bounded memory."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from typing import Final

from fairlead.salesforce.errors import Unavailable

NULL: Final = "#N/A"

# A record holds at most 400,000 characters; a block that grows far beyond is not CSV.
_LONGEST_RECORD: Final = 16 * 1024 * 1024


def _cells(column: list[str], blank: str) -> list[str]:
    """The column's cells, ready to stand between quotes."""
    joined = "".join(column)
    if '"' in joined:
        column = [cell.replace('"', '""') if '"' in cell else cell for cell in column]
    if "\0" in joined:
        column = [cell.replace("\0", "") for cell in column]
    if blank and "" in column:
        column = [cell or blank for cell in column]
    return column


def csv_bytes(columns: Sequence[list[str]], *, blank: str = "") -> bytes:
    """Records as UTF-8 CSV without header: every cell quoted, one LF a record.

    `columns[i]` holds one text a record. `blank` stands for empty cells: `NULL` empties the field, the empty text
    leaves it as it is. NUL characters, which Salesforce refuses, are dropped; half surrogates become `?`.
    Raises ValueError where the columns are not of one length.
    """
    if not columns or not columns[0]:
        return b""
    count = len(columns[0])
    if any(len(column) != count for column in columns):
        raise ValueError("The columns differ in length.")
    between = '"'
    record: list[str] = []
    varying: list[list[str]] = []
    for column in columns:
        if column[-1] == column[0] and column.count(column[0]) == count:
            between += (
                f'{_cells(column[:1], blank)[0]}","'  # the same in all records: it is part of what stands between
            )
        else:
            record += [between, ""]
            varying.append(_cells(column, blank))
            between = '","'
    pieces = [*record, between.removesuffix(',"') + "\n"] * count
    for i, cells in enumerate(varying):
        pieces[2 * i + 1 :: len(record) + 1] = cells
    return "".join(pieces).encode("utf-8", "replace")


def header_bytes(fields: Sequence[str]) -> bytes:
    """The header line: API names, `Rel__r.Key__c` for a parent by its external id."""
    return csv_bytes([[field] for field in fields])


def _last_break(block: bytearray, known: int) -> int:
    """Where the last complete record ends (0 = none does): after a line feed that stands outside quotes.

    `known` bytes at the start hold no such line feed but may hold quotes.
    """
    after = len(block)
    quotes = block.count(b'"')
    while (end := block.rfind(b"\n", known, after)) >= 0:
        quotes -= block.count(b'"', end, after)
        if quotes % 2 == 0:
            return end + 1
        # inside quotes: no record ends between here and the quote that opened them
        after = block.rfind(b'"', known, end)
        if after < 0:
            return 0
        quotes -= 1
    return 0


async def read_csv(stream: AsyncIterator[bytes]) -> AsyncIterator[list[tuple[str, ...]]]:
    """Records from a stream cut anywhere, some at a time, header first; quoted line breaks survive.

    Memory holds one piece of the stream and one record. Raises Unavailable when the stream ends inside a record.
    """
    async for block in _blocks(stream):
        yield _parse(block)


async def read_columns(stream: AsyncIterator[bytes]) -> AsyncIterator[list[list[str]]]:
    """As `read_csv`, by column: each column begins with its header."""
    async for block in _blocks(stream):
        yield _parse_columns(block)


async def _blocks(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes | bytearray]:
    """Whole records from a stream cut anywhere.

    Memory holds one piece of the stream and one record. Raises Unavailable when the stream ends inside a record.
    """
    block = bytearray()
    known = 0
    async for piece in stream:
        block += piece
        end = _last_break(block, known)
        if end:
            yield block[:end]
            del block[:end]
        known = len(block)
        if known > _LONGEST_RECORD:
            raise Unavailable("A record of the results never ends.", code="malformed_answer")
    if block:
        if block.count(b'"') % 2:
            raise Unavailable("The results end in the middle of a record.", code="malformed_answer")
        yield block


def _parse(block: bytes | bytearray) -> list[tuple[str, ...]]:
    text = block.decode("utf-8-sig")
    width, cells = _plain(text)
    return list(zip(*[iter(cells)] * width, strict=True)) if width else _any(text)


def _parse_columns(block: bytes | bytearray) -> list[list[str]]:
    text = block.decode("utf-8-sig")
    width, cells = _plain(text)
    if width:
        return [cells[place::width] for place in range(width)]
    return [list(column) for column in zip(*_any(text), strict=True)]


def _any(text: str) -> list[tuple[str, ...]]:
    return [tuple(record) for record in csv.reader(io.StringIO(text, newline="")) if record]


def _plain(text: str) -> tuple[int, list[str]]:
    """How many cells a record has, and all cells, where each stands between quotes and holds none, as in most results.

    They are cut at the quotes all together, in a third of the time. 0 and none for all other CSV.
    """
    width = text.partition('"\n')[0].count('","') + 1
    records = text.count('"\n')
    if text.count('"') != 2 * width * records or text[:1] != '"' or text[-2:] != '"\n':
        return 0, []
    if ',"\n' in text or '\n"\n' in text or text.startswith('"\n'):
        return 0, []  # a cell that begins with a line break: its first quote looks like the last of a record
    cells = text[1:-2].replace('"\n"', '","').split('","')
    return (width, cells) if len(cells) == width * records else (0, [])
