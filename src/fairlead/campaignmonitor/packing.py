"""Bodies as they come over the wire: gzipped where the server does that, and inflated when they are read.

A page of a thousand subscribers takes a tenth of its size that way, so that many may wait; and inflating a body at once
costs less than doing it chunk by chunk as they arrive.
"""

from typing import Final, cast

from isal import igzip, isal_zlib

from fairlead.campaignmonitor.errors import Unavailable

_GZIP: Final = b"\x1f\x8b"
"""How a gzipped body begins, and no JSON does."""
_DAMAGED: Final = (EOFError, OSError, cast("type[Exception]", isal_zlib.error))


def inflated(body: bytes) -> bytes:
    """The body as it was before it was gzipped, if it was. Raises Unavailable for one that is cut or damaged."""
    if not body.startswith(_GZIP):
        return body
    try:
        return bytes(igzip.decompress(body))  # type: ignore[no-untyped-call]
    except _DAMAGED as error:
        text = f"Campaign Monitor's answer of {len(body)} bytes cannot be inflated ({type(error).__name__})."
        raise Unavailable(text) from None
