"""Percent-encoding by whole texts is that of the standard library."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.salesforce.percent import percent, percent_length


@given(st.text(st.characters(codec="utf-8")))
def test_every_text_is_encoded_as_the_standard_library_does_it(text: str) -> None:
    assert percent(text) == quote(text, safe="")
    assert percent_length(text) == len(quote(text, safe=""))


def test_half_a_character_is_refused() -> None:
    for refuse in (percent, percent_length):
        with pytest.raises(UnicodeEncodeError):
            refuse("\ud800")
