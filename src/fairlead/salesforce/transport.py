"""One HTTP call to the org: session, budget, bounded repeats, errors as classes. All other files speak through it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final, TypedDict, TypeVar, Unpack

import aiohttp
import msgspec
import stamina
from yarl import URL

from fairlead.salesforce.error_codes import RETRYABLE_CODES
from fairlead.salesforce.error_reading import error_from
from fairlead.salesforce.errors import AnswerLost, OutOfCalls, RequestWrong, SessionRefused, SessionRenewed, Unavailable
from fairlead.salesforce.limits import LIMIT_INFO, Budget
from fairlead.salesforce.login import Login, Token
from fairlead.salesforce.percent import percent

T = TypeVar("T")
Body = bytes | Callable[[], Any] | AsyncIterator[bytes] | None

# The longest address that Salesforce's front servers take.
MAX_URL: Final = 16_000
CLIENT_NAME: Final = "fairlead"


class Repeat(Enum):
    """What may be done when a call fails for the moment."""

    ALWAYS = auto()  # reading, or writing by key: twice is once
    UNSENT = auto()  # creating: only when it surely was not carried out
    NEVER = auto()  # the body cannot be produced again


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long to try again: attempts in all, and waits in seconds (doubling, with jitter)."""

    attempts: int = 5
    first: float = 0.5
    longest: float = 20.0


@dataclass(frozen=True, slots=True)
class Call:
    """One finished HTTP call. `door` names the resource without any record value; status 0 = no answer."""

    method: str
    door: str
    status: int
    seconds: float


