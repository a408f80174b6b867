"""Stripe, by its own client library, which is loaded here only, and only where a deployment has a key.

Nothing of people is sent there: a customer is the number of an org. Cards, addresses and tax numbers are typed on
Stripe's own pages. Calls block: not in the event loop.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, TypeVar

from django.conf import settings

from fairlead.domain.failure import FixTheSettings, OurBug, SignInAgain, WaitAndRetry
from fairlead.features.billing.rules import Status, Subscription
from fairlead.store import hashing

T = TypeVar("T")
PATIENCE_S: Final = 20
MOST: Final = 24
"""Invoices that the page shows: two years of months."""


class PackageMissing(FixTheSettings):
    """Stripe's client library is not installed."""

    code = "FL-670"
    next_step = "Install it beside Fairlead: pip install 'fairlead[billing]'."

    def __init__(self) -> None:
        super().__init__("FAIRLEAD_STRIPE_SECRET_KEY is set, and the package stripe is not installed.")


class StripeUnavailable(WaitAndRetry):
    """Stripe does not answer, or asks for patience."""

    code = "FL-662"
    next_step = "Nothing need be done: it is asked again, and nothing is paused meanwhile."

    def __init__(self, doing: str) -> None:
        super().__init__(f"Stripe did not let Fairlead {doing}: it does not answer at the moment.")


class StripeSignIn(SignInAgain):
    """Stripe no longer takes the key, or the key lacks a right."""

    code = "FL-663"
    next_step = (
        "Set FAIRLEAD_STRIPE_SECRET_KEY to a key that Stripe's dashboard shows as valid, then start Fairlead again."
    )

    def __init__(self, doing: str) -> None:
        super().__init__(f"Stripe did not let Fairlead {doing}: it refuses the key.")


class StripeRefused(FixTheSettings):
    """Stripe refuses one request as it is: a price that is not there, a portal that is not set up."""

    code = "FL-664"
    next_step = "Compare FAIRLEAD_STRIPE_PLANS and the settings of the customer portal with Stripe's dashboard."

    def __init__(self, doing: str, code: str, parameter: str) -> None:
        of = f" ({code}{', ' if code and parameter else ''}{parameter})" if code or parameter else ""
        super().__init__(f"Stripe did not let Fairlead {doing}{of}.")


class NoSuchInvoice(FixTheSettings):
    """An invoice that is not there, or is somebody else's."""

    code = "FL-671"
    next_step = "Open Billing and choose an invoice from the list."

    def __init__(self) -> None:
        super().__init__("There is no such invoice.")


class StrangeAnswer(OurBug):
    """Stripe answered what this version does not understand."""

    code = "FL-672"

    def __init__(self, doing: str) -> None:
        super().__init__(f"Stripe answered in a way that Fairlead does not understand ({doing}).")


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice as the page lists it. `amount` is in the currency's smallest unit; `page` and `pdf` are Stripe's addresses."""

    id: str
    number: str
    made_at: datetime
    status: str
    amount: int
    currency: str
    page: str = ""
    pdf: str = ""


@dataclass(frozen=True, slots=True)
class Price:
    """What a plan costs: `amount` in the currency's smallest unit, per `every` (day, week, month, year)."""

    id: str
    amount: int | None
    currency: str
    every: str


