"""Being filled by a seed: in a thread of its own, so that an emulator can tell how far it is meanwhile."""

import asyncio
import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

T = TypeVar("T")
Tell = Callable[[str, int], None]
"""Is told what was laid, and how many more."""


def to_nobody(_what: str, _more: int) -> None:
    """For seeds that nobody waits for."""


class Filling:
    """Whether a seed is being laid, which, since when, and how much of it lies. One seed at a time."""

    def __init__(self) -> None:
        self._turn = threading.RLock()
        self._seed: str | None = None
        self._began = 0.0
        self._laid: Counter[str] = Counter()

    @property
    def under_way(self) -> bool:
        """Whether a seed is being laid."""
        return self._seed is not None

    @contextlib.contextmanager
    def by(self, seed: str) -> Iterator[None]:
        """While a seed of that name is laid. Another thread's seed is waited for."""
        with self._turn:
            self._laid.clear()
            self._began, self._seed = time.monotonic(), seed
            try:
                yield
            finally:
                self._seed = None

    def tell(self, what: str, more: int) -> None:
        """Notes that so many more of something lie."""
        self._laid[what] += more

    def as_json(self) -> dict[str, Any]:
        """`{seed, seconds, laid: {what: count}}`."""
        return {
            "seed": self._seed,
            "seconds": round(time.monotonic() - self._began, 1),
            "laid": dict(self._laid.copy()),
        }


async def aside(work: Callable[[], T]) -> T:
    """What the work gives, done in a thread that does not keep the process from ending. Raises what it raises."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(give: Callable[..., None], value: object) -> None:
        if not done.cancelled():
            give(value)

    def run() -> None:
        give: Callable[..., None] = done.set_result
        value: object
        try:
            value = work()
        except Exception as error:  # it is raised where it is waited for
            give, value = done.set_exception, error
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits any more
            loop.call_soon_threadsafe(settle, give, value)

    threading.Thread(target=run, name="filling", daemon=True).start()
    return await done
