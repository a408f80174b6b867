"""Tables: what an address may ask for, which links lead on, and files without formulas."""

import csv
import io
from typing import Any

import pytest
from django.test import RequestFactory

from fairlead.domain.failure import WaitAndRetry
from fairlead.ui.tables import Column, Filter, Table, csv_answer, harmless

TABLE = Table(
    name="things",
    caption="Things",
    columns=(
        Column("name", "Name", sort="Name__c"),
        Column("size", "Size", sort="Size__c", number=True),
        Column("x", "X"),
    ),
    default="name",
    filters=(Filter("state", "State", (("on", "On"), ("off", "Off"))),),
    find="Name of a thing",
)


def asked(query: str = "") -> Any:
    return TABLE.asked(RequestFactory().get(f"/things/{query}"))


class Broken(WaitAndRetry):
    """A side that stops in the middle."""

    code = "FL-000"


def test_what_is_asked_for_in_vain_has_its_default() -> None:
    """Columns, filters, sizes and pages that do not exist never reach a query."""
    for query in ("", "?sort=x&size=7&page=-1&state=evil", "?sort=Id;DROP&page=٣&size=9999999999", "?page=0"):
        given = asked(query)
        assert (given.page, given.size, given.order, given.chosen, given.text) == (1, 50, "name", {}, "")
        assert given.soql_order == "Name__c ASC NULLS LAST"


def test_a_head_sorts_by_its_column_then_the_other_way_and_keeps_the_filters() -> None:
    given = asked("?state=on&find=a%26b&sort=name&page=3")
    name, size, x = given.heads
    assert (name.sorted, name.link) == ("ascending", "?state=on&find=a%26b&sort=-name")
    assert (size.sorted, size.link) == ("", "?state=on&find=a%26b&sort=-size")
    assert x.link == ""
    assert asked("?sort=-size").heads[1].link == "?sort=size"
    assert asked("?sort=-size").soql_order == "Size__c DESC NULLS LAST"


def test_pages_lead_on_and_back_and_end() -> None:
    given = asked("?size=25&page=2").shown(list(range(25)), 60)
    assert (given.skip, given.first, given.last, given.pages) == (25, 26, 50, 3)
    assert given.before == "?size=25"
    assert given.after == "?size=25&page=3"
    assert asked("?size=25&page=3").shown(list(range(10)), 60).after == ""
    cut = asked("?size=25").shown(list(range(25)), 9_000, reach=2_000)
    assert cut.cut
    assert cut.pages == 80


@pytest.mark.parametrize("cell", ["=1+1", "+1 2", "-a", "@x", "\tx", "\rx"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize(("cell", "text"), [(-5, "-5"), (1.5, "1.5"), ("-0.5", "-0.5"), (None, ""), ("a=b", "a=b")])
def test_other_cells_stay_as_they_are(cell: object, text: str) -> None:
    assert harmless(cell) == text


async def read(answer: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join([part async for part in answer]).decode())))


async def test_a_file_has_all_its_lines_from_either_kind_of_source() -> None:
    async def coming() -> Any:
        for number in range(1_200):
            yield (number, "=a")

    lines = await read(csv_answer("x.csv", ("N", "A"), coming()))
    assert len(lines) == 1_201
    assert lines[-1] == ["1199", "'=a"]
    assert await read(csv_answer("x.csv", ("N", "A"), ((n, "=a") for n in range(1_200)))) == lines


async def test_a_file_that_breaks_off_says_so() -> None:
    async def breaking() -> Any:
        yield ("one",)
        raise Broken("It stopped.", next_step="Again.")

    assert (await read(csv_answer("x.csv", ("N",), breaking())))[-1] == [
        "This file is not complete. It stopped. Again."
    ]
