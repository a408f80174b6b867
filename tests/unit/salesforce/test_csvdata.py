"""CSV that comes back as it went out, from a stream cut anywhere."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.salesforce.csvdata import NULL, csv_bytes, header_bytes, read_columns, read_csv
from fairlead.salesforce.errors import Unavailable

CELL = st.text(st.one_of(st.sampled_from('",\n\r\0; \u2028é💡#N/A'), st.characters(codec="utf-8")), max_size=12)
TABLE = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.tuples(*[CELL] * width), min_size=1, max_size=6)
)  # fmt: skip


def columns(rows):
    return [list(column) for column in zip(*rows, strict=True)]


def reread(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


def without_nul(rows):
    return [[cell.replace("\0", "") for cell in row] for row in rows]


@given(TABLE)
def test_a_csv_reader_finds_every_cell_again(rows):
    """But for NUL, which Salesforce refuses."""
    assert reread(csv_bytes(columns(rows))) == without_nul(rows)


@given(TABLE)
def test_blanks_can_be_told_as_null(rows):
    expected = [[cell or NULL for cell in row] for row in without_nul(rows)]
    assert reread(csv_bytes(columns(rows), blank=NULL)) == expected


async def read(data: bytes, size: int) -> list[list[str]]:
    async def stream():
        for start in range(0, len(data), size):
            yield data[start : start + size]

    return [list(record) async for records in read_csv(stream()) for record in records]


@given(TABLE, st.integers(1, 30), st.booleans())
async def test_a_stream_cut_anywhere_gives_the_same_records(rows, size, crlf):
    """Quoted line breaks, doubled quotes and letters of several bytes included; with LF or CRLF line ends."""
    data = csv_bytes(columns(rows))
    if crlf:
        data = b"".join(csv_bytes(columns([row])).removesuffix(b"\n") + b"\r\n" for row in rows)
    assert await read(data, size) == without_nul(rows)


@pytest.mark.parametrize("record", [["", "\n"], ["\n", "a"], ["\n"], ["a,", "b"], [",", "\na"], ["", ""]])
async def test_cells_that_begin_with_a_line_break_or_hold_a_comma_stay_whole(record):
    """Where quotes are all that is looked at, a first quote before a line break looks like a last one."""
    data = csv_bytes([[cell] * 2 for cell in record])
    assert await read(data, 1_000) == [record, record]


@given(TABLE, st.integers(1, 30))
async def test_columns_hold_what_records_hold(rows, size):
    """The same stream, read by column."""
    data = csv_bytes(columns(rows))

    async def stream():
        for start in range(0, len(data), size):
            yield data[start : start + size]

    again = [list(record) async for block in read_columns(stream()) for record in zip(*block, strict=True)]
    assert again == without_nul(rows)


async def test_a_last_line_without_line_end_is_read():
    assert await read(b'"a","b"\n"c","d"', 4) == [["a", "b"], ["c", "d"]]


async def test_unquoted_cells_and_a_byte_order_mark_are_read():
    assert await read(b"\xef\xbb\xbfsf__Id,Key\n,x\n", 5) == [["sf__Id", "Key"], ["", "x"]]


async def test_a_stream_that_ends_inside_a_record_is_not_taken_for_whole():
    with pytest.raises(Unavailable, match="middle of a record"):
        await read(b'"a","b"\n"c","d', 100)


async def test_a_record_that_never_ends_is_given_up():
    """A stray quote must not gather the rest of a large file in memory."""

    async def stream():
        yield b'"'
        while True:
            yield b"x\n" * 500_000

    with pytest.raises(Unavailable, match="never ends"):
        _ = [records async for records in read_csv(stream())]


async def test_memory_holds_one_piece_and_one_record():
    """A reader that has seen a hundred thousand records holds none of them."""
    import tracemalloc

    record = b'"key","a\nb"\n' * 1000

    async def stream():
        for _ in range(100):
            yield record

    tracemalloc.start()
    count = 0
    async for records in read_csv(stream()):
        count += len(records)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 100_000
    assert peak < 2_000_000


def test_no_records_are_no_bytes():
    assert csv_bytes([[], []]) == b""
    assert csv_bytes([]) == b""


def test_a_half_surrogate_becomes_a_question_mark():
    assert csv_bytes([["a\ud800"]]) == b'"a?"\n'


def test_columns_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match="length"):
        csv_bytes([["a"], ["b", "c"]])


def test_the_header_names_fields_and_parents():
    assert header_bytes(["A__c", "B__r.C__c"]) == b'"A__c","B__r.C__c"\n'