class Stripe:
    """The account of whoever runs Fairlead for others. Every method raises a Failure of this module."""

    def __init__(self) -> None:
        try:
            import stripe
        except ImportError as error:
            raise PackageMissing from error
        stripe.enable_telemetry = False  # how long calls took is nobody else's business
        self._errors = stripe
        self._client = stripe.StripeClient(
            settings.FAIRLEAD_STRIPE_SECRET_KEY,
            base_addresses={"api": settings.FAIRLEAD_STRIPE_URL},
            http_client=stripe.RequestsClient(timeout=PATIENCE_S),
            max_network_retries=0,  # a job is tried again as a whole, a page by who looks at it
        )

    def make_customer(self, org_id: int) -> str:
        """The customer of an org: the same one however often it is asked for, also when the first answer was lost."""
        where = settings.FAIRLEAD_PUBLIC_URL
        mark = _mark("customer", where, org_id)
        params = {"description": f"{where}, org {org_id}", "metadata": {"fairlead_org": str(org_id)}}
        call = self._client.v1.customers.create
        return self._do(
            "make a customer", lambda: call(params, {"idempotency_key": mark}), lambda made: str(made["id"])
        )

    def subscriptions(self, customer: str) -> list[Subscription]:
        """All subscriptions that a customer ever had; none for a blank id."""
        if not customer:
            return []
        params = {"customer": customer, "status": "all", "limit": 100}
        call = self._client.v1.subscriptions.list
        return self._do(
            "read the subscription", lambda: call(params), lambda page: [_subscription(e) for e in page["data"]]
        )

    def move(self, found: Subscription, price: str) -> Subscription:
        """Move a subscription to another price; what was paid already is reckoned up by Stripe."""
        params = {"items": [{"id": found.item, "price": price}], "proration_behavior": "create_prorations"}
        call = self._client.v1.subscriptions.update
        return self._do("change the plan", lambda: call(found.id, params), _subscription)

    def checkout(self, customer: str, price: str, trial_until: datetime | None, ever: int, back: str) -> str:
        """The address of Stripe's page on which the customer subscribes. Asked for twice in a day, it is the same page.

        `ever`: how many subscriptions there have been; a further one is another page.
        """
        params: dict[str, Any] = {
            "mode": "subscription",
            "customer": customer,
            "customer_update": {"name": "auto", "address": "auto"},
            "line_items": [{"price": price, "quantity": 1}],
            "success_url": back,
            "cancel_url": back,
        }
        if trial_until:
            params["subscription_data"] = {"trial_end": int(trial_until.timestamp())}
        mark = _mark("checkout", f"{datetime.now(UTC):%Y-%m-%d}", ever, params)
        call = self._client.v1.checkout.sessions.create
        return self._do("open the checkout", lambda: call(params, {"idempotency_key": mark}), _address)

    def portal(self, customer: str, back: str) -> str:
        """The address of Stripe's page for card, address, invoices and the end of a subscription."""
        call = self._client.v1.billing_portal.sessions.create
        params = {"customer": customer, "return_url": back}
        return self._do("open the customer portal", lambda: call(params), _address)

    def invoices(self, customer: str) -> list[Invoice]:
        """The newest invoices of a customer, without drafts; none for a blank id."""
        if not customer:
            return []
        call = self._client.v1.invoices.list
        found = self._do(
            "read the invoices",
            lambda: call({"customer": customer, "limit": MOST}),
            lambda page: [_invoice(each) for each in page["data"]],
        )
        return [each for each in found if each.status != "draft"]

    def send_invoice(self, customer: str, invoice: str) -> None:
        """Have Stripe e-mail an invoice again to whom it has. Raises NoSuchInvoice for another customer's."""
        call = self._client.v1.invoices
        try:
            owner = self._do("read an invoice", lambda: call.retrieve(invoice), lambda found: found["customer"])
        except StripeRefused as error:
            raise NoSuchInvoice from error
        if owner != customer:
            raise NoSuchInvoice
        self._do("send an invoice again", lambda: call.send_invoice(invoice), lambda _: None)

    def prices(self, ids: Sequence[str]) -> dict[str, Price]:
        """What the plans cost, by the ids of their prices."""
        call = self._client.v1.prices.retrieve
        return {each: self._do("read a price", partial(call, each), _price) for each in ids}

    def _do(self, doing: str, call: Callable[[], Any], read: Callable[[dict[str, Any]], T]) -> T:
        with self._failures(doing):
            answer = call().to_dict()
        try:
            return read(answer)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise StrangeAnswer(doing) from error

    @contextmanager
    def _failures(self, doing: str) -> Iterator[None]:
        """Stripe's errors as Failures. Their own texts may hold a person's address: they are not repeated."""
        stripe = self._errors
        try:
            yield
        except (stripe.AuthenticationError, stripe.PermissionError) as error:
            raise StripeSignIn(doing) from error
        except (stripe.APIConnectionError, stripe.RateLimitError) as error:
            raise StripeUnavailable(doing) from error
        except stripe.StripeError as error:
            if (error.http_status or 500) >= 500:
                raise StripeUnavailable(doing) from error
            raise StripeRefused(doing, error.code or "", getattr(error, "param", None) or "") from error


def _mark(*parts: object) -> str:
    """An idempotency key: the same for the same wish of this installation, another for any other."""
    return hashing.keyed_hash("stripe\x1e" + "\x1e".join(map(str, parts))).hex()


def _moment(seconds: Any) -> datetime | None:
    return datetime.fromtimestamp(int(seconds), UTC) if seconds else None


def _subscription(of: Mapping[str, Any]) -> Subscription:
    """As of API version 2025-03-31 periods stand with the item, before with the subscription: either is read."""
    items = of["items"]["data"]
    item: Mapping[str, Any] = items[0] if items else {}
    renews = _moment(item.get("current_period_end") or of.get("current_period_end"))
    ends = _moment(of.get("cancel_at")) or (renews if of.get("cancel_at_period_end") else None)
    made = datetime.fromtimestamp(int(of["created"]), UTC)
    price = str((item.get("price") or {}).get("id", ""))
    return Subscription(of["id"], Status.of(of["status"]), made, price, str(item.get("id", "")), renews, ends)


def _invoice(of: Mapping[str, Any]) -> Invoice:
    return Invoice(
        id=of["id"],
        number=of.get("number") or of["id"],
        made_at=datetime.fromtimestamp(int(of["created"]), UTC),
        status=of.get("status") or "",
        amount=int(of["total"]),
        currency=str(of["currency"]).upper(),
        page=_link(of.get("hosted_invoice_url")),
        pdf=_link(of.get("invoice_pdf")),
    )


def _price(of: Mapping[str, Any]) -> Price:
    amount = of.get("unit_amount")
    every = (of.get("recurring") or {}).get("interval") or ""
    return Price(of["id"], None if amount is None else int(amount), str(of["currency"]).upper(), every)


def _address(of: Mapping[str, Any]) -> str:
    found = _link(of["url"])
    if not found:
        raise ValueError
    return found


def _link(address: Any) -> str:
    """An address that a page may link to; blank for anything else."""
    local = settings.FAIRLEAD_STRIPE_URL
    text = str(address or "")
    return text if text.startswith(("https://", f"{local}/")) else ""
