"""Keyed hashes are HMAC-SHA256, whatever the length of the key."""

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from fairlead.domain.keyed import Blake, Hmac


@given(st.binary(max_size=200), st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_hashes_are_those_of_the_standard_library(key: bytes, texts: list[str]) -> None:
    """One object hashes any number of columns."""
    keyed = Hmac(key)
    expected = [hmac.digest(key, text.encode(), "sha256") for text in texts]
    assert keyed.of(texts) == expected
    assert keyed.of(texts) == expected


@given(st.binary(max_size=64), st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_digests_are_those_of_the_standard_library(key: bytes, texts: list[str]) -> None:
    """One object digests any number of columns."""
    expected = [hashlib.blake2b(text.encode(), key=key, digest_size=16).digest() for text in texts]
    keyed = Blake(key)
    assert keyed.of(texts) == expected
    assert keyed.of(texts) == expected
