"""What people do on the billing page: subscribe, open Stripe's own pages, have an invoice sent again."""

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from fairlead.features.billing import keeping, rules
from fairlead.features.billing.at_stripe import Stripe
from fairlead.store import audit
from fairlead.store.models import Org


def subscribe(org: Org, by: str) -> str:
    """The address at Stripe where the org subscribes to the plan that fits; its portal where it has subscribed already.

    Raises BillingOff, PlansMissing or a Failure of Stripe's.
    """
    keeping.check_on()
    row, stripe = keeping.row_of(org), Stripe()
    customer = row.customer or keeping.note_customer(org, stripe.make_customer(org.pk))
    found = stripe.subscriptions(customer)
    if rules.living(found):
        return stripe.portal(customer, _back())
    plan = rules.plan_for(keeping.plans(), row.people or 0)
    trial = rules.trial_for_checkout(keeping.standing_of(row).trial_until, len(found), timezone.now())
    address = stripe.checkout(customer, plan.price, trial, len(found), _back())
    audit.record(org, by, "subscribe", "billing", after=plan.price)
    return address


def portal(org: Org, by: str) -> str:
    """The address of Stripe's page for card, address and payments. Raises BillingOff or a Failure of Stripe's."""
    keeping.check_on()
    row, stripe = keeping.row_of(org), Stripe()
    customer = row.customer or keeping.note_customer(org, stripe.make_customer(org.pk))
    address = stripe.portal(customer, _back())
    audit.record(org, by, "open customer portal", "billing")
    return address


def send_again(org: Org, invoice: str, by: str) -> None:
    """Have Stripe send an invoice again. Raises BillingOff, NoSuchInvoice or a Failure of Stripe's."""
    keeping.check_on()
    Stripe().send_invoice(keeping.row_of(org).customer, invoice)
    audit.record(org, by, "send invoice again", invoice[:200])


def _back() -> str:
    """Where Stripe's pages lead back to: the page, which then asks for a look at once."""
    return f"{settings.FAIRLEAD_PUBLIC_URL}{reverse('billing')}?back=stripe"
