"""The link in the mail that asks for a confirmation of the subscription."""

import base64
import hmac
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.auth import derived
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.store import STATES, SubscriberList

_PAGE = "<!doctype html><html lang=en><title>{title}</title><main><h1>{title}</h1><p>{text}</p></main></html>"
_LOCKED = {"content-security-policy": "default-src 'none'; frame-ancestors 'none'"}


def _proof(service: Service, on: SubscriberList, key: str) -> str:
    return derived("confirm", service.store.meta("api_key"), on.id, key, length=20)


def path_of(service: Service, on: SubscriberList, address: str) -> str:
    """The path of an address's link on a list."""
    key = address.lower()
    said = base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")
    return f"/confirm/{on.id}/{said}/{_proof(service, on, key)}"


def _address(said: str) -> str:
    try:
        return base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)).decode()
    except ValueError:
        return ""


@fact("confirmation-link")
def _confirm(service: Service, identity: str, said: str, proof: str) -> Response:
    on, address = service.store.list(identity), _address(said)
    if on is None or not hmac.compare_digest(proof.encode(), _proof(service, on, address).encode()):
        return _page("Link not known", "Open the link of the latest mail, whole.", 404)
    try:
        service.life.confirm(on, address)
    except Refusal:
        found = service.store.subscriber(on.n, address)
        if found is None or found.state != "Active":
            return _page("Nothing to confirm", "Sign up again to get a new mail.", 410)
    if on.success_page:
        return RedirectResponse(on.success_page, 302)
    return _page("Subscription confirmed", "Thank you. You may close this page.", 200)


def _page(title: str, text: str, status: int) -> Response:
    return HTMLResponse(_PAGE.format(title=title, text=text), status, _LOCKED)


def _waiting(service: Service, on: SubscriberList) -> list[dict[str, Any]]:
    found = service.store.db.execute(
        "SELECT address FROM subscribers WHERE list = ? AND state = ? ORDER BY key",
        (on.n, STATES.index("Unconfirmed")),
    )
    return [{"list": on.id, "email": address, "path": path_of(service, on, address)} for (address,) in found]


def routes(service: Service) -> list[Route]:
    """The link itself, and `/_control/confirmations[?list=id]`: the links that wait to be opened."""

    async def confirm(request: Request) -> Response:
        return _confirm(service, *(str(request.path_params[name]) for name in ("list", "said", "proof")))

    async def waiting(request: Request) -> Response:
        wanted = request.query_params.get("list")
        lists = [each for each in service.store.lists() if wanted in (None, each.id)]
        return JSONResponse([row for on in lists for row in _waiting(service, on)])

    return [
        Route("/confirm/{list}/{said}/{proof}", confirm, methods=["GET"]),
        Route("/_control/confirmations", waiting, methods=["GET"]),
    ]
