"""Why everything that writes to contacts, leads and lists is held, for rooms that only need to know that.

Who knows it is another room; it provides the reader, so that rooms need not know one another.
"""

from collections.abc import Callable
from typing import Final

Reader = Callable[[int], str]

_readers: Final[list[Reader]] = []


def provide(reader: Reader) -> None:
    """Say who knows why writes of an org are held; a later call replaces an earlier one."""
    _readers[:] = [reader]


def reason(org_id: int) -> str:
    """Why writes are held, as a sentence; blank where they are not. Plain Django: not in the event loop."""
    return _readers[0](org_id) if _readers else ""
