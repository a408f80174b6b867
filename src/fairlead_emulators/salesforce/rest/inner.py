"""A request inside another: found among the routes and carried out in the thread, and transaction, of the outer one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import unquote

from starlette.datastructures import Headers, QueryParams
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

from fairlead_emulators.salesforce.errors import ApiError
from fairlead_emulators.salesforce.rest.wire import Api, Call, check_version

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
ALONE: Final = frozenset({"jobs", "metadata", "tooling"})  # resources that are asked by themselves only
FIXED_HEADERS: Final = frozenset({"accept", "authorization", "content-type"})


@dataclass(frozen=True, slots=True)
class Inner:
    """One inner request. `url` begins with `/services/data/`; `body` is JSON."""

    method: str
    url: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Done:
    """What an inner request answered."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether it did what was asked."""
        return self.status < 300


def carry_out(api: Api, outer: Call, inner: Inner) -> Done:
    """Carries out an inner request; a refusal is an answer too."""
    try:
        return _answered(api, outer, inner)
    except ApiError as error:
        return Done(error.status, error.body())


def _answered(api: Api, outer: Call, inner: Inner) -> Done:
    path, _, query = inner.url.partition("?")
    path = unquote(path).rstrip("/")
    if inner.method not in METHODS:
        raise ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{inner.method}' not allowed.")
    if path.split("/")[4:5] and path.split("/")[4] in ALONE:
        raise ApiError(400, "INVALID_INPUT", f"{path} is not supported inside another request")
    scope: Scope = {"type": "http", "method": inner.method, "path": path}
    work, params = _found(api, scope)
    check_version(params.get("version"))
    headers = {k.lower(): v for k, v in outer.headers.items()}
    headers |= {k.lower(): v for k, v in inner.headers.items() if k.lower() not in FIXED_HEADERS}
    call = replace(
        outer,
        version=params.get("version", outer.version),
        method=inner.method,
        path=params,
        query=QueryParams(query),
        headers=Headers(headers),
        body=b"" if inner.body is None else json.dumps(inner.body).encode(),
    )
    response = work(call)
    told = {"Location": response.headers["location"]} if "location" in response.headers else {}
    return Done(response.status_code, json.loads(bytes(response.body)) if response.body else None, told)


def _found(api: Api, scope: Scope) -> tuple[Any, dict[str, str]]:
    """The function behind the path, and the path's parts. Raises ApiError 404 or 405."""
    other_method = False
    for route in api.routes:
        match, params, endpoint = _matched(route, scope)
        if match is Match.FULL and endpoint in api.works:
            return api.works[endpoint], params
        other_method = other_method or match is Match.PARTIAL
    if other_method:
        raise ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{scope['method']}' not allowed.")
    raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")


def _matched(route: BaseRoute, scope: Scope) -> tuple[Match, dict[str, str], Any]:
    match, found = route.matches(scope)
    return match, dict(found.get("path_params", {})), found.get("endpoint")
