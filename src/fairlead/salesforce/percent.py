"""Text in an address: percent-encoded as `urllib.parse.quote(text, safe="")` does it, by whole texts rather than by characters.

A query names people by the hundred; character by character that took a third of an hourly run.
"""

import string
from typing import Final

_SAFE: Final = (string.ascii_letters + string.digits + "_.-~").encode()
_ENCODED: Final = {byte: f"%{byte:02X}" for byte in range(256) if byte not in _SAFE}


def percent(text: str) -> str:
    """The text, percent-encoded in UTF-8; letters, digits and `_.-~` stay. Raises UnicodeEncodeError for half a character."""
    return text.encode().decode("latin-1").translate(_ENCODED)


def percent_length(text: str) -> int:
    """How many characters `percent` makes of it. Raises UnicodeEncodeError for half a character."""
    raw = text.encode()
    return len(raw) + 2 * len(raw.translate(None, _SAFE))
