"""From an HTTP request to an endpoint and back: prefixes, sign-in before routing, JSON, gzip."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, unquote
from zoneinfo import ZoneInfo

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from fairlead_emulators.campaignmonitor.audience.life import Life
from fairlead_emulators.campaignmonitor.audience.pages import Pages
from fairlead_emulators.campaignmonitor.auth import Caller, Keys
from fairlead_emulators.campaignmonitor.codes import Refusal, unreadable
from fairlead_emulators.campaignmonitor.dates import since
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.formats.packing import XML, packed, without_suffix, xml_is_asked, xml_of
from fairlead_emulators.campaignmonitor.store import Client, Store, SubscriberList
from fairlead_emulators.campaignmonitor.switches import Switches
from fairlead_emulators.clock import Clock
from fairlead_emulators.faults import Faults

VERSIONS: Final = ("3", "3.1", "3.2", "3.3")
_PREFIX: Final = re.compile(r"/api/v(3(?:\.\d+)?)/(.*)", re.IGNORECASE | re.DOTALL)
T = TypeVar("T")


@dataclass(frozen=True)
class Service:
    """What endpoints work on."""

    store: Store
    clock: Clock
    faults: Faults
    keys: Keys
    life: Life
    pages: Pages
    switches: Switches
    _owned: dict[Callable[..., Any], Any] = field(default_factory=dict, repr=False)

    def own(self, kind: Callable[["Service"], T]) -> T:
        """The one object of a room's class for this account; made from the service when first asked for."""
        if kind not in self._owned:
            self._owned[kind] = kind(self)
        found: T = self._owned[kind]
        return found


@dataclass(frozen=True)
class Call:
    """One authenticated call. Query names are lower case; empty parameters are absent."""

    service: Service
    caller: Caller
    version: str
    query: Mapping[str, str]
    raw_body: bytes = field(repr=False)

    @cached_property
    def body(self) -> Any:
        """The JSON body with lower-case names, `{}` when empty. Raises Refusal 400 when it is not JSON."""
        text = self.raw_body.decode("utf-8-sig", "replace").strip()
        if text in ("", "null"):
            return {}
        try:
            read = _lowered(json.loads(text, parse_constant=_no_constant))
            if "\\ud" in text.lower():
                json.dumps(read, ensure_ascii=False).encode()  # half of a surrogate pair is no text
        except (ValueError, RecursionError):
            raise unreadable("request") from None
        return read

    def read(self, shape: type[T], name: str) -> T:
        """The body as a struct. Raises Refusal 400 when a value has the wrong type."""
        try:
            return msgspec.convert(self.body, shape)
        except msgspec.ValidationError:
            raise unreadable(name) from None

    def flag(self, name: str) -> bool:
        """A yes-or-no parameter; absent is no."""
        return self.query.get(name, "").lower() in ("true", "1", "yes")

    @fact("date-filter")
    def since(self, where: ZoneInfo) -> int | None:
        """The first unix minute that the `date` parameter lets through; None without one. Raises Refusal 5."""
        if "date" not in self.query:
            return None
        return since(self.query["date"], where) + (self.service.switches.word("date_boundary") == "after")

    def client(self, identity: str) -> Client:
        """A client that the caller may see. Raises Refusal 102."""
        found = self.service.store.client(identity)
        if found is None or self.caller.client not in (None, found.id):
            raise Refusal(102)
        return found

    @fact("unknown-list-status")
    def list(self, identity: str) -> SubscriberList:
        """A list that the caller may see. Raises Refusal 101, 102."""
        found = self.service.store.list(identity)
        if found is None:
            raise Refusal(101, http=int(self.service.switches.number("unknown_list_status")))
        if self.caller.client not in (None, found.client):
            raise Refusal(102)
        return found

    def client_of(self, of: SubscriberList) -> Client:
        """The client of a list."""
        return self.client(of.client)

    @fact("client-key-scope")
    def need_account(self) -> None:
        """Raises Refusal 60 when the caller has a client's key only."""
        if self.caller.client is not None:
            raise Refusal(60)


