"""The entrance for programs: who is let in, how often, and how failures are told.

A room adds an endpoint with `@api(get=…, post=…)`. Let in are bearers of a token (`fairlead token create`), and people who are
signed in, whose requests then carry the CSRF token like any form of ours. An endpoint is open from the role of its room on, or
from the role that `@api(…, role=…)` says; a token has a role, and never a higher one than who made it has now.
"""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

import structlog
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from fairlead.domain.failure import Failure, FixTheSettings, OurBug, RefusedByGuard, SignInAgain, WaitAndRetry
from fairlead.domain.role import Role
from fairlead.store import hashing, orgs, scrub, tokens
from fairlead.store.models import ApiToken, Org
from fairlead.store.setting_rows import ChangedMeanwhile
from fairlead.ui import sign_in, standing
from fairlead.ui.access import SESSION_PERMISSIONS, Access, access_of, may, open_to, role_of

log = structlog.get_logger(__name__)

Endpoint = Callable[..., dict[str, Any]]
"""Takes the request, the parts of the address, and for POST, PUT and DELETE who asks as `by`; gives what goes beside `ok`."""

_LOOKS: Final = frozenset({"GET", "HEAD"})
_STATUS: Final[tuple[tuple[type[Failure], int], ...]] = (
    (ChangedMeanwhile, 409),
    (RefusedByGuard, 409),
    (WaitAndRetry, 503),
    (SignInAgain, 502),
    (OurBug, 500),
    (Failure, 422),
)


class NotLetIn(SignInAgain):
    """A request of a program without a token that is valid now."""

    code = "FL-231"
    next_step = "Make a token with `fairlead token create NAME` and send it as `Authorization: Bearer …`."


class LookOnly(FixTheSettings):
    """A token that may only look was used for a change."""

    code = "FL-304"
    next_step = "Use a token that was made without --read-only."


class NotOpen(FixTheSettings):
    """Somebody, or a token, asked for what the role does not open."""

    code = "FL-248"
    status = 403
    next_step = "Ask somebody with Full Access for another permission set, or use a token of a higher role."

    def __init__(self, role: Role, needed: Role) -> None:
        super().__init__(f"This needs {needed.label}; the role here is {role.label}.")


class TooOften(WaitAndRetry):
    """More calls within a minute than the API takes from one token, or too many wrong tokens."""

    code = "FL-131"
    next_step = "Wait a minute."


class BadBody(FixTheSettings):
    """The body of a request that is no JSON object."""

    code = "FL-305"
    next_step = "Send one JSON object, with `Content-Type: application/json`."


class TooLarge(FixTheSettings):
    """The body of a request is larger than anything that the API takes."""

    code = "FL-249"
    status = 413
    next_step = "Send it in several requests."


def api(
    *,
    get: Endpoint | None = None,
    post: Endpoint | None = None,
    put: Endpoint | None = None,
    delete: Endpoint | None = None,
    role: Role | None = None,
    permission: str = "",
    changes: Access | None = None,
    named: bool = False,
) -> Callable[..., HttpResponse]:
    """A view of these endpoints: JSON in, JSON out, `{"ok": true, …}` or `{"ok": false, "error": {code, text, next_step}}`.

    `role` opens it from a role on, `permission` by a custom permission to Limited Access, too; else the room's role counts.
    `changes` is what changing needs, where that is more than looking. `named`: who looks is told to the endpoint, too.
    """
    verbs = {"GET": get, "HEAD": get, "POST": post, "PUT": put, "DELETE": delete}
    endpoints = {verb: endpoint for verb, endpoint in verbs.items() if endpoint is not None}

    def admitted(request: HttpRequest, asks: _Asks, **parts: Any) -> HttpResponse:
        looks = request.method in _LOOKS
        needed = changes if changes is not None and not looks else access_of(view)
        if not may(asks.role, asks.permissions, needed):
            raise NotOpen(asks.role, needed.role)
        if str(request.method) not in endpoints:
            return HttpResponseNotAllowed(list(endpoints))
        if looks:
            who = {"by": asks.by} if named else {}
            return _answer(endpoints["GET"](request, **parts, **who))
        if asks.looks_only:
            raise LookOnly(f"This {asks.by} may look and change nothing.")
        return _answer(endpoints[str(request.method)](request, by=asks.by, **parts))

    @csrf_exempt
    @login_not_required
    @never_cache
    def view(request: HttpRequest, *args: Any, **parts: Any) -> HttpResponse:
        try:
            asks = _let_in(request)
            with orgs.within(asks.org):
                return admitted(request, asks, **parts)
        except Failure as failure:
            return refused(failure)
        except RequestDataTooBig:
            return refused(TooLarge("The body of the request is too large."))
        except Exception as error:
            log.error("request failed", where=scrub.location(error))
            return refused(OurBug(f"An error in Fairlead: {scrub.location(error)}."))

    # the room of a view is told by its module, and this one stands here for those of all rooms
    view.__module__ = next(iter(endpoints.values())).__module__
    return view if role is None else open_to(role, permission)(view)


