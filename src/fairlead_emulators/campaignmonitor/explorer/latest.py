"""What happened to subscribers of late, for whoever watches: kept in memory, the newest of it only."""

from collections import deque
from datetime import UTC, datetime
from typing import Any, Final

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.audience.entries import Change

KEPT: Final = 2_000
_SHOWN: Final = 50
_PARTS: Final = {
    "name": "name",
    "fields": "custom fields",
    "mobile": "mobile number",
    "sms": "consent to text messages",
}


class Latest:
    """The newest changes of one account since it was laid."""

    def __init__(self, service: Service) -> None:
        self._kept: deque[Change] = deque(maxlen=KEPT)
        service.life.watch(self._kept.append)

    def clear(self) -> None:
        """Forgets all."""
        self._kept.clear()

    def told(self, list_id: str, address: str = "") -> list[dict[str, Any]]:
        """Of a list, or of one address on it, the former and the latter one: `{at, email, what}`, newest first."""
        key = address.lower()
        found = [
            each
            for each in reversed(self._kept)
            if each.on.id == list_id and (not key or key in (each.new.key, each.old.key if each.old else ""))
        ]
        return [
            {"at": f"{datetime.fromtimestamp(each.at, UTC):%Y-%m-%d %H:%M:%S} UTC", "email": each.new.address}
            | _what(each)
            for each in found[:_SHOWN]
        ]


def _what(change: Change) -> dict[str, str]:
    old, new = change.old, change.new
    if old is None:
        return {"what": f"came as {new.state}"}
    told = []
    if old.address != new.address:
        told.append(f"address was {old.address}")
    if old.state != new.state:
        told.append(f"{old.state} → {new.state}")
    told += [f"{said} changed" for part, said in _PARTS.items() if getattr(old, part) != getattr(new, part)]
    return {"what": ", ".join(told) or "written again as it was"}
