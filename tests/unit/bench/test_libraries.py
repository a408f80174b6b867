"""Libraries are compared at the same work."""

import gzip
import json

import pytest
from bench import libraries
from bench.report import placed


def test_each_does_its_work_on_the_same_page():
    results = {(what, by): work() for what, by, work in libraries.measures()}
    body = gzip.decompress(libraries.page())
    assert results["gzip, inflated", "zlib"] == results["gzip, inflated", "isal"] == body
    decoded = json.loads(body)
    assert results["JSON, decoded", "json"] == results["JSON, decoded", "msgspec to dicts"] == decoded
    rows = results["JSON, decoded", "msgspec to structs"].rows
    assert [row.email for row in rows] == [row["EmailAddress"] for row in decoded["Results"]]
    written = {value for (what, _), value in results.items() if what == "CSV, written"}
    assert len(written) == 1


def test_the_first_of_a_kind_is_what_the_others_are_held_against():
    text = libraries.told([("CSV", "slow", 4.0), ("CSV", "quick", 0.5), ("HTTP", "only", 1.0)])
    assert "| CSV: quick | 0.50 | 8.0 × |" in text
    assert "| HTTP: only | 1.00 | 1.0 × |" in text


def test_a_page_without_a_place_for_it_is_refused():
    assert "anything" in placed(libraries.EXPLAINED.read_text(), libraries.COMMAND, "anything")
    with pytest.raises(ValueError, match="no place"):
        placed("nothing here", libraries.COMMAND, "anything")