def body(request: HttpRequest) -> dict[str, Any]:
    """The JSON object that was sent; an empty body is an empty object. Raises BadBody."""
    try:
        sent = json.loads(request.body or b"{}")
    except ValueError:
        raise BadBody("The body is no JSON.") from None
    if not isinstance(sent, dict):
        raise BadBody("The body is no JSON object.")
    return sent


def refused(failure: Failure, status: int = 0) -> JsonResponse:
    """A failure as the API tells it."""
    found = status or getattr(failure, "status", 0) or next(code for kind, code in _STATUS if isinstance(failure, kind))
    error = {"code": failure.code, "text": failure.text, "next_step": failure.step}
    answer = JsonResponse({"ok": False, "error": error}, status=found)
    if found == 401:
        answer["WWW-Authenticate"] = "Bearer"
    return answer


def _answer(told: dict[str, Any]) -> JsonResponse:
    return JsonResponse({"ok": True, **told})


@dataclass(frozen=True, slots=True)
class _Asks:
    """Who asks: as the audit tells it, about which org, and what they may."""

    by: str
    org: Org
    role: Role
    permissions: Collection[str] = ()
    looks_only: bool = False


def _let_in(request: HttpRequest) -> _Asks:
    """Who asks. Raises NotLetIn or TooOften."""
    scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and sent.strip():
        return _by_token(request, sent.strip())
    if not request.user.is_authenticated:
        raise _Unknown("This needs a token.")
    wrong = _Csrf(lambda _: HttpResponse()).refuses(request)
    if wrong:
        raise _Forbidden(
            f"This browser is signed in, but the request carries no proof that our own page sent it ({wrong})."
        )
    return _Asks(
        request.user.get_username(), orgs.default_org(), role_of(request), request.session.get(SESSION_PERMISSIONS, [])
    )


def _by_token(request: HttpRequest, sent: str) -> _Asks:
    key = hashing.keyed_hash(f"api\n{request.META.get('REMOTE_ADDR', '')}")
    token = tokens.find(sent)
    if token is None:
        if sign_in.must_wait(key):
            raise _TooMany("Too many tokens were wrong.", next_step="Wait 15 minutes.")
        sign_in.note_failure(key)
        raise _Unknown("This token lets nobody in: it is wrong, expired or revoked.")
    if not tokens.count_call(token):
        raise _TooMany(f"The token “{token.name}” was used more than {tokens.CALLS_IN_WINDOW} times within a minute.")
    role = _role_of_token(token)
    return _Asks(f"token {token.name}", token.org, role, looks_only=token.read_only)


def _role_of_token(token: ApiToken) -> Role:
    """The token's role, as far as who made it has that role now; whoever runs the installation has Full Access."""
    maker = standing.role_now(token.org, token.created_by)
    return Role(token.role) if maker is None else min(Role(token.role), maker)


class _Unknown(NotLetIn):
    status = 401


class _Forbidden(NotLetIn):
    status = 403
    next_step = "Send the page's CSRF token as X-CSRFToken, or use a token of the API."


class _TooMany(TooOften):
    status = 429


class _Csrf(CsrfViewMiddleware):
    """Django's own check, asked for by hand: views of the API are exempt because tokens are no cookies."""

    def _reject(self, request: HttpRequest, reason: str) -> Any:
        return reason

    def refuses(self, request: HttpRequest) -> str:
        """Why this request is not from a page of ours; blank if it is."""

        def view(_: HttpRequest) -> HttpResponse:
            return HttpResponse()

        self.process_request(request)
        return str(self.process_view(request, view, (), {}) or "")
