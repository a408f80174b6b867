"""What runs beside the jobs in each worker for as long as it lives. Rooms offer it, the wiring provides it."""

from collections.abc import Awaitable, Callable, Sequence

Companion = Callable[[], Awaitable[None]]
"""Runs until it is cancelled; what ends, or raises, is begun again after a pause."""

_companions: list[Companion] = []


def provide(*companions: Companion) -> None:
    """Say what runs beside the jobs; a later call replaces an earlier one."""
    _companions[:] = companions


def provided() -> Sequence[Companion]:
    """What runs beside the jobs."""
    return tuple(_companions)