@dataclass(frozen=True)
class Answer:
    """A status and a body, ready made."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Later:
    """What an endpoint gives that has to wait: the work, whose result is what other endpoints give at once."""

    work: Callable[[], Awaitable[Any]]


# (call, *ids) -> Answer, or Later, or a JSON value for 200, or None for an empty 200
Handler = Callable[..., Any]


@dataclass(frozen=True)
class Endpoint:
    """One row of the routing table. `path`: such as `lists/{id}/stats`; `scope`: what a token needs.

    `meter` gives headers of every answer, or refuses the call.
    """

    method: str
    path: str
    handler: Handler
    scope: str | None = None
    meter: Callable[[Call], Mapping[str, str]] | None = None

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The path as a case-insensitive regular expression with one group per `{…}`."""
        parts = [r"([^/]+)" if part.startswith("{") else re.escape(part) for part in self.path.split("/")]
        return re.compile("/".join(parts), re.IGNORECASE)


def created(value: str) -> Answer:
    """201 with a bare JSON string."""
    return Answer(201, json.dumps(value).encode())


def _lowered(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name).lower(): _lowered(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_lowered(each) for each in value]
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


@fact("case-insensitive")
@fact("empty-parameters")
def query_of(text: str) -> dict[str, str]:
    """A query string's parameters by lower-case name; empty ones are left out."""
    return {name.lower(): value for name, value in parse_qsl(text) if value.strip()}


class Api:
    """Answers every path of the imitated API."""

    def __init__(self, service: Service, table: Sequence[Endpoint], tick: Callable[[], None]) -> None:
        """`tick` is called before each call: what has come due by the clock happens first."""
        self._service = service
        self._table = table
        self._tick = tick

    async def answer(self, request: Request) -> Response:
        """The ASGI side of `work`."""
        try:
            body = await request.body()
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        # The raw path: a custom field's key may hold an encoded slash.
        path = request.scope.get("raw_path") or request.url.path.encode()
        done = self.work(
            request.method,
            path.decode("latin-1"),
            request.url.query,
            {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.headers.raw},
            body,
        )
        if isinstance(done, Later):
            done = await self._waited_for(done)
        return packed(done.status, done.body, done.headers, request.headers.get("accept-encoding", ""))

    def work(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer | Later:
        """The answer to a request; Later where an endpoint has to wait for something."""
        try:
            return self._route(method, path, query, headers, body)
        except Refusal as refusal:
            if xml_is_asked(path, headers.get("accept", "")):
                return Answer(refusal.http, xml_of(refusal.envelope()), {**refusal.headers, "content-type": XML})
            return _refused(refusal)

    async def _waited_for(self, later: Later) -> Answer:
        try:
            done = await later.work()
        except Refusal as refusal:
            return _refused(refusal)
        return done if isinstance(done, Answer) else Answer(200, b"" if done is None else msgspec.json.encode(done))

    @fact("authentication-first")
    @fact("prefixes")
    @fact("double-slash")
    @fact("head")
    def _route(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer | Later:
        found = _PREFIX.fullmatch(path)
        if found is None:
            raise Refusal(404)
        self._tick()
        version, rest = found.groups()
        caller = self._service.keys.caller(headers.get("authorization", ""), path)
        if version not in VERSIONS:
            raise Refusal(404)
        resource = without_suffix(rest.lstrip("/"), headers.get("accept", ""))
        verb = "GET" if method == "HEAD" else method
        for endpoint in self._table:
            match = endpoint.pattern.fullmatch(resource) if endpoint.method == verb else None
            if match:
                caller.need(endpoint.scope)
                call = Call(self._service, caller, version, query_of(query), body)
                return _answered(endpoint, call, [unquote(each) for each in match.groups()])
        raise Refusal(404)


def _answered(endpoint: Endpoint, call: Call, ids: Sequence[str]) -> Answer | Later:
    if endpoint.meter is None:
        return _finished(endpoint.handler(call, *ids), call)
    headers = endpoint.meter(call)
    try:
        done = _finished(endpoint.handler(call, *ids), call)
    except Refusal as refusal:
        done = _refused(refusal)
    return replace(done, headers={**done.headers, **headers}) if isinstance(done, Answer) else done


def _refused(refusal: Refusal) -> Answer:
    return Answer(refusal.http, msgspec.json.encode(refusal.envelope()), refusal.headers)


def _finished(result: Any, call: Call) -> Answer | Later:
    if isinstance(result, Answer | Later):
        return result
    if result is None:
        return Answer(200)
    if call.flag("pretty"):
        return Answer(200, json.dumps(result, ensure_ascii=False, indent=2).encode())
    return Answer(200, msgspec.json.encode(result))
