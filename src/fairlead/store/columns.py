"""Columns of hashes on their way to PostgreSQL: one parameter for all, which is cut there into pieces of one width.

An array has each piece quoted by itself, which costs more than the hashing of it.
"""

from collections.abc import Sequence
from typing import Final

HASH: Final = 32
"""Bytes of a keyed hash."""
EACH_HASH: Final = "ARRAY(SELECT substring(%s::bytea FROM i * 32 + 1 FOR 32) FROM generate_series(0, %s - 1) AS i)"
"""An array of hashes; its two parameters are what `whole` gives."""


def whole(pieces: Sequence[bytes]) -> tuple[bytes, int]:
    """The pieces as one, and how many they are."""
    return b"".join(pieces), len(pieces)
