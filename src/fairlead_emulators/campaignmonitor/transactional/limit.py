"""The rate limit of transactional calls: a window in emulated time for each key."""

import math
from typing import Final

from fairlead_emulators.campaignmonitor.api import Call, Service
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.facts import fact


class RateLimit:
    """Counts the calls of each caller."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._windows: dict[str, tuple[float, int]] = {}

    def forget(self) -> None:
        """Every window begins anew."""
        self._windows.clear()

    @fact("tx-rate-limit")
    def meter(self, caller: str) -> dict[str, str]:
        """The headers of one more call. Raises Refusal 429, with headers, beyond the limit (0: no limit)."""
        switches = self._service.switches
        limit, span = int(switches.number("transactional_limit")), switches.number("transactional_limit_seconds")
        if not limit:
            return {}
        now = self._service.clock.now().timestamp()
        started, count = self._windows.get(caller, (now, 0))
        if not 0 <= now - started < span:
            started, count = now, 0
        self._windows[caller] = (started, count + 1)
        headers = {
            "x-ratelimit-limit": str(limit),
            "x-ratelimit-remaining": str(max(0, limit - count - 1)),
            "x-ratelimit-reset": str(math.ceil(started + span - now)),
        }
        if count >= limit:
            raise Refusal(429, headers=headers)
        return headers


def metered(call: Call) -> dict[str, str]:
    """The headers of a transactional call: clients have a window each, the account's own keys share one."""
    return call.service.own(RateLimit).meter(call.caller.client or _ACCOUNT)


_ACCOUNT: Final = "account"
