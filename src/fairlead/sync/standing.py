"""Whether the two sides are connected, for rooms that only need to know that.

Who keeps the connections is another room; the wiring provides the reader, so that rooms need not know one another.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standing:
    """What is connected. `org_id` and `user_id` are Salesforce's, with 18 characters; blank while there is no org."""

    campaign_monitor: bool = False
    salesforce: bool = False
    instance_url: str = ""
    org_id: str = ""
    user_id: str = ""


Reader = Callable[[int], Standing]


@dataclass(slots=True)
class _Provided:
    reader: Reader | None = None


_provided = _Provided()


def provide(reader: Reader) -> None:
    """Say who knows the connections of an org; a later call replaces an earlier one."""
    _provided.reader = reader


def of(org_id: int) -> Standing:
    """What is connected now; nothing where nobody has said who knows. Plain Django: not in the event loop."""
    return Standing() if _provided.reader is None else _provided.reader(org_id)
