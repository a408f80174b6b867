"""Whether an org's schedules are paused: what is due then waits, and is asked for once when the pause ends.

Nothing that runs is stopped, and no schedule is changed. Why there is a pause is a room's business: the wiring provides it.
"""

from collections.abc import Callable
from dataclasses import dataclass

Reader = Callable[[int], bool]


@dataclass(slots=True)
class _Provided:
    reader: Reader | None = None


_provided = _Provided()


def provide(reader: Reader | None) -> None:
    """Say who knows whether the schedules of the org with an id are paused; a later call replaces an earlier one."""
    _provided.reader = reader


def paused(org_id: int) -> bool:
    """Whether what is due by a schedule waits. Plain Django: not in the event loop."""
    return _provided.reader is not None and _provided.reader(org_id)
