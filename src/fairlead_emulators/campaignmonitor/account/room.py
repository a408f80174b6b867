"""The account and its clients, as a room."""

import json
from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairlead_emulators.campaignmonitor.account import billing, domains, events, persons
from fairlead_emulators.campaignmonitor.account.admins import ADMINS
from fairlead_emulators.campaignmonitor.account.clients import ENDPOINTS
from fairlead_emulators.campaignmonitor.account.managing import MANAGING
from fairlead_emulators.campaignmonitor.account.people import PEOPLE
from fairlead_emulators.campaignmonitor.account.suppressing import SUPPRESSING
from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.rooms import Laying, Room
from fairlead_emulators.control import explained, json_body

_CREDITS: Final = 500
_ACCESS: Final = 23
_ADMINISTRATORS: Final = ({"email": "admin@example.com", "name": "Administrator"},)


@fact("contacts-at-first")
def _lay(laying: Laying) -> Mapping[str, int]:
    """A client's `contacts: [{email, name, access?, invited?}]`, else one; its `credits`, else 500."""
    store, client = laying.service.store, laying.client
    one = {"email": f"contact-{client.id[:6]}@example.com", "name": f"{client.name} (contact)"}
    for each in laying.spec.get("contacts", (one,)):
        access, active = each.get("access", _ACCESS), not each.get("invited")
        persons.add_person(store, client.id, each["email"], each["name"], access, active=active)
    settings = {"CanPurchaseCredits": True, "ClientPays": True, "Credits": laying.spec.get("credits", _CREDITS)}
    billing.keep_billing(store, client, settings)
    return {}


def _lay_account(service: Service, spec: Mapping[str, Any]) -> None:
    """`administrators: [{email, name, invited?}]`, `agency: false`, `credits`, `integrators: [id, …]`."""
    store = service.store
    with store.transaction():
        for each in spec.get("administrators", _ADMINISTRATORS):
            active = not each.get("invited")
            persons.add_person(store, persons.ADMINISTRATORS, each["email"], each["name"], active=active)
        store.remember("agency", "yes" if spec.get("agency", True) else "no")
        store.remember("credits", str(spec.get("credits", billing.ACCOUNT_CREDITS)))
        store.remember("integrators", json.dumps(spec.get("integrators", [])))


def _routes(service: Service) -> list[Route]:
    """`/_control/invitations` and `/_control/events`."""

    async def invitations(request: Request) -> Response:
        if request.method == "POST":
            persons.accept(service.store, str((await json_body(request)).get("email", "")))
        invited = persons.invited(service.store)
        return JSONResponse([{"email": each.address, "name": each.name, "client": each.client} for each in invited])

    async def told(request: Request) -> Response:
        return JSONResponse(events.told(service.store))

    return [
        Route("/_control/invitations", explained(invitations), methods=["GET", "POST"]),
        Route("/_control/events", told, methods=["GET"]),
    ]


ROOM: Final = Room(
    endpoints=[
        *ENDPOINTS, *MANAGING, *ADMINS, *PEOPLE, *billing.BILLING, *domains.DOMAINS, *SUPPRESSING, *events.EVENTS
    ],
    tables=persons.TABLES + billing.TABLES + domains.TABLES + events.TABLES,
    lay=_lay,
    lay_account=_lay_account,
    routes=_routes,
)  # fmt: skip
