"""Endpoints of credits, and of what clients pay."""

import json
from typing import Any, Final

import msgspec

from fairlead_emulators.campaignmonitor.account.agency import need_agency
from fairlead_emulators.campaignmonitor.account.persons import persons_of
from fairlead_emulators.campaignmonitor.api import Call, Endpoint
from fairlead_emulators.campaignmonitor.codes import Refusal, unreadable
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.store import Client, Store

TABLES: Final = """
CREATE TABLE IF NOT EXISTS billing (client TEXT PRIMARY KEY, settings TEXT NOT NULL, overdraw INTEGER NOT NULL);
"""
CURRENCIES: Final = ("AUD", "USD", "EUR", "GBP", "CAD", "NZD")
SCHEMES: Final = ("Basic", "Unlimited", "Premier")
ACCOUNT_CREDITS: Final = 3021
_MONTHLY: Final = {"Basic": 9.0, "Unlimited": 29.0, "Premier": 149.0}
_HIGHEST: Final = 1_000_000.0
_AT_FIRST: Final[dict[str, Any]] = {
    "CanPurchaseCredits": False,
    "Credits": 0,
    "ClientPays": False,
    "BaseRatePerRecipient": 1.0,
    "MarkupPerRecipient": 0.0,
    "MarkupOnDelivery": 0.0,
    "BaseDeliveryRate": 5.0,
    "Currency": "USD",
    "BaseDesignSpamTestRate": 5.0,
}


@fact("billing-rates")
def billing_of(store: Store, client: Client) -> dict[str, Any]:
    """A client's billing details as the API shows them."""
    found = store.db.execute("SELECT settings FROM billing WHERE client = ?", (client.id,)).fetchone()
    return {**_AT_FIRST, **(json.loads(found[0]) if found else {})}


def keep_billing(store: Store, client: Client, settings: dict[str, Any], *, overdraw: bool = False) -> None:
    """Writes them. `overdraw`: whether the client may use the account's credits when its own run out."""
    with store.transaction():
        store.db.execute(
            "INSERT OR REPLACE INTO billing VALUES (?, ?, ?)", (client.id, json.dumps(settings), int(overdraw))
        )


def _credits(store: Store) -> int:
    return int(store.meta("credits") or ACCOUNT_CREDITS)


@fact("billing-details")
def _details(call: Call) -> Any:
    need_agency(call)
    return {"Credits": _credits(call.service.store)}


class _Monthly(msgspec.Struct):
    currency: str | None = ""
    clientpays: bool | None = False
    markuppercentage: float | None = 0.0
    monthlyscheme: str | None = None


class _AsTheyGo(_Monthly):
    canpurchasecredits: bool | None = False
    markupondelivery: float | None = None
    markupperrecipient: float | None = None
    markupondesignspamtest: float | None = None


def _currency(text: str | None) -> str:
    found = (text or "").strip().upper()
    if found not in CURRENCIES:
        raise Refusal(167)
    return found


def _amount(value: float | None) -> float:
    if value is not None and value < 0:
        raise Refusal(170)
    if value is not None and not value <= _HIGHEST:
        raise unreadable("billing")
    return value or 0.0


@fact("billing-without-people")
def _need_people(call: Call, client: Client, *, pays: bool) -> None:
    refused = call.service.switches.word("billing_without_people") == "refused"
    if refused and pays and not persons_of(call.service.store, client.id):
        raise Refusal(173)


def _marked_up(base: float, percentage: float, said: float | None) -> float:
    return round(base * percentage / 100, 4) if said is None else _amount(said)


def _as_they_go(call: Call, identity: str) -> None:
    need_agency(call)
    client, store = call.client(identity), call.service.store
    posted = call.read(_AsTheyGo, "billing")
    currency, percentage = _currency(posted.currency), _amount(posted.markuppercentage)
    _need_people(call, client, pays=bool(posted.clientpays or posted.canpurchasecredits))
    old = billing_of(store, client)
    settings = {
        "CanPurchaseCredits": bool(posted.canpurchasecredits),
        "Credits": old["Credits"],
        "ClientPays": bool(posted.clientpays),
        "MarkupPerRecipient": _marked_up(old["BaseRatePerRecipient"], percentage, posted.markupperrecipient),
        "MarkupOnDelivery": _marked_up(old["BaseDeliveryRate"], percentage, posted.markupondelivery),
        "MarkupOnDesignSpamTest": _marked_up(old["BaseDesignSpamTestRate"], percentage, posted.markupondesignspamtest),
        "Currency": currency,
    }
    keep_billing(store, client, settings, overdraw=_overdraws(store, client))


@fact("billing-monthly")
def _monthly(call: Call, identity: str) -> None:
    need_agency(call)
    client, store = call.client(identity), call.service.store
    posted = call.read(_Monthly, "billing")
    currency, percentage = _currency(posted.currency), _amount(posted.markuppercentage)
    schemes = {each.lower(): each for each in SCHEMES}
    scheme = schemes.get((posted.monthlyscheme or SCHEMES[0]).strip().lower())
    if scheme is None:
        raise Refusal(720)
    _need_people(call, client, pays=bool(posted.clientpays))
    settings = {
        **billing_of(store, client),
        "ClientPays": bool(posted.clientpays),
        "Currency": currency,
        "MonthlyScheme": scheme,
        "CurrentTier": "0 to 500 subscribers",
        "CurrentMonthlyRate": round(_MONTHLY[scheme] * (1 + percentage / 100), 2),
    }
    keep_billing(store, client, settings, overdraw=_overdraws(store, client))


def _overdraws(store: Store, client: Client) -> bool:
    found = store.db.execute("SELECT overdraw FROM billing WHERE client = ?", (client.id,)).fetchone()
    return bool(found and found[0])


class _Transfer(msgspec.Struct):
    credits: int | None = 0
    canusemycreditswhentheyrunout: bool | None = False


@fact("credits-transfer")
def _transfer(call: Call, identity: str) -> Any:
    """Less than none takes credits back from the client."""
    need_agency(call)
    client, store = call.client(identity), call.service.store
    posted = call.read(_Transfer, "credits")
    moved, settings, here = posted.credits or 0, billing_of(store, client), _credits(store)
    if moved > here:
        raise Refusal(178)
    if -moved > settings["Credits"]:
        raise Refusal(177)
    settings["Credits"] += moved
    with store.transaction():
        store.remember("credits", str(here - moved))
        keep_billing(store, client, settings, overdraw=bool(posted.canusemycreditswhentheyrunout))
    return {"AccountCredits": here - moved, "ClientCredits": settings["Credits"]}


BILLING: Final = [
    Endpoint("GET", "billingdetails", _details, "AdministerAccount"),
    Endpoint("PUT", "clients/{id}/setpaygbilling", _as_they_go, "AdministerAccount"),
    Endpoint("PUT", "clients/{id}/setmonthlybilling", _monthly, "AdministerAccount"),
    Endpoint("POST", "clients/{id}/credits", _transfer, "AdministerAccount"),
]
