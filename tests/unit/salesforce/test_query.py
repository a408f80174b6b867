"""SOQL by pages, and values that cannot break out of it."""

import asyncio
import re
from urllib.parse import quote as percent

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.salesforce.errors import RequestWrong, SetupRefused, Unavailable
from fairlead.salesforce.query import in_clause, quote, split_in
from tests.unit.salesforce.fake_org import DATA, Cut, Says, refusal


class Row(msgspec.Struct):
    Id: str


def page(ids, following=None, total=4):
    more = {"nextRecordsUrl": f"{DATA}/query/{following}"} if following else {}
    records = [{"attributes": {"type": "Contact"}, "Id": number} for number in ids]
    return Says({"totalSize": total, "done": following is None, "records": records, **more})


async def test_all_pages_are_read_in_order(sf, org):
    org.on("GET", f"{DATA}/query", page(["1", "2"], "01g-2"))
    org.on("GET", f"{DATA}/query/01g-2", Cut, page(["3"], "01g-3"))
    org.on("GET", f"{DATA}/query/01g-3", page(["4"]))
    soql = "SELECT Id FROM Contact WHERE SystemModstamp >= 2026-01-01T00:00:00+00:00"
    assert [[r["Id"] for r in rows] async for rows in sf.query(soql)] == [["1", "2"], ["3"], ["4"]]
    assert org.asked("GET", f"{DATA}/query")[0].query == {"q": soql}


async def test_records_can_be_read_as_structs(sf, org):
    org.on("GET", f"{DATA}/query", page(["1", "2"]))
    assert [rows async for rows in sf.query("SELECT Id FROM X", type=Row)] == [[Row("1"), Row("2")]]


async def test_deleted_records_are_asked_for_at_their_own_door(sf, org):
    org.on("GET", f"{DATA}/queryAll", page(["1"]))
    assert [len(rows) async for rows in sf.query_all("SELECT Id FROM X")] == [1]


async def test_a_reader_that_stops_early_does_not_wait_for_the_next_page(sf, org):
    asked, never = asyncio.Event(), asyncio.Event()

    async def silence(seen):
        asked.set()
        await never.wait()

    org.on("GET", f"{DATA}/query", page(["1"], "01g-2"))
    org.on("GET", f"{DATA}/query/01g-2", silence)
    pages = sf.query("SELECT Id FROM X")
    before = asyncio.all_tasks()
    async with asyncio.timeout(5):
        await anext(pages)
        await asked.wait()
        await pages.aclose()
    assert not {task for task in asyncio.all_tasks() - before if "Transport" in repr(task)}


async def test_counting(sf, org):
    org.on("GET", f"{DATA}/query", Says({"totalSize": 12, "done": True, "records": []}))
    assert await sf.count("SELECT COUNT() FROM Contact") == 12


async def test_a_refused_query_says_why_without_its_values(sf, org):
    org.on("GET", f"{DATA}/query", refusal("MALFORMED_QUERY", "near 'ada@example.com'"))
    with pytest.raises(RequestWrong, match="MALFORMED_QUERY") as caught:
        await sf.count("SELECT")
    assert "ada" not in str(caught.value)


async def test_a_locator_that_is_gone_is_not_asked_again(sf, org):
    org.on("GET", f"{DATA}/query", page(["1"], "01g-2"))
    org.on("GET", f"{DATA}/query/01g-2", refusal("INVALID_QUERY_LOCATOR"))
    with pytest.raises(Unavailable, match="Start the query again"):
        _ = [rows async for rows in sf.query("SELECT Id FROM X")]
    assert len(org.asked("GET", f"{DATA}/query/01g-2")) == 1


async def test_a_next_page_on_another_host_is_not_followed(sf, org):
    org.on(
        "GET",
        f"{DATA}/query",
        Says({"totalSize": 2, "done": False, "records": [], "nextRecordsUrl": "http://x.example.com/"}),
    )
    with pytest.raises(RequestWrong, match="another host"):
        _ = [rows async for rows in sf.query("SELECT Id FROM X")]


async def test_a_query_too_long_for_an_address_says_how_to_split_it(sf, org):
    with pytest.raises(RequestWrong, match="Split the query"):
        await sf.count("x" * 20_000)


LITERAL = re.compile(r"'((?:[^'\\\n]|\\.)*)'")
UNESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def literal_value(text: str) -> str:
    return re.sub(r"\\(.)", lambda m: UNESCAPED.get(m.group(1), m.group(1)), text)


@given(st.text())
def test_a_quoted_value_is_one_literal_that_means_the_value(text):
    found = LITERAL.fullmatch(quote(text))
    assert found
    assert literal_value(found.group(1)) == text.replace("\0", "")


def test_an_in_list_needs_values():
    assert in_clause(["a", "O'Brien"]) == "('a','O\\'Brien')"
    with pytest.raises(ValueError, match="at least one"):
        in_clause([])


@given(st.lists(st.text(max_size=20)), st.integers(400, 900))
def test_split_lists_hold_every_value_once_in_order_and_fit(values, room):
    queries = list(split_in("SELECT Id FROM X WHERE A IN", values, "ORDER BY Id", room=room))
    found = [literal_value(m) for query in queries for m in LITERAL.findall(query.partition(" IN ")[2])]
    assert found == [value.replace("\0", "") for value in values]
    assert all(len(percent(query, safe="")) <= room for query in queries)


def test_a_value_too_long_for_any_query_is_refused():
    with pytest.raises(RequestWrong, match="20,000"):
        list(split_in("SELECT Id FROM X WHERE A IN", ["x" * 20_000]))


async def test_descriptions_are_sent_again_only_when_they_changed(sf, org):
    body = {"name": "Contact", "keyPrefix": "003", "fields": [{"name": "Email", "type": "email", "length": 80}]}

    def describe(seen):
        assert len(org.seen) > 1
        if seen.headers.get("If-Modified-Since") == "Mon, 23 Nov 2026 10:00:00 GMT":
            return Says(status=304)
        return Says(body, headers={"Last-Modified": "Mon, 23 Nov 2026 10:00:00 GMT"})

    org.on("GET", f"{DATA}/sobjects/Contact/describe", describe)
    first = await sf.describe("Contact")
    assert first.field("email").length == 80
    assert await sf.describe("Contact") is first
    assert len(org.asked("GET", f"{DATA}/sobjects/Contact/describe")) == 2


async def test_an_unknown_object_says_how_to_get_it(sf, org):
    org.on("GET", f"{DATA}/sobjects/X__c/describe", refusal("NOT_FOUND", "The requested resource does not exist", 404))
    with pytest.raises(SetupRefused, match="no object X__c.*Deploy the package"):
        await sf.describe("X__c")
