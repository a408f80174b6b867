"""One call to the account: sign-in, limit, bounded repeats, errors as classes. All other files speak through it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

import aiohttp
import msgspec
import stamina
from yarl import URL

from fairlead.campaignmonitor.errors import CampaignMonitorError, OutcomeUnknown, Unavailable, error_from, is_momentary
from fairlead.campaignmonitor.limits import RESET, AdaptiveLimit, asked_pause
from fairlead.campaignmonitor.login import Login, Report

T = TypeVar("T")
Verb = Literal["POST", "PUT", "DELETE"]

API_PATH: Final = "/api/v3.3"
TOKEN_PATH: Final = "/oauth/token"  # noqa: S105 - an address

# The server's word for a token that may be renewed: unknown (another process renewed it), past its lifetime.
_RENEWABLE: Final = frozenset({120, 121})


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long to try again: attempts in all, and waits in seconds (doubling, with jitter): half a minute."""

    attempts: int = 7
    first: float = 0.5
    longest: float = 30.0


@dataclass(frozen=True, slots=True)
class Door:
    """What a call asks for. `template` names it without any value: `/lists/{}/active`; `ids` fill its braces.

    `suffix` is blank where the documentation knows the path without one (transactional).
    """

    template: str
    ids: tuple[str, ...] = ()
    query: Mapping[str, str] | None = None
    suffix: str = ".json"

    def url(self, origin: URL) -> URL:
        """The address under `origin`; a `+` in a value is sent as %2B."""
        path = f"{API_PATH}{self.template}{self.suffix}"
        for name in self.ids:
            if not name.replace("-", "").isalnum():  # ids of transactional e-mails have hyphens
                raise ValueError(f"{name!r} is not an id of Campaign Monitor: give its 32 hexadecimal digits.")
            path = path.replace("{}", name, 1)
        return origin.with_path(path).with_query(self.query)


@dataclass(frozen=True, slots=True)
class _Call:
    """A call as it is sent; `data` is its body."""

    method: str
    door: Door
    data: bytes | None = None


class _NotSent(Unavailable):
    """No connection came about."""


_NEVER_SENT: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class Transport:
    """Calls to one account. Share one among all tasks: the limit and the sign-in are common to them."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        base_url: str,
        login: Login,
        limit: AdaptiveLimit,
        *,
        on_call: Report | None = None,
        patience: Patience | None = None,
    ) -> None:
        """`on_call(method, template, status)` is told of every call, status 0 where no answer came."""
        self.limit = limit
        self._http = http
        self._origin = _origin(base_url)
        self._login = login
        self._report: Report = on_call or (lambda method, template, status: None)
        self._patience = patience or Patience()

    async def get(self, door: Door, read: Callable[[bytes], T]) -> T:
        """GET and read. What is wrong with the moment only, or with the body, is tried again a bounded number of times."""
        return await self._patiently(_Call("GET", door), read, repeatable=True)

    async def send(
        self, method: Verb, door: Door, body: Any, read: Callable[[bytes], T], *, repeatable: bool = False
    ) -> T:
        """Write, with `body` as JSON (None for an empty one), and read; `nothing` reads what has no answer.

        `repeatable` says that twice is as good as once: then it is tried again like a GET. Otherwise only what was
        certainly not done is (never sent, or declined for the moment); anything else raises OutcomeUnknown.
        """
        data = None if body is None else msgspec.json.encode(body)
        return await self._patiently(_Call(method, door, data), read, repeatable=repeatable)

    async def _patiently(self, call: "_Call", read: Callable[[bytes], T], *, repeatable: bool) -> T:
        patience = self._patience
        context = stamina.retry_context(
            on=Unavailable,
            attempts=patience.attempts,
            timeout=None,
            wait_initial=patience.first,
            wait_max=patience.longest,
            wait_jitter=patience.first,
        )
        async for attempt in context:
            with attempt:
                try:
                    return read(await self._signed(call))
                except Unavailable as error:
                    if repeatable or isinstance(error, _NotSent) or 400 <= error.status < 500:
                        raise
                    raise OutcomeUnknown(error.text, code=error.code, status=error.status) from None
        raise AssertionError("the loop above returns or raises")

    async def _signed(self, call: "_Call") -> bytes:
        """The body of one answer; a token past its lifetime is renewed once."""
        url = call.door.url(self._origin)
        header = self._login.header
        status, body, wait = await self._once(call, url, header)
        error = _refusal(status, body, wait)
        if error is not None and status == 401 and error.code in _RENEWABLE:
            token_url = str(self._origin.with_path(TOKEN_PATH))
            if await self._login.renew(header, self._http, token_url, self._report):
                status, body, wait = await self._once(call, url, self._login.header)
                error = _refusal(status, body, wait)
        if error is not None:
            raise error
        return body

    async def _once(self, call: "_Call", url: URL, header: str) -> tuple[int, bytes, float | None]:
        """Status, body and asked pause of one call; the limit learns from it, and it is reported whatever happened."""
        status = 0
        headers: Mapping[str, str] = {"Authorization": header, "Accept": "application/json"}
        if call.data is not None:
            headers = {**headers, "Content-Type": "application/json; charset=utf-8"}
        async with self.limit.slot() as began:
            try:
                async with self._http.request(
                    call.method, url, data=call.data, headers=headers, allow_redirects=False
                ) as response:
                    status, body, headers = response.status, await response.read(), response.headers
            except (aiohttp.ClientError, TimeoutError) as error:
                self.limit.pressed(began)
                # The original error holds the address that was asked for, and with it perhaps a person's.
                text = f"The connection to Campaign Monitor failed ({type(error).__name__})."
                kind = _NotSent if isinstance(error, _NEVER_SENT) else Unavailable
                raise kind(text, status=status) from None
            finally:
                self._report(call.method, call.door.template, status)
            wait = asked_pause(headers) if status == 429 or RESET in headers else None
            if wait is not None:
                self.limit.pause(wait)
            if is_momentary(status):
                self.limit.pressed(began)
            else:
                self.limit.well()
        return status, body, wait


def nothing(body: bytes) -> None:
    """Reads the answer to what is only done."""


def _refusal(status: int, body: bytes, wait: float | None) -> CampaignMonitorError | None:
    return None if 200 <= status < 300 else error_from(status, body, retry_after=wait)


def _origin(base_url: str) -> URL:
    """Scheme, host and port of the service."""
    url = URL(base_url)
    if url.scheme not in {"http", "https"} or not url.host:
        raise ValueError(f"{base_url!r} is not the address of a service: give e.g. https://api.createsend.com.")
    return url.origin()
