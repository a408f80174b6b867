"""One call to the account: sign-in, limit, bounded repeats, errors as classes. All other files speak through it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal, TypeVar
from urllib.parse import quote

import aiohttp
import msgspec
from yarl import URL

from fairlead.campaignmonitor.errors import (
    AddedTooOften,
    CampaignMonitorError,
    NotSent,
    Unavailable,
    error_from,
    is_momentary,
)
from fairlead.campaignmonitor.limits import RESET, AdaptiveLimit, asked_pause
from fairlead.campaignmonitor.login import RENEWABLE, Login, Renewed
from fairlead.campaignmonitor.packing import inflated
from fairlead.campaignmonitor.repeats import Attempts, Care, Patience, Settle
from fairlead.campaignmonitor.tokens import TOKEN_PATH, Report, TokenDesk

T = TypeVar("T")
Verb = Literal["POST", "PUT", "DELETE"]

API_PATH: Final = "/api/v3.3"

# A token found kept may be past its lifetime too: then it is refreshed. One just given out is not replaced again.
_TOKENS_TRIED: Final = 2


@dataclass(frozen=True, slots=True)
class Door:
    """What a call asks for. `template` names it without any value: `/lists/{}/active`; `ids`, then `names`, fill its braces.

    A name may hold any characters. `suffix` is blank where the documentation knows the path without one (transactional).
    """

    template: str
    ids: tuple[str, ...] = ()
    query: Mapping[str, str] | None = None
    suffix: str = ".json"
    names: tuple[str, ...] = ()

    def url(self, origin: URL) -> URL:
        """The address under `origin`; a `+` in a value is sent as %2B."""
        path = f"{API_PATH}{self.template}{self.suffix}"
        for name in self.ids:
            if not name.replace("-", "").isalnum():  # ids of transactional e-mails have hyphens
                raise ValueError(f"{name!r} is not an id of Campaign Monitor: give its 32 hexadecimal digits.")
            path = path.replace("{}", name, 1)
        for name in self.names:
            path = path.replace("{}", quote(name, safe=""), 1)
        return origin.with_path(path, encoded=True).with_query(self.query)


@dataclass(frozen=True, slots=True)
class _Call:
    """A call as it is sent; `data` is its body, `parts` the codes of refusals that are answers.

    `packed`: its answer is handed over as it comes, for `packing.inflated`.
    """

    method: str
    door: Door
    data: bytes | None = None
    parts: frozenset[int] = frozenset()
    packed: bool = False


_NEVER_SENT: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class AnswerLost(aiohttp.ClientError):
    """The connection ended before there was an answer."""


async def _unrepeated(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Aiohttp repeats PUT and DELETE by itself when a connection ends: then nobody knows that an answer was lost."""
    try:
        return await handler(request)
    except _NEVER_SENT:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        raise AnswerLost from None


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
        self._origin = origin_of(base_url)
        self._login = login
        self._report: Report = on_call or (lambda method, template, status: None)
        self._patience = patience or Patience()

    async def get(self, door: Door, read: Callable[[bytes], T], *, parts: Collection[int] = ()) -> T:
        """GET and read. What is wrong with the moment only, or with the body, is tried again a bounded number of times.

        `parts` are codes of refusals whose body `read` is given all the same, for the results it holds.
        """
        return await self._patiently(_Call("GET", door, None, frozenset(parts)), read, Care(repeatable=True))

    async def packed(self, door: Door) -> bytes:
        """GET, with the patience of `get`; the body as it came over the wire, to be read later: `packing.inflated`."""
        return await self._patiently(_Call("GET", door, packed=True), bytes, Care(repeatable=True))

    async def send(
        self,
        method: Verb,
        door: Door,
        body: Any,
        read: Callable[[bytes], T],
        *,
        repeatable: bool = False,
        once: bool = False,
        settle: Settle[T] | None = None,
        gone: Collection[int] = (),
        parts: Collection[int] = (),
    ) -> T:
        """Write, with `body` as JSON (None for an empty one), and read; `nothing` reads what has no answer.

        `repeatable` says that twice is as good as once: then it is tried again like a GET. Otherwise only what was
        certainly not done is (never sent, or declined for the moment), and after a lost answer `settle` is awaited:
        it looks whether it was done and gives the result, or None, upon which it is tried again. Without `settle`, or
        where it cannot look, raises OutcomeUnknown. `once`: not even what was certainly not done is tried again.
        `gone` are codes that say, after a lost answer, that it has been done: `read` is given an empty body.
        `parts` are codes of refusals whose body `read` is given all the same, for the results it holds.
        """
        data = None if body is None else msgspec.json.encode(body)
        care = Care(repeatable, once, settle, frozenset(gone))
        return await self._patiently(_Call(method, door, data, frozenset(parts)), read, care)

    async def _patiently(self, call: "_Call", read: Callable[[bytes], T], care: Care[T]) -> T:
        return await Attempts(partial(self._signed, call), read, care, self._patience).result()

    async def _signed(self, call: "_Call") -> bytes:
        """The body of one answer; where the token is not taken, asked again with another one."""
        url = call.door.url(self._origin)
        header = await self._login.authorization()
        body, error = await self._once(call, url, header)
        for _ in range(_TOKENS_TRIED):
            if error is None or error.status != 401 or error.code not in RENEWABLE:
                break
            another = await self._another(header, error.code)
            if another is None:
                break
            header, fresh = another
            body, error = await self._once(call, url, header)
            if fresh:
                break
        if error is not None:
            raise error
        return body

    async def _another(self, refused: str, code: int) -> Renewed | None:
        desk = TokenDesk(self._http, str(self._origin.with_path(TOKEN_PATH)), self._report)
        try:
            return await self._login.renew(refused, code, desk)
        except Unavailable as error:
            # What was asked for was refused; only the renewal may have been carried out.
            raise NotSent(error.text, code=error.code, status=error.status) from None

    async def _once(self, call: "_Call", url: URL, header: str) -> tuple[bytes, CampaignMonitorError | None]:
        """Body and refusal of one call; the limit learns from it, and it is reported whatever happened."""
        status = 0
        headers: Mapping[str, str] = {"Authorization": header, "Accept": "application/json"}
        if call.data is not None:
            headers = {**headers, "Content-Type": "application/json; charset=utf-8"}
        async with self.limit.slot() as began:
            try:
                async with self._http.request(
                    call.method,
                    url,
                    data=call.data,
                    headers=headers,
                    allow_redirects=False,
                    middlewares=() if call.method == "GET" else (_unrepeated,),
                ) as response:
                    status, body, headers = response.status, await response.read(), response.headers
            except (aiohttp.ClientError, TimeoutError) as error:
                self.limit.pressed(began)
                # The original error holds the address that was asked for, and with it perhaps a person's.
                text = f"The connection to Campaign Monitor failed ({type(error).__name__})."
                kind = NotSent if isinstance(error, _NEVER_SENT) else Unavailable
                raise kind(text) from None
            finally:
                self._report(call.method, call.door.template, status)
            wait = asked_pause(headers) if status == 429 or RESET in headers else None
            if wait is not None:
                self.limit.pause(wait)
            well = 200 <= status < 300
            if not (well and call.packed):
                body = inflated(body)
            refusal = None if well else error_from(status, body, retry_after=wait)
            # Too much of one address says nothing of the others.
            if is_momentary(status) and not isinstance(refusal, AddedTooOften):
                self.limit.pressed(began)
            else:
                self.limit.well()
        return body, None if refusal is not None and refusal.code in call.parts else refusal


def nothing(body: bytes) -> None:
    """Reads the answer to what is only done."""


def origin_of(base_url: str) -> URL:
    """Scheme, host and port of the service. Raises ValueError where it is no address."""
    url = URL(base_url)
    if url.scheme not in {"http", "https"} or not url.host:
        raise ValueError(f"{base_url!r} is not the address of a service: give e.g. https://api.createsend.com.")
    return url.origin()