class How(TypedDict, total=False):
    """How a call is made. `json` is encoded; `body` is bytes, or a function that makes a fresh body.

    `accept` names further statuses that are answers; `metered=False` lets a call through a spent budget.
    """

    params: Mapping[str, str] | None
    json: Any
    body: Body
    headers: Mapping[str, str]
    repeat: Repeat
    accept: tuple[int, ...]
    metered: bool


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request as it goes on the wire, but for the session."""

    method: str
    path: str
    door: str
    params: Mapping[str, str]
    body: Body
    headers: Mapping[str, str]
    accept: tuple[int, ...]

    @property
    def replayable(self) -> bool:
        """Whether the body can be sent a second time."""
        return self.body is None or isinstance(self.body, bytes) or callable(self.body)

    def data(self) -> Any:
        return self.body() if callable(self.body) else self.body


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def decode(self, type: type[T]) -> T:
        """The JSON body as `type`; raises Unavailable when it is cut or is something else."""
        return decode(self.body, msgspec.json.Decoder(type))


def decode(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Decode JSON; a body that is not what the door promises is a fault of the moment or of a proxy."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        # msgspec names types and offsets, never values
        raise Unavailable(
            f"Salesforce's answer of {len(body)} bytes cannot be read ({type(error).__name__}).",
            code="malformed_answer",
        ) from None


def segment(text: str) -> str:
    """`text` as one part of a path."""
    return percent(text)


def _may_repeat(error: BaseException, repeat: Repeat) -> bool:
    if not isinstance(error, Unavailable) or isinstance(error, OutOfCalls) or repeat is Repeat.NEVER:
        return False
    surely_undone = error.code in {"connection", "UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE"} or error.status == 503
    if repeat is Repeat.UNSENT:
        return surely_undone
    return (
        surely_undone
        or error.code in RETRYABLE_CODES
        or error.code in {"answer_lost", "malformed_answer", "REQUEST_LIMIT_EXCEEDED"}
        or (error.status or 0) >= 500
        or error.status == 429
    )


class Transport:
    """Calls to one org. Share one among all tasks: a sign-in serves every task that waits for it."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        login: Login,
        budget: Budget,
        *,
        on_call: Callable[[Call], None] | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.http = http
        self.budget = budget
        self.data = ""  # "/services/data/v60.0", once the version is known
        self._login = login
        self._on_call = on_call
        self._patience = patience or Patience()
        self._token: Token | None = None
        self._signing_in = asyncio.Lock()

    async def token(self, stale: Token | None = None) -> Token:
        """The session in use; a new one when there is none or it is still the `stale` one."""
        async with self._signing_in:
            if self._token is None or self._token is stale:
                self._token = await self._login.sign_in(self.http)
            return self._token

    async def request(self, method: str, path: str, *, door: str, **how: Unpack[How]) -> Answer:
        """The whole answer to one call: status 2xx or one of `accept`. Raises the classes of `errors.py`."""
        return await self.ask(method, path, lambda answer: answer, door=door, **how)

    async def json(self, path: str, type: type[T], *, door: str, **how: Unpack[How]) -> T:
        """GET and decode; a malformed body is asked for again."""
        return await self.decoded(path, msgspec.json.Decoder(type), door=door, **how)

    async def decoded(self, path: str, decoder: msgspec.json.Decoder[T], *, door: str, **how: Unpack[How]) -> T:
        """GET and decode with a decoder made once."""
        return await self.ask("GET", path, lambda answer: decode(answer.body, decoder), door=door, **how)

    async def ask(self, method: str, path: str, read: Callable[[Answer], T], *, door: str, **how: Unpack[How]) -> T:
        """One call, read by `read` within the repeats, so that an answer it refuses as Unavailable is asked again.

        `path` begins with a slash.
        """
        headers = dict(how.get("headers") or {})
        body = how.get("body")
        if "json" in how:
            body, headers["Content-Type"] = msgspec.json.encode(how["json"]), "application/json"
        exchange = Exchange(method, path, door, how.get("params") or {}, body, headers, how.get("accept", ()))
        async for attempt in self._attempts(how.get("repeat", Repeat.ALWAYS)):
            with attempt:
                async with self._open(exchange, metered=how.get("metered", True)) as response:
                    return read(Answer(response.status, response.headers, await response.read()))
        raise AssertionError("the loop above returns or raises")

    @asynccontextmanager
    async def stream(
        self, path: str, *, door: str, params: Mapping[str, str] | None = None, accept: str = "text/csv"
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """An open answer to a GET, to be read in pieces. Not repeated here: the reader knows how far it came."""
        exchange = Exchange("GET", path, door, params or {}, None, {"Accept": accept}, ())
        async with self._open(exchange, metered=True) as response:
            yield response

    def attempts(self) -> AsyncIterator[stamina.Attempt]:
        """`async for attempt in …: with attempt:` repeats its block on faults of the moment."""
        return self._attempts(Repeat.ALWAYS)

    def _attempts(self, repeat: Repeat) -> AsyncIterator[stamina.Attempt]:
        patience = self._patience
        context = stamina.retry_context(
            on=lambda error: _may_repeat(error, repeat),
            attempts=patience.attempts,
            timeout=None,
            wait_initial=patience.first,
            wait_max=patience.longest,
            wait_jitter=patience.first,
        )
        return context.__aiter__()

    @asynccontextmanager
    async def _open(self, exchange: Exchange, *, metered: bool) -> AsyncIterator[aiohttp.ClientResponse]:
        """An answer that is wanted; an ended session is renewed once."""
        if metered:
            await self.budget.admit()
        token = await self.token()
        renewed = False
        while True:
            async with self._send(exchange, token) as response:
                if 200 <= response.status < 300 or response.status in exchange.accept:
                    yield response
                    return
                error = error_from(response.status, await response.read())
            # the identity door says 403 and a word where the others say 401
            ended = isinstance(error, SessionRefused) and (error.status == 401 or error.code == "Bad_OAuth_Token")
            if not ended or renewed:
                raise error
            token, renewed = await self.token(stale=token), True
            if not exchange.replayable:
                raise SessionRenewed(
                    "The session ended during a transfer and has been renewed.", code="session_renewed"
                )

    @asynccontextmanager
    async def _send(self, exchange: Exchange, token: Token) -> AsyncIterator[aiohttp.ClientResponse]:
        """One exchange; connection faults become classes, and the call is reported whatever happened."""
        url = _url(token, exchange.path, exchange.params)
        headers = {
            "Authorization": f"Bearer {token.access_token}",
            "Sforce-Call-Options": f"client={CLIENT_NAME}",
            "Accept": "application/json",
            **exchange.headers,
        }
        began, status = time.perf_counter(), 0
        try:
            async with self.http.request(
                exchange.method, url, data=exchange.data(), headers=headers, allow_redirects=False
            ) as response:
                status = response.status
                self.budget.observe(response.headers.get(LIMIT_INFO))
                yield response
        except aiohttp.ClientConnectorError as error:
            raise Unavailable(
                f"No connection to {token.instance_url} ({type(error).__name__}).",
                code="connection",
                next_step="Check this machine's way to Salesforce, then try again.",
            ) from None
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            # the cause is dropped: its text may hold the address with a query in it
            raise AnswerLost(
                f"The connection to Salesforce broke during {exchange.method} {exchange.door} "
                f"({type(error).__name__}).",
                code="answer_lost",
            ) from None
        finally:
            if self._on_call:
                self._on_call(Call(exchange.method, exchange.door, status, time.perf_counter() - began))


def _url(token: Token, path: str, params: Mapping[str, str] | None) -> URL:
    if not path.startswith("/") or path.startswith("//"):
        raise RequestWrong("Salesforce named a page on another host; it is not followed.", code="foreign_url")
    query = "&".join(f"{percent(k)}={percent(v)}" for k, v in (params or {}).items())
    text = f"{token.instance_url}{path}{'?' if query else ''}{query}"
    if len(text) > MAX_URL + 300:
        raise RequestWrong(
            f"The address of the request is {len(text):,} characters long; Salesforce takes about {MAX_URL:,}.",
            code="url_too_long",
            next_step="Split the query's IN list (fairlead.salesforce.query.split_in).",
        )
    return URL(text, encoded=True)
