"""The last requests an emulator answered, and totals since the log was cleared."""

from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import Any, Final

KEPT: Final = 10_000


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One answered request. `status` 0 means the connection was cut before an answer; `ms` is wall time."""

    method: str
    path: str
    query: str
    status: int
    ms: float
    fault: str | None = None


class RequestLog:
    """Keeps the last 10,000 requests; totals count all."""

    def __init__(self) -> None:
        self._entries: deque[LoggedRequest] = deque(maxlen=KEPT)
        self.clear()

    def clear(self) -> None:
        """Forgets entries and totals."""
        self._entries.clear()
        self.count = 0
        self._by_status: Counter[int] = Counter()
        self._by_method: Counter[str] = Counter()

    def add(self, entry: LoggedRequest) -> None:
        """Notes one request."""
        self._entries.append(entry)
        self.count += 1
        self._by_status[entry.status] += 1
        self._by_method[entry.method] += 1

    def entries(self) -> list[LoggedRequest]:
        """Oldest first."""
        return list(self._entries)

    def totals(self) -> dict[str, Any]:
        """`{count, by_status: {"200": n}, by_method: {"GET": n}}`."""
        return {
            "count": self.count,
            "by_status": {str(status): n for status, n in sorted(self._by_status.items())},
            "by_method": dict(sorted(self._by_method.items())),
        }

    def as_json(self) -> dict[str, Any]:
        """`{totals, requests: [{method, path, query, status, ms, fault}]}`."""
        return {"totals": self.totals(), "requests": [asdict(entry) for entry in self._entries]}
