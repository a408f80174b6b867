"""Gzipped bodies are inflated whole, or refused as an answer that may be asked for again."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.campaignmonitor.errors import Unavailable
from fairlead.campaignmonitor.packing import inflated


@given(st.binary(), st.binary())
def test_what_was_packed_comes_back_whole_in_one_part_or_several(first: bytes, second: bytes) -> None:
    assert inflated(gzip.compress(first)) == first
    assert inflated(gzip.compress(first) + gzip.compress(second)) == first + second


@given(st.text())
def test_what_was_not_packed_stays(text: str) -> None:
    assert inflated(text.encode()) == text.encode()


@given(st.binary(min_size=1), st.data())
def test_a_body_that_is_cut_or_damaged_may_be_asked_for_again(body: bytes, data: st.DataObject) -> None:
    packed = gzip.compress(body)
    cut = data.draw(st.integers(2, len(packed) - 1))
    flipped = bytearray(packed)
    flipped[-5] ^= 0xFF  # of the checksum
    for bad in (packed[:cut], bytes(flipped)):
        with pytest.raises(Unavailable, match="cannot be inflated"):
            inflated(bad)
